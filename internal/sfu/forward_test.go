package sfu_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer"
	"github.com/tutti-rtc/tutti/internal/sfu"
)

// person is one member of a test room: a browser's worth of Pion on one side,
// its endpoint on the other.
type person struct {
	t        *testing.T
	name     string
	pc       *webrtc.PeerConnection
	endpoint *sfu.Endpoint
	notices  chan sfu.Notice
	packets  chan slotPacket
}

type slotPacket struct {
	mid string
	*rtp.Packet
}

func newServer(t *testing.T) *peer.Server {
	t.Helper()
	s, err := peer.Listen(peer.Options{Listen: netip.MustParseAddrPort("127.0.0.1:0"), Loops: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// join attaches a person with one sending transceiver per track and as many
// slots as asked for, and connects it.
func join(t *testing.T, r *sfu.Router, name string, slots int, tracks ...webrtc.TrackLocal) *person {
	t.Helper()
	p := &person{t: t, name: name, notices: make(chan sfu.Notice, 1000), packets: make(chan slotPacket, 5000)}
	var err error
	if p.endpoint, err = r.Attach(name, func(n sfu.Notice) {
		select {
		case p.notices <- n:
		default:
		}
	}); err != nil {
		t.Fatal(err)
	}
	p.connect(slots, tracks...)
	return p
}

// connect joins the person to its endpoint by a PeerConnection, the first or
// another one.
func (p *person) connect(slots int, tracks ...webrtc.TrackLocal) {
	t := p.t
	t.Helper()
	var se webrtc.SettingEngine
	se.SetIncludeLoopbackCandidate(true)
	se.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(se), webrtc.WithMediaEngine(codecs(t))).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	p.pc = pc
	t.Cleanup(func() { pc.Close() })
	for _, track := range tracks {
		if _, err := pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
			t.Fatal(err)
		}
	}
	for range slots {
		for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
			if _, err := pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
				t.Fatal(err)
			}
		}
	}
	pc.OnTrack(func(track *webrtc.TrackRemote, recv *webrtc.RTPReceiver) {
		mid := recv.RTPTransceiver().Mid()
		for {
			packet, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			p.packets <- slotPacket{mid, packet}
		}
	})
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := pc.SetLocalDescription(offer); err != nil {
		t.Fatal(err)
	}
	answer, err := p.endpoint.Negotiate(offer.SDP)
	if err != nil {
		t.Fatal(err)
	}
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer.SDP}); err != nil {
		t.Fatalf("%v in\n%s", err, answer.SDP)
	}
	p.wait("is connected", func(n sfu.Notice) bool { return n.Connected })
}

// codecs are those of browsers, without interceptors.
func codecs(t *testing.T) *webrtc.MediaEngine {
	m := &webrtc.MediaEngine{}
	if err := m.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	return m
}

// wait waits for a notice.
func (p *person) wait(what string, is func(sfu.Notice) bool) {
	p.t.Helper()
	late := time.After(10 * time.Second)
	for {
		select {
		case n := <-p.notices:
			if is(n) {
				return
			}
		case <-late:
			p.t.Fatalf("%s waited in vain until it %s", p.name, what)
		}
	}
}

// next returns the next packet of a slot.
func (p *person) next(mid string) *rtp.Packet {
	p.t.Helper()
	late := time.After(10 * time.Second)
	for {
		select {
		case got := <-p.packets:
			if got.mid == mid {
				return got.Packet
			}
		case <-late:
			p.t.Fatalf("%s waited in vain for a packet in slot %s", p.name, mid)
		}
	}
}

// videoSlot returns the tag of the n-th video slot.
func (p *person) videoSlot(n int) string {
	for _, tr := range p.pc.GetTransceivers() {
		if tr.Kind() == webrtc.RTPCodecTypeVideo && tr.Direction() == webrtc.RTPTransceiverDirectionRecvonly {
			if n == 0 {
				return tr.Mid()
			}
			n--
		}
	}
	p.t.Fatal("no such slot")
	return ""
}

// camera makes VP8 packets: one per frame, a key frame every tenth.
type camera struct {
	*webrtc.TrackLocalStaticRTP
	seq     uint16
	frame   int
	pattern byte
}

func newCamera(t *testing.T, id string, pattern byte) *camera {
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}, id, id)
	if err != nil {
		t.Fatal(err)
	}
	return &camera{TrackLocalStaticRTP: track, pattern: pattern}
}

