package mcu

import (
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/mcu/link"
	"github.com/tutti-rtc/tutti/internal/media"
)

// Renditions have output numbers from here on, mixes for one member others.
const firstRendition = 1

// profile is H.264 constrained baseline, which every client has (RFC 7742 §6.2).
const profile = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"

// pictureCodecs are those of the program's picture, the one to prefer first.
var pictureCodecs = [...]struct {
	codec media.Codec
	fmtp  string
}{{media.VP8, ""}, {media.H264, profile}}

// outputs are the tracks that a mix publishes. What the process sends is written
// to them by the goroutine that reads it; the rest belongs to the program's loop.
type outputs struct {
	// Constant.
	router     Router
	streams    []stream
	generation string // ends the tracks' ids
	picture    [len(pictureCodecs)]Track
	shared     Track
	wanted     [len(pictureCodecs)]atomic.Uint32  // streams that somebody receives, as bits
	asked      [len(pictureCodecs)][2]atomic.Bool // key frames that the process was not asked for yet
	changed    func()                             // called when wanted or asked has changed

	own []ownMix // owned by the loop

	mu     sync.RWMutex
	routes map[uint32]route // guarded by mu; by output number
	flows  uint8            // guarded by mu; what has come since begin: bits of sound and picture
}

// route is where the packets of an output go.
type route struct {
	track  Track
	stream uint8
	codec  media.Codec
}

// ownMix is the sound for one member alone.
type ownMix struct {
	link.Mix
	id    media.TrackID
	track Track
}

const (
	flowsSound   uint8 = 1 << iota
	flowsPicture       // a key frame has come
)

// ownID begins the ids of members' own mixes.
const ownID = api.ProgramAudio + "/"

// sharedID and pictureID return the ids of the tracks behind the program's names.
// Those of other sizes are other tracks: what a name stands for has to change.
func (o *outputs) sharedID() media.TrackID { return media.TrackID(ownID + "all" + o.generation) }

func (o *outputs) pictureID(i int) media.TrackID {
	return media.TrackID(api.ProgramVideo + "/" + pictureCodecs[i].codec.String() + o.generation)
}

// newOutputs publishes the tracks of a mix. changed must not block.
func newOutputs(r Router, streams []stream, generation int, changed func()) *outputs {
	o := &outputs{
		router: r, streams: streams, changed: changed, routes: make(map[uint32]route), generation: suffix(generation),
	}
	var layers []media.LayerInfo
	for _, s := range streams {
		layers = append(layers, media.LayerInfo{RID: s.rid, Size: s.size, Bitrate: s.rate})
	}
	for i, c := range pictureCodecs {
		o.picture[i] = r.Publish(media.TrackInfo{
			ID: o.pictureID(i), Kind: media.Video, Origin: media.OtherOrigin, Codec: c.codec, Fmtp: c.fmtp, Layers: layers,
		}, TrackOptions{
			KeyFrame: func(stream uint8) {
				if int(stream) < len(streams) {
					o.asked[i][stream].Store(true)
					changed()
				}
			},
			Wanted: func(bits uint32) {
				o.wanted[i].Store(bits)
				changed()
			},
		})
		for n := range streams {
			o.routes[o.number(i, n)] = route{o.picture[i], uint8(n), c.codec}
		}
	}
	o.shared = r.Publish(media.TrackInfo{
		ID: o.sharedID(), Kind: media.Audio, Origin: media.OtherOrigin, Codec: media.Opus,
	}, TrackOptions{})
	o.routes[link.SharedMix] = route{o.shared, 0, media.Opus}
	return o
}

// suffix ends the ids of a generation of tracks.
func suffix(generation int) string {
	if generation == 0 {
		return ""
	}
	return "/" + strconv.Itoa(generation)
}

// inherit takes the members' own mixes over from outputs that are to end.
func (o *outputs) inherit(old *outputs) {
	o.own, old.own = old.own, nil
	for _, m := range o.own {
		o.routes[m.Output] = route{m.track, 0, media.Opus}
	}
}

// number returns the output number of a rendition.
func (o *outputs) number(codec, stream int) uint32 {
	return firstRendition + uint32(codec*len(o.streams)+stream)
}

// lastRendition returns the highest output number that is not a member's mix.
func (o *outputs) lastRendition() uint32 { return o.number(len(pictureCodecs), 0) - 1 }

// begin says that a new process numbers its packets anew, and gives the numbers
// of members' own mixes to others.
func (o *outputs) begin() {
	o.mu.Lock()
	o.flows = 0
	for output, r := range o.routes {
		if output > o.lastRendition() {
			delete(o.routes, output)
		} else if r.stream == 0 { // each track once
			r.track.Begin()
		}
	}
	o.mu.Unlock()
}

// Numbers and times of packets are within these: a process gone wrong could send
// any, and those who number them anew reckon with their differences.
const (
	maxSeq   = 1 << 48
	maxTicks = 1 << 56
	maxTime  = 1 << 62
	maxLayer = 7
)

