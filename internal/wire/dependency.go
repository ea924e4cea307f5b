package wire

import (
	"encoding/binary"
	"math/bits"

	"github.com/tutti-rtc/tutti/internal/media"
)

// The limits of the dependency descriptor's syntax (AV1 RTP specification
// §A.8.2).
const (
	maxTemplates         = 64
	maxDecodeTargets     = 32
	maxTemporalID        = 7
	maxSpatialID         = 3
	maxDependencyLength  = 255 // bytes: a two-byte header extension element
	mandatoryFieldsBytes = 3

	// maxFrameDiffs is how many differences a descriptor of that length has
	// room for, at 5 bits for each.
	maxFrameDiffs = maxDependencyLength * 8 / 5
)

// DTI is a decode target indication: what a frame is to one decode target (AV1
// RTP specification, table A.1).
type DTI uint8

// The decode target indications.
const (
	DTINotPresent  DTI = iota // the frame is not part of the target
	DTIDiscardable            // no frame of the target depends on it
	DTISwitch                 // whoever can decode it can decode all of the target behind it
	DTIRequired
)

// DependencyDescriptor is one packet's dependency descriptor (AV1 RTP
// specification, appendix A), with what its template says filled in.
type DependencyDescriptor struct {
	FrameStart, FrameEnd bool   // of a frame: one spatial layer of a picture
	TemplateID           uint8  // 0 to 63
	FrameNumber          uint16 // runs on by one from frame to frame, and wraps

	// HasStructure tells that the packet carries a DependencyStructure: the
	// first packet of a coded video sequence does.
	HasStructure bool
	// HasActiveTargets tells that the packet carries ActiveTargets, a bit for
	// each decode target that is being sent, target 0 in the lowest. With a
	// structure and without a mask all targets are active; with neither,
	// ActiveTargets is 0 and those of an earlier packet hold.
	HasActiveTargets bool
	ActiveTargets    uint32

	Spatial, Temporal uint8 // layer of the frame: 0 to 3, 0 to 7
	// Resolution is the largest of the spatial layer, or zero if unknown.
	Resolution media.Dimensions

	customDTIs, customFrameDiffs, customChains bool

	dtis           uint64 // two bits for each decode target, target 0 lowest
	frameDiffs     [maxFrameDiffs]uint16
	frameDiffCount int
	chainDiffs     [maxDecodeTargets]uint8
	chainDiffCount int
}

// DTI returns what the frame is to a decode target, 0 to 31.
func (d *DependencyDescriptor) DTI(target int) DTI { return dtiAt(d.dtis, target) }

func dtiAt(dtis uint64, target int) DTI { return DTI(dtis >> (2 * uint(target)) & 3) }

// FrameDiffs returns how much lower the frame numbers of the frames are that this
// one depends on, each 1 to 4096. It is empty for a frame that needs no other.
func (d *DependencyDescriptor) FrameDiffs() []uint16 { return d.frameDiffs[:d.frameDiffCount] }

// ChainDiffs returns for each chain how much lower the frame number of its
// latest frame is, 0 if the chain starts here.
func (d *DependencyDescriptor) ChainDiffs() []uint8 { return d.chainDiffs[:d.chainDiffCount] }

const (
	errDependencyLength ParseError = "dependency descriptor: shorter than 3 or longer than 255 bytes"
	errDependencyShort  ParseError = "dependency descriptor: ends inside its fields"
	errDependencyLayers ParseError = "dependency descriptor: structure has more than 64 templates, 8 temporal or 4 spatial layers"

	// ErrNoStructure tells that the descriptor is of a structure that is not
	// the given one: the packet that carries it was lost or comes later.
	ErrNoStructure ParseError = "dependency descriptor: its structure is not known: ask for a key frame if it does not come"
)

// ParseDependencyDescriptor reads b into d, by the structure s of the stream,
// which the caller keeps. A structure that b carries replaces *s, but only if
// all of b could be read. On error FrameStart, FrameEnd, TemplateID, FrameNumber
// and HasStructure are valid if b has at least 3 bytes, the rest is undefined.
func ParseDependencyDescriptor(b []byte, s *DependencyStructure, d *DependencyDescriptor) error {
	if len(b) < mandatoryFieldsBytes || len(b) > maxDependencyLength {
		return errDependencyLength
	}
	d.FrameStart, d.FrameEnd, d.TemplateID = b[0]&0x80 != 0, b[0]&0x40 != 0, b[0]&0x3F
	d.FrameNumber = binary.BigEndian.Uint16(b[1:])
	d.HasStructure, d.HasActiveTargets, d.ActiveTargets = false, false, 0
	d.customDTIs, d.customFrameDiffs, d.customChains = false, false, false
	r := bitReader{b: b, pos: 8 * mandatoryFieldsBytes}
	if len(b) > mandatoryFieldsBytes {
		d.HasStructure, d.HasActiveTargets = r.flag(), r.flag()
		d.customDTIs, d.customFrameDiffs, d.customChains = r.flag(), r.flag(), r.flag()
	}
	current := s
	if d.HasStructure {
		var attached DependencyStructure
		if err := attached.parse(&r); err != nil {
			return err
		}
		d.ActiveTargets = attached.allTargets()
		current = &attached
	}
	if d.HasActiveTargets {
		d.ActiveTargets = r.read(current.targets)
	}
	if err := d.define(&r, current); err != nil {
		return err
	}
	if d.HasStructure {
		*s = *current
	}
	return nil
}

