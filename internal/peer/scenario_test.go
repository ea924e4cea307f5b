package peer_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer"
	"github.com/tutti-rtc/tutti/internal/peer/answer"
	"github.com/tutti-rtc/tutti/internal/peer/peertest"
)

// story runs a test in a bubble of virtual time, with a server on a network of
// its own.
func story(t *testing.T, seed uint64, tell func(t *testing.T, w *peertest.World)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := peertest.New(t, seed, peer.Options{Loops: 2})
		tell(t, w)
	})
}

// call is a client and its peer on the server: it sends a camera's packets in
// one section and is sent some in another.
type call struct {
	*peertest.Client
	t      *testing.T
	seen   *events
	peer   *peer.Peer
	agreed *answer.Session // last
	camera *webrtc.TrackLocalStaticRTP

	up, down flow
	next     atomic.Uint32 // sequence number of the camera
	keyEvery uint16        // packets

	mu    sync.Mutex
	heard []heard // guarded by mu: what the server said about the camera
}

// heard is an RTCP packet of the server and when it came.
type heard struct {
	at time.Time
	rtcp.Packet
}

// newCall makes a client and its peer; they are not connected yet.
func newCall(t *testing.T, w *peertest.World, name string, o peertest.ClientOptions) *call {
	t.Helper()
	c := &call{Client: w.NewClient(name, o), t: t, seen: newEvents(), keyEvery: 50}
	var err error
	if c.peer, err = w.Server.NewPeer(c.seen); err != nil {
		t.Fatal(err)
	}
	c.camera, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, name, name)
	if err != nil {
		t.Fatal(err)
	}
	send, err := c.AddTransceiverFromTrack(c.camera, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		t.Fatal(err)
	}
	go c.listen(send.Sender())
	if _, err := c.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
		t.Fatal(err)
	}
	c.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			p, attributes, err := track.ReadRTP()
			if err != nil {
				return
			}
			c.down.note(int64(p.SequenceNumber), p.Payload, attributes.Get(webrtc.AttributeRtxSequenceNumber) != nil)
		}
	})
	return c
}

// negotiate makes an offer that the peer answers.
func (c *call) negotiate(o *webrtc.OfferOptions) *answer.Session {
	c.t.Helper()
	err := c.Negotiate(o, func(offer string) (string, error) {
		session, err := c.peer.Negotiate(offer)
		if err != nil {
			return "", err
		}
		c.agreed = session
		return session.SDP, nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return c.agreed
}

// connect negotiates, waits for the connection and lets all that the camera
// sends be written down.
func (c *call) connect() {
	c.t.Helper()
	c.negotiate(nil)
	await(c.t, "the connection", c.seen.connected)
	for c.ConnectionState() != webrtc.PeerConnectionStateConnected {
		time.Sleep(time.Millisecond)
	}
	c.onLoop(func(media.Time) { c.peer.Receiver("0").SetSink(c) })
}

// listen writes down what the server says about the camera.
func (c *call) listen(s *webrtc.RTPSender) {
	for {
		packets, _, err := s.ReadRTCP()
		if err != nil {
			return
		}
		c.mu.Lock()
		for _, p := range packets {
			c.heard = append(c.heard, heard{time.Now(), p})
		}
		c.mu.Unlock()
	}
}

// said returns all of one kind that the server said about the camera.
func said[T rtcp.Packet](c *call) (list []T, at []time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, h := range c.heard {
		if p, ok := h.Packet.(T); ok {
			list, at = append(list, p), append(at, h.at)
		}
	}
	return list, at
}

// onLoop runs f on the peer's loop.
func (c *call) onLoop(f func(now media.Time)) {
	c.t.Helper()
	if !c.peer.Loop().Do(f) {
		c.t.Fatal("the server is closed")
	}
}

// WritePacket takes what the camera sent (media.Sink).
func (c *call) WritePacket(_ media.Time, p *media.Packet) {
	c.up.note(int64(p.Seq), p.Payload, false)
}

// shoot sends one packet of the camera, which carries its number, and reports
// that number.
func (c *call) shoot() uint16 {
	seq := uint16(c.next.Add(1) - 1)
	payload := vp8(byte(seq>>8), byte(seq))
	if seq%c.keyEvery == 0 {
		payload[3] = 0 // a key frame
	}
	_ = c.camera.WriteRTP(&rtp.Packet{
		Header:  rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: 1800 * uint32(seq), Marker: true},
		Payload: payload,
	})
	return seq
}

// vp8 is the payload of a frame of one packet, no key frame, with what more
// tells it apart.
func vp8(more ...byte) []byte {
	return append([]byte{0x90, 0x80, 0x01, 0x01, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0}, more...)
}

// show sends one packet in the client's slot.
func (c *call) show(seq uint16) {
	c.onLoop(func(now media.Time) {
		s := c.peer.Sender("1")
		pt, _ := s.PayloadType(media.VP8, "")
		s.Write(now, []peer.Outgoing{c.outgoing(pt, seq)})
	})
}

func (c *call) outgoing(pt uint8, seq uint16) peer.Outgoing {
	return peer.Outgoing{
		Seq: seq, Timestamp: 1800 * uint32(seq), Marker: true, PayloadType: pt,
		AudioLevel: media.NoLevel, Orientation: media.NoOrientation, Payload: vp8(byte(seq>>8), byte(seq)),
	}
}

// talk sends a packet each way every 20 ms for d.
func (c *call) talk(d time.Duration) {
	for range d / (20 * time.Millisecond) {
		c.show(c.shoot())
		time.Sleep(20 * time.Millisecond)
	}
	synctest.Wait()
}

// flow writes down the packets of one direction.
type flow struct {
	mu       sync.Mutex // guards what follows
	numbers  map[int64]int
	payloads map[int64]string
	resent   int
	last     time.Time
	gap      time.Duration // longest between two packets
}

func (f *flow) note(number int64, payload []byte, resent bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.numbers == nil {
		f.numbers, f.payloads = map[int64]int{}, map[int64]string{}
	}
	f.numbers[number]++
	f.payloads[number] = string(payload)
	if resent {
		f.resent++
	}
	if now := time.Now(); !f.last.IsZero() {
		f.gap = max(f.gap, now.Sub(f.last))
		f.last = now
	} else {
		f.last = now
	}
}

// count returns how many different packets came and forgets all about them.
func (f *flow) count() (n int, gap time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, gap = len(f.numbers), f.gap
	f.numbers, f.payloads, f.gap = nil, nil, 0
	return n, gap
}
