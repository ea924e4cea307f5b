package engine

import (
	"slices"
	"testing"

	"github.com/tutti-rtc/tutti/internal/media"
)

func TestAScaledPictureChangesWhereTheLargeOneDoes(t *testing.T) {
	from, to := media.Dimensions{Width: 1280, Height: 720}, media.Dimensions{Width: 640, Height: 360}
	active := make([]byte, 80*45)
	if got := shrink(nil, active, from, to); len(got) != 40*23 || slices.Contains(got, 1) {
		t.Errorf("of a still picture, %d of %d macroblocks change", count(got), len(got))
	}
	active[20*80+30] = 1 // from 480, 320
	got := shrink(nil, active, from, to)
	if got[10*40+15] != 1 {
		t.Error("the macroblock at the same place does not change")
	}
	if n := count(got); n > 4 {
		t.Errorf("for one macroblock, %d change", n)
	}
	for i := range active {
		active[i] = 1
	}
	for _, size := range []media.Dimensions{to, {Width: 426, Height: 240}, {Width: 1264, Height: 704}} {
		if got := shrink(got, active, from, size); slices.Contains(got, 0) {
			t.Errorf("all has changed, and at %v some has not", size)
		}
	}
}

func count(active []byte) (n int) {
	for _, a := range active {
		n += int(a)
	}
	return n
}
