package seqmap

import (
	"math/rand/v2"
	"testing"

	"github.com/tutti-rtc/tutti/internal/media"
)

// pic maps a 15-bit picture and returns its new numbers, or −1.
func pic(p *Pictures, src SourceID, number uint16, tl0 uint8) (int, int) {
	o, ok := p.Map(src, Picture{Number: number, Bits: 15, TL0: tl0})
	if !ok {
		return -1, -1
	}
	return int(o.Number), int(o.TL0)
}

func wantPic(t *testing.T, why string, p *Pictures, src SourceID, number uint16, tl0 uint8, wantNumber, wantTL0 int) {
	t.Helper()
	if n, l := pic(p, src, number, tl0); n != wantNumber || l != wantTL0 {
		t.Errorf("%s: picture %d/%d is %d/%d, want %d/%d", why, number, tl0, n, l, wantNumber, wantTL0)
	}
}

func TestVP8PicturesAcrossDropsAndSwitches(t *testing.T) {
	p := NewPictures(media.VP8)
	p.Switch(alice)
	wantPic(t, "the first picture names the start", p, alice, 32766, 255, 32766, 255)
	wantPic(t, "its second packet", p, alice, 32766, 255, 32766, 255)
	p.Drop(alice, Picture{Number: 32767, Bits: 15, TL0: 255}) // T2
	p.Drop(alice, Picture{Number: 32767, Bits: 15, TL0: 255}) // its second packet
	wantPic(t, "T1 closes ranks over the wrap", p, alice, 0, 255, 32767, 255)
	wantPic(t, "1 is lost and keeps its place", p, alice, 2, 0, 1, 0)
	wantPic(t, "it comes late", p, alice, 1, 255, 0, 255)
	wantPic(t, "a dropped picture is not sent in part", p, alice, 32767, 255, -1, -1)

	p.Switch(bob)
	wantPic(t, "alice flows until bob's key frame", p, alice, 3, 0, 2, 0)
	wantPic(t, "bob follows", p, bob, 17, 90, 3, 1)
	wantPic(t, "and goes on", p, bob, 18, 91, 4, 2)
	wantPic(t, "a late packet of alice", p, alice, 3, 0, 2, 0)
	wantPic(t, "alice is gone", p, alice, 4, 1, -1, -1)

	p.Switch(bob)
	wantPic(t, "bob resumes after a pause", p, bob, 999, 150, 5, 3)
	wantPic(t, "a jump is no loss", p, bob, 20000, 151, 6, 4)
}

func TestVP9AndAV1PicturesKeepTheirDistances(t *testing.T) {
	for _, c := range []struct {
		codec media.Codec
		bits  uint8
	}{{media.VP9, 15}, {media.AV1, 16}} {
		p := NewPictures(c.codec)
		p.Switch(alice)
		p.Map(alice, Picture{Number: 10, Bits: c.bits})
		p.Drop(alice, Picture{Number: 11, Bits: c.bits})
		if o, _ := p.Map(alice, Picture{Number: 12, Bits: c.bits}); o.Number != 12 {
			t.Errorf("%v: a frame says what it depends on by distance, which must not change: got %d, want 12", c.codec, o.Number)
		}
		p.Switch(bob)
		if o, _ := p.Map(bob, Picture{Number: 5000, Bits: c.bits}); o.Number != 13 {
			t.Errorf("%v: after a switch got %d, want 13", c.codec, o.Number)
		}
	}
}

func TestPicturesOfOddWidths(t *testing.T) {
	p := NewPictures(media.VP8)
	p.Switch(alice)
	if o, ok := p.Map(alice, Picture{}); !ok || o != (Picture{}) {
		t.Errorf("no picture id: nothing to number, got %+v, %v", o, ok)
	}
	p.Map(alice, Picture{Number: 126, Bits: 7})
	p.Drop(alice, Picture{Number: 127, Bits: 7})
	if o, _ := p.Map(alice, Picture{Number: 0, Bits: 7}); o.Number != 127 || o.Bits != 15 {
		t.Errorf("what comes in seven bits leaves in fifteen: got %+v", o)
	}
	if o, _ := p.Map(alice, Picture{Number: 1, Bits: 7}); o.Number != 128 {
		t.Errorf("and so it runs on past 127: got %+v", o)
	}
	if _, ok := p.Map(bob, Picture{Number: 1, Bits: 7}); ok {
		t.Error("bob was never in this slot")
	}
}

// TestPicturesStayDense checks against the plain truth that kept pictures are
// numbered one by one, whatever is dropped and switched between them.
func TestPicturesStayDense(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	p := NewPictures(media.VP8)
	heads := map[SourceID]uint16{}
	src, wantNumber, started := alice, 0, false
	for range 100_000 {
		if rng.IntN(200) == 0 || !started {
			src = SourceID(1 + rng.IntN(3))
			p.Switch(src)
			heads[src] += uint16(rng.IntN(1000))
			n, _ := pic(p, src, heads[src]&0x7fff, 0)
			if !started {
				wantNumber, started = n, true
			}
			if n != wantNumber {
				t.Fatalf("after a switch: %d, want %d", n, wantNumber)
			}
		} else if rng.IntN(2) == 0 {
			p.Drop(src, Picture{Number: heads[src] & 0x7fff, Bits: 15})
			heads[src]++
			continue
		} else if n, _ := pic(p, src, heads[src]&0x7fff, 0); n != wantNumber {
			t.Fatalf("picture %d, want %d", n, wantNumber)
		}
		heads[src]++
		wantNumber = (wantNumber + 1) & 0x7fff
	}
}

func TestPicturesAllocateNothing(t *testing.T) {
	p := NewPictures(media.VP8)
	p.Switch(alice)
	pic(p, alice, 0, 0)
	n := uint16(0)
	if a := testing.AllocsPerRun(1000, func() {
		p.Drop(alice, Picture{Number: n + 1, Bits: 15})
		pic(p, alice, (n+2)&0x7fff, 0)
		n += 2
	}); a != 0 {
		t.Errorf("%v allocations per picture", a)
	}
}

func BenchmarkPicturesMap(b *testing.B) {
	b.ReportAllocs()
	p := NewPictures(media.VP8)
	p.Switch(alice)
	for i := range b.N {
		p.Map(alice, Picture{Number: uint16(i/5) & 0x7fff, Bits: 15})
	}
}
