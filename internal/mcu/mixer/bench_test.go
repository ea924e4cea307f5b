package mixer

import (
	"fmt"
	"testing"

	"github.com/tutti-rtc/tutti/internal/media"
)

// idle is a codec that takes no time.
type idle struct{}

func (idle) Decode(pcm []float32, _ []byte) (int, error) {
	for i := range pcm[:frame*channels] {
		pcm[i] = float32(i&63)/256 - 0.125
	}
	return frame, nil
}
func (idle) Recover([]float32, []byte) error                { return nil }
func (idle) Conceal([]float32) error                        { return nil }
func (idle) Encode(dst []byte, _ []float32) ([]byte, error) { return append(dst, 1, 2, 3), nil }
func (idle) Close()                                         {}

// BenchmarkTick is what the mixer itself costs.
func BenchmarkTick(b *testing.B) {
	for _, c := range []struct{ microphones, talkers, listeners int }{{3, 3, 10}, {3, 3, 1000}, {100, 5, 1000}} {
		b.Run(fmt.Sprintf("%d of %d talk to %d", c.talkers, c.microphones, c.listeners), func(b *testing.B) {
			m := New(Options{}, func(media.TrackID) (Decoder, error) { return idle{}, nil }, func() (Encoder, error) { return idle{}, nil })
			var sources []Source
			var members []string
			for i := range c.listeners {
				members = append(members, fmt.Sprint("m", i))
			}
			packets := make([]media.Packet, c.microphones)
			for i := range packets {
				sources = append(sources, Source{Track: media.TrackID(members[i]), Member: members[i], Origin: media.Microphone})
				packets[i].Payload = []byte{toc20, 1, 2, 3}
				packets[i].AudioLevel = 20
				if i >= c.talkers {
					packets[i].AudioLevel = 127
				}
			}
			m.SetSources(sources)
			m.SetListeners(members, true)
			b.ReportAllocs()
			now := start
			for n := 0; b.Loop(); n++ {
				for i := range packets {
					p := &packets[i]
					p.Seq, p.Timestamp, p.Arrival = media.Seq(n), media.Ticks(n*frame), now
					m.WritePacket(now, sources[i].Track, p)
				}
				m.Tick(now)
				now = m.Deadline()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/20e6, "cores")
		})
	}
}
