//go:build cgo && linux

package openh264

import (
	"testing"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/mcu/codec/codectest"
	"github.com/tutti-rtc/tutti/internal/media"
)

// Nine moving tiles in 1280×720.
func BenchmarkEncode(b *testing.B) {
	scene := codectest.Scene(30)
	e, d := encoder(b, 1280, 720), decoder(b)
	var cpu codectest.CPU
	var sum float64
	n, shown, bytes := 0, 0, 0
	for b.Loop() {
		p := scene[min(n%58, 58-n%58)]
		cpu.Start()
		f, err := e.Encode(p, codec.EncodeOptions{Timestamp: media.Ticks(n * 3000)})
		cpu.Stop()
		if err != nil {
			b.Fatal(err)
		}
		n++
		if f == nil {
			continue
		}
		out, err := d.Decode(f.Data)
		if err != nil {
			b.Fatal(err)
		}
		shown++
		bytes += len(f.Data)
		sum += codectest.PSNR(out, p)
	}
	cpu.Report(b, n)
	b.ReportMetric(float64(bytes*8*30)/float64(n)/1000, "kbit/s")
	b.ReportMetric(sum/float64(shown), "dB")
	b.ReportMetric(float64(n-shown)/float64(n), "dropped/op")
}

func BenchmarkDecode(b *testing.B) {
	scene := codectest.Scene(30)
	var stream [][]byte
	for _, frame := range codectest.Encode(b, encoder(b, 1280, 720), scene) {
		if frame != nil {
			stream = append(stream, frame)
		}
	}
	codectest.BenchmarkDecode(b, decoder(b), stream)
}
