package engine

import (
	"errors"
	"time"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/mcu/link"
	"github.com/tutti-rtc/tutti/internal/mcu/picture"
	"github.com/tutti-rtc/tutti/internal/mcu/video"
	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	// maxWaiting bounds the frames of a track that wait to be decoded: a
	// second of video that is heard late.
	maxWaiting = 64
	// unseen is by how much samples may differ without a new picture: encoders
	// go on polishing what does not move. It does not add up, for what is shown
	// is what is compared with.
	unseen = 3
	// maxBroken is how many frames in a row a decoder may refuse until the
	// track counts as one that can't be shown.
	maxBroken = 30
)

// track is a picture that goes into the program. What comes from the link is
// guarded by pictures.mu; the rest belongs to the pictures' goroutine.
type track struct {
	number uint32 // constant

	receiver *video.Receiver // guarded by pictures.mu
	lag      time.Duration   // guarded by pictures.mu; from capture until most pictures are here
	stream   uint8           // guarded by pictures.mu; that the receiver is for
	waiting  []frame         // guarded by pictures.mu; whole, in decoding order
	spare    [][]byte        // guarded by pictures.mu; storage of frames that were decoded

	decoder  codec.VideoDecoder // nil until the first frame
	codec    media.Codec        // of decoder
	shown    *picture.Picture   // the newest; nil before the first
	version  uint64             // counts pictures that differ
	turned   uint8              // orientation of shown
	captured media.Time         // of shown
	interval time.Duration      // between pictures, smoothed
	last     media.Ticks        // timestamp of the newest frame
	broken   int                // frames refused in a row
	failed   bool               // it can't be shown, and the server was told
}

// frame is a whole frame that waits for its time.
type frame struct {
	data        []byte
	codec       media.Codec
	timestamp   media.Ticks
	captured    media.Time
	orientation uint8
}

// take takes a packet, and reports whether a frame became whole. pictures.mu is
// held.
func (t *track) take(now media.Time, p *media.Packet) (whole bool) {
	if t.receiver == nil || t.stream != p.Layer.Stream {
		t.receiver, t.stream = video.NewReceiver(video.Options{}), p.Layer.Stream
	}
	t.receiver.WritePacket(now, p)
	return t.collect(now)
}

// collect moves whole frames to those that wait. pictures.mu is held.
func (t *track) collect(now media.Time) (whole bool) {
	for f, ok := t.receiver.Next(now); ok; f, ok = t.receiver.Next(now) {
		if len(t.waiting) == maxWaiting {
			t.discard()
			t.receiver.Restart() // what comes next needs what was dropped
			return false
		}
		var data []byte
		if n := len(t.spare); n > 0 {
			data, t.spare = t.spare[n-1], t.spare[:n-1]
		}
		t.waiting = append(t.waiting, frame{
			data: append(data[:0], f.Data...), codec: f.Codec, timestamp: f.Timestamp,
			captured: f.Captured, orientation: f.Orientation,
		})
		t.lags(now, f.Captured)
		whole = true
	}
	return whole
}

// discard drops the frames that wait. pictures.mu is held.
func (t *track) discard() {
	for _, f := range t.waiting {
		t.recycle(f)
	}
	t.waiting = t.waiting[:0]
}

func (t *track) recycle(f frame) {
	if len(t.spare) < 8 {
		t.spare = append(t.spare, f.data)
	}
}

// due returns when the next frame that waits shall be seen; zero if none waits.
// pictures.mu is held.
func (t *track) due(lateness time.Duration) media.Time {
	if len(t.waiting) == 0 {
		return 0
	}
	return t.waiting[0].captured.Add(lateness)
}

// ripe takes the frames out that shall be seen by now. pictures.mu is held.
func (t *track) ripe(dst []frame, now media.Time, lateness time.Duration) []frame {
	n := 0
	for n < len(t.waiting) && !t.waiting[n].captured.Add(lateness).After(now) {
		n++
	}
	dst = append(dst, t.waiting[:n]...)
	t.waiting = append(t.waiting[:0], t.waiting[n:]...)
	return dst
}

// decode decodes a frame.
func (p *pictures) decode(t *track, f *frame) {
	if t.failed {
		return
	}
	if t.decoder == nil || t.codec != f.codec {
		t.closeDecoder()
		d, err := p.engine.opt.Codecs.NewVideoDecoder(f.codec)
		if err != nil {
			p.fail(t, "There is no decoder for "+f.codec.String()+".")
			return
		}
		t.decoder, t.codec = d, f.codec
	}
	p.engine.opt.Marks.Enter(pictureWorker, t.number)
	shown, err := t.decoder.Decode(f.data)
	p.engine.opt.Marks.Leave(pictureWorker)
	p.turned.Store(true) // a turn that is long for all there is to decode is none that hangs
	p.stats.Decoded++
	if err != nil {
		p.stats.Broken++
		t.broken++
		if t.broken == maxBroken {
			p.fail(t, "Its "+f.codec.String()+" stream can't be decoded.")
		} else if errors.Is(err, codec.ErrBroken) {
			p.restart(t)
		}
		return
	}
	t.broken = 0
	t.pace(f)
	if shown != nil {
		t.show(shown, f)
	}
}

// show keeps a copy of a picture, unless it looks like the one that is shown: a
// still picture then costs nothing behind the decoder.
func (t *track) show(p *picture.Picture, f *frame) {
	t.captured = f.captured
	if t.shown != nil && t.turned == f.orientation && t.shown.Near(p, unseen) {
		return
	}
	if t.shown == nil || t.shown.Size() != p.Size() {
		t.shown = picture.New(p.Width, p.Height)
	}
	t.shown.Copy(p)
	t.turned = f.orientation
	t.version++
}

// pace measures the time between pictures.
func (t *track) pace(f *frame) {
	d := time.Duration(f.timestamp-t.last) * time.Second / 90000
	t.last = f.timestamp
	if d <= 0 || d > time.Second {
		return
	}
	if t.interval == 0 {
		t.interval = d
	}
	t.interval += (d - t.interval) / 8
}

// lags measures how late pictures are: of most, and not of the latest ones.
func (t *track) lags(now, captured media.Time) {
	switch d := now.Sub(captured); {
	case d > t.lag:
		t.lag += (d - t.lag) / 8
	default:
		t.lag -= (t.lag - d) / 64
	}
}

// fail gives a track up.
func (p *pictures) fail(t *track, text string) {
	t.failed = true
	t.closeDecoder()
	_ = p.engine.link.Write(link.Failed{Number: t.number, Text: text}) // an ended link ends Run
}

// restart lets a track go on with its next key frame, which collect asks for.
func (p *pictures) restart(t *track) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t.receiver != nil {
		t.receiver.Restart()
	}
}

func (t *track) closeDecoder() {
	if t.decoder != nil {
		t.decoder.Close()
		t.decoder = nil
	}
}
