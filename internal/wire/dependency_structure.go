package wire

import "github.com/tutti-rtc/tutti/internal/media"

// DependencyStructure is the template dependency structure of a coded video
// sequence (AV1 RTP specification §A.8): what the descriptors of its packets
// refer to. It is read and kept by the caller, one for each stream; the zero
// value knows no template.
type DependencyStructure struct {
	// TemplateIDOffset is the id of the first template, 0 to 63.
	TemplateIDOffset uint8

	templates     [maxTemplates]template
	templateCount int
	targets       int // decode targets, 1 to 32
	chains        int // 0 to 32

	protectedBy  [maxDecodeTargets]uint8 // chain of each decode target, if there are chains
	targetLayers [maxDecodeTargets]svcLayer

	hasResolutions bool
	resolutions    [maxSpatialID + 1]media.Dimensions

	// What templates have in varying number lies one behind the other. Both
	// arrays hold more than a descriptor has room for.
	frameDiffs [maxFrameDiffs]uint8
	chainDiffs [maxDependencyLength * 2]uint8
}

// template says what many frames have in common.
type template struct {
	svcLayer
	dtis                uint64 // two bits for each decode target, target 0 lowest
	diffsFrom, diffsEnd uint16 // its part of frameDiffs
}

type svcLayer struct{ spatial, temporal uint8 }

// What follows a template in the list of layers (table A.2 of the
// specification).
const (
	sameLayer = iota
	nextTemporal
	nextSpatial
	noMoreTemplates
)

// DecodeTargets returns the number of decode targets, 1 to 32; it is 0 in a
// structure that was not read yet.
func (s *DependencyStructure) DecodeTargets() int { return s.targets }

// DecodeTargetLayer returns the highest spatial and temporal layer of a decode
// target, 0 to DecodeTargets() − 1.
func (s *DependencyStructure) DecodeTargetLayer(target int) (spatial, temporal uint8) {
	l := s.targetLayers[target]
	return l.spatial, l.temporal
}

// Chains returns the number of chains, 0 to 32.
func (s *DependencyStructure) Chains() int { return s.chains }

// ProtectedBy returns the chain that protects a decode target: while none of its
// frames is missing, the target can be decoded. There is one only if Chains()
// is not 0.
func (s *DependencyStructure) ProtectedBy(target int) int { return int(s.protectedBy[target]) }

// SpatialLayers returns the number of spatial layers, 1 to 4; it is 0 in a
// structure that was not read yet.
func (s *DependencyStructure) SpatialLayers() int {
	if s.templateCount == 0 {
		return 0
	}
	return int(s.templates[s.templateCount-1].spatial) + 1
}

// Resolution returns the largest size of a spatial layer's pictures, 0 to 3, or
// zero if the structure does not tell.
func (s *DependencyStructure) Resolution(spatial int) media.Dimensions { return s.resolutions[spatial] }

// allTargets returns the mask of all decode targets.
func (s *DependencyStructure) allTargets() uint32 { return uint32(1<<s.targets - 1) }

func (s *DependencyStructure) frameDiffsOf(t *template) []uint8 {
	return s.frameDiffs[t.diffsFrom:t.diffsEnd]
}

func (s *DependencyStructure) chainDiffsOf(index int) []uint8 {
	return s.chainDiffs[index*s.chains:][:s.chains]
}

