package wire

import (
	"testing"

	"github.com/pion/rtcp"
)

func TestClassifyFirstByte(t *testing.T) {
	// The ranges of RFC 7983 figure 3 with RFC 9443's QUIC, at both ends.
	ranges := []struct {
		from, to int
		want     Class
	}{
		{0, 3, ClassSTUN}, {4, 15, ClassUnknown}, {16, 19, ClassZRTP}, {20, 63, ClassDTLS},
		{64, 79, ClassTURNChannel}, {80, 127, ClassQUIC}, {128, 191, ClassRTP}, {192, 255, ClassQUIC},
	}
	for _, r := range ranges {
		for first := r.from; first <= r.to; first++ {
			if got := Classify([]byte{byte(first), 111}); got != r.want {
				t.Errorf("first byte %d is %v, want %v", first, got, r.want)
			}
		}
	}
}

func TestClassifyRTCP(t *testing.T) {
	for second := range 256 {
		want := ClassRTP
		if second >= 192 && second <= 223 { // RFC 5761 §4
			want = ClassRTCP
		}
		if got := Classify([]byte{0x80, byte(second)}); got != want {
			t.Errorf("second byte %d is %v, want %v", second, got, want)
		}
	}
	pli, err := (&rtcp.PictureLossIndication{}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if got := Classify(pli); got != ClassRTCP {
		t.Errorf("a picture loss indication is %v", got)
	}
}

func TestClassifyTooShort(t *testing.T) {
	for _, b := range [][]byte{nil, {0x80}} {
		if got := Classify(b); got != ClassUnknown {
			t.Errorf("%d bytes are %v, want unknown", len(b), got)
		}
	}
}

func FuzzClassify(f *testing.F) {
	f.Add([]byte{0, 1, 0, 0})
	f.Add([]byte{0x80, 200})
	f.Fuzz(func(t *testing.T, b []byte) {
		if c := Classify(b); c > ClassRTCP || c.String() == "" {
			t.Errorf("class %d", c)
		}
	})
}
