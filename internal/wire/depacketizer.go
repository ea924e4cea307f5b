package wire

import (
	"bytes"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/av1"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/vp9"

	"github.com/tutti-rtc/tutti/internal/media"
)

// Depacketizer tells what each packet of one RTP stream (one simulcast layer of
// a track) is to its frame, for all codecs alike. It remembers what later
// packets of a frame don't repeat. The zero value is ready.
type Depacketizer struct {
	started bool
	last    media.Seq // highest so far
	key     instant   // of the newest key frame
	frame   frameStart
	sync    temporalSync

	sizes     [maxVP9SpatialLayers]media.Dimensions
	sizeCount int

	parameters []byte           // SPS or sequence header that told the size
	dependency *dependencyState // nil until a packet carries a descriptor
}

// instant is an RTP timestamp that may not be known yet.
type instant struct {
	known bool
	time  media.Ticks
}

func (i instant) is(t media.Ticks) bool    { return i.known && i.time == t }
func (i instant) after(t media.Ticks) bool { return i.known && i.time > t }

// frameStart is where the newest frame began.
type frameStart struct {
	instant
	spatial uint8
	seq     media.Seq
}

// dependencyState is what dependency descriptors need, 4 kB.
type dependencyState struct {
	structure  DependencyStructure
	since      instant // of the packet that brought structure
	descriptor DependencyDescriptor
}

const (
	errEmptyPayload ParseError = "depacketizer: packet has no payload: padding only"
	errCodec        ParseError = "depacketizer: codec is not known"

	// maxSide bounds the picture sizes that are believed, in pixels.
	maxSide = 1 << 14
)

// Sizes returns the picture sizes of the stream's spatial layers, the smallest
// first, as the latest key frame told them. It is empty while they are unknown,
// and valid until the next Describe.
func (d *Depacketizer) Sizes() []media.Dimensions { return d.sizes[:d.sizeCount] }

// Describe sets p's Layer.Spatial, Layer.Temporal, KeyFrame, FrameStart,
// FrameEnd and LayerSync from its Codec, Payload, Dependency, Seq, Timestamp and
// Marker. Packets are best given in the order of their arrival, each once,
// those that are padding only too. On error p must be dropped.
//
//   - A frame is one spatial layer of a picture. All layers of a picture that
//     needs none before it have KeyFrame set.
//   - LayerSync tells that a receiver of the temporal layers below may take
//     Layer.Temporal from this packet on; it is set in key frames too. After a
//     gap it stays off until the stream tells that it is safe.
//   - AV1 and H.264 are read by their dependency descriptor if there is one.
//     Without it H.264 shows no layers.
//
// Describe does not allocate, but for the stream's first descriptor, for
// parameter sets that differ from those before, and for VP9 key frames of
// senders that leave the scalability structure out.
func (d *Depacketizer) Describe(p *media.Packet) error {
	p.Layer.Spatial, p.Layer.Temporal = 0, 0
	p.KeyFrame, p.FrameStart, p.FrameEnd, p.LayerSync = false, false, p.Marker, false
	late := d.arrive(p.Seq)
	if len(p.Payload) == 0 {
		return errEmptyPayload
	}
	switch p.Codec {
	case media.Opus, media.RED:
		p.KeyFrame, p.FrameStart, p.FrameEnd, p.LayerSync = true, true, true, true
		return nil
	case media.VP8:
		return d.describeVP8(p)
	case media.VP9:
		return d.describeVP9(p, late)
	case media.H264:
		return d.describeH264(p, late)
	case media.AV1:
		return d.describeAV1(p, late)
	}
	return errCodec
}

// arrive notes that a packet came, and reports whether one behind it did before.
func (d *Depacketizer) arrive(seq media.Seq) (late bool) {
	if d.started && seq <= d.last {
		return true
	}
	if d.started && seq > d.last+1 {
		d.sync = temporalSync{}
	}
	d.started, d.last = true, seq
	return false
}

func (d *Depacketizer) describeVP8(p *media.Packet) error {
	var v VP8Descriptor
	if err := ParseVP8(p.Payload, &v); err != nil {
		return err
	}
	p.Layer.Temporal = v.TID
	p.FrameStart = v.FrameStart()
	if v.KeyFrame {
		d.setSize(v.Size)
	}
	d.keyFrame(p, v.KeyFrame)
	p.LayerSync = v.Y || p.KeyFrame
	return nil
}

func (d *Depacketizer) describeVP9(p *media.Packet, late bool) error {
	var v VP9Descriptor
	if err := ParseVP9(p.Payload, &v); err != nil {
		return err
	}
	p.Layer.Spatial, p.Layer.Temporal = v.SID, v.TID
	p.FrameStart, p.FrameEnd = v.B, v.E
	independent := !v.P && (v.SID == 0 || !v.D)
	d.keyFrame(p, independent)
	p.KeyFrame = p.KeyFrame && !v.P // an upper layer may join a key picture late
	switch s := &v.Structure; {
	case s.HasSizes:
		d.sizes, d.sizeCount = s.Sizes, s.SpatialLayers
	case independent && v.B && !v.V && v.SID == 0:
		var h vp9.Header
		if h.Unmarshal(p.Payload[v.HeaderLength:]) == nil && !h.NonKeyFrame && !h.ShowExistingFrame {
			d.setSize(media.Dimensions{Width: h.Width(), Height: h.Height()})
		}
	}
	var up uint8
	if v.U {
		up = layersAbove(v.TID)
	}
	d.layerSync(p, late, up, false)
	return nil
}