func (c *camera) shoot() error {
	payload := []byte{0x90, 0x80, byte(c.frame & 0x7f), 0x01, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0, c.pattern}
	if c.frame%10 == 0 {
		payload[3] = 0x00 // P bit 0: a key frame
	}
	c.seq++
	c.frame++
	return c.WriteRTP(&rtp.Packet{
		Header:  rtp.Header{Version: 2, SequenceNumber: c.seq, Timestamp: uint32(c.frame * 3000), Marker: true},
		Payload: payload,
	})
}

// run shoots until the test ends.
func (c *camera) run(t *testing.T) {
	done := make(chan struct{})
	t.Cleanup(func() { close(done) })
	go func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				_ = c.shoot()
			case <-done:
				return
			}
		}
	}()
}

func TestASlotIsOneUnbrokenStreamAcrossTracks(t *testing.T) {
	server := newServer(t)
	room := sfu.NewRouter(server)
	t.Cleanup(room.Close)

	// Two cameras are published by two members.
	red, blue := newCamera(t, "red", 'r'), newCamera(t, "blue", 'b')
	anna := join(t, room, "anna", 0, red)
	bela := join(t, room, "bela", 0, blue)
	anna.endpoint.Publish([]sfu.Publication{{MID: "0", Track: media.TrackInfo{ID: "t_red", Member: "anna", Kind: media.Video}}})
	bela.endpoint.Publish([]sfu.Publication{{MID: "0", Track: media.TrackInfo{ID: "t_blue", Member: "bela", Kind: media.Video}}})
	red.run(t)
	blue.run(t)

	// A third member shows the first in its only slot, then the second, then
	// the first again.
	carl := join(t, room, "carl", 1)
	slot := carl.videoSlot(0)
	var last *rtp.Packet
	for turn, want := range []struct {
		track media.TrackID
		color byte
	}{{"t_red", 'r'}, {"t_blue", 'b'}, {"t_red", 'r'}} {
		carl.endpoint.View([]sfu.SlotWish{{Slot: slot, Track: want.track, Size: media.Dimensions{Width: 320, Height: 240}}}, sfu.FillTalkers)
		for seen := 0; seen < 30; {
			p := carl.next(slot)
			if last != nil {
				// Not one number is left out or used twice, whatever flows.
				if p.SequenceNumber != last.SequenceNumber+1 {
					t.Fatalf("turn %d: sequence number %d follows %d", turn, p.SequenceNumber, last.SequenceNumber)
				}
				if int32(p.Timestamp-last.Timestamp) <= 0 {
					t.Fatalf("turn %d: timestamp %d follows %d", turn, p.Timestamp, last.Timestamp)
				}
				if p.SSRC != last.SSRC {
					t.Fatalf("turn %d: the SSRC changed", turn)
				}
				if was, is := pictureID(last), pictureID(p); is != (was+1)&0x7fff {
					t.Fatalf("turn %d: picture id %d follows %d", turn, is, was)
				}
			}
			color := p.Payload[len(p.Payload)-1]
			if seen == 0 && color == want.color && last != nil && last.Payload[len(last.Payload)-1] != color && p.Payload[4]&1 != 0 {
				t.Fatalf("turn %d: the switch was not at a key frame", turn)
			}
			if color == want.color {
				seen++
			}
			last = p
		}
	}
}

// pictureID returns the 15-bit picture id that the server writes.
func pictureID(p *rtp.Packet) uint16 {
	return uint16(p.Payload[2]&0x7f)<<8 | uint16(p.Payload[3])
}

func TestAudioSlotsFillThemselves(t *testing.T) {
	server := newServer(t)
	room := sfu.NewRouter(server)
	t.Cleanup(room.Close)
	for i := range 3 {
		mic, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}, "mic", "mic")
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprint("talker", i)
		p := join(t, room, name, 0, mic)
		p.endpoint.Publish([]sfu.Publication{{MID: "0", Track: media.TrackInfo{ID: media.TrackID(name), Member: name, Kind: media.Audio}}})
		c := &camera{TrackLocalStaticRTP: mic}
		c.run(t)
	}
	// Two slots, three talkers: two of them are heard without being asked for.
	listener := join(t, room, "listener", 2)
	live := map[string]string{}
	listener.wait("hears two", func(n sfu.Notice) bool {
		for _, s := range n.Slots {
			if s.Status == "live" {
				live[s.Slot] = s.Track
			}
		}
		return len(live) == 2
	})
	tracks := map[string]bool{}
	for _, t := range live {
		tracks[t] = true
	}
	if len(tracks) != 2 {
		t.Fatalf("one talker fills two slots: %v", live)
	}
}