// sane reports whether a packet is one that a mixer may make.
func sane(p *media.Packet) bool {
	return p.Seq >= 0 && p.Seq < maxSeq && p.Timestamp >= 0 && p.Timestamp < maxTicks &&
		p.Captured >= 0 && p.Captured < maxTime && p.Layer.Temporal <= maxLayer
}

// write publishes a packet, and reports whether it is the first of its kind since
// begin. What a process can't mean is dropped.
func (o *outputs) write(now media.Time, output uint32, p *media.Packet) (first bool) {
	o.mu.RLock()
	r, ok := o.routes[output]
	flows := o.flows
	o.mu.RUnlock()
	if !ok || r.codec != p.Codec || !sane(p) {
		return false
	}
	p.Layer, p.Arrival = media.Layer{Stream: r.stream, Temporal: p.Layer.Temporal}, now
	p.Orientation = media.NoOrientation
	r.track.WritePacket(now, p)
	bit := flowsSound
	if r.codec.Kind() == media.Video {
		if bit = flowsPicture; !p.KeyFrame {
			return false
		}
	}
	if flows&bit != 0 {
		return false
	}
	o.mu.Lock()
	o.flows |= bit
	o.mu.Unlock()
	return true
}

// flow reports whether sound and picture have come since begin.
func (o *outputs) flow() bool {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.flows == flowsSound|flowsPicture
}

// renditions returns what the process shall encode: what somebody receives, and,
// until the program was offered, one to begin with.
func (o *outputs) renditions(offered bool) (list []link.Rendition) {
	for i, c := range pictureCodecs {
		bits := o.wanted[i].Load()
		if !offered && i == 0 {
			bits |= 1 << (len(o.streams) - 1)
		}
		for n, s := range o.streams {
			if bits&(1<<n) != 0 {
				list = append(list, link.Rendition{
					Output: o.number(i, n), Codec: c.codec, Width: s.size.Width, Height: s.size.Height,
					Rate: s.rate, TemporalLayers: s.temporal,
				})
			}
		}
	}
	return list
}

// keyFrames returns the renditions of which a key frame is wanted, and forgets it.
func (o *outputs) keyFrames() (list []uint32) {
	for i := range pictureCodecs {
		for n := range o.streams {
			if o.asked[i][n].Swap(false) {
				list = append(list, o.number(i, n))
			}
		}
	}
	return list
}

// mixes takes over which of the viewers have a mix of their own: one each. Theirs
// are offered before those that are over end.
func (o *outputs) mixes(list []link.Mix, viewers []string, offer func()) {
	list = plausible(list, viewers)
	var own, over []ownMix
	for _, m := range o.own {
		if slices.Contains(list, m.Mix) {
			own = append(own, m)
		} else {
			over = append(over, m)
		}
	}
	for _, m := range list {
		known := slices.ContainsFunc(own, func(have ownMix) bool { return have.Mix == m })
		if known || m.Output <= o.lastRendition() {
			continue
		}
		id := media.TrackID(ownID + m.Member + "/" + strconv.FormatUint(uint64(m.Output), 10))
		own = append(own, ownMix{m, id, o.router.Publish(media.TrackInfo{
			ID: id, Kind: media.Audio, Origin: media.OtherOrigin, Codec: media.Opus,
		}, TrackOptions{For: m.Member})})
	}
	o.own = own
	o.mu.Lock()
	for _, m := range over {
		delete(o.routes, m.Output)
	}
	for _, m := range own {
		o.routes[m.Output] = route{m.track, 0, media.Opus}
	}
	o.mu.Unlock()
	offer()
	for _, m := range over {
		m.track.Close()
	}
}

// plausible leaves out the mixes that are not for viewers, and all but the first
// of a member or an output: a process gone wrong could make up any number.
func plausible(list []link.Mix, viewers []string) (kept []link.Mix) {
	free := make(map[string]bool, len(viewers))
	for _, id := range viewers {
		free[id] = true
	}
	taken := make(map[uint32]bool)
	for _, m := range list {
		if free[m.Member] && !taken[m.Output] {
			free[m.Member], taken[m.Output] = false, true
			kept = append(kept, m)
		}
	}
	return kept
}

// offer makes the program's names stand for the tracks.
func (o *outputs) offer() {
	video := make([]media.TrackID, 0, len(pictureCodecs))
	for i := range pictureCodecs {
		video = append(video, o.pictureID(i))
	}
	audio := make([]media.TrackID, 0, len(o.own)+1)
	for _, m := range o.own {
		audio = append(audio, m.id)
	}
	o.router.Offer(api.ProgramVideo, video...)
	o.router.Offer(api.ProgramAudio, append(audio, o.sharedID())...)
}

// end ends the tracks.
func (o *outputs) end() {
	for _, t := range o.picture {
		t.Close()
	}
	for _, m := range o.own {
		m.track.Close()
	}
	o.shared.Close()
}
