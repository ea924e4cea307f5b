package media

import (
	"sync"
	"sync/atomic"
)

// MaxPacketSize is the largest RTP packet, header and SRTP trailer included,
// that the server takes or sends, in bytes: what fits an Ethernet frame.
const MaxPacketSize = 1500

// Headroom is the free space kept before Payload in a packet's own buffer; a
// receiver may put the RTP header there.
const Headroom = 128

// NoLevel is the AudioLevel of a packet that carries none.
const NoLevel = 0xff

// NoOrientation is the Orientation of a packet that carries none.
const NoOrientation = 0xff

// Packet is one RTP packet of a published track, decrypted, unwrapped and
// understood at the door. It is shared by all sinks and must not be changed
// once it was handed out. It is counted: see Retain and Release.
type Packet struct {
	// Arrival is when the packet reached the server.
	Arrival Time
	// Seq and Timestamp are those of the packet's own stream (one per
	// simulcast layer), unwrapped.
	Seq       Seq
	Timestamp Ticks
	// Layer is the stream, spatial and temporal layer the packet is of.
	Layer Layer
	// Codec is that of the payload; it differs from TrackInfo.Codec where
	// a publisher sends Opus and RED in turn.
	Codec Codec
	// Marker is the RTP marker bit (RFC 3550 §5.1).
	Marker bool
	// KeyFrame tells that the packet belongs to a frame that can be decoded
	// without any before it.
	KeyFrame bool
	// FrameStart and FrameEnd tell the first and last packet of a frame.
	FrameStart, FrameEnd bool
	// LayerSync tells that a receiver may start to receive Layer.Temporal
	// here (VP8's Y bit, VP9's U bit, an AV1 switch point).
	LayerSync bool
	// AudioLevel is in −dBov, 0 (loudest) to 127 (silence), or NoLevel
	// (RFC 6464). Voice is that extension's V bit.
	AudioLevel uint8
	Voice      bool
	// Orientation is the coordination of video orientation of the frame
	// (3GPP TS 26.114 §7.4.5), or NoOrientation.
	Orientation uint8
	// Payload is the RTP payload without padding; it is empty in a packet of
	// padding alone, which still has its place in the stream.
	Payload []byte
	// Dependency is the dependency descriptor header extension (AV1 RTP
	// specification, appendix A) as it came, or empty.
	Dependency []byte
	// Captured is when the signal was captured, on the server's clock, as far
	// as the publisher's sender reports tell; Arrival until the first one.
	Captured Time

	refs atomic.Int32
	pool *PacketPool
	buf  [MaxPacketSize + Headroom]byte
}

// Buffer returns the packet's own storage for its maker to fill before the
// packet is shared; Payload and Dependency point into it.
func (p *Packet) Buffer() []byte { return p.buf[:] }

// Retain takes one more reference and returns p.
func (p *Packet) Retain() *Packet {
	if p.refs.Add(1) <= 1 {
		panic("BUG: packet retained after its release")
	}
	return p
}

// Release gives one reference back. With the last one the packet returns to
// its pool and must not be touched any more.
func (p *Packet) Release() {
	switch n := p.refs.Add(-1); {
	case n > 0:
	case n < 0:
		panic("BUG: packet released twice")
	default:
		if p.pool != nil {
			p.pool.put(p)
		}
	}
}

// PacketPool lends Packets. The zero value is ready; it may be used from any
// goroutine and counts what it has lent.
type PacketPool struct {
	pool sync.Pool
	lent atomic.Int64
}

// Get returns a cleared packet with one reference.
func (pp *PacketPool) Get() *Packet {
	p, _ := pp.pool.Get().(*Packet)
	if p == nil {
		p = &Packet{pool: pp, AudioLevel: NoLevel, Orientation: NoOrientation}
	}
	p.refs.Store(1)
	pp.lent.Add(1)
	return p
}

// Lent returns how many packets are out: a test's leak counter.
func (pp *PacketPool) Lent() int64 { return pp.lent.Load() }

func (pp *PacketPool) put(p *Packet) {
	pp.lent.Add(-1)
	p.clear()
	pp.pool.Put(p)
}

// clear resets all but the storage.
func (p *Packet) clear() {
	p.Arrival, p.Seq, p.Timestamp = 0, 0, 0
	p.Layer, p.Codec = Layer{}, 0
	p.Marker, p.KeyFrame, p.FrameStart, p.FrameEnd, p.LayerSync = false, false, false, false, false
	p.AudioLevel, p.Voice, p.Orientation = NoLevel, false, NoOrientation
	p.Payload, p.Dependency, p.Captured = nil, nil, 0
}
