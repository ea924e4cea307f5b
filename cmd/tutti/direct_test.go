package main

import (
	"sync"
	"testing"

	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/client"
)

// duet is one of two members who publish a camera of numbered frames, and
// follow that of the other.
type duet struct {
	counter
	room *client.Room

	mu   sync.Mutex // guards the following
	seen map[uint32]bool
	last map[api.Path]uint32 // the latest frame in use by each path
}

// sing joins and publishes; what comes of others' cameras is noted.
func sing(t *testing.T, link, room string, o client.Options) *duet {
	t.Helper()
	d := &duet{seen: map[uint32]bool{}, last: map[api.Path]uint32{}}
	o.Direct, o.AutoView, o.VideoSlots, o.VideoSenders = true, true, 2, 1
	o.Handlers.Track = func(track *client.RemoteTrack) { go d.listen(track) }
	d.room = enter(t, link, room, o)
	d.publish(t, d.room)
	return d
}

func (d *duet) listen(track *client.RemoteTrack) {
	for {
		packet, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		if n, ok := number(packet); ok {
			d.mu.Lock()
			d.seen[n] = true
			if track.InUse() {
				d.last[track.Path()] = max(n, d.last[track.Path()])
			}
			d.mu.Unlock()
		}
	}
}

// hears waits until n more frames came by a path, and were in use.
func (d *duet) hears(t *testing.T, path api.Path, n uint32) {
	t.Helper()
	latest := func() uint32 {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.last[path]
	}
	from := latest()
	until(t, "video by "+string(path), func() bool { return latest() > from && latest() >= from+n })
}

// missing returns how many of the frames from the first one to the last have
// not come.
func (d *duet) missing() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	first, last := ^uint32(0), uint32(0)
	for n := range d.seen {
		first, last = min(first, n), max(last, n)
	}
	return int(last-first) + 1 - len(d.seen)
}

// onPath waits until the room has put both on a path.
func (d *duet) onPath(t *testing.T, path api.Path) {
	t.Helper()
	_, err := d.room.Wait(within(t), func(room api.Room) bool {
		for _, m := range room.Members {
			if m.Path != path {
				return false
			}
		}
		return true
	})
	if err != nil {
		t.Fatalf("not on %s: %v; %+v", path, err, d.room.Snapshot().Members)
	}
}

func TestTwoGoClientsGoDirectAndBack(t *testing.T) {
	link := serve(t)
	ann, ben := sing(t, link, "duet", client.Options{Name: "ann"}), sing(t, link, "duet", client.Options{Name: "ben"})
	for _, d := range []*duet{ann, ben} {
		d.onPath(t, api.PathP2P)
		d.hears(t, api.PathP2P, 100)
		if c, ok := d.room.DirectConnection(); !ok || c.State != webrtc.PeerConnectionStateConnected || c.Local.Protocol != api.CandidateUDP {
			t.Errorf("the direct connection is %+v, %v", c, ok)
		}
	}
	// Nothing goes by the server any more, and its slots are free.
	until(t, "silence of the server", func() bool {
		for _, s := range ann.room.Slots() {
			if s.State.Track != "" {
				return false
			}
		}
		return true
	})
	// A third comes: all go by the server, and the direct connection is let go.
	cat := enter(t, link, "duet", client.Options{Name: "cat", VideoSlots: 2, AutoView: true})
	for _, d := range []*duet{ann, ben} {
		d.onPath(t, api.PathSFU)
		d.hears(t, api.PathSFU, 100)
		until(t, "the end of the direct connection", func() bool {
			_, ok := d.room.DirectConnection()
			return !ok
		})
	}
	// It leaves, and after a moment the two are by themselves again.
	cat.Close()
	for _, d := range []*duet{ann, ben} {
		d.onPath(t, api.PathP2P)
		d.hears(t, api.PathP2P, 100)
		if n := d.missing(); n > 3 {
			t.Errorf("%d frames came by neither path", n)
		}
	}
}

func TestPinTakesBothToTheServer(t *testing.T) {
	link := serve(t)
	ann, ben := sing(t, link, "pinned", client.Options{Name: "ann"}), sing(t, link, "pinned", client.Options{Name: "ben"})
	ann.onPath(t, api.PathP2P)
	// Ann's pin takes both to the server; freed, both come back at once.
	if err := ann.room.SetPath(within(t), "", api.PathSFU); err != nil {
		t.Fatal(err)
	}
	ben.onPath(t, api.PathSFU)
	ben.hears(t, api.PathSFU, 50)
	if err := ann.room.SetPath(within(t), "", api.PathAuto); err != nil {
		t.Fatal(err)
	}
	ben.onPath(t, api.PathP2P)
	ben.hears(t, api.PathP2P, 50)
}