func (d *Depacketizer) describeH264(p *media.Packet, late bool) error {
	var h H264Payload
	if err := ParseH264(p.Payload, &h); err != nil {
		return err
	}
	if h.SPS != nil {
		d.readSPS(h.SPS)
	}
	d.keyFrame(p, h.KeyFrame)
	if !d.describeDependency(p, late) {
		p.FrameStart = h.Head && d.startsFrame(p)
		p.LayerSync = p.KeyFrame
	}
	return nil
}

func (d *Depacketizer) describeAV1(p *media.Packet, late bool) error {
	var a AV1Payload
	if err := ParseAV1(p.Payload, &a); err != nil {
		return err
	}
	if a.N && a.SequenceHeader != nil {
		d.readSequenceHeader(a.SequenceHeader)
	}
	d.keyFrame(p, a.N)
	if !d.describeDependency(p, late) {
		p.Layer.Spatial, p.Layer.Temporal = a.Spatial, a.Temporal
		p.FrameStart = !a.Z && d.startsFrame(p)
		p.LayerSync = p.KeyFrame
	}
	return nil
}

// describeDependency describes p by its dependency descriptor. It reports
// whether p has one that could be read.
func (d *Depacketizer) describeDependency(p *media.Packet, late bool) bool {
	if len(p.Dependency) == 0 {
		return false
	}
	if d.dependency == nil {
		d.dependency = new(dependencyState)
	}
	s, dd := &d.dependency.structure, &d.dependency.descriptor
	resent := HasDependencyStructure(p.Dependency) && d.dependency.since.after(p.Timestamp)
	if resent { // packets to come have a newer structure
		var former DependencyStructure
		s = &former
	}
	if ParseDependencyDescriptor(p.Dependency, s, dd) != nil {
		return false
	}
	p.Layer.Spatial, p.Layer.Temporal = dd.Spatial, dd.Temporal
	p.FrameStart, p.FrameEnd = dd.FrameStart, dd.FrameEnd
	if dd.HasStructure {
		d.keyFrame(p, true)
		if !resent {
			d.dependency.since = instant{true, p.Timestamp}
			d.takeResolutions(s)
		}
	}
	up, discardable := s.switching(dd)
	d.layerSync(p, late, up, discardable)
	return true
}

// keyFrame sets p.KeyFrame if p itself tells that it is of a key frame, or has
// the timestamp of one that did.
func (d *Depacketizer) keyFrame(p *media.Packet, told bool) {
	if told && !d.key.after(p.Timestamp) {
		d.key = instant{true, p.Timestamp}
	}
	p.KeyFrame = told || d.key.is(p.Timestamp)
}

// startsFrame reports whether p, which looks like the first packet of a frame,
// is the first of several that do.
func (d *Depacketizer) startsFrame(p *media.Packet) bool {
	f := &d.frame
	if f.after(p.Timestamp) {
		return true // of a frame that is not remembered any more
	}
	if f.is(p.Timestamp) && f.spatial == p.Layer.Spatial && f.seq < p.Seq {
		return false
	}
	*f = frameStart{instant{true, p.Timestamp}, p.Layer.Spatial, p.Seq}
	return true
}

func (d *Depacketizer) setSize(size media.Dimensions) {
	if size.Width > 0 && size.Width <= maxSide && size.Height > 0 && size.Height <= maxSide {
		d.sizes[0], d.sizeCount = size, 1
	}
}

func (d *Depacketizer) takeResolutions(s *DependencyStructure) {
	if !s.hasResolutions {
		return
	}
	d.sizeCount = s.SpatialLayers()
	copy(d.sizes[:], s.resolutions[:d.sizeCount])
}

// newParameters reports whether a parameter set differs from the latest, and
// keeps a copy.
func (d *Depacketizer) newParameters(b []byte) bool {
	if bytes.Equal(d.parameters, b) {
		return false
	}
	d.parameters = append(d.parameters[:0], b...)
	return true
}

func (d *Depacketizer) readSPS(b []byte) {
	if !d.newParameters(b) {
		return
	}
	var s h264.SPS
	if s.Unmarshal(b) == nil {
		d.setSize(media.Dimensions{Width: s.Width(), Height: s.Height()})
	}
}

func (d *Depacketizer) readSequenceHeader(b []byte) {
	if !d.newParameters(b) {
		return
	}
	var h av1.SequenceHeader
	if h.Unmarshal(b) == nil {
		d.setSize(media.Dimensions{Width: h.Width(), Height: h.Height()})
	}
}
