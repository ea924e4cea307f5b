package room

import (
	"cmp"
	"slices"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
)

// Bounds of what a client may announce about a track.
const (
	maxMIDBytes  = 32
	maxRIDBytes  = 32
	maxLayers    = 8
	maxDimension = 16384
)

// track is a published track.
type track struct {
	api.Track
	mid    string
	layers []media.LayerInfo // smallest picture first
}

// snapshot returns what everybody may know of the track.
func (t *track) snapshot() *api.Track {
	s := t.Track
	return &s
}

// publication is what the endpoint is told of the track.
func (t *track) publication() Publication {
	return Publication{
		MID:   t.mid,
		Muted: t.Muted,
		Track: media.TrackInfo{
			ID:     media.TrackID(t.ID),
			Member: t.Member,
			Kind:   mediaKind(t.Kind),
			Origin: mediaOrigin(t.Origin),
			Layers: t.layers,
		},
	}
}

// announce takes over what the publisher says anew about the track.
func (t *track) announce(p *api.Publish) {
	t.Muted, t.Width, t.Height = p.Muted, p.Width, p.Height
	t.layers = nil
	for _, l := range p.Layers {
		t.layers = append(t.layers, media.LayerInfo{
			RID:     l.RID,
			Size:    media.Dimensions{Width: l.Width, Height: l.Height},
			Bitrate: media.Bitrate(l.Bitrate),
		})
		t.Width, t.Height = max(t.Width, l.Width), max(t.Height, l.Height)
	}
	slices.SortStableFunc(t.layers, func(a, b media.LayerInfo) int { return cmp.Compare(a.Size.Area(), b.Size.Area()) })
	if len(t.layers) == 0 {
		t.layers = []media.LayerInfo{{Size: media.Dimensions{Width: p.Width, Height: p.Height}}}
	}
}

// arrived takes over what the endpoint found in the track's media, and reports
// whether that was news.
func (t *track) arrived(info *media.TrackInfo) bool {
	before := t.Track
	if info.Codec != 0 {
		t.Codec = info.Codec.String()
	}
	for _, l := range info.Layers {
		// Of several layers the larger ones may be yet to come.
		larger := len(info.Layers) == 1 || l.Size.Area() >= t.Width*t.Height
		if l.Size.Area() > 0 && larger {
			t.Width, t.Height = l.Size.Width, l.Size.Height
		}
	}
	return t.Track != before
}

// checkPublish refuses announcements that are out of bounds, and returns the
// kind of the track.
func checkPublish(p *api.Publish) (api.Kind, error) {
	kind := originKind(p.Origin)
	if p.Origin == api.OriginOther {
		kind = p.Kind
	}
	switch {
	case kind != api.KindAudio && kind != api.KindVideo:
		return "", api.Errorf(api.CodeBadMessage, "Publish needs an origin of the protocol, and with %q a kind (audio or video).", api.OriginOther)
	case p.Kind != "" && p.Kind != kind:
		return "", api.Errorf(api.CodeBadMessage, "A track of origin %q is not of kind %q.", p.Origin, p.Kind)
	case p.MID == "" || len(p.MID) > maxMIDBytes:
		return "", api.Errorf(api.CodeBadMessage, "Publish needs the mid of a sending m-line, of at most %d bytes.", maxMIDBytes)
	case len(p.Layers) > maxLayers:
		return "", api.Errorf(api.CodeTooLarge, "A track may have %d layers, this one has %d.", maxLayers, len(p.Layers))
	case !dimension(p.Width) || !dimension(p.Height):
		return "", api.Errorf(api.CodeBadMessage, "A picture's width and height are 0 to %d pixels, not %d × %d.", maxDimension, p.Width, p.Height)
	}
	seen := make(map[string]bool)
	for _, l := range p.Layers {
		if len(l.RID) > maxRIDBytes || seen[l.RID] || !dimension(l.Width) || !dimension(l.Height) || l.Bitrate < 0 {
			return "", api.Errorf(api.CodeBadMessage, "The layer %.32q is given twice or has a value out of range.", l.RID)
		}
		seen[l.RID] = true
	}
	return kind, nil
}

func dimension(n int) bool { return n >= 0 && n <= maxDimension }

// originKind returns the kind that the origin implies, or "".
func originKind(o api.Origin) api.Kind {
	switch o {
	case api.OriginMicrophone, api.OriginScreenAudio:
		return api.KindAudio
	case api.OriginCamera, api.OriginScreen:
		return api.KindVideo
	}
	return ""
}

func mediaKind(k api.Kind) media.Kind {
	if k == api.KindAudio {
		return media.Audio
	}
	return media.Video
}

func mediaOrigin(o api.Origin) media.Origin {
	switch o {
	case api.OriginMicrophone:
		return media.Microphone
	case api.OriginCamera:
		return media.Camera
	case api.OriginScreen:
		return media.ScreenVideo
	case api.OriginScreenAudio:
		return media.ScreenAudio
	}
	return media.OtherOrigin
}
