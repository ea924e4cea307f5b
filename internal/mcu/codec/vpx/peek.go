//go:build cgo

package vpx

import (
	"fmt"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/media"
)

// peekVP8 reads the frame header (RFC 6386 §9.1), since the library allocates
// what it asks for.
func peekVP8(frame []byte) (key bool, err error) {
	if len(frame) < 3 {
		return false, fmt.Errorf("%w: %d bytes", codec.ErrBroken, len(frame))
	}
	if frame[0]&1 != 0 {
		return false, nil
	}
	if len(frame) < 10 || frame[3] != 0x9d || frame[4] != 0x01 || frame[5] != 0x2a {
		return false, fmt.Errorf("%w: no start code", codec.ErrBroken)
	}
	return true, codec.CheckSize(media.Dimensions{
		Width:  int(frame[6]) | int(frame[7]&0x3f)<<8,
		Height: int(frame[8]) | int(frame[9]&0x3f)<<8,
	})
}

// peekVP9 reads the headers of the frames in a superframe, or of the first of
// frames that follow each other without an index.
func peekVP9(frame []byte) (key bool, err error) {
	sizes, n := superframe(frame)
	if n == 0 {
		return peekVP9Frame(frame)
	}
	for i, size := range sizes[:n] {
		if size > len(frame) {
			return false, fmt.Errorf("%w: a frame longer than its superframe", codec.ErrBroken)
		}
		if size == 0 {
			continue
		}
		k, err := peekVP9Frame(frame[:size])
		if err != nil {
			return false, err
		}
		key = key || i == 0 && k
		frame = frame[size:]
	}
	return key, nil
}

// superframe reads the index at the end (VP9 annex B), if there is one: the
// sizes of n frames.
func superframe(data []byte) (sizes [8]int, n int) {
	if len(data) == 0 {
		return sizes, 0
	}
	marker := data[len(data)-1]
	count, bytes := int(marker&7)+1, int(marker>>3&3)+1
	length := 2 + count*bytes
	if marker&0xe0 != 0xc0 || len(data) < length || data[len(data)-length] != marker {
		return sizes, 0
	}
	at := len(data) - length + 1
	for i := range count {
		for b := range bytes {
			sizes[i] |= int(data[at+b]) << (8 * b)
		}
		at += bytes
	}
	return sizes, count
}

// peekVP9Frame reads the uncompressed header (VP9 §6.2) as far as the size.
func peekVP9Frame(frame []byte) (key bool, err error) {
	r := bits{data: frame}
	if marker := r.read(2); marker != 2 {
		return false, fmt.Errorf("%w: no VP9 frame", codec.ErrBroken)
	}
	if profile := r.read(1) | r.read(1)<<1; profile != 0 {
		return false, fmt.Errorf("%w: VP9 profile %d", codec.ErrBroken, profile)
	}
	if r.read(1) == 1 { // show_existing_frame
		return false, nil
	}
	key = r.read(1) == 0
	shown, resilient := r.read(1) == 1, r.read(1) == 1
	switch {
	case key:
		r.read(24) // sync code
		if space := r.read(3); space == 7 {
			return false, fmt.Errorf("%w: VP9 in RGB", codec.ErrBroken)
		}
		r.read(1) // range
		return true, r.size()
	case !shown && r.read(1) == 1: // intra only
		if !resilient {
			r.read(2)
		}
		r.read(24 + 8) // sync code, what it refreshes
		return false, r.size()
	}
	if !resilient {
		r.read(2)
	}
	r.read(8 + 3*4) // what it refreshes, what it refers to
	for range 3 {
		if r.read(1) == 1 { // as large as a reference
			return false, r.short()
		}
	}
	return false, r.size()
}

// bits reads from the highest bit down; past the end there are zeros.
type bits struct {
	data []byte
	at   int
}

func (r *bits) read(n int) (value uint32) {
	for range n {
		value <<= 1
		if i := r.at / 8; i < len(r.data) {
			value |= uint32(r.data[i]>>(7-r.at%8)) & 1
		}
		r.at++
	}
	return value
}

func (r *bits) short() error {
	if r.at > 8*len(r.data) {
		return fmt.Errorf("%w: it ends in its header", codec.ErrBroken)
	}
	return nil
}

// size reads the frame's size and judges it.
func (r *bits) size() error {
	size := media.Dimensions{Width: int(r.read(16)) + 1, Height: int(r.read(16)) + 1}
	if err := r.short(); err != nil {
		return err
	}
	return codec.CheckSize(size)
}
