package video

import (
	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/wire"
)

// maxReferences is how many pictures one may refer to. The codecs have 8 buffers
// at most.
const maxReferences = 8

// number is what counts pictures. With a dependency descriptor each spatial
// layer of a picture has an id of its own, else all have the same.
type number struct {
	known bool
	first uint16 // id of the picture's lowest spatial layer
	id    uint16 // runs on by one
	mask  uint16 // of an id's bits

	hasBase bool
	base    uint8 // runs on by one with each picture of the base layer

	explicit   bool // references are told
	references uint8
	refers     [maxReferences]uint16 // ids
}

// refer adds a reference to the picture so many before. One with too many of
// them tells nothing.
func (n *number) refer(back uint16) {
	if n.references == maxReferences || back > n.mask || back >= remembered {
		n.explicit = false
		return
	}
	n.refers[n.references] = (n.id - back) & n.mask
	n.references++
}

// numbers reads them from packets.
type numbers struct {
	dependency *dependency // nil until a packet carries a descriptor
}

type dependency struct {
	structure  wire.DependencyStructure
	descriptor wire.DependencyDescriptor
}

// of returns the number of the frame that begins with e.
func (s *numbers) of(e *entry) number {
	switch e.codec {
	case media.VP8:
		return numberOfVP8(e)
	case media.VP9:
		return numberOfVP9(e)
	}
	if len(e.dependency) > 0 {
		return s.described(e)
	}
	return number{}
}

func numberOfVP8(e *entry) number {
	var d wire.VP8Descriptor
	if wire.ParseVP8(e.payload, &d) != nil || !d.I {
		return number{}
	}
	n := numbered(d.PictureID, idMask(d.M))
	n.hasBase, n.base = d.L && d.T, d.TL0PICIDX
	return n
}

func numberOfVP9(e *entry) number {
	var d wire.VP9Descriptor
	if wire.ParseVP9(e.payload, &d) != nil || !d.I {
		return number{}
	}
	n := numbered(d.PictureID, idMask(d.M))
	n.hasBase, n.base = d.L && !d.F, d.TL0PICIDX
	n.explicit = d.F
	for _, back := range d.PDiff[:d.References] {
		n.refer(uint16(back))
	}
	return n
}

// described reads the number from a dependency descriptor.
func (s *numbers) described(e *entry) number {
	if s.dependency == nil {
		s.dependency = new(dependency)
	}
	d := &s.dependency.descriptor
	if wire.ParseDependencyDescriptor(e.dependency, &s.dependency.structure, d) != nil {
		return number{}
	}
	n := numbered(d.FrameNumber, 0xFFFF)
	n.explicit = true
	for _, back := range d.FrameDiffs() {
		n.refer(back)
	}
	return n
}

func numbered(id, mask uint16) number {
	return number{known: true, first: id, id: id, mask: mask}
}

func idMask(wide bool) uint16 {
	if wide {
		return 0x7FFF
	}
	return 0x7F
}

// remembered is how many pictures back a reference may be.
const remembered = 256

// history holds which of the latest pictures the decoder has got, by id. Ids of
// 7 bits use the half of it.
type history [remembered]bool

// skip forgets the ids behind last up to n's own: they were used before.
func (h *history) skip(last, n *number) {
	if !n.known || !last.known {
		return
	}
	count := (n.id - last.id) & n.mask
	if count >= remembered {
		*h = history{}
		return
	}
	for ; count > 0; count-- {
		h[(n.id-count+1)&n.mask%remembered] = false
	}
}

func (h *history) add(n *number) { h[n.id%remembered] = n.known }

// remove takes a picture out again, with all its spatial layers.
func (h *history) remove(n *number) {
	if (n.id-n.first)&n.mask >= remembered {
		*h = history{}
		return
	}
	for id := n.first; ; id = (id + 1) & n.mask {
		h[id%remembered] = false
		if id == n.id {
			return
		}
	}
}

// has reports whether the decoder has got all that n refers to. References
// within the picture are.
func (h *history) has(n *number) bool {
	for _, id := range n.refers[:n.references] {
		if !h[id%remembered] {
			return false
		}
	}
	return true
}
