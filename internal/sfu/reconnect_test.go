package sfu_test

import (
	"testing"

	"github.com/pion/rtp"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/sfu"
)

func TestAPublisherThatConnectsAnewIsSeenAgain(t *testing.T) {
	server := newServer(t)
	room := sfu.NewRouter(server)
	t.Cleanup(room.Close)
	cam := newCamera(t, "cam", 'c')
	cam.seq = 30000
	anna := join(t, room, "anna", 0, cam)
	anna.endpoint.Publish([]sfu.Publication{{MID: "0", Track: media.TrackInfo{ID: "t_cam", Member: "anna", Kind: media.Video}}})
	cam.run(t)
	bela := join(t, room, "bela", 1)
	slot := bela.videoSlot(0)
	bela.endpoint.View([]sfu.SlotWish{{Slot: slot, Track: "t_cam", Size: media.Dimensions{Width: 320, Height: 240}}}, sfu.FillTalkers)
	last := bela.next(slot)
	for range 10 {
		last = bela.next(slot)
	}

	// Anna's browser gives its connection up and makes another one of the same
	// shape: the m-lines and their tags are as before, and so is her track. But
	// the certificate is another, and the numbers of the stream begin anew, far
	// below those of before.
	anna.pc.Close()
	fresh := newCamera(t, "cam", 'n')
	fresh.seq = 100
	anna.connect(0, fresh)
	fresh.run(t)
	for seen := 0; seen < 10; {
		p := bela.next(slot)
		if p.SequenceNumber != last.SequenceNumber+1 {
			t.Fatalf("sequence number %d follows %d", p.SequenceNumber, last.SequenceNumber)
		}
		if d := int32(p.Timestamp - last.Timestamp); d <= 0 || d > 10*90000 {
			t.Fatalf("timestamp %d follows %d", p.Timestamp, last.Timestamp)
		}
		if was, is := pictureID(last), pictureID(p); is != (was+1)&0x7fff {
			t.Fatalf("picture id %d follows %d", is, was)
		}
		if color(p) == 'n' {
			if seen++; seen == 1 && p.Payload[4]&1 != 0 {
				t.Fatal("the new stream does not begin with a key frame")
			}
		}
		last = p
	}
}

// color returns what the camera of a packet wrote into it.
func color(p *rtp.Packet) byte { return p.Payload[len(p.Payload)-1] }

func TestAConnectionOfTheSameShapeIsNoICERestart(t *testing.T) {
	server := newServer(t)
	room := sfu.NewRouter(server)
	t.Cleanup(room.Close)
	anna := join(t, room, "anna", 1)
	// The network has swallowed the good-bye of Anna's first connection, so the
	// server has not missed it yet when her browser makes another one.
	anna.connect(1)
	for _, l := range server.Loops() {
		l.Do(func(media.Time) {}) // behind the end of the former
	}
	if n := server.Stats().Peers; n != 1 {
		t.Errorf("the server keeps %d connections of one member", n)
	}
}
