package seqmap

import "github.com/tutti-rtc/tutti/internal/media"

// maxPictureGap is the longest run of missing pictures that keeps its place. A
// picture that is further from the last one, either way, is a jump of its encoder.
const maxPictureGap = 128

// Picture holds the numbers in a video packet's payload header or dependency
// descriptor that count frames.
type Picture struct {
	// Number is the PictureID (VP8: RFC 7741 §4.2, VP9: RFC 9628 §4.2) or
	// the frame_number (AV1 RTP specification, appendix A).
	Number uint16
	// Bits is the width of Number: 7 or 15 (VP8, VP9), 16 (AV1), or 0 if the
	// packet carries none.
	Bits uint8
	// TL0 is TL0PICIDX; it means nothing where the packet has none.
	TL0 uint8
}

// Pictures numbers the pictures of one slot as Munger numbers its packets.
//
// Dropped temporal layers close ranks in VP8 only, where a receiver can't tell
// a dropped picture from a lost one. VP9 and AV1 frames name those they depend
// on by the difference of their numbers, so these may only be shifted as a whole.
type Pictures struct {
	closeRanks bool // constant

	line      line
	current   SourceID
	switching bool
	tl0       uint8 // of the newest outgoing picture
}

// NewPictures returns the numbering of pictures for a slot of this codec.
func NewPictures(c media.Codec) *Pictures {
	return &Pictures{closeRanks: c == media.VP8}
}

// Switch makes src the slot's source; see Munger.Switch.
func (p *Pictures) Switch(src SourceID) { p.current, p.switching = src, true }

// Map numbers the picture that a packet belongs to, in 15 bits where the source
// has 7, so that a slot has one width whatever flows in it. All packets of one
// picture map alike. It refuses a late packet of a picture that was dropped or
// that is too old.
func (p *Pictures) Map(src SourceID, in Picture) (Picture, bool) {
	if in.Bits == 0 {
		return in, true
	}
	number, known := p.unwrap(src, in)
	last, _ := p.line.last(src)
	d := number - last
	jump := d > maxPictureGap || d < -maxPictureGap
	switch {
	case p.switching && src == p.current && (!known || d > 0 || jump):
		p.open(src, in, number)
	case !known:
		return Picture{}, false
	case jump && src == p.line.newest().source:
		p.line.start(src, number, p.line.next(), p.line.newest().companion)
	}
	before := p.line.next()
	span := p.line.keep(src, number)
	if span == nil {
		return Picture{}, false
	}
	width := max(in.Bits, 15) // one width for the slot, whatever its sources have
	out := Picture{
		Number: uint16(number+span.shift) & mask(width),
		Bits:   width,
		TL0:    in.TL0 + uint8(span.companion),
	}
	if number+span.shift >= before {
		p.tl0 = out.TL0
	}
	return out, true
}

// Drop tells that no packet of a picture is sent, because its temporal layer is
// not wanted. Don't call it for a spatial layer: the picture's lower ones are
// sent.
func (p *Pictures) Drop(src SourceID, in Picture) {
	if !p.closeRanks || in.Bits == 0 {
		return
	}
	if number, ok := p.unwrap(src, in); ok {
		p.line.drop(src, number)
	}
}

// open begins the span of the source that the slot was switched to; its first
// picture is a key frame and thus of temporal layer 0.
func (p *Pictures) open(src SourceID, in Picture, number int64) {
	p.switching = false
	if len(p.line.spans) == 0 {
		p.line.start(src, number, number, 0)
		return
	}
	p.line.start(src, number, p.line.next(), int64(p.tl0+1-in.TL0))
}

// unwrap returns the picture's number nearest to the last one of its source, and
// whether that is known.
func (p *Pictures) unwrap(src SourceID, in Picture) (int64, bool) {
	last, ok := p.line.last(src)
	if !ok {
		return cycle + int64(in.Number), false
	}
	half := int64(1) << (in.Bits - 1)
	ahead := (int64(in.Number) - last) & int64(mask(in.Bits))
	if ahead >= half {
		ahead -= 2 * half
	}
	return last + ahead, true
}

// mask has the lower bits set.
func mask(bits uint8) uint16 { return uint16(1)<<bits - 1 }
