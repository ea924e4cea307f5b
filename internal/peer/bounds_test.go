package peer

import (
	"strings"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/srtp/v3"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/wire"
)

func TestAClientOfManySSRCsIsBounded(t *testing.T) {
	l, _ := bareLoop(Options{})
	p := barePeer(t, l, offerAll)
	context := func() *srtp.Context {
		c, err := srtp.CreateContext(make([]byte, 16), make([]byte, 12), srtp.ProtectionProfileAeadAes128Gcm)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	client := context()
	p.keys.in = context()
	seal := func(ssrc uint32, seq uint16) []byte {
		plain := append(wire.AppendHeader(nil, &wire.Header{PayloadType: 111, SSRC: ssrc, SequenceNumber: seq}, nil), "opus"...)
		b, err := client.EncryptRTP(nil, plain, nil)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	// What is forged counts for nothing, whatever it says: no stranger can use
	// up the client's allowance.
	forged := seal(1000, 1)
	forged[len(forged)-1] ^= 1
	for ssrc := range uint32(5000) {
		forged[8], forged[9] = byte(ssrc>>8), byte(ssrc)
		p.up.handleRTP(epoch, forged)
	}
	if n := len(p.up.sources); n != 0 {
		t.Fatalf("%d SSRCs of forged packets are remembered", n)
	}
	// A client with the keys may make SRTP keep so many states and no more.
	p.up.handleRTP(epoch, seal(1000, 2))
	for ssrc := range uint32(2 * maxSources) {
		p.up.handleRTP(epoch, seal(2000+ssrc, 1))
		report, err := rtcp.Marshal([]rtcp.Packet{&rtcp.ReceiverReport{SSRC: 2000 + ssrc}})
		if err != nil {
			t.Fatal(err)
		}
		if report, err = client.EncryptRTCP(nil, report, nil); err != nil {
			t.Fatal(err)
		}
		p.handleRTCP(epoch, report)
	}
	if rtp, rtcp := len(p.up.sources), len(p.up.reporters); rtp != maxSources || rtcp != maxSources {
		t.Errorf("%d SSRCs of RTP and %d of RTCP have a state", rtp, rtcp)
	}
	// Its own stream goes on.
	heard := false
	p.Receiver("0").SetSink(sinkFunc(func(*media.Packet) { heard = true }))
	if p.up.handleRTP(epoch, seal(1000, 3)); !heard {
		t.Error("the microphone was lost with the rest")
	}
}

// film lets a camera's packet of one frame come in, of the stream q.
func film(p *Peer, now media.Time, seq uint16, key bool) {
	payload := []byte{0x10, 0x01, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0}
	if key {
		payload[1] = 0
	}
	packet := p.loop.server.packets.Get()
	defer packet.Release()
	b := wire.AppendHeader(packet.Buffer()[:0], &wire.Header{
		PayloadType: 96, SSRC: 7, SequenceNumber: seq, Timestamp: 3000 * uint32(seq), Marker: true,
	}, []wire.Extension{{ID: 1, Value: []byte("1")}, {ID: 4, Value: []byte("q")}})
	p.up.takeRTP(now, packet, append(b, payload...))
}

func TestAKeyFrameIsAskedForOnceSomethingComes(t *testing.T) {
	const simulcast = "a=rid:q send\r\na=rid:h send\r\na=rid:f send\r\na=simulcast:send q;h;f\r\n"
	for what, key := range map[string]bool{"a key frame": true, "another frame": false} {
		t.Run(what, func(t *testing.T) {
			l, _ := bareLoop(Options{})
			p := barePeer(t, l, strings.Replace(offerAll, simulcast, "a=ssrc:7 cname:anna\r\n", 1))
			r := p.Receiver("1")
			// A viewer is there before the publisher is connected, who would not
			// hear it. That does not count against the next one.
			r.RequestKeyFrame(epoch, 0)
			now := after(t, p, epoch, 500*time.Millisecond)
			if s, _ := r.Stats(0); s.KeyFrames != 0 {
				t.Error("a key frame was asked for from nobody")
			}
			film(p, now, 1, key)
			want := uint64(1)
			if key {
				want = 0
			}
			if s, _ := r.Stats(0); s.KeyFrames != want {
				t.Errorf("%d key frames were asked for, want %d", s.KeyFrames, want)
			}
		})
	}
}

func TestAKeyFrameServesWhoeverWaitedForLeaveToAsk(t *testing.T) {
	l, _ := bareLoop(Options{})
	p := barePeer(t, l, offerAll)
	camera := func(now media.Time, seq uint16, key bool) { film(p, now, seq, key) }
	r, now := p.Receiver("1"), epoch
	camera(now, 1, true)
	// Two viewers come, one behind the other: the first one's wish goes out, the
	// second one's has to wait. The key frame serves both.
	r.RequestKeyFrame(now, 0)
	r.RequestKeyFrame(now.Add(50*time.Millisecond), 0)
	camera(now.Add(100*time.Millisecond), 2, true)
	now = after(t, p, now, 3*time.Second)
	if s, _ := r.Stats(0); s.KeyFrames != 1 {
		t.Errorf("%d key frames were asked for", s.KeyFrames)
	}
	// One that comes after it has to wait, but not in vain.
	r.RequestKeyFrame(now, 0)
	camera(now.Add(50*time.Millisecond), 3, true)
	r.RequestKeyFrame(now.Add(100*time.Millisecond), 0)
	after(t, p, now, 3*time.Second)
	if s, _ := r.Stats(0); s.KeyFrames != 3 {
		t.Errorf("%d key frames were asked for in all, want 3", s.KeyFrames)
	}
}
