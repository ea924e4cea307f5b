package e2e

import (
	"image"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/client"
	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/mcu/codec/system"
	i420 "github.com/tutti-rtc/tutti/internal/mcu/picture"
	"github.com/tutti-rtc/tutti/internal/media"
)

// part is who somebody is in a story: as in browser/cast.js, so that pages and
// Go clients know each other.
type part struct {
	name           string
	colour, screen [3]byte // of camera and screen, red, green and blue
	tone           int     // Hz
}

// cast lists the parts in the order of browser/cast.js.
func cast() []part {
	return []part{
		{"Ann", [3]byte{205, 45, 45}, [3]byte{230, 150, 150}, 500},
		{"Ben", [3]byte{40, 160, 60}, [3]byte{150, 220, 160}, 900},
		{"Cat", [3]byte{50, 70, 210}, [3]byte{150, 165, 235}, 1400},
		{"Dan", [3]byte{200, 170, 30}, [3]byte{225, 215, 150}, 2000},
	}
}

func partOf(name string) part {
	all := cast()
	i := slices.IndexFunc(all, func(p part) bool { return p.name == name })
	return all[i]
}

// yuv is what a colour is in a picture (BT.601, limited range).
type yuv struct{ y, u, v byte }

func toYUV(rgb [3]byte) yuv {
	r, g, b := float64(rgb[0]), float64(rgb[1]), float64(rgb[2])
	return yuv{
		byte(16.5 + (65.738*r+129.057*g+25.064*b)/256),
		byte(128.5 + (-37.945*r-74.494*g+112.439*b)/256),
		byte(128.5 + (112.439*r-94.154*g-18.285*b)/256),
	}
}

// off returns by how much two colours differ at most in one of their parts.
func (c yuv) off(d yuv) int {
	part := func(a, b byte) int { return max(int(a), int(b)) - min(int(a), int(b)) }
	return max(part(c.y, d.y), part(c.u, d.u), part(c.v, d.v))
}

// Pictures carry 24 bits in 3 rows of 8 blocks above a row in the sender's
// colour: source (3), number (13), check (8).
const (
	numbers = 1 << 13
	bitRows = 3
)

func check(source, number uint32) uint32 {
	return (source*37 + number&0xff*3 + number>>8*11 + 0x5a) & 0xff
}

// block returns where a bit of a picture that fills r is, the highest first.
func block(r image.Rectangle, bit int) image.Rectangle {
	x, y := bit%8, bit/8
	return image.Rect(x*r.Dx()/8, y*r.Dy()/4, (x+1)*r.Dx()/8, (y+1)*r.Dy()/4).Add(r.Min)
}

// draw makes p the numbered picture of a source: an index of browser/cast.js.
func draw(p *i420.Picture, colour yuv, source, number uint32) {
	p.Fill(colour.y, colour.u, colour.v)
	bits := source<<21 | number<<8 | check(source, number)
	whole := image.Rect(0, 0, p.Width, p.Height)
	for i := range 8 * bitRows {
		r := block(whole, i)
		r = image.Rect(r.Min.X&^1, r.Min.Y&^1, r.Max.X&^1, r.Max.Y&^1)
		level := byte(40)
		if bits>>(8*bitRows-1-i)&1 != 0 {
			level = 235
		}
		p.Window(r).Fill(level, 128, 128)
	}
}

// show says what an actor is to look and sound like.
type show struct {
	width, height, fps int // 320 × 180 at 15 if 0
	// beeps has, in the place of a running tone, a short one each second, and
	// the picture is white as long as it sounds.
	beeps bool
	quiet bool // there is no microphone
}

const (
	soundFrame = time.Second * codec.FrameSamples / codec.SampleRate
	// A beep begins with each second of the actor's time.
	beepEvery = time.Second
	beepTime  = 200 * time.Millisecond
	loudness  = 0.2 // of a tone, 1 is the most there is
)

// actor is a Go client whose pictures can be decoded and whose sound is heard.
type actor struct {
	*spectator // of what the options have slots for
	part
	show
	began                      time.Time
	camera, screen, microphone *client.LocalTrack
	ends                       []func() // of what it does all the time
}

// needCodecs returns what stories of the program encode and decode with.
func needCodecs(t *testing.T) codec.Codecs {
	t.Helper()
	all, err := system.New()
	if err != nil {
		missing(t, err.Error())
	}
	return all
}