// define reads the frame dependency definition: the template's values, or the
// packet's own in their place.
func (d *DependencyDescriptor) define(r *bitReader, s *DependencyStructure) error {
	index := int(d.TemplateID-s.TemplateIDOffset) & (maxTemplates - 1)
	if index >= s.templateCount {
		return ErrNoStructure
	}
	t := &s.templates[index]
	d.Spatial, d.Temporal, d.Resolution = t.spatial, t.temporal, s.resolutions[t.spatial]

	d.dtis = t.dtis
	if d.customDTIs {
		d.dtis = r.readDTIs(s.targets)
	}
	d.frameDiffCount = 0
	if d.customFrameDiffs {
		for size := r.read(2); size != 0; size = r.read(2) {
			d.frameDiffs[d.frameDiffCount] = uint16(r.read(4*int(size))) + 1
			d.frameDiffCount++
		}
	} else {
		for _, diff := range s.frameDiffsOf(t) {
			d.frameDiffs[d.frameDiffCount] = uint16(diff)
			d.frameDiffCount++
		}
	}
	d.chainDiffCount = s.chains
	if d.customChains {
		for i := range s.chains {
			d.chainDiffs[i] = uint8(r.read(8))
		}
	} else {
		copy(d.chainDiffs[:], s.chainDiffsOf(index))
	}
	if r.overrun {
		return errDependencyShort
	}
	return nil
}

// readDTIs reads the indications of n decode targets.
func (r *bitReader) readDTIs(n int) (dtis uint64) {
	for i := range n {
		dtis |= uint64(r.read(2)) << (2 * i)
	}
	return dtis
}

// HasDependencyStructure reports whether the descriptor b carries a structure,
// that is whether the packet is the first of a coded video sequence.
func HasDependencyStructure(b []byte) bool {
	return len(b) > mandatoryFieldsBytes && b[mandatoryFieldsBytes]&0x80 != 0
}

// FrameNumber returns the frame number of the descriptor b; it is 0 if b is
// shorter than 3 bytes.
func FrameNumber(b []byte) uint16 {
	if len(b) < mandatoryFieldsBytes {
		return 0
	}
	return binary.BigEndian.Uint16(b[1:])
}

// SetFrameNumber changes the frame number of the descriptor b in place, if b has
// at least 3 bytes. Differences to other frames are counted back from it:
// numbers must keep the distances they had in the source.
func SetFrameNumber(b []byte, number uint16) {
	if len(b) >= mandatoryFieldsBytes {
		binary.BigEndian.PutUint16(b[1:], number)
	}
}

// AppendDependencyDescriptor appends d to dst. s is the structure by which d was
// read; it is written too if d.HasStructure. FrameStart, FrameEnd, FrameNumber,
// HasStructure, HasActiveTargets and ActiveTargets may have been changed since.
func AppendDependencyDescriptor(dst []byte, s *DependencyStructure, d *DependencyDescriptor) []byte {
	dst = append(dst, d.TemplateID&0x3F|bit(d.FrameStart, 0x80)|bit(d.FrameEnd, 0x40))
	dst = binary.BigEndian.AppendUint16(dst, d.FrameNumber)
	if !d.HasStructure && !d.HasActiveTargets && !d.customDTIs && !d.customFrameDiffs && !d.customChains {
		return dst
	}
	w := bitWriter{b: dst}
	w.flag(d.HasStructure)
	w.flag(d.HasActiveTargets)
	w.flag(d.customDTIs)
	w.flag(d.customFrameDiffs)
	w.flag(d.customChains)
	if d.HasStructure {
		s.append(&w)
	}
	if d.HasActiveTargets {
		w.write(d.ActiveTargets, s.targets)
	}
	if d.customDTIs {
		w.writeDTIs(d.dtis, s.targets)
	}
	if d.customFrameDiffs {
		for _, diff := range d.FrameDiffs() {
			size := (bits.Len16(diff-1) + 3) / 4 // in units of 4 bits
			size = max(size, 1)
			w.write(uint32(size), 2)
			w.write(uint32(diff-1), 4*size)
		}
		w.write(0, 2)
	}
	if d.customChains {
		for _, diff := range d.ChainDiffs() {
			w.write(uint32(diff), 8)
		}
	}
	return w.b
}

// writeDTIs is the inverse of readDTIs.
func (w *bitWriter) writeDTIs(dtis uint64, n int) {
	for i := range n {
		w.write(uint32(dtiAt(dtis, i)), 2)
	}
}
