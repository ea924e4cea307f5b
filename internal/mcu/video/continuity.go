package video

import "github.com/tutti-rtc/tutti/internal/media"

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
// Some streams name the pictures that each one refers to. In others a picture
// needs those before it of its own temporal layer and of the layers below; one
// that is marked (LayerSync) only those of the layers below, in VP8 even of the
// base layer alone. Whether lost packets were of the base layer is then told by
// its running index.
type continuity struct {
	limit  media.Layer // highest layer that is wanted
	synced bool        // the base layer is whole since a key frame
	codec  media.Codec
	// clean tells that no picture was left out since the key frame. The other
	// rules are for streams that are not: a sender's mistakes in what it tells
	// of layers should not matter before.
	clean   bool
	spatial uint8 // highest spatial layer that the decoder has got
	intact  uint8 // bit t: temporal layer t is
	numbers numbers
	last    number // of the latest picture
	decoded history
	// parameters tells that H.264 parameter sets came with a key frame: later
	// ones may lack them.
	parameters bool
}

func newContinuity() continuity {
	return continuity{limit: media.Layer{Spatial: 7, Temporal: 7}}
}

const allLayers = 0xFF

// admit decides on the picture that begins with e. lost tells that packets
// between the last one and this are.
func (c *continuity) admit(e *entry, lost bool) verdict {
	n := c.numbers.of(e)
	switch {
	case c.restarts(e):
		c.synced, c.clean, c.codec, c.intact, c.spatial = true, true, e.codec, allLayers, c.limit.Spatial
		c.decoded = history{}
	case !c.synced || e.codec != c.codec || lost && !c.bridges(&n, e.temporal):
		c.synced = false
		return undecodable
	default:
		c.decoded.skip(&c.last, &n)
	}
	c.last, c.spatial = n, min(c.spatial, c.limit.Spatial)
	if e.temporal > c.limit.Temporal {
		c.leaveOut(e.temporal)
		return limited
	}
	if !c.decodable(e, &n) {
		c.leaveOut(e.temporal)
		return undecodable
	}
	c.decoded.add(&n)
	return admitted
}

// decodable reports whether the decoder has got what picture n needs.
func (c *continuity) decodable(e *entry, n *number) bool {
	layer := uint8(1) << e.temporal
	switch below := layer - 1; {
	case c.clean:
		return true
	case n.explicit:
		return c.decoded.has(n)
	case c.intact&(below|layer) == below|layer:
		return true
	case e.sync && e.temporal > 0 && (c.intact&below == below || e.codec == media.VP8):
		c.intact |= layer
		return true
	}
	return false
}

// extend decides on the next spatial layer of the picture, which begins with e.
func (c *continuity) extend(e *entry) bool {
	n := c.numbers.of(e)
	if !n.explicit || n == c.last {
		return true
	}
	ok := c.clean || c.decoded.has(&n)
	if n.id != c.last.id { // each layer has a number of its own
		n.first = c.last.first
		c.decoded.skip(&c.last, &n)
		c.decoded.add(&n)
		c.last = n
	}
	return ok
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

// bridges reports whether what was lost between the last picture and number n,
// of this temporal layer, can be done without: unless it is known that it was
// none of the base layer, it can't.
func (c *continuity) bridges(n *number, temporal uint8) bool {
	if !n.known || !c.last.known {
		return false
	}
	if n.id == (c.last.id+1)&n.mask { // what was lost was padding
		return true
	}
	c.clean = false
	if n.explicit {
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

// leaveOut notes that the decoder does not get the latest picture, of this
// layer.
func (c *continuity) leaveOut(temporal uint8) {
	if temporal == 0 {
		c.synced = false
	}
	c.clean = false
	c.intact &= 1<<temporal - 1
}

// lose notes that the latest picture, which was admitted, is lost.
func (c *continuity) lose(temporal uint8, key bool) {
	c.leaveOut(temporal)
	if key {
		c.synced = false
	}
	c.decoded.remove(&c.last)
}
