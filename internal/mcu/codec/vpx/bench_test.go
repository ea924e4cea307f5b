//go:build cgo && linux

package vpx

import (
	"fmt"
	"testing"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/mcu/codec/codectest"
	"github.com/tutti-rtc/tutti/internal/media"
)

// back is film 0 to n-1 forwards and back again, without an end.
func back(n, i int) int {
	i %= 2*n - 2
	return min(i, 2*n-2-i)
}

// Nine moving tiles in 1280×720, at the speeds to choose from.
func BenchmarkEncode(b *testing.B) {
	scene := codectest.Scene(30)
	for _, layers := range []int{1, 2} {
		for _, speed := range []int{8, 10, 12, 14, 16} {
			b.Run(fmt.Sprintf("layers=%d/speed=%d", layers, speed), func(b *testing.B) {
				o := options(1280, 720, layers)
				o.Speed = speed
				e, d := encoder(b, o), vp8(b)
				var cpu codectest.CPU
				var bytes, frames int
				var sum float64
				for b.Loop() {
					p := scene[back(len(scene), frames)]
					cpu.Start()
					f, err := e.Encode(p, codec.EncodeOptions{Timestamp: media.Ticks(frames * 3000)})
					cpu.Stop()
					if err != nil || f == nil {
						b.Fatal(f, err)
					}
					frames++
					bytes += len(f.Data)
					shown, err := d.Decode(f.Data)
					if err != nil {
						b.Fatal(err)
					}
					sum += codectest.PSNR(shown, p)
				}
				cpu.Report(b, frames)
				b.ReportMetric(float64(bytes*8*30)/float64(frames)/1000, "kbit/s")
				b.ReportMetric(sum/float64(frames), "dB")
			})
		}
	}
}

// A still picture of 1280×720: what the encoder is told, and what it costs.
func BenchmarkEncodeStill(b *testing.B) {
	p := codectest.Scene(1)[0]
	for _, told := range []bool{false, true} {
		b.Run(fmt.Sprintf("told=%v", told), func(b *testing.B) {
			e := encoder(b, options(1280, 720, 2))
			var cpu codectest.CPU
			var bytes, frames int
			var active []byte
			for b.Loop() {
				o := codec.EncodeOptions{Timestamp: media.Ticks(frames * 3000), Active: active}
				cpu.Start()
				f, err := e.Encode(p, o)
				cpu.Stop()
				if err != nil || f == nil {
					b.Fatal(f, err)
				}
				if frames++; frames == 60 {
					cpu, bytes = codectest.CPU{}, 0
				}
				bytes += len(f.Data)
				if told {
					active = make([]byte, 80*45)
				}
			}
			cpu.Report(b, max(frames-60, 1))
			b.ReportMetric(float64(bytes)/float64(max(frames-60, 1)), "bytes/frame")
		})
	}
}

// A tile's stream, and a whole picture's.
func BenchmarkDecodeVP8(b *testing.B) {
	scene := codectest.Scene(30)
	b.Run("1280x720", func(b *testing.B) {
		codectest.BenchmarkDecode(b, vp8(b), codectest.Encode(b, encoder(b, options(1280, 720, 1)), scene))
	})
	b.Run("640x360", func(b *testing.B) {
		o := options(640, 360, 1)
		o.Rate = 500_000
		codectest.BenchmarkDecode(b, vp8(b), codectest.Encode(b, encoder(b, o), codectest.Film(640, 360, 30)))
	})
}
