package app

import (
	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/peer"
	"github.com/tutti-rtc/tutti/internal/room"
	"github.com/tutti-rtc/tutti/internal/sfu"
)

// mediaPlane joins rooms with the media server: room and sfu do not know each
// other, so their like-named values are translated here.
type mediaPlane struct {
	server *peer.Server
	mixers *mixers
}

// NewRouter returns the router of a new room (room.MediaPlane).
func (m mediaPlane) NewRouter(name string, notify func(api.Program)) room.Router {
	r := sfu.NewRouter(m.server)
	return router{r, newProgram(r, m.mixers, name, notify)}
}

// router forwards a room's tracks, and mixes them.
type router struct {
	*sfu.Router
	program *program
}

// Mix says what the room's program is made of (room.Router).
func (r router) Mix(p *room.Program) { r.program.mix(p) }

// Close ends the program, then what it was made of (room.Router).
func (r router) Close() {
	r.program.close()
	r.Router.Close()
}

// Attach makes the media side of a member (room.Router).
func (r router) Attach(member string, notify func(room.Notice)) (room.Endpoint, error) {
	e, err := r.Router.Attach(member, func(n sfu.Notice) { notify(notice(n)) })
	if err != nil {
		return nil, err
	}
	return endpoint{e}, nil
}

type endpoint struct{ *sfu.Endpoint }

// Publish says which tracks the member sends (room.Endpoint).
func (e endpoint) Publish(list []room.Publication) {
	tracks := make([]sfu.Publication, len(list))
	for i, p := range list {
		tracks[i] = sfu.Publication(p)
	}
	e.Endpoint.Publish(tracks)
}

// View says what the member's slots shall show (room.Endpoint).
func (e endpoint) View(list []room.SlotWish, fill room.Fill) {
	wishes := make([]sfu.SlotWish, len(list))
	for i, w := range list {
		wishes[i] = sfu.SlotWish(w)
	}
	e.Endpoint.View(wishes, sfu.Fill(fill))
}

// SendData sends a message to the member (room.Endpoint).
func (e endpoint) SendData(reliable bool, message []byte) bool {
	return e.Endpoint.SendData(label(reliable), message)
}

func label(reliable bool) string {
	if reliable {
		return api.LabelReliable
	}
	return api.LabelLossy
}

// notice translates what an endpoint tells.
func notice(n sfu.Notice) room.Notice {
	out := room.Notice{
		Connected: n.Connected, Lost: n.Lost, Slots: n.Slots, Layers: n.Layers, Arrived: n.Arrived,
	}
	if n.Line != nil {
		line := room.Line(*n.Line)
		out.Line = &line
	}
	if n.Data != nil {
		out.Data = &room.Data{Reliable: n.Data.Label != api.LabelLossy, Message: n.Data.Message}
	}
	if n.Speakers != nil {
		out.Speakers = make([]room.Speaker, len(n.Speakers))
		for i, s := range n.Speakers {
			out.Speakers[i] = room.Speaker(s)
		}
	}
	return out
}
