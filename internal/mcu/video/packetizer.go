package video

import (
	"slices"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/wire"
)

// maxPayload is the size of the largest payload that is made, in bytes: with all
// headers it fits into an Ethernet frame, and through most tunnels.
const maxPayload = 1180

// Payload is an RTP payload, with what wire.Depacketizer would tell of its
// packet. The packet's marker bit is FrameEnd.
type Payload struct {
	// Data is lent until the next call of the Packetizer, or of the encoder.
	Data                 []byte
	FrameStart, FrameEnd bool
	KeyFrame             bool
	Temporal             uint8
	LayerSync            bool
}

// Packetizer makes the payloads of one stream. Those of a frame are of one size,
// the last one shorter by a few bytes, as far as the format allows: they can be
// sent in one go (UDP_SEGMENT).
type Packetizer struct {
	codec media.Codec // constant

	picture uint16 // VP8's id of the next one, 15 bits
	buffer  []byte
	units   [][]byte // NAL units of a frame
}

// NewPacketizer returns a packetizer for VP8 or H264.
func NewPacketizer(c media.Codec) *Packetizer {
	if c != media.VP8 && c != media.H264 {
		panic("BUG: no packetizer for " + c.String())
	}
	return &Packetizer{codec: c}
}

// Packetize appends the payloads of a frame to dst: none for a frame without
// data. H.264 is taken with start codes (annex B).
func (z *Packetizer) Packetize(dst []Payload, f *codec.Frame) []Payload {
	first := len(dst)
	z.buffer = z.buffer[:0]
	if z.codec == media.VP8 {
		dst = z.appendVP8(dst, f)
	} else {
		dst = z.appendH264(dst, f)
	}
	made := dst[first:]
	for i := range made {
		p := &made[i]
		p.FrameStart, p.FrameEnd = i == 0, i == len(made)-1
		p.KeyFrame, p.LayerSync = f.KeyFrame, f.KeyFrame || f.LayerSync
		p.Temporal = f.Temporal
	}
	return dst
}

// appendVP8 splits a frame and puts a descriptor before each part (RFC 7741
// §4.2).
func (z *Packetizer) appendVP8(dst []Payload, f *codec.Frame) []Payload {
	if len(f.Data) == 0 {
		return dst
	}
	d := wire.VP8Descriptor{S: true, TID: f.Temporal, Y: f.LayerSync || f.KeyFrame}
	d.SetPictureID(z.picture)
	d.SetTL0PICIDX(f.TL0)
	z.picture++
	const header = 6 // of the descriptor that says all this
	size := evenly(len(f.Data), maxPayload-header)
	z.reserve(len(f.Data), size, header)
	for part := range slices.Chunk(f.Data, size) {
		at := len(z.buffer)
		z.buffer = append(wire.AppendVP8Descriptor(z.buffer, &d), part...)
		dst = append(dst, Payload{Data: z.buffer[at:len(z.buffer):len(z.buffer)]})
		d.S = false
	}
	return dst
}

// evenly returns the size of the parts that n bytes are split into, at most
// limit each, so that there are as few as can be, and the last one is not much
// shorter than the others.
func evenly(n, limit int) int {
	parts := (n + limit - 1) / limit
	return (n + parts - 1) / parts
}

// reserve makes room in the buffer for n bytes in parts of size, with a header
// before each, so that it does not move under the payloads made so far.
func (z *Packetizer) reserve(n, size, header int) {
	z.buffer = slices.Grow(z.buffer, n+(n/size+1)*header)
}
