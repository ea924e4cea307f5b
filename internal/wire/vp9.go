package wire

import (
	"encoding/binary"

	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	maxVP9SpatialLayers = 8 // what the 3-bit N_S can tell
	maxVP9References    = 3
)

// VP9Descriptor is the VP9 payload descriptor (RFC 9628 §4.2). Fields have the
// RFC's names; the value of one whose presence bit is not set is zero. It points
// into the payload it was read from.
type VP9Descriptor struct {
	I bool // PictureID is present
	M bool // and has 15 bits, not 7
	P bool // inter-picture predicted: depends on an earlier picture
	L bool // TID, U, SID and D are present
	F bool // flexible mode: PDiff is present with P, TL0PICIDX is not
	B bool // start of a frame, that is one spatial layer of a picture
	E bool // end of a frame
	V bool // Structure is present
	Z bool // not a reference for upper spatial layers

	PictureID uint16
	TID       uint8 // temporal layer, 0 to 7
	U         bool  // switching up point: higher temporal layers may start behind this picture
	SID       uint8 // spatial layer, 0 to 7
	D         bool  // depends on the spatial layer below, of the same picture
	TL0PICIDX uint8 // running index of the base temporal layer's pictures; L and not F

	// PDiff holds the picture ids of the References pictures that this one
	// depends on, counted back from PictureID.
	PDiff      [maxVP9References]uint8
	References int

	Structure VP9Structure

	// HeaderLength is the number of bytes before the VP9 data.
	HeaderLength int

	tail []byte // PDiff and Structure as they came
}

// VP9Structure is the scalability structure (SS) data of a VP9 descriptor.
type VP9Structure struct {
	SpatialLayers int // 1 to 8; 0 without a structure
	// Sizes are the pictures' sizes, one for each spatial layer, if HasSizes.
	Sizes    [maxVP9SpatialLayers]media.Dimensions
	HasSizes bool
	// Pictures is the length of the picture group, 0 to 255. The description
	// of its pictures is skipped: each packet has its own.
	Pictures int
}

const (
	errVP9Short      ParseError = "vp9: payload ends inside its descriptor"
	errVP9References ParseError = "vp9: a picture has more than 3 references"
)

// ParseVP9 reads the descriptor of a VP9 payload into d.
func ParseVP9(payload []byte, d *VP9Descriptor) error {
	if len(payload) < 1 {
		return errVP9Short
	}
	first, rest, ok := payload[0], payload[1:], true
	*d = VP9Descriptor{
		I: first&0x80 != 0, P: first&0x40 != 0, L: first&0x20 != 0, F: first&0x10 != 0,
		B: first&0x08 != 0, E: first&0x04 != 0, V: first&0x02 != 0, Z: first&0x01 != 0,
	}
	if d.I {
		if d.PictureID, d.M, rest, ok = readPictureID(rest); !ok {
			return errVP9Short
		}
	}
	if d.L {
		if rest, ok = d.parseLayers(rest); !ok {
			return errVP9Short
		}
	}
	d.tail = rest
	if d.F && d.P {
		for more := true; more; rest = rest[1:] {
			if len(rest) < 1 {
				return errVP9Short
			}
			if d.References == maxVP9References {
				return errVP9References
			}
			d.PDiff[d.References], more = rest[0]>>1, rest[0]&0x01 != 0
			d.References++
		}
	}
	if d.V {
		if rest, ok = d.Structure.parse(rest); !ok {
			return errVP9Short
		}
	}
	d.tail = d.tail[:len(d.tail)-len(rest)]
	d.HeaderLength = len(payload) - len(rest)
	return nil
}

func (d *VP9Descriptor) parseLayers(b []byte) (rest []byte, ok bool) {
	if len(b) < 1 {
		return nil, false
	}
	d.TID, d.U, d.SID, d.D = b[0]>>5, b[0]&0x10 != 0, b[0]>>1&0x07, b[0]&0x01 != 0
	if d.F {
		return b[1:], true
	}
	if len(b) < 2 {
		return nil, false
	}
	d.TL0PICIDX = b[1]
	return b[2:], true
}

func (s *VP9Structure) parse(b []byte) (rest []byte, ok bool) {
	if len(b) < 1 {
		return nil, false
	}
	first := b[0]
	b = b[1:]
	s.SpatialLayers = int(first>>5) + 1
	if s.HasSizes = first&0x10 != 0; s.HasSizes {
		if len(b) < 4*s.SpatialLayers {
			return nil, false
		}
		for i := range s.SpatialLayers {
			s.Sizes[i].Width = int(binary.BigEndian.Uint16(b))
			s.Sizes[i].Height = int(binary.BigEndian.Uint16(b[2:]))
			b = b[4:]
		}
	}
	if first&0x08 == 0 {
		return b, true
	}
	if len(b) < 1 {
		return nil, false
	}
	s.Pictures, b = int(b[0]), b[1:]
	for range s.Pictures {
		if len(b) < 1 {
			return nil, false
		}
		length := 1 + int(b[0]>>2&0x03) // TID, U, R, and R times P_DIFF
		if len(b) < length {
			return nil, false
		}
		b = b[length:]
	}
	return b, true
}

// SetPictureID sets PictureID to the lower 15 bits of id, and makes d carry it
// in 15 bits even where the source has 7 or none. References are counted back
// from it: ids must keep the distances they had in the source.
func (d *VP9Descriptor) SetPictureID(id uint16) {
	d.I, d.M, d.PictureID = true, true, id&0x7FFF
}

// AppendVP9Descriptor appends d to dst: its flags, picture id, layers and
// TL0PICIDX as they are now, PDiff and Structure as they were read. To rewrite a
// payload, change its descriptor, append it, then append
// payload[d.HeaderLength:]. F, P and V must not be changed.
func AppendVP9Descriptor(dst []byte, d *VP9Descriptor) []byte {
	dst = append(dst, bit(d.I, 0x80)|bit(d.P, 0x40)|bit(d.L, 0x20)|bit(d.F, 0x10)|
		bit(d.B, 0x08)|bit(d.E, 0x04)|bit(d.V, 0x02)|bit(d.Z, 0x01))
	if d.I {
		dst = appendPictureID(dst, d.PictureID, d.M)
	}
	if d.L {
		dst = append(dst, d.TID<<5|bit(d.U, 0x10)|d.SID<<1&0x0E|bit(d.D, 0x01))
		if !d.F {
			dst = append(dst, d.TL0PICIDX)
		}
	}
	return append(dst, d.tail...)
}
