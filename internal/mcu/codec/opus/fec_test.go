//go:build cgo

package opus

import (
	_ "embed" // for the packets
	"encoding/binary"
	"testing"
)

//go:embed testdata/fec.opus
var fecPackets []byte

// The tone rises with packet 8. What the packet after it tells of it is the
// right tone; what the packets before it let guess is not.
func TestALostPacketIsRecoveredFromTheNext(t *testing.T) {
	var stream [][]byte
	for rest := fecPackets; len(rest) > 2; {
		n := 2 + int(binary.BigEndian.Uint16(rest))
		stream = append(stream, rest[2:n])
		rest = rest[n:]
	}
	const lost, before, after = 8, 450, 600
	amplitudes := func(restore func(d *Decoder, pcm []float32) error) (old, risen float64) {
		d := decoder(t)
		pcm := make([]float32, frame)
		for _, packet := range stream[:lost] {
			if _, err := d.Decode(pcm, packet); err != nil {
				t.Fatal(err)
			}
		}
		if err := restore(d, pcm); err != nil {
			t.Fatal(err)
		}
		return goertzel(pcm, 0, before), goertzel(pcm, 1, after)
	}
	old, risen := amplitudes(func(d *Decoder, pcm []float32) error { return d.Conceal(pcm) })
	if old < risen {
		t.Errorf("guessed: %.2f of the tone before and %.2f of the one after", old, risen)
	}
	old, risen = amplitudes(func(d *Decoder, pcm []float32) error { return d.Recover(pcm, stream[lost+1]) })
	if risen < 2*old || risen < 0.1 {
		t.Errorf("recovered: %.2f of the tone before and %.2f of the one after", old, risen)
	}
}
