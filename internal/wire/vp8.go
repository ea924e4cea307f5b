package wire

import (
	"encoding/binary"

	"github.com/tutti-rtc/tutti/internal/media"
)

// VP8Descriptor is the VP8 payload descriptor (RFC 7741 §4.2) with what the
// payload header behind it tells of a key frame (§4.3). Fields have the RFC's
// names; the value of one whose presence bit is not set is zero.
type VP8Descriptor struct {
	N   bool  // non-reference frame: may be dropped
	S   bool  // start of a partition
	PID uint8 // partition index, 0 to 7

	I bool // PictureID is present
	M bool // and has 15 bits, not 7
	L bool // TL0PICIDX is present
	T bool // TID and Y are present
	K bool // KEYIDX is present

	PictureID uint16
	TL0PICIDX uint8 // running index of the base temporal layer's frames
	TID       uint8 // temporal layer, 0 to 3
	Y         bool  // the frame depends on the base temporal layer only
	KEYIDX    uint8 // running index of key frames, 0 to 31

	// HeaderLength is the number of bytes before the VP8 data.
	HeaderLength int
	// KeyFrame is known in a frame's first packet only (see FrameStart).
	KeyFrame bool
	// Size is the picture's, in the first packet of a key frame.
	Size media.Dimensions
}

const errVP8Short ParseError = "vp8: payload ends inside its descriptor"

// ParseVP8 reads the descriptor of a VP8 payload into d.
func ParseVP8(payload []byte, d *VP8Descriptor) error {
	if len(payload) < 1 {
		return errVP8Short
	}
	first := payload[0]
	*d = VP8Descriptor{N: first&0x20 != 0, S: first&0x10 != 0, PID: first & 0x07, HeaderLength: 1}
	if first&0x80 != 0 {
		if err := d.parseOptional(payload); err != nil {
			return err
		}
	}
	if data := payload[d.HeaderLength:]; d.FrameStart() && len(data) > 0 && data[0]&0x01 == 0 {
		d.KeyFrame = true
		d.Size = vp8KeyFrameSize(data)
	}
	return nil
}

func (d *VP8Descriptor) parseOptional(payload []byte) error {
	if len(payload) < 2 {
		return errVP8Short
	}
	present := payload[1]
	d.I, d.L, d.T, d.K = present&0x80 != 0, present&0x40 != 0, present&0x20 != 0, present&0x10 != 0
	rest := payload[2:]
	if d.I {
		var ok bool
		if d.PictureID, d.M, rest, ok = readPictureID(rest); !ok {
			return errVP8Short
		}
	}
	if d.L {
		if len(rest) < 1 {
			return errVP8Short
		}
		d.TL0PICIDX, rest = rest[0], rest[1:]
	}
	if d.T || d.K {
		if len(rest) < 1 {
			return errVP8Short
		}
		if d.T {
			d.TID, d.Y = rest[0]>>6, rest[0]&0x20 != 0
		}
		if d.K {
			d.KEYIDX = rest[0] & 0x1F
		}
		rest = rest[1:]
	}
	d.HeaderLength = len(payload) - len(rest)
	return nil
}

// readPictureID reads a picture id of 7 bits, or 15 if wide, as VP8 and VP9
// write it.
func readPictureID(b []byte) (id uint16, wide bool, rest []byte, ok bool) {
	switch {
	case len(b) >= 1 && b[0]&0x80 == 0:
		return uint16(b[0]), false, b[1:], true
	case len(b) >= 2:
		return binary.BigEndian.Uint16(b) & 0x7FFF, true, b[2:], true
	}
	return 0, false, nil, false
}

func appendPictureID(dst []byte, id uint16, wide bool) []byte {
	if wide {
		return binary.BigEndian.AppendUint16(dst, id|0x8000)
	}
	return append(dst, byte(id)&0x7F)
}

// vp8KeyFrameSize reads the picture size behind a key frame's start code (RFC
// 6386 §9.1); it is zero if there is none.
func vp8KeyFrameSize(data []byte) media.Dimensions {
	if len(data) < 10 || data[3] != 0x9D || data[4] != 0x01 || data[5] != 0x2A {
		return media.Dimensions{}
	}
	return media.Dimensions{ // 14 bits each, below a scaling hint
		Width:  int(binary.LittleEndian.Uint16(data[6:]) & 0x3FFF),
		Height: int(binary.LittleEndian.Uint16(data[8:]) & 0x3FFF),
	}
}

// FrameStart reports whether the payload is a frame's first.
func (d *VP8Descriptor) FrameStart() bool { return d.S && d.PID == 0 }

// SetPictureID sets PictureID to the lower 15 bits of id, and makes d carry it
// in 15 bits even where the source has 7 or none.
func (d *VP8Descriptor) SetPictureID(id uint16) {
	d.I, d.M, d.PictureID = true, true, id&0x7FFF
}

// SetTL0PICIDX sets TL0PICIDX, and makes d carry it even where the source has
// none. TL0PICIDX needs TID beside it (RFC 7741 §4.2), which is added too.
func (d *VP8Descriptor) SetTL0PICIDX(index uint8) {
	d.L, d.T, d.TL0PICIDX = true, true, index
}

// AppendVP8Descriptor appends d to dst, up to 6 bytes. To rewrite a payload,
// change its descriptor, append it, then append payload[d.HeaderLength:].
func AppendVP8Descriptor(dst []byte, d *VP8Descriptor) []byte {
	first := d.PID&0x07 | bit(d.N, 0x20) | bit(d.S, 0x10)
	if !d.I && !d.L && !d.T && !d.K {
		return append(dst, first)
	}
	dst = append(dst, first|0x80, bit(d.I, 0x80)|bit(d.L, 0x40)|bit(d.T, 0x20)|bit(d.K, 0x10))
	if d.I {
		dst = appendPictureID(dst, d.PictureID, d.M)
	}
	if d.L {
		dst = append(dst, d.TL0PICIDX)
	}
	if d.T || d.K {
		dst = append(dst, d.TID<<6|bit(d.Y, 0x20)|d.KEYIDX&0x1F)
	}
	return dst
}

// bit returns mask if set, else 0.
func bit(set bool, mask byte) byte {
	if set {
		return mask
	}
	return 0
}
