//go:build cgo

package vpx

// refinements is for how many frames of the base layer a macroblock is encoded
// after its last change: the first one after a change is coarse.
const refinements = 12

// changes remembers which macroblocks the encoder must still look at. Those
// that it need not are shown as they were in the last frame of the base layer,
// so a change counts until a frame of the base layer has it.
type changes struct {
	left   []uint8 // per macroblock: frames of the base layer still to come
	active []uint8 // what the encoder is told: 1 or 0
	open   int     // how many are left
}

func newChanges(macroblocks int) *changes {
	c := &changes{left: make([]uint8, macroblocks), active: make([]uint8, macroblocks)}
	c.note(nil)
	return c
}

// note takes what has changed in the next frame; nil stands for everything.
func (c *changes) note(active []byte) {
	c.open = 0
	for i := range c.left {
		if active == nil || active[i] != 0 {
			c.left[i] = refinements
		}
		c.active[i] = min(c.left[i], 1)
		c.open += int(c.active[i])
	}
}

// encoded takes that a frame of the base layer has gone out.
func (c *changes) encoded() {
	c.open = 0
	for i, n := range c.left {
		if n > 0 {
			c.left[i] = n - 1
		}
		c.open += int(min(c.left[i], 1))
	}
}

// settled tells that encoding the same picture again would change nothing.
func (c *changes) settled() bool { return c.open == 0 }
