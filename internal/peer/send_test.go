package peer

import (
	"net"
	"net/netip"
	"testing"

	"github.com/pion/srtp/v3"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer/answer"
	"github.com/tutti-rtc/tutti/internal/peer/ice"
)

// silent is a handler that does not care.
type silent struct{}

func (silent) Connected(media.Time) {}
func (silent) Lost(media.Time)      {}
func (silent) Data(string, []byte)  {}

// keyedSender returns a video slot of a peer that has its keys and sends to an
// address where nobody minds.
func keyedSender(t testing.TB, s *Server, to netip.AddrPort) *Sender {
	t.Helper()
	p, err := s.NewPeer(silent{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := srtp.CreateContext(make([]byte, 16), make([]byte, 12), srtp.ProtectionProfileAeadAes128Gcm)
	if err != nil {
		t.Fatal(err)
	}
	slot := &Sender{peer: p, mid: "0", media: &answer.Media{
		Kind: media.Video, SSRC: 1, RTXSSRC: 2,
		Codecs: []answer.Codec{{PayloadType: 96, Codec: media.VP8, RTX: 97}},
	}}
	p.Loop().Do(func(media.Time) {
		p.keys = &srtpKeys{out: out}
		p.selected.Store(&ice.Address{Proto: ice.UDP, Remote: to})
		p.senders = append(p.senders, slot)
	})
	return slot
}

// frame is a video frame of n packets.
func frame(n, size int) []Outgoing {
	list := make([]Outgoing, n)
	payload := make([]byte, size)
	for i := range list {
		list[i] = Outgoing{
			PayloadType: 96, AudioLevel: media.NoLevel, Orientation: media.NoOrientation,
			Descriptor: []byte{0x90, 0x80, 0x80, 0x01}, Payload: payload,
		}
	}
	return list
}

func listen(t testing.TB) (*Server, *net.UDPConn) {
	t.Helper()
	s, err := Listen(Options{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	sink, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sink.Close() })
	return s, sink
}

func TestSendingAllocatesNothing(t *testing.T) {
	s, sink := listen(t)
	slot := keyedSender(t, s, sink.LocalAddr().(*net.UDPAddr).AddrPort())
	batch, seq := frame(6, 1100), uint16(0)
	slot.peer.Loop().Do(func(now media.Time) {
		send := func() {
			for i := range batch {
				batch[i].Seq = seq
				seq++
			}
			slot.Write(now, batch)
			slot.peer.loop.out.flush()
		}
		send()
		if n := testing.AllocsPerRun(1000, send); n != 0 {
			t.Errorf("a frame of %d packets costs %v allocations", len(batch), n)
		}
	})
}

func TestPacketsOfAFrameLeaveInOneBurst(t *testing.T) {
	s, sink := listen(t)
	slot := keyedSender(t, s, sink.LocalAddr().(*net.UDPAddr).AddrPort())
	slot.peer.Loop().Do(func(now media.Time) {
		// Encoders split a frame into packets that differ by a byte or so,
		// the last may be much shorter.
		batch := frame(5, 1000)
		for i, size := range []int{1000, 1000, 1001, 1001, 300} {
			batch[i].Seq, batch[i].Payload = uint16(i), batch[i].Payload[:0]
			batch[i].Payload = make([]byte, size)
		}
		slot.Write(now, batch)
		bursts := slot.peer.loop.out.bursts
		if len(bursts) != 1 {
			t.Fatalf("the frame left in %d bursts", len(bursts))
		}
		if want := 4*bursts[0].SegmentSize + (bursts[0].SegmentSize - 701); len(bursts[0].Data) != want {
			t.Errorf("the burst has %d bytes in segments of %d, want %d in all", len(bursts[0].Data), bursts[0].SegmentSize, want)
		}
	})
}

// BenchmarkWrite is the cost of one packet to one viewer: header, SRTP and its
// part of a burst, which goes to a socket that nobody reads.
func BenchmarkWrite(b *testing.B) {
	for _, n := range []int{1, 5, 10} {
		b.Run(map[int]string{1: "single", 5: "burst5", 10: "burst10"}[n], func(b *testing.B) {
			s, sink := listen(b)
			slot := keyedSender(b, s, sink.LocalAddr().(*net.UDPAddr).AddrPort())
			batch, seq := frame(n, 1150), uint16(0)
			b.ReportAllocs()
			slot.peer.Loop().Do(func(now media.Time) {
				for b.Loop() {
					for i := range batch {
						batch[i].Seq = seq
						seq++
					}
					slot.Write(now, batch)
				}
				slot.peer.loop.out.flush()
			})
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/packet")
		})
	}
}
