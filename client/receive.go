package client

import (
	"context"
	"fmt"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/api"
)

// RemoteTrack is the media that arrives in a slot, or directly from another
// member. Which published track it is may change at any time, in a slot without
// a gap in its sequence numbers and timestamps; Track says which. It is read by
// ReadRTP until that fails, which it does when the connection ends.
type RemoteTrack struct {
	*webrtc.TrackRemote

	// Constant.
	room   *Room
	pc     *webrtc.PeerConnection
	slot   string      // empty for one that comes directly
	line   *directLine // nil for a slot
	member string      // whose line it is
}

// Slot returns the slot's m-line identification tag; it is empty for what comes
// directly.
func (t *RemoteTrack) Slot() string { return t.slot }

// Path returns by which path the media come: PathSFU or PathMCU in a slot, or
// PathP2P.
func (t *RemoteTrack) Path() api.Path {
	switch {
	case t.line != nil:
		return api.PathP2P
	case isProgram(t.State().Track):
		return api.PathMCU
	}
	return api.PathSFU
}

// InUse reports whether this is the path by which the published track is
// received now. While a track moves from one path to another it comes by both
// for a moment: a program that wants it once drops what is not in use.
func (t *RemoteTrack) InUse() bool {
	track, ok := t.Track()
	if !ok || t.room.direct == nil {
		return ok
	}
	path := t.room.direct.pathOf(track.ID)
	return path == t.Path() || path == "" && t.line == nil
}

// State returns what flows in the slot, as the server last said.
func (t *RemoteTrack) State() api.SlotState { return t.room.state.slot(t.slot) }

// Track returns the published track whose media arrive, and whether there is
// one. The program is told as tracks of nobody with the ids api.ProgramVideo and
// ProgramAudio.
func (t *RemoteTrack) Track() (api.Track, bool) {
	id := ""
	if t.line == nil {
		id = t.State().Track
	}
	room := t.room.Snapshot()
	if isProgram(id) {
		return programTrack(room, id), true
	}
	for _, m := range room.Members {
		for _, track := range m.Tracks {
			if t.line == nil && track.ID == id || t.line != nil && m.ID == t.member && track.Origin == t.line.origin {
				return track, true
			}
		}
	}
	return api.Track{}, false
}

// ReadRTP waits for the next packet.
func (t *RemoteTrack) ReadRTP() (*rtp.Packet, interceptor.Attributes, error) {
	p, a, err := t.TrackRemote.ReadRTP()
	if err == nil && t.line != nil {
		t.line.packets.Add(1)
	}
	return p, a, err
}

// Read waits for the next packet and copies it to b.
func (t *RemoteTrack) Read(b []byte) (int, interceptor.Attributes, error) {
	n, a, err := t.TrackRemote.Read(b)
	if err == nil && t.line != nil {
		t.line.packets.Add(1)
	}
	return n, a, err
}

// RequestKeyFrame asks for a key frame (RTCP PLI).
func (t *RemoteTrack) RequestKeyFrame() error {
	return t.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(t.SSRC())}})
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
// the loudest talkers, or on PathMCU with the program's sound. What comes directly
// needs no slot, and gets none.
func (r *Room) View(ctx context.Context, wishes []api.SlotView) ([]api.SlotState, error) {
	if r.direct != nil {
		return r.direct.show(ctx, wishes)
	}
	return r.sendView(ctx, api.View{Slots: wishes})
}

func (r *Room) sendView(ctx context.Context, view api.View) ([]api.SlotState, error) {
	reply, err := r.request(ctx, &view)
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
	wishes, changed := autoView(r.slotsOf(p), videoToView(r.Snapshot(), r.Member()), p.shown)
	if !changed {
		return nil
	}
	if _, err := r.View(ctx, wishes); err != nil {
		return err
	}
	p.shown = map[string]api.SlotView{}
	for _, w := range wishes {
		p.shown[w.Slot] = w
	}
	return nil
}

// videoToView lists the video tracks of everybody but me, or the program's.
func videoToView(room api.Room, me string) []api.Track {
	if pathOf(room, me) == api.PathMCU {
		return []api.Track{programTrack(room, api.ProgramVideo)}
	}
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
// and whether they differ from that, in tracks or their sizes.
func autoView(slots []Slot, tracks []api.Track, shown map[string]api.SlotView) ([]api.SlotView, bool) {
	there := map[string]api.Track{}
	for _, t := range tracks {
		there[t.ID] = t
	}
	placed, changed := map[string]bool{}, false
	for _, was := range shown {
		if _, ok := there[was.Track]; !ok {
			changed = true
			continue
		}
		placed[was.Track] = true
	}
	var wishes []api.SlotView
	for _, slot := range slots {
		if slot.Kind != api.KindVideo {
			continue
		}
		track, ok := there[shown[slot.MID].Track]
		for i := 0; !ok && i < len(tracks); i++ {
			if track = tracks[i]; !placed[track.ID] {
				ok, changed = true, true
				placed[track.ID] = true
			}
		}
		if ok {
			wish := api.SlotView{Slot: slot.MID, Track: track.ID, Width: orSize(track.Width, 1280), Height: orSize(track.Height, 720)}
			changed = changed || wish != shown[slot.MID]
			wishes = append(wishes, wish)
		}
	}
	return wishes, changed
}

func isProgram(track string) bool { return track == api.ProgramVideo || track == api.ProgramAudio }

// programTrack returns what there is to know of one of the program's tracks.
func programTrack(room api.Room, id string) api.Track {
	t := api.Track{ID: id, Kind: api.KindAudio, Origin: api.OriginOther}
	if id == api.ProgramVideo {
		t.Kind, t.Width, t.Height = api.KindVideo, room.Program.Width, room.Program.Height
	}
	return t
}

func orSize(size, unknown int) int {
	if size > 0 {
		return size
	}
	return unknown
}
