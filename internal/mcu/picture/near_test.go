package picture

import "testing"

func TestPicturesAreNearUpToADifference(t *testing.T) {
	p := New(130, 70)
	for _, plane := range [][]byte{p.Y, p.U, p.V} {
		for i := range plane {
			plane[i] = byte(i * 7)
		}
	}
	for _, change := range []func(q *Picture, by byte){
		func(q *Picture, by byte) { q.Y[len(q.Y)-1] += by },
		func(q *Picture, by byte) { q.Y[64] -= by },
		func(q *Picture, by byte) { q.U[0] += by },
		func(q *Picture, by byte) { q.V[len(q.V)-1] -= by },
	} {
		q := p.Clone()
		if !p.Near(q, 0) {
			t.Fatal("a copy is not near")
		}
		change(q, 3)
		if !p.Near(q, 3) || p.Near(q, 2) || !q.Near(p, 3) || q.Near(p, 2) || p.Equal(q) {
			t.Error("a difference of 3 is not taken for what it is")
		}
	}
	if p.Near(New(128, 70), 255) {
		t.Error("pictures of two sizes are near")
	}
}
