package video

import (
	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/wire"
)

// verdict is what is done with a picture.
type verdict uint8

const (
	undecodable verdict = iota
	admitted
	limited // it is of a layer that is not wanted
)

// continuity knows which pictures a decoder can take, after a loss too: those
// that need only what the decoder has got.
//
// A picture needs those before it of its own temporal layer and of the layers
// below; one that is marked (LayerSync) only those of the layers below. Whether
// lost packets were of the base layer is told by its running index.
type continuity struct {
	limit  uint8 // highest temporal layer that is wanted
	synced bool  // the base layer is whole since a key frame
	codec  media.Codec
	intact uint8  // bit t: temporal layer t is
	last   number // of the latest picture
	// parameters tells that H.264 parameter sets came with a key frame: later
	// ones may lack them.
	parameters bool
}

func newContinuity() continuity { return continuity{limit: 7} }

const allLayers = 0xFF

// admit decides on the picture that begins with e. lost tells that packets
// between the last one and this are.
func (c *continuity) admit(e *entry, lost bool) verdict {
	n := numberOf(e)
	switch {
	case c.restarts(e):
		c.synced, c.codec, c.intact = true, e.codec, allLayers
	case !c.synced || e.codec != c.codec || lost && !c.bridges(n, e.temporal):
		c.synced = false
		return undecodable
	}
	c.last = n
	layer := uint8(1) << e.temporal
	switch below := layer - 1; {
	case e.temporal > c.limit:
		c.intact &= below
		return limited
	case c.intact&(below|layer) == below|layer:
		return admitted
	case e.sync && e.temporal > 0:
		c.intact |= layer
		return admitted
	}
	c.intact &= layer - 1
	return undecodable
}

// restarts reports whether e begins a key frame that a decoder can start with.
func (c *continuity) restarts(e *entry) bool {
	if e.codec != c.codec {
		c.parameters = false
	}
	if e.hasParameters() {
		c.parameters = true
	}
	return e.key && e.startsPicture() && (e.codec != media.H264 || c.parameters)
}

// bridges reports whether nothing of the base layer was lost between the last
// picture and number n of this temporal layer.
func (c *continuity) bridges(n number, temporal uint8) bool {
	if !n.known || !c.last.known {
		return false
	}
	if n.id == (c.last.id+1)&n.mask { // what was lost was padding
		return true
	}
	base := c.last.base
	if temporal == 0 {
		base++
	}
	if !n.hasBase || n.base != base {
		return false
	}
	c.intact = 1
	return true
}

// lose notes that a picture that was admitted, of this layer, is lost.
func (c *continuity) lose(temporal uint8, key bool) {
	if key || temporal == 0 {
		c.synced = false
	}
	c.intact &= 1<<temporal - 1
}

// number is what counts pictures.
type number struct {
	known   bool
	id      uint16 // runs on by one from picture to picture
	mask    uint16 // of its bits
	hasBase bool
	base    uint8 // runs on by one with each picture of the base layer
}

func pictureIDMask(wide bool) uint16 {
	if wide {
		return 0x7FFF
	}
	return 0x7F
}

// numberOf reads the number of the picture that begins with e.
func numberOf(e *entry) number {
	switch e.codec {
	case media.VP8:
		var d wire.VP8Descriptor
		if wire.ParseVP8(e.payload, &d) == nil && d.I {
			return number{true, d.PictureID, pictureIDMask(d.M), d.L && d.T, d.TL0PICIDX}
		}
	case media.VP9:
		var d wire.VP9Descriptor
		if wire.ParseVP9(e.payload, &d) == nil && d.I {
			return number{true, d.PictureID, pictureIDMask(d.M), d.L && !d.F, d.TL0PICIDX}
		}
	}
	return number{}
}
