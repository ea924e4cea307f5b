package client

import (
	"slices"
	"sync/atomic"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/api"
)

// directOrigins are the m-lines of a direct connection, in the order in which
// every client offers them. Tracks of other origins go by the server alone, and
// so does a second track of the same origin.
var directOrigins = [...]api.Origin{api.OriginMicrophone, api.OriginCamera, api.OriginScreen, api.OriginScreenAudio}

func kindOf(origin api.Origin) webrtc.RTPCodecType {
	if origin == api.OriginMicrophone || origin == api.OriginScreenAudio {
		return webrtc.RTPCodecTypeAudio
	}
	return webrtc.RTPCodecTypeVideo
}

// directLine is one m-line of a direct connection, both ways.
type directLine struct {
	// Constant.
	origin      api.Origin
	transceiver *webrtc.RTPTransceiver

	// Owned by the link's loop.
	reads   bool   // its RTCP is read
	watched string // the published track that is expected on it
	base    uint64 // packets, when that became so

	carried atomic.Pointer[LocalTrack]
	arrived atomic.Bool   // media have come
	packets atomic.Uint64 // that the program has read
}

// directOut is how a LocalTrack is sent on a direct connection: one layer of
// it, by an RTP stream without a rid.
type directOut struct {
	track *webrtc.TrackLocalStaticRTP // constant
	rid   string                      // constant; the layer that it takes
	level atomic.Uint32               // the extension's id; 0 before the negotiation
}

// carry sends t, or nothing, on the line from now on.
func (d *directLine) carry(t *LocalTrack) error {
	old := d.carried.Load()
	if old == t {
		return nil
	}
	if old != nil {
		d.carried.Store(nil)
		old.leaveDirect()
	}
	if t == nil {
		return d.transceiver.Sender().ReplaceTrack(nil)
	}
	// Layers come in order, the smallest first; another client wants the best.
	layer := t.layers[len(t.layers)-1]
	track, err := webrtc.NewTrackLocalStaticRTP(layer.track.Codec(), string(d.origin), "tutti")
	if err != nil {
		return err
	}
	if err := d.transceiver.Sender().ReplaceTrack(track); err != nil {
		return err
	}
	out := &directOut{track: track, rid: layer.rid}
	out.level.Store(uint32(extensionsOf(d.transceiver.Sender()).level))
	d.carried.Store(t)
	t.direct.Store(out)
	t.room.tellLayers(t)
	d.wantKeyFrame()
	return nil
}

// negotiated is called once the descriptions of both ends are known.
func (d *directLine) negotiated() {
	if t := d.carried.Load(); t != nil {
		if out := t.direct.Load(); out != nil {
			out.level.Store(uint32(extensionsOf(d.transceiver.Sender()).level))
		}
	}
	if !d.reads {
		d.reads = true
		go d.readRTCP()
	}
}

// readRTCP passes on what the other end asks for, until the connection closes.
func (d *directLine) readRTCP() {
	b := make([]byte, 1500)
	for {
		n, _, err := d.transceiver.Sender().Read(b)
		if err != nil {
			return
		}
		packets, err := rtcp.Unmarshal(b[:n])
		if err == nil && slices.ContainsFunc(packets, asksForKeyFrame) {
			d.wantKeyFrame()
		}
	}
}

// wantKeyFrame asks the program for a key frame of what is sent.
func (d *directLine) wantKeyFrame() {
	t := d.carried.Load()
	if t == nil || t.options.KeyFrame == nil {
		return
	}
	if out := t.direct.Load(); out != nil {
		t.options.KeyFrame(out.rid)
	}
}

// flows reports whether the published track comes by this line. When another
// track takes the line, packets have to come anew, if anybody reads them.
func (d *directLine) flows(track string) bool {
	if d.watched != track {
		d.watched, d.base = track, d.packets.Load()
	}
	n := d.packets.Load()
	return d.arrived.Load() && (n == 0 || n != d.base)
}

// leaveDirect is called when the track is no longer sent to the other end.
func (t *LocalTrack) leaveDirect() {
	t.direct.Store(nil)
	t.idle.Store(false)
	t.room.tellLayers(t)
}

// write sends one packet; level is the audio level's byte plus 1, or 0. What
// can't be sent is lost, as on any line: the server has it, too.
func (o *directOut) write(p *rtp.Packet, level uint32) {
	id := uint8(o.level.Load())
	if level == 0 || id == 0 {
		_ = o.track.WriteRTP(p)
		return
	}
	// The server's extensions have numbers of their own.
	if p.SetExtension(id, []byte{uint8(level - 1)}) != nil {
		return
	}
	_ = o.track.WriteRTP(p)
	_ = p.DelExtension(id)
	p.Extension = len(p.Extensions) > 0
}
