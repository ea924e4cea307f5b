package client

import (
	"context"
	"fmt"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/api"
)

// RemoteTrack is the media that arrives in a slot. Which published track it is
// may change at any time without a gap in its sequence numbers and timestamps;
// State says which. The embedded track is read by ReadRTP until it fails, which
// it does when the connection ends.
type RemoteTrack struct {
	*webrtc.TrackRemote

	room *Room
	peer *peer
	slot string
}

// Slot returns the slot's m-line identification tag.
func (t *RemoteTrack) Slot() string { return t.slot }

// State returns what flows in the slot, as the server last said.
func (t *RemoteTrack) State() api.SlotState { return t.room.state.slot(t.slot) }

// Track returns the published track that flows in the slot, and whether there
// is one.
func (t *RemoteTrack) Track() (api.Track, bool) {
	id := t.State().Track
	for _, m := range t.room.Snapshot().Members {
		for _, track := range m.Tracks {
			if track.ID == id {
				return track, true
			}
		}
	}
	return api.Track{}, false
}

// RequestKeyFrame asks for a key frame (RTCP PLI).
func (t *RemoteTrack) RequestKeyFrame() error {
	return t.peer.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(t.SSRC())}})
}

// Slot is a receiving slot of the pool.
type Slot struct {
	// MID is its m-line identification tag.
	MID  string
	Kind api.Kind
	// State is what flows in it, as the server last said.
	State api.SlotState
}

// Slots returns the pool: audio slots first, then video, then those added
// later.
func (r *Room) Slots() []Slot {
	r.mu.Lock()
	p := r.peer
	r.mu.Unlock()
	if p == nil {
		return nil
	}
	return r.slotsOf(p)
}

func (r *Room) slotsOf(p *peer) []Slot {
	var slots []Slot
	for _, t := range p.pc.GetTransceivers() {
		if t.Receiver() == nil || t.Mid() == "" {
			continue
		}
		slots = append(slots, Slot{MID: t.Mid(), Kind: api.Kind(t.Kind().String()), State: r.state.slot(t.Mid())})
	}
	return slots
}

// View says what the slots shall show, and returns their states. Video slots
// left out receive nothing; audio slots left out are filled by the server with
// the loudest talkers.
func (r *Room) View(ctx context.Context, wishes []api.SlotView) ([]api.SlotState, error) {
	reply, err := r.request(ctx, &api.View{Slots: wishes})
	if err != nil {
		return nil, fmt.Errorf("view: %w", err)
	}
	slots, ok := reply.(*api.Slots)
	if !ok {
		return nil, fmt.Errorf("the server answered view with %s", reply.MessageType())
	}
	return slots.Slots, nil
}

// updateView keeps the automatic view: a track keeps its slot, a new one gets
// the first free slot. It says so to the server only when something changed.
func (r *Room) updateView(ctx context.Context, p *peer) error {
	wishes, changed := autoView(r.slotsOf(p), videoOfOthers(r.Snapshot(), r.Member()), p.shown)
	if !changed {
		return nil
	}
	if _, err := r.View(ctx, wishes); err != nil {
		return err
	}
	p.shown = map[string]string{}
	for _, w := range wishes {
		p.shown[w.Slot] = w.Track
	}
	return nil
}

// videoOfOthers lists the video tracks of everybody but me.
func videoOfOthers(room api.Room, me string) []api.Track {
	var tracks []api.Track
	for _, m := range room.Members {
		for _, t := range m.Tracks {
			if m.ID != me && t.Kind == api.KindVideo {
				tracks = append(tracks, t)
			}
		}
	}
	return tracks
}

// autoView returns the wishes for the video slots, given what each shows now,
// and whether they differ from that.
func autoView(slots []Slot, tracks []api.Track, shown map[string]string) ([]api.SlotView, bool) {
	there := map[string]api.Track{}
	for _, t := range tracks {
		there[t.ID] = t
	}
	placed, changed := map[string]bool{}, false
	for _, track := range shown {
		if _, ok := there[track]; !ok {
			changed = true
			continue
		}
		placed[track] = true
	}
	var wishes []api.SlotView
	for _, slot := range slots {
		if slot.Kind != api.KindVideo {
			continue
		}
		track, ok := there[shown[slot.MID]]
		for i := 0; !ok && i < len(tracks); i++ {
			if track = tracks[i]; !placed[track.ID] {
				ok, changed = true, true
				placed[track.ID] = true
			}
		}
		if ok {
			wishes = append(wishes, api.SlotView{Slot: slot.MID, Track: track.ID, Width: orSize(track.Width, 1280), Height: orSize(track.Height, 720)})
		}
	}
	return wishes, changed
}

func orSize(size, unknown int) int {
	if size > 0 {
		return size
	}
	return unknown
}
