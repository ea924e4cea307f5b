//go:build cgo && linux

package dav1d

import (
	"testing"

	"github.com/tutti-rtc/tutti/internal/mcu/codec/codectest"
)

func BenchmarkDecode160x96(b *testing.B) {
	codectest.BenchmarkDecode(b, decoder(b), codectest.ReadIVF(b, "av1-160x96"))
}