// acts brings somebody of the cast to a room, with camera and microphone on.
func acts(t *testing.T, s *server, name string, o client.Options, look show) *actor {
	t.Helper()
	a, err := tryAct(t, s, name, o, look)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func tryAct(t *testing.T, s *server, name string, o client.Options, look show) (*actor, error) {
	t.Helper()
	o.Name = name
	o.AudioSenders, o.VideoSenders = 1, 1
	v, err := tryWatch(t, s, o)
	if err != nil {
		return nil, err
	}
	if look.fps == 0 {
		look.width, look.height, look.fps = 320, 180, 15
	}
	a := &actor{spectator: v, part: partOf(name), show: look, began: time.Now()}
	if !a.quiet {
		if a.microphone, err = a.speaks(); err != nil {
			return nil, err
		}
	}
	a.camera, err = a.films(api.OriginCamera, a.colour, 0)
	return a, err
}

// shows begins to show a screen.
func (a *actor) shows() {
	a.t.Helper()
	screen, err := a.films(api.OriginScreen, a.part.screen, 1)
	if err != nil {
		a.t.Fatal(err)
	}
	a.screen = screen
}

// leaves ends the membership and all that the actor does.
func (a *actor) leaves() {
	for _, end := range a.ends {
		end()
	}
	a.Close()
}

// stream sends encoded frames at times of the actor's own: where a frame was not
// sent the next one is not early.
type stream struct {
	track     *client.LocalTrack
	payloader rtp.Payloader
	sequence  uint16
}

func (s *stream) send(timestamp uint32, frame []byte) error {
	const most = 1180
	payloads := s.payloader.Payload(most, frame)
	for i, payload := range payloads {
		last := i == len(payloads)-1
		packet := &rtp.Packet{
			Header:  rtp.Header{Version: 2, Marker: last, SequenceNumber: s.sequence, Timestamp: timestamp},
			Payload: payload,
		}
		s.sequence++
		if err := s.track.WriteRTP("", packet); err != nil {
			return err
		}
	}
	return nil
}

// speaks publishes the actor's tone.
func (a *actor) speaks() (*client.LocalTrack, error) {
	const rate = 64_000
	encoder, err := a.codecs.NewAudioEncoder(rate)
	if err != nil {
		return nil, err
	}
	a.t.Cleanup(encoder.Close)
	track, err := a.Publish(a.ctx(), client.TrackOptions{Codec: client.Opus, Origin: api.OriginMicrophone})
	if err != nil {
		return nil, err
	}
	track.SetAudioLevel(20, true)
	out := stream{track: track, payloader: &codecs.OpusPayloader{}}
	pcm := make([]float32, codec.Channels*codec.FrameSamples)
	var packet []byte
	a.inTime(soundFrame, func(n uint32) error {
		for i := range codec.FrameSamples {
			at := uint64(n)*codec.FrameSamples + uint64(i)
			sample := a.sample(at)
			pcm[2*i], pcm[2*i+1] = sample, sample
		}
		var err error
		if packet, err = encoder.Encode(packet[:0], pcm); err != nil {
			return err
		}
		return out.send(n*codec.FrameSamples, packet)
	})
	return track, nil
}

// sample returns what the actor sounds like at a time, in samples.
func (a *actor) sample(at uint64) float32 {
	second := at % codec.SampleRate
	if a.beeps && time.Duration(second)*time.Second/codec.SampleRate >= beepTime {
		return 0
	}
	return float32(loudness * math.Sin(2*math.Pi*float64(uint64(a.tone)*second)/codec.SampleRate))
}

// films publishes numbered pictures: kind is 0 for the camera's, 1 for the
// screen's.
func (a *actor) films(origin api.Origin, rgb [3]byte, kind uint32) (*client.LocalTrack, error) {
	source := uint32(2*slices.IndexFunc(cast(), func(p part) bool { return p.name == a.name })) + kind
	const rate = 600_000
	encoder, err := a.codecs.NewVideoEncoder(media.VP8, codec.VideoOptions{
		Size: media.Dimensions{Width: a.width, Height: a.height}, Rate: rate, FPS: a.fps, TemporalLayers: 1,
	})
	if err != nil {
		return nil, err
	}
	a.t.Cleanup(encoder.Close)
	var wanted atomic.Bool
	wanted.Store(true)
	track, err := a.Publish(a.ctx(), client.TrackOptions{
		Codec: client.VP8, Origin: origin, Width: a.width, Height: a.height,
		KeyFrame: func(string) { wanted.Store(true) },
	})
	if err != nil {
		return nil, err
	}
	out := stream{track: track, payloader: &codecs.VP8Payloader{EnablePictureID: true}}
	p, colour, period := i420.New(a.width, a.height), toYUV(rgb), time.Second/time.Duration(a.fps)
	a.inTime(period, func(n uint32) error {
		c := colour
		if at := time.Duration(n) * time.Second / time.Duration(a.fps); a.beeps && at%beepEvery < beepTime {
			c = yuv{235, 128, 128}
		}
		draw(p, c, source, n%numbers)
		key, timestamp := wanted.Swap(false), uint64(n)*90000/uint64(a.fps)
		frame, err := encoder.Encode(p, codec.EncodeOptions{Timestamp: media.Ticks(timestamp), KeyFrame: key})
		if err != nil || frame == nil {
			if key {
				wanted.Store(true)
			}
			return err
		}
		return out.send(uint32(timestamp), frame.Data)
	})
	return track, nil
}

// inTime does something regularly, counting from the actor's first moment, until
// the test ends. What this machine could not do in time is done late: the streams
// keep their pace.
func (a *actor) inTime(period time.Duration, do func(n uint32) error) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	var once sync.Once
	end := func() { once.Do(func() { close(stop) }); <-stopped }
	a.ends = append(a.ends, end)
	a.t.Cleanup(end)
	go func() {
		defer close(stopped)
		tick := time.NewTicker(period)
		defer tick.Stop()
		n := uint32(time.Since(a.began) / period)
		for {
			for due := uint32(time.Since(a.began) / period); n <= due; n++ {
				_ = do(n) // between two connections nothing can be sent
			}
			select {
			case <-tick.C:
			case <-stop:
				return
			}
		}
	}()
}
