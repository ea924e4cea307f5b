package room

import (
	"slices"

	"github.com/tutti-rtc/tutti/api"
)

// feed numbers a room's events, without gaps from 1 on, and keeps the last of
// them for clients that resume. Each event is encoded once, for all.
type feed struct {
	number uint64   // of the last event
	kept   int      // how many are kept at most
	log    []record // the last ones, in order
}

// record is one event as it is sent.
type record struct {
	frame []byte
	// private is the frame for the members in concerns, if they may see
	// more than the others.
	private  []byte
	concerns []string
}

// frameFor returns what a member may see of the event.
func (r *record) frameFor(member string) []byte {
	if r.private != nil && slices.Contains(r.concerns, member) {
		return r.private
	}
	return r.frame
}

// add gives the event its number and returns its record. A private chat line is
// for its two members only.
func (f *feed) add(e api.Event) record {
	f.number++
	e.Number = f.number
	var r record
	if e.Chat != nil && e.Chat.To != "" {
		r.private = encode(0, &e)
		r.concerns = []string{e.Chat.From, e.Chat.To}
		e.Chat = nil
	}
	r.frame = encode(0, &e)
	f.log = append(f.log[max(0, len(f.log)+1-f.kept):], r)
	return r
}

// since returns the events after number, never nil; or nil if some of them are
// forgotten or have never been.
func (f *feed) since(number uint64) []record {
	if number > f.number || f.number-number > uint64(len(f.log)) {
		return nil
	}
	return append([]record{}, f.log[len(f.log)-int(f.number-number):]...)
}

// encode returns the frame of a message that the room itself made.
func encode(id uint32, m api.Message) []byte {
	b, err := api.Encode(id, m)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return b
}
