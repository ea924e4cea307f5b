package wire

import "github.com/tutti-rtc/tutti/internal/media"

// temporalSync finds the frames at which a receiver of fewer temporal layers may
// take one more. The codecs tell where the layers above a frame may start
// behind it (VP9's U bit, a switch indication for a decode target); it turns
// that into a mark on the frame of the upper layer itself, as VP8's Y bit is:
// the first such frame behind the switching point. A later one may depend on
// the first, which that receiver doesn't have.
type temporalSync struct {
	open [maxVP9SpatialLayers]uint8 // per spatial layer, bit t: temporal layer t may be joined

	// The newest frame, for its packets but the first.
	frame    instant
	spatial  uint8
	joinable bool
}

// layersAbove returns the bits of the temporal layers above t.
func layersAbove(t uint8) uint8 { return 0xFE << t }

// layerSync sets p.LayerSync. Behind p's frame the temporal layers up, of its
// spatial layer, may be joined; a frame that is discardable may be missed.
func (d *Depacketizer) layerSync(p *media.Packet, late bool, up uint8, discardable bool) {
	s := &d.sync
	if p.FrameStart && !late {
		s.frame, s.spatial = instant{true, p.Timestamp}, p.Layer.Spatial
		s.joinable = s.join(p.Layer, discardable)
		if p.KeyFrame {
			up = layersAbove(p.Layer.Temporal)
		}
		s.open[p.Layer.Spatial] |= up
	}
	p.LayerSync = p.KeyFrame || s.joinable && s.frame.is(p.Timestamp) && s.spatial == p.Layer.Spatial
}

func (s *temporalSync) join(l media.Layer, discardable bool) bool {
	layer := uint8(1) << l.Temporal
	joinable := s.open[l.Spatial]&layer != 0
	if !discardable {
		s.open[l.Spatial] &^= layer
	}
	return joinable
}

// switching reads from a frame's decode target indications which temporal
// layers above its own may be joined behind it, and whether no frame of its own
// layer depends on it.
func (s *DependencyStructure) switching(d *DependencyDescriptor) (up uint8, discardable bool) {
	for target := range s.targets {
		l := s.targetLayers[target]
		if l.spatial != d.Spatial {
			continue
		}
		switch dti := d.DTI(target); {
		case l.temporal > d.Temporal && dti == DTISwitch:
			up |= 1 << l.temporal
		case l.temporal == d.Temporal && dti == DTIDiscardable:
			discardable = true
		}
	}
	return up, discardable
}
