package sfu_test

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/sfu"
)

// painter makes VP9 packets: one per frame, a key frame every tenth.
type painter struct {
	*webrtc.TrackLocalStaticRTP
	frame int
}

func newPainter(t *testing.T) *painter {
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP9, ClockRate: 90000}, "vp9", "vp9")
	if err != nil {
		t.Fatal(err)
	}
	return &painter{TrackLocalStaticRTP: track}
}

func (c *painter) shoot() {
	first := byte(0x8c) // I, B, E
	if c.frame%10 != 0 {
		first |= 0x40 // P: not a key frame
	}
	c.frame++
	_ = c.WriteRTP(&rtp.Packet{
		Header:  rtp.Header{Version: 2, SequenceNumber: uint16(c.frame), Timestamp: uint32(c.frame * 3000), Marker: true},
		Payload: []byte{first, byte(c.frame & 0x7f), 0, 0, '9'},
	})
}

func TestALatePacketOfAnotherCodecDoesNotFreezeTheSlot(t *testing.T) {
	server := newServer(t)
	room := sfu.NewRouter(server)
	t.Cleanup(room.Close)
	eight, nine := newCamera(t, "eight", '8'), newPainter(t)
	anna, bela := join(t, room, "anna", 0, eight), join(t, room, "bela", 0, nine)
	anna.endpoint.Publish([]sfu.Publication{{MID: "0", Track: media.TrackInfo{ID: "t_8", Member: "anna", Kind: media.Video}}})
	bela.endpoint.Publish([]sfu.Publication{{MID: "0", Track: media.TrackInfo{ID: "t_9", Member: "bela", Kind: media.Video}}})
	eight.run(t)
	carl := join(t, room, "carl", 1)
	slot := carl.videoSlot(0)
	carl.endpoint.View([]sfu.SlotWish{{Slot: slot, Track: "t_8"}}, sfu.FillTalkers)
	for range 5 {
		carl.next(slot)
	}
	carl.endpoint.View([]sfu.SlotWish{{Slot: slot, Track: "t_9"}}, sfu.FillTalkers)

	// The slot turns from a VP8 track to a VP9 one.
	shot, end := time.NewTicker(5*time.Millisecond), time.After(10*time.Second)
	defer shot.Stop()
	see := func() *rtp.Packet {
		for {
			select {
			case <-shot.C:
				nine.shoot()
			case got := <-carl.packets:
				if color(got.Packet) == '9' {
					return got.Packet
				}
			case <-end:
				t.Fatal("the picture froze")
			}
		}
	}
	first := see()

	// Now the client misses the last packet of the VP8 track. It need not get it,
	// but what flows must go on.
	if err := carl.pc.WriteRTCP([]rtcp.Packet{&rtcp.TransportLayerNack{
		MediaSSRC: first.SSRC, Nacks: rtcp.NackPairsFromSequenceNumbers([]uint16{first.SequenceNumber - 1}),
	}}); err != nil {
		t.Fatal(err)
	}
	for range 50 {
		see()
	}
}
