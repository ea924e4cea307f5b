package room

import (
	"errors"
	"time"

	"github.com/tutti-rtc/tutti/api"
)

// dataErrorGap is the least time between two complaints about a member's data
// messages: they have no replies, and a bad client sends many.
const dataErrorGap = time.Second

// relayData takes a message from a member's data channel to the others, or to
// the chat.
func (r *Room) relayData(m *member, d *Data) {
	r.rooms.counters.data.Add(1)
	err := r.sendData(m, d)
	var refusal *api.Error
	if !errors.As(err, &refusal) {
		return
	}
	r.rooms.counters.dataDropped.Add(1)
	if r.now.Sub(m.dataError) >= dataErrorGap {
		m.dataError = r.now
		m.tell(refusal)
	}
}

func (r *Room) sendData(m *member, d *Data) error {
	if len(d.Message) > r.options.Limits.DataBytes {
		return api.Errorf(api.CodeTooLarge, "A data message may have %d bytes, this one has %d.", r.options.Limits.DataBytes, len(d.Message))
	}
	head, payload, err := api.ParseData(d.Message)
	switch {
	case err != nil:
		return err
	case !m.grant.CanPublishData:
		return api.Errorf(api.CodeForbidden, "Your token does not allow you to send data messages.")
	case head.Topic == api.TopicChat:
		return r.say(m, head.To, string(payload))
	}
	head.From = m.id
	message, err := api.AppendData(nil, head, payload)
	if err != nil {
		return err
	}
	if head.To != "" {
		other := r.member(head.To)
		if other == nil {
			return errNoMember(head.To)
		}
		r.deliver(other, d.Reliable, message)
		return nil
	}
	for _, other := range r.members {
		if other != m {
			r.deliver(other, d.Reliable, message)
		}
	}
	return nil
}

func (r *Room) deliver(m *member, reliable bool, message []byte) {
	if !m.endpoint.SendData(reliable, message) {
		r.rooms.counters.dataDropped.Add(1)
	}
}
