package video

import (
	"testing"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/wire"
)

// endless is a stream whose frames can be sent again and again: packets in an
// order that repeats, with numbers that run on.
type endless struct {
	receiver *Receiver
	frames   [][]*media.Packet
	seq      media.Seq
	time     media.Ticks
	at       int
}

// newEndless describes the frames of a stream. With swap, the first two packets
// of each frame come in the wrong order.
func newEndless(t testing.TB, c media.Codec, swap bool) *endless {
	e := &endless{receiver: NewReceiver(Options{}), seq: 1000}
	var d wire.Depacketizer
	for _, f := range newSender(t, c, 1).stream(8, 6000) {
		for _, p := range f.packets {
			if err := d.Describe(p); err != nil {
				t.Fatal(err)
			}
		}
		e.frames = append(e.frames, f.packets)
	}
	for i := range e.frames { // the numbers within are those of the turn
		for j, p := range e.frames[i] {
			p.Seq = media.Seq(j)
		}
		if p := e.frames[i]; swap && len(p) > 1 {
			p[0], p[1] = p[1], p[0]
		}
	}
	return e
}

// frame sends the next frame, and returns how many packets and bytes came out.
func (e *endless) frame(t testing.TB) (packets, size int) {
	f := e.frames[e.at%len(e.frames)]
	e.at++
	e.time += 3000
	now := epoch + interval*media.Time(e.at)
	for _, p := range f {
		within := p.Seq
		p.Seq, p.Timestamp = e.seq+within, e.time
		e.receiver.WritePacket(now, p)
		p.Seq = within
	}
	e.seq += media.Seq(len(f))
	out, ok := e.receiver.Next(now)
	if !ok {
		t.Fatalf("frame %d did not come out", e.at)
	}
	return len(f), len(out.Data)
}

func TestReceivingAllocatesNothing(t *testing.T) {
	for _, c := range videoCodecs {
		for _, swap := range []bool{false, true} {
			e := newEndless(t, c, swap)
			for range 2 * len(e.frames) { // buffers grow to their size
				e.frame(t)
			}
			if n := testing.AllocsPerRun(100, func() { e.frame(t) }); n > 0 {
				t.Errorf("%v, swapped %v: %v allocations per frame", c, swap, n)
			}
		}
	}
}

func TestPacketizingAllocatesNothing(t *testing.T) {
	for _, c := range []media.Codec{media.VP8, media.H264} {
		s, z := newSender(t, c, 1), NewPacketizer(c)
		f := s.frame(true, 20000)
		var payloads []Payload
		if n := testing.AllocsPerRun(100, func() {
			payloads = z.Packetize(payloads[:0], &codec.Frame{Data: f.data, KeyFrame: true})
		}); n > 0 {
			t.Errorf("%v: %v allocations per frame", c, n)
		}
	}
}

func BenchmarkReceiver(b *testing.B) {
	for _, c := range videoCodecs {
		for name, swap := range map[string]bool{"InOrder": false, "Swapped": true} {
			b.Run(c.String()+name, func(b *testing.B) {
				e := newEndless(b, c, swap)
				packets, size := 0, 0
				for b.Loop() {
					n, bytes := e.frame(b)
					packets += n
					size += bytes
				}
				b.SetBytes(int64(size / b.N))
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(packets), "ns/packet")
			})
		}
	}
}

func BenchmarkPacketizer(b *testing.B) {
	for _, c := range []media.Codec{media.VP8, media.H264} {
		b.Run(c.String(), func(b *testing.B) {
			s, z := newSender(b, c, 1), NewPacketizer(c)
			f := s.frame(false, 6250) // 1.5 Mbit/s at 30 frames/s
			b.SetBytes(int64(len(f.data)))
			var payloads []Payload
			for b.Loop() {
				payloads = z.Packetize(payloads[:0], &codec.Frame{Data: f.data})
			}
		})
	}
}
