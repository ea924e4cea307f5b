package peer

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/wire"
)

// FuzzPeer feeds a peer with what a client that has the keys may send: RTP and
// RTCP after decryption, in any order and at any time.
func FuzzPeer(f *testing.F) {
	for _, seed := range hostileSeeds(f) {
		f.Add(seed)
	}
	l, socket := bareLoop(Options{}) // one for all runs: it is dear to make
	f.Fuzz(func(t *testing.T, script []byte) {
		socket.sent = nil
		p := barePeer(t, l, offerAll)
		defer p.end(epoch, false)
		p.Receiver("0").SetSink(sinkFunc(func(*media.Packet) {}))
		p.Receiver("1").SetSink(sinkFunc(func(*media.Packet) {}))
		p.Sender("3").SetFeedback(deaf{})
		now := epoch
		for len(script) >= 3 {
			kind, n := script[0], min(int(binary.BigEndian.Uint16(script[1:])), len(script)-3, media.MaxPacketSize)
			b := script[3 : 3+n]
			script = script[3+n:]
			switch kind % 4 {
			case 0:
				packet := l.server.packets.Get()
				p.up.takeRTP(now, packet, append(packet.Buffer()[:0], b...))
				packet.Release()
			case 1:
				p.takeRTCP(now, append([]byte(nil), b...))
			case 2:
				now = after(t, p, now, time.Duration(n)*time.Millisecond)
			case 3: // a viewer is sent something, so that there is something to report on
				p.Sender("3").Write(now, frame(1+n%4, 100))
			}
		}
		after(t, p, now, 3*time.Second)
		if n := len(p.up.streams); n > maxBound {
			t.Errorf("%d SSRCs are followed", n)
		}
		if n := l.server.packets.Lent(); n != 0 {
			t.Errorf("%d packets were not given back", n)
		}
		for _, b := range socket.sent {
			if len(b) > media.MaxPacketSize {
				t.Errorf("a packet of %d bytes was sent", len(b))
			}
		}
	})
}

// deaf is a slot's owner that does not care.
type deaf struct{}

func (deaf) Nack(media.Time, []uint16) {}
func (deaf) KeyFrameWanted(media.Time) {}

// sinkFunc is a sink in one function.
type sinkFunc func(p *media.Packet)

func (f sinkFunc) WritePacket(_ media.Time, p *media.Packet) { f(p) }

// hostileSeeds are short scripts from which the fuzzer sets out.
func hostileSeeds(t testing.TB) [][]byte {
	step := func(kind byte, b []byte) []byte {
		return append(binary.BigEndian.AppendUint16([]byte{kind}, uint16(len(b))), b...)
	}
	rtp := func(pt uint8, ssrc uint32, seq uint16, payload string, ext ...wire.Extension) []byte {
		b := wire.AppendHeader(nil, &wire.Header{PayloadType: pt, SSRC: ssrc, SequenceNumber: seq, Timestamp: 3000 * uint32(seq)}, ext)
		return step(0, append(b, payload...))
	}
	reports := func(packets ...rtcp.Packet) []byte {
		b, err := rtcp.Marshal(packets)
		if err != nil {
			t.Fatal(err)
		}
		return step(1, b)
	}
	video := func(seq uint16) []byte {
		return rtp(96, 7, seq, "\x90\x80\x01\x00\x00\x00\x9d\x01\x2a", wire.Extension{ID: 1, Value: []byte("1")},
			wire.Extension{ID: 4, Value: []byte("h")}, wire.Extension{ID: 2, Value: []byte{0, byte(seq)}})
	}
	gap := append(append(video(1), video(2)...), append(video(9), step(2, make([]byte, 500))...)...)
	feedback := []byte{0x8f, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 1, 0, 0x20, 1, 4, 0}
	return [][]byte{
		gap,
		append(gap, rtp(97, 8, 1, "\x00\x03\x90\x80\x02\x01", wire.Extension{ID: 1, Value: []byte("1")}, wire.Extension{ID: 5, Value: []byte("h")})...),
		append(rtp(111, 1000, 1, "opus", wire.Extension{ID: 3, Value: []byte{0x85}}), reports(
			&rtcp.SenderReport{SSRC: 1000, NTPTime: epoch.NTP(), RTPTime: 3000},
			&rtcp.SourceDescription{Chunks: []rtcp.SourceDescriptionChunk{{Source: 1000}}},
		)...),
		rtp(63, 1000, 2, "\xef\x00\x00\x04\x6fold-new"),
		rtp(45, 9, 1, "\x10\x0a\x0b", wire.Extension{ID: 1, Value: []byte("1")}, wire.Extension{ID: 4, Value: []byte("f")}, wire.Extension{ID: 6, Value: []byte{0x80, 0, 1}}),
		append(step(3, []byte{0}), reports(
			&rtcp.ReceiverReport{SSRC: 1, Reports: []rtcp.ReceptionReport{{SSRC: 2, FractionLost: 20, LastSenderReport: 1, Delay: 2}}},
			&rtcp.TransportLayerNack{MediaSSRC: 2, Nacks: []rtcp.NackPair{{PacketID: 1, LostPackets: 0xffff}}},
			&rtcp.PictureLossIndication{MediaSSRC: 2}, &rtcp.FullIntraRequest{FIR: []rtcp.FIREntry{{SSRC: 2}}},
			&rtcp.Goodbye{Sources: []uint32{1000}},
		)...),
		append(append(step(3, []byte{0}), step(1, feedback)...), step(2, make([]byte, 1000))...),
	}
}

// TestHostileScripts runs the seeds and what random changes make of them: the
// fuzzer's work in small, at every run.
func TestHostileScriptsAreTornApart(t *testing.T) {
	l, _ := bareLoop(Options{})
	p := barePeer(t, l, offerAll)
	for _, seed := range hostileSeeds(t) {
		for cut := range len(seed) { // every way to cut a packet short
			b := seed[3:max(3, cut)]
			packet := l.server.packets.Get()
			p.up.takeRTP(epoch, packet, append(packet.Buffer()[:0], b...))
			packet.Release()
			p.takeRTCP(epoch, append([]byte(nil), b...))
		}
	}
	if p.up.refused == 0 {
		t.Error("nothing was refused")
	}
	if n := l.server.packets.Lent(); n != 0 {
		t.Errorf("%d packets were not given back", n)
	}
}
