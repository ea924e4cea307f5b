package room

import (
	"strings"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/api"
)

// send lets the member's client send on its data channel.
func (c *client) send(h api.DataHeader, payload string) {
	c.t.Helper()
	b, err := api.AppendData(nil, h, []byte(payload))
	if err != nil {
		c.t.Fatal(err)
	}
	c.notify(Notice{Data: &Data{Reliable: true, Message: b}})
}

// received returns what came on the member's data channel.
func (c *client) received() (heads []api.DataHeader, payloads []string) {
	for _, d := range c.endpoint().data {
		h, p, err := api.ParseData([]byte(d))
		if err != nil {
			c.t.Errorf("%s received what can't be read: %v", c.id, err)
		}
		heads, payloads = append(heads, h), append(payloads, string(p))
	}
	return heads, payloads
}

func TestChat(t *testing.T) {
	story(t, Options{ChatLines: 3, Limits: api.Limits{ChatChars: 10}}, func(t *testing.T, h *house) {
		ann, ben, cat := h.join("Ann"), h.join("Ben"), h.join("Cat")
		ann.must(&api.Say{Text: "hello"})
		// By the data channel it is the same.
		ben.send(api.DataHeader{Topic: api.TopicChat}, "hi")
		// A private line has a number for everybody and words for two.
		ann.must(&api.Say{To: ben.id, Text: "psst"})
		if n := len(ben.room.Chat); n != 3 || ben.room.Chat[1].From != ben.id || ben.room.Chat[2].Text != "psst" {
			t.Errorf("Ben's chat is %+v", ben.room.Chat)
		}
		if len(cat.room.Chat) != 2 || cat.room.Number != ben.room.Number {
			t.Errorf("Cat's chat is %+v", cat.room.Chat)
		}
		for _, c := range []*client{ann, ben, cat} {
			c.same()
		}
		ann.refused(api.CodeTooLarge, &api.Say{Text: strings.Repeat("é", 11)})
		ann.must(&api.Say{Text: strings.Repeat("é", 10)})
		ann.refused(api.CodeBadMessage, &api.Say{Text: " \n"})
		ann.refused(api.CodeBadMessage, &api.Say{Text: "\xff"})
		ann.refused(api.CodeNotFound, &api.Say{To: "nobody", Text: "psst"})
		// Who comes later reads the last lines, without the private one.
		dan := h.join("Dan")
		if len(dan.room.Chat) != 2 || dan.room.Chat[0].Text != "hi" {
			t.Errorf("Dan reads %+v", dan.room.Chat)
		}
		// The name stays that of the time.
		ben.must(&api.Rename{Name: "Benjamin"})
		if dan.room.Chat[0].Name != "Ben" {
			t.Error("an old line has a new name")
		}
	})
}

func TestDataIsRelayed(t *testing.T) {
	story(t, Options{Limits: api.Limits{DataBytes: 200}}, func(t *testing.T, h *house) {
		ann, ben, cat := h.join("Ann"), h.join("Ben"), h.join("Cat")
		ann.send(api.DataHeader{Topic: "file", From: "forged"}, "to all")
		ann.send(api.DataHeader{Topic: "file", To: ben.id}, "to Ben")
		heads, payloads := ben.received()
		if len(payloads) != 2 || payloads[0] != "to all" || payloads[1] != "to Ben" || heads[0].From != ann.id || heads[1].From != ann.id {
			t.Errorf("Ben received %+v %q", heads, payloads)
		}
		if _, payloads := cat.received(); len(payloads) != 1 {
			t.Errorf("Cat received %q", payloads)
		}
		if _, payloads := ann.received(); len(payloads) != 0 {
			t.Errorf("Ann received her own %q", payloads)
		}

		// What can't be relayed is answered by an error, once a second.
		for want, bad := range map[api.Code]func(){
			api.CodeNotFound:   func() { ann.send(api.DataHeader{Topic: "file", To: "nobody"}, "?") },
			api.CodeTooLarge:   func() { ann.send(api.DataHeader{Topic: "file"}, strings.Repeat("x", 200)) },
			api.CodeBadMessage: func() { ann.notify(Notice{Data: &Data{Message: []byte("\xff")}}) },
		} {
			h.after(time.Second)
			ann.forget()
			bad()
			bad()
			if err := told[*api.Error](ann); err == nil || err.Code != want || len(ann.said) != 1 {
				t.Errorf("want one error %s, was told %v", want, ann.said)
			}
		}
		ghost := h.joinAs("Ghost", Grant{CanSubscribe: true})
		ghost.send(api.DataHeader{Topic: "file"}, "boo")
		if err := told[*api.Error](ghost); err == nil || err.Code != api.CodeForbidden {
			t.Errorf("Ghost was told %v", err)
		}

		// One who does not read loses messages, which is counted; the others
		// notice nothing.
		dropped := h.rooms.Stats().DataDropped
		cat.endpoint().full = true
		ann.send(api.DataHeader{Topic: "file"}, "again")
		if s := h.rooms.Stats(); s.DataDropped != dropped+1 || len(ben.endpoint().data) != 3 {
			t.Errorf("dropped %d, Ben has %d", s.DataDropped-dropped, len(ben.endpoint().data))
		}
	})
}

func TestTheMailboxIsBounded(t *testing.T) {
	b := newMailbox()
	in := &inbox{member: &member{}}
	// Nobody looks: news replace news, and data queue up to a bound.
	dropped := 0
	for i := range 2 * maxWaitingData {
		b.put(in, Notice{Connected: i%2 == 0, Lost: i%2 == 1})
		b.put(in, Notice{Slots: []api.SlotState{{Slot: "a", Track: "t", Status: api.SlotLive}}})
		if !b.put(in, Notice{Data: &Data{Message: []byte{1}}}) {
			dropped++
		}
	}
	mail := b.take()
	if len(mail) != 1 || dropped != maxWaitingData || len(mail[0].data) != maxWaitingData || len(mail[0].slots) != 1 || *mail[0].connected {
		t.Errorf("%d pieces of mail, %d dropped", len(mail), dropped)
	}
	// Large ones reach the bound of bytes before that of messages.
	for range 2 * maxWaitingBytes / (1 << 20) {
		b.put(in, Notice{Data: &Data{Message: make([]byte, 1<<20)}})
	}
	if mail := b.take(); mail[0].dataBytes != maxWaitingBytes {
		t.Errorf("%d bytes wait", mail[0].dataBytes)
	}
	if len(b.take()) != 0 {
		t.Error("the mailbox should be empty")
	}
}
