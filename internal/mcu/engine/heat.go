package engine

// warmth is for how many pictures a part of the canvas is encoded on after it has
// last changed: an encoder makes it sharp bit by bit.
const warmth = 10

// heat tells which macroblocks of the canvas are worth encoding.
type heat struct {
	left   []uint8 // pictures yet to be encoded, by macroblock
	active []byte  // 1 for those that are worth it
}

// take takes in which macroblocks have changed, and reports whether any is worth
// encoding.
func (h *heat) take(changed []byte) (warm bool) {
	if len(h.left) != len(changed) {
		h.left, h.active = make([]uint8, len(changed)), make([]byte, len(changed))
	}
	for i, c := range changed {
		switch {
		case c != 0:
			h.left[i] = warmth
		case h.left[i] > 0:
			h.left[i]--
		}
		h.active[i] = min(h.left[i], 1)
		warm = warm || h.left[i] > 0
	}
	return warm
}
