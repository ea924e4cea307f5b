package engine

import (
	"slices"
	"time"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/mcu/link"
	"github.com/tutti-rtc/tutti/internal/mcu/picture"
	"github.com/tutti-rtc/tutti/internal/mcu/video"
	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	// keyInterval is the least time between two key frames of a rendition:
	// what is asked for meanwhile is one.
	keyInterval = 300 * time.Millisecond
)

// rendition is one encoding of the picture. It belongs to the pictures' goroutine.
type rendition struct {
	link.Rendition
	*counts
	encoder  codec.VideoEncoder
	small    *picture.Picture // scaled; nil if it is of the canvas's size
	active   []byte           // of small
	settled  bool             // it does not get sharper any more
	fps      int              // that the encoder expects
	payloads []video.Payload
	key      media.Time // of the last key frame
	pool     media.PacketPool
}

// counts numbers the packets and pictures of an output. It outlives its
// renditions: one that is wanted again goes on where the last one was left, for
// numbers that went back would be taken for old ones.
type counts struct {
	seq        media.Seq // of the last packet
	codec      media.Codec
	packetizer *video.Packetizer
}

// countsOf returns the numbers of a rendition's output.
func (p *pictures) countsOf(r link.Rendition) *counts {
	c := p.counts[r.Output]
	if c == nil {
		c = &counts{}
		p.counts[r.Output] = c
	}
	if c.packetizer == nil || c.codec != r.Codec { // with another size an output may be another
		c.codec, c.packetizer = r.Codec, video.NewPacketizer(r.Codec)
	}
	return c
}

// fit makes the renditions that the server wants, and ends others.
func (p *pictures) fit(list []link.Rendition) {
	var renditions []*rendition
	for _, r := range p.renditions {
		if slices.Contains(list, r.Rendition) {
			renditions = append(renditions, r)
		} else {
			r.close()
		}
	}
	for _, want := range list {
		if slices.ContainsFunc(renditions, func(r *rendition) bool { return r.Rendition == want }) {
			continue
		}
		size := media.Dimensions{Width: want.Width, Height: want.Height}
		e, err := p.engine.opt.Codecs.NewVideoEncoder(want.Codec, codec.VideoOptions{
			Size: size, Rate: want.Rate, FPS: p.program.FPS, TemporalLayers: want.TemporalLayers,
		})
		if err != nil {
			p.stats.Broken++ // the server goes on waiting for its key frame
			continue
		}
		r := &rendition{Rendition: want, counts: p.countsOf(want), encoder: e, fps: p.program.FPS}
		if size != p.canvas.Picture().Size() {
			r.small = picture.New(want.Width, want.Height)
		}
		renditions = append(renditions, r)
	}
	p.renditions = renditions
	p.mu.Lock()
	defer p.mu.Unlock()
	for output := range p.keys { // of renditions that are no more
		if !slices.ContainsFunc(list, func(r link.Rendition) bool { return r.Output == output }) {
			delete(p.keys, output)
		}
	}
}

// encode encodes the canvas in all renditions that need it: those of a picture
// that has changed or has yet to become sharp, and now and then those of a still
// one.
func (p *pictures) encode(now media.Time) {
	active := p.canvas.Active()
	changed := slices.Contains(active, 1)
	refresh := now.Sub(p.encoded) >= stillInterval
	sent := false
	for _, r := range p.renditions {
		key := p.keyFrame(now, r)
		if !changed && !refresh && !key && r.settled {
			continue
		}
		p.encodeOne(now, r, codec.EncodeOptions{Timestamp: ticks(now), KeyFrame: key, Active: active})
		sent = true
	}
	p.canvas.Taken()
	if sent {
		p.encoded = now
	}
}

// settled reports whether no rendition gets sharper while the picture is still.
func (p *pictures) settled() bool {
	return !slices.ContainsFunc(p.renditions, func(r *rendition) bool { return !r.settled })
}

// keyFrame reports whether a key frame is wanted of a rendition and may be made,
// and takes the wish.
func (p *pictures) keyFrame(now media.Time, r *rendition) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.keys[r.Output] || now.Sub(r.key) < keyInterval {
		return false
	}
	delete(p.keys, r.Output)
	return true
}

// encodeOne encodes the canvas in one rendition and sends it.
func (p *pictures) encodeOne(now media.Time, r *rendition, o codec.EncodeOptions) {
	from := p.canvas.Picture()
	if r.small != nil {
		p.scale(r.small, from)
		r.active = shrink(r.active, o.Active, from.Size(), r.small.Size())
		from, o.Active = r.small, r.active
	}
	r.expect(p.interval())
	f, err := r.encoder.Encode(from, o)
	if err != nil || f == nil {
		p.stats.Skipped++
		if o.KeyFrame { // with the next picture, then
			p.wantKeyFrame(r.Output)
		}
		return
	}
	r.settled = f.Settled
	if f.KeyFrame {
		r.key = now
	}
	p.stats.Encoded++
	r.payloads = r.packetizer.Packetize(r.payloads[:0], f)
	for i := range r.payloads {
		packet := r.packet(now, o.Timestamp, &r.payloads[i])
		p.engine.send(r.Output, packet)
		packet.Release()
	}
}

// expect tells the encoder how many pictures a second come, if that is news: it
// has so many bits for each.
func (r *rendition) expect(interval time.Duration) {
	fps := int((time.Second + interval/2) / interval)
	if d := fps - r.fps; max(d, -d)*8 > r.fps {
		r.fps = fps
		r.encoder.SetRate(r.Rate, max(fps, 1))
	}
}

// packet makes the next packet of the rendition, which the caller releases.
func (r *rendition) packet(now media.Time, timestamp media.Ticks, f *video.Payload) *media.Packet {
	p := r.pool.Get()
	r.seq++
	p.Arrival, p.Captured, p.Codec = now, now, r.Codec
	p.Seq, p.Timestamp, p.Marker = r.seq, timestamp, f.FrameEnd
	p.KeyFrame, p.FrameStart, p.FrameEnd = f.KeyFrame, f.FrameStart, f.FrameEnd
	p.Layer.Temporal, p.LayerSync = f.Temporal, f.LayerSync
	p.Payload = append(p.Buffer()[:0], f.Data...)
	return p
}

// ticks returns a time on the clock of RTP video.
func ticks(now media.Time) media.Ticks {
	secs, nanos := int64(now)/int64(time.Second), int64(now)%int64(time.Second)
	return media.Ticks(secs*90000 + nanos*90000/int64(time.Second))
}

func (r *rendition) close() { r.encoder.Close() }
