package picture

import "bytes"

// Near reports whether no sample of p and q differs by more than most. Where they
// are the same, which it finds out fast, that costs little more than Equal.
func (p *Picture) Near(q *Picture, most uint8) bool {
	if p.Width != q.Width || p.Height != q.Height {
		return false
	}
	cw, ch := (p.Width+1)/2, (p.Height+1)/2
	return near(p.Y, p.StrideY, q.Y, q.StrideY, p.Width, p.Height, most) &&
		near(p.U, p.StrideUV, q.U, q.StrideUV, cw, ch, most) &&
		near(p.V, p.StrideUV, q.V, q.StrideUV, cw, ch, most)
}

func near(a []byte, strideA int, b []byte, strideB, width, height int, most uint8) bool {
	const piece = 64
	for y := range height {
		rowA, rowB := a[y*strideA:y*strideA+width], b[y*strideB:y*strideB+width]
		if bytes.Equal(rowA, rowB) {
			continue
		}
		for x := 0; x < width; x += piece {
			end := min(x+piece, width)
			if !bytes.Equal(rowA[x:end], rowB[x:end]) && !nearPiece(rowA[x:end], rowB[x:end], most) {
				return false
			}
		}
	}
	return true
}

func nearPiece(a, b []byte, most uint8) bool {
	for i := range a {
		if max(a[i], b[i])-min(a[i], b[i]) > most {
			return false
		}
	}
	return true
}
