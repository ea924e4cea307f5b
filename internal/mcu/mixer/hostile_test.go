package mixer

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tutti-rtc/tutti/internal/media"
)

// broken is what a decoder may make of broken packets.
func broken(i int64) float32 {
	if i&1023 == 7 {
		return float32(math.NaN())
	}
	return 1e30
}

// hostile drives a mixer with packets that data makes up: ten bytes each.
func hostile(t *testing.T, data []byte) {
	c := &codecs{signals: []signal{tone(500, 0.3), noise(1, 3), broken}}
	m := New(Options{Talkers: 2}, c.decoder, c.encoder)
	tracks := []media.TrackID{"a", "b", "c", "d"}
	var sources []Source
	for i, id := range tracks {
		sources = append(sources, Source{Track: id, Member: string(id), Origin: media.Microphone + media.Origin(i)})
	}
	m.SetSources(sources)
	m.SetListeners([]string{"a", "b"}, true)
	now := start
	p := &media.Packet{}
	data = data[:min(len(data), 1000)]
	for len(data) >= 10 {
		b := data[:10]
		data = data[10:]
		track := tracks[b[0]&3]
		p.Seq += media.Seq(int8(b[1]))
		p.Timestamp += media.Ticks(int16(binary.BigEndian.Uint16(b[2:]))) * 10
		p.Arrival, p.AudioLevel, p.Voice = now, b[4], b[0]&4 != 0
		p.Payload = append(fakePacket(p.Payload[:0], b[5], int(b[6]&3), int64(b[7])), make([]byte, 64)...)[:b[8]&15]
		switch {
		case b[0]&8 != 0:
			p.Seq += media.Seq(b[9]) << (b[9] & 31)
		case b[0]&16 != 0:
			p.Timestamp -= media.Ticks(b[9]) << (b[9] & 31)
		}
		m.WritePacket(now, track, p)
		if b[0]&32 != 0 {
			for _, x := range m.Tick(now) {
				if len(x.Payload) == 0 || x.Level > 127 {
					t.Fatalf("a mix of %d bytes, level %d", len(x.Payload), x.Level)
				}
				if p := peak(c.samples(x)); !(p <= ceiling) {
					t.Fatalf("a sample of %v", p)
				}
			}
			now = m.Deadline()
		}
		if b[0]&64 != 0 {
			m.Heard("a")
			if d := m.Delay("b"); d < 0 {
				t.Fatalf("sound waits %v", d)
			}
		}
	}
	m.Close()
	if c.decoders != 0 || c.encoders != 0 {
		t.Fatal("codecs were not closed")
	}
}

func FuzzMixer(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 1))
	for n := range 6 {
		data := make([]byte, 10*25<<(n/2))
		for i := range data {
			data[i] = byte(rng.Uint32())
			switch i % 10 {
			case 0:
				data[i] |= 32
				if n%2 == 0 {
					data[i] &^= 24
				}
			case 1:
				data[i] = data[i] & 3
			case 2:
				data[i] = 0
			case 5:
				data[i] = toc20
			case 8:
				data[i] = fakeSize
			}
		}
		f.Add(data)
	}
	f.Fuzz(hostile)
}