// parse reads template_dependency_structure() into s, which is zero.
func (s *DependencyStructure) parse(r *bitReader) error {
	s.TemplateIDOffset = uint8(r.read(6))
	s.targets = int(r.read(5)) + 1
	switch ok := s.parseLayers(r); {
	case r.overrun:
		return errDependencyShort
	case !ok:
		return errDependencyLayers
	}
	for i := range s.templateCount {
		s.templates[i].dtis = r.readDTIs(s.targets)
	}
	used := uint16(0) // of frameDiffs
	for i := range s.templateCount {
		t := &s.templates[i]
		t.diffsFrom = used
		for r.flag() {
			s.frameDiffs[used] = uint8(r.read(4)) + 1
			used++
		}
		t.diffsEnd = used
	}
	if !s.parseChains(r) {
		return errDependencyShort
	}
	s.findTargetLayers()
	if s.hasResolutions = r.flag(); s.hasResolutions {
		for i := range s.SpatialLayers() {
			s.resolutions[i].Width = int(r.read(16)) + 1
			s.resolutions[i].Height = int(r.read(16)) + 1
		}
	}
	if r.overrun {
		return errDependencyShort
	}
	return nil
}

// parseLayers reads template_layers().
func (s *DependencyStructure) parseLayers(r *bitReader) bool {
	var l svcLayer
	for s.templateCount < maxTemplates {
		s.templates[s.templateCount].svcLayer = l
		s.templateCount++
		switch r.read(2) {
		case sameLayer:
		case nextTemporal:
			l.temporal++
		case nextSpatial:
			l = svcLayer{spatial: l.spatial + 1}
		case noMoreTemplates:
			return true
		}
		if l.temporal > maxTemporalID || l.spatial > maxSpatialID {
			return false
		}
	}
	return false
}

// parseChains reads template_chains(). It fails early where there can't be as
// many differences as chainDiffs has no room for.
func (s *DependencyStructure) parseChains(r *bitReader) bool {
	s.chains = r.readNS(s.targets + 1)
	if s.chains == 0 {
		return true
	}
	for i := range s.targets {
		s.protectedBy[i] = uint8(r.readNS(s.chains))
	}
	count := s.templateCount * s.chains
	if r.pos+4*count > 8*len(r.b) {
		return false
	}
	for i := range count {
		s.chainDiffs[i] = uint8(r.read(4))
	}
	return true
}

// findTargetLayers is decode_target_layers() of the specification.
func (s *DependencyStructure) findTargetLayers() {
	for i := range s.targets {
		l := &s.targetLayers[i]
		for _, t := range s.templates[:s.templateCount] {
			if dtiAt(t.dtis, i) != DTINotPresent {
				l.spatial = max(l.spatial, t.spatial)
				l.temporal = max(l.temporal, t.temporal)
			}
		}
	}
}

// append is the inverse of parse.
func (s *DependencyStructure) append(w *bitWriter) {
	templates := s.templates[:s.templateCount]
	w.write(uint32(s.TemplateIDOffset), 6)
	w.write(uint32(s.targets-1), 5)
	for i := range templates {
		w.write(s.layerStep(i), 2)
	}
	for i := range templates {
		w.writeDTIs(templates[i].dtis, s.targets)
	}
	for i := range templates {
		for _, diff := range s.frameDiffsOf(&templates[i]) {
			w.flag(true)
			w.write(uint32(diff-1), 4)
		}
		w.flag(false)
	}
	w.writeNS(s.chains, s.targets+1)
	if s.chains > 0 {
		for _, chain := range s.protectedBy[:s.targets] {
			w.writeNS(int(chain), s.chains)
		}
		for _, diff := range s.chainDiffs[:s.templateCount*s.chains] {
			w.write(uint32(diff), 4)
		}
	}
	w.flag(s.hasResolutions)
	if s.hasResolutions {
		for _, size := range s.resolutions[:s.SpatialLayers()] {
			w.write(uint32(size.Width-1), 16)
			w.write(uint32(size.Height-1), 16)
		}
	}
}

// layerStep tells how the layer of the template behind template i follows from
// its own.
func (s *DependencyStructure) layerStep(i int) uint32 {
	if i+1 == s.templateCount {
		return noMoreTemplates
	}
	switch t, next := &s.templates[i], &s.templates[i+1]; {
	case next.spatial != t.spatial:
		return nextSpatial
	case next.temporal != t.temporal:
		return nextTemporal
	}
	return sameLayer
}
