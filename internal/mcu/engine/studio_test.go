package engine

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/mcu/link"
	"github.com/tutti-rtc/tutti/internal/mcu/picture"
	"github.com/tutti-rtc/tutti/internal/mcu/text"
	"github.com/tutti-rtc/tutti/internal/mcu/video"
	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/wire"
)

// studio is a server that an engine mixes for, with codecs whose frames say
// plainly what is in them: a picture is one colour, a frame of sound one value.
type studio struct {
	t      *testing.T
	engine *Engine
	clock  media.Clock
	wish   link.Program
	people []*person

	mu       sync.Mutex
	frames   []shot                  // guarded by mu; that were encoded
	numbers  []numbered              // guarded by mu; of pictures in VP8
	keys     map[uint32][]media.Time // guarded by mu; key frames that came, by output
	sounds   map[uint32][]heard      // guarded by mu; mixes that came, by output
	messages []link.Message          // guarded by mu
	decoded  int                     // guarded by mu
	marked   map[uint32]bool         // guarded by mu; tracks that were marked
	hang     chan struct{}           // guarded by mu; decoders of pictures wait for its end; nil: they don't
	slow     time.Duration           // guarded by mu; what decoding a picture takes
	drops    int                     // guarded by mu; key frames that encoders are about to leave out
}

// shot is a picture of the program.
type shot struct {
	at    media.Time
	size  media.Dimensions
	image *picture.Picture
	codec media.Codec
}

// numbered is how a packet of a picture counts.
type numbered struct {
	seq     media.Seq
	picture uint16
}

// heard is a frame of a mix.
type heard struct {
	at    media.Time
	value float32
}

// newStudio starts an engine; it ends with the test.
func newStudio(t *testing.T) *studio {
	s := &studio{
		t: t, clock: media.NewClock(), keys: map[uint32][]media.Time{}, sounds: map[uint32][]heard{}, marked: map[uint32]bool{},
		wish: link.Program{Width: 1280, Height: 720, FPS: 30, Layout: "grid", Sound: true},
	}
	s.engine = newEngine(s, Options{Clock: s.clock, Codecs: (*plain)(s), Marks: (*plain)(s), Faces: text.NewFaces()})
	var running sync.WaitGroup
	running.Go(s.engine.runSound)
	running.Go(s.engine.runPictures)
	t.Cleanup(func() {
		for _, p := range s.people {
			p.leave()
		}
		close(s.engine.done)
		running.Wait()
		s.engine.sound.close()
		s.engine.pictures.close()
	})
	return s
}

// play tells a story in virtual time.
func play(t *testing.T, tell func(t *testing.T, s *studio)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { tell(t, newStudio(t)) })
}

// renders says which renditions somebody sees.
func (s *studio) renders(list ...link.Rendition) {
	s.wish.Video = list
	s.tell()
}

// full is the rendition of the whole canvas.
var full = link.Rendition{Output: 1, Codec: media.VP8, Width: 1280, Height: 720, Rate: 1_500_000, TemporalLayers: 2}

// tell sends the wish.
func (s *studio) tell() {
	w := s.wish
	w.Members = nil
	for _, p := range s.people {
		if !p.gone {
			w.Members = append(w.Members, p.member)
		}
	}
	s.engine.Message(w)
	synctest.Wait()
}

// WritePacket takes what the engine makes (Link).
func (s *studio) WritePacket(number uint32, p *media.Packet) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	if p.Codec == media.Opus {
		h := heard{at: now} // silence has a payload of its own
		if len(p.Payload) == 4 {
			h.value = math.Float32frombits(binary.BigEndian.Uint32(p.Payload))
		}
		s.sounds[number] = append(s.sounds[number], h)
		return true
	}
	if p.KeyFrame && p.FrameStart {
		s.keys[number] = append(s.keys[number], now)
	}
	var d wire.VP8Descriptor
	if p.Codec == media.VP8 && wire.ParseVP8(p.Payload, &d) == nil {
		s.numbers = append(s.numbers, numbered{p.Seq, d.PictureID})
	}
	return true
}

// Write takes what the engine says (Link).
func (s *studio) Write(m link.Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = append(s.messages, m)
	return nil
}

// cut returns the pictures so far, and forgets them.
func (s *studio) cut() []shot {
	s.mu.Lock()
	defer s.mu.Unlock()
	shots := s.frames
	s.frames = nil
	return shots
}

// said returns the latest message of a type.
func said[M link.Message](s *studio) (m M, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range slices.Backward(s.messages) {
		if m, ok = x.(M); ok {
			return m, true
		}
	}
	return m, false
}

// after lets time go by.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// person sends pictures of one colour, and sound.
type person struct {
	studio *studio
	member link.Member
	camera uint32
	mic    uint32
	delay  time.Duration // from capture to arrival of pictures
	fps    int

	mu     sync.Mutex
	colour byte // guarded by mu; luma
	value  float32
	filmed media.Time // when the camera first took the present colour
	spoken media.Time // when the microphone first took the present value
	broken bool
	gone   bool
	ended  chan struct{}
}

// enter brings a person in.
func (s *studio) enter(name string, colour byte, value float32) *person {
	n := uint32(10 * (len(s.people) + 1))
	p := &person{studio: s, camera: n, mic: n + 1, colour: colour, value: value, fps: 30, ended: make(chan struct{})}
	p.member = link.Member{ID: name, Name: name, Tracks: []link.Track{
		{Number: p.camera, ID: media.TrackID(name + "-cam"), Kind: media.Video, Origin: media.Camera},
		{Number: p.mic, ID: media.TrackID(name + "-mic"), Kind: media.Audio, Origin: media.Microphone},
	}}
	s.people = append(s.people, p)
	return p
}

// films sends pictures until the person leaves.
func (p *person) films() {
	go func() {
		z := video.NewPacketizer(media.VP8)
		seq, picture := media.Seq(0), 0
		tick := time.NewTicker(time.Second / time.Duration(p.fps))
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-p.ended:
				return
			}
			captured := p.studio.clock.Now()
			p.mu.Lock()
			data := []byte{1, p.colour, byte(picture)}
			if picture%30 == 0 {
				data[0] = 0 // a key frame (RFC 6386 §9.1)
				data = append(data, 0x9d, 0x01, 0x2a)
			}
			if p.broken {
				data[1] = 255
			}
			if p.filmed.IsZero() {
				p.filmed = captured
			}
			p.mu.Unlock()
			for _, f := range z.Packetize(nil, &codec.Frame{Data: data, KeyFrame: data[0] == 0}) {
				seq++
				packet := &media.Packet{
					Seq: seq, Timestamp: ticks(captured), Captured: captured, Codec: media.VP8,
					KeyFrame: f.KeyFrame, FrameStart: f.FrameStart, FrameEnd: f.FrameEnd, Marker: f.FrameEnd,
					Orientation: media.NoOrientation, Payload: slices.Clone(f.Data),
				}
				time.AfterFunc(p.delay, func() {
					packet.Arrival = p.studio.clock.Now()
					p.studio.engine.Packet(p.camera, packet)
				})
			}
			picture++
		}
	}()
}

// talks sends sound until the person leaves.
func (p *person) talks() {
	go func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for seq := media.Seq(0); ; seq++ {
			select {
			case <-tick.C:
			case <-p.ended:
				return
			}
			now := p.studio.clock.Now()
			p.mu.Lock()
			if p.spoken.IsZero() {
				p.spoken = now
			}
			payload := binary.BigEndian.AppendUint32([]byte{0xfc}, math.Float32bits(p.value))
			p.mu.Unlock()
			p.studio.engine.Packet(p.mic, &media.Packet{
				Seq: seq, Timestamp: media.Ticks(seq * 960), Captured: now, Arrival: now, Codec: media.Opus,
				AudioLevel: 20, Voice: true, Payload: payload,
			})
		}
	}()
}

// looks changes what the person's camera and microphone take.
func (p *person) looks(colour byte, value float32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.colour, p.value = colour, value
	p.filmed, p.spoken = 0, 0
}

func (p *person) breaks(broken bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.broken = broken
}

// leave ends what the person sends.
func (p *person) leave() {
	if !p.gone {
		p.gone = true
		close(p.ended)
	}
}

// plain is the studio's codecs and marks.
type plain studio

func (c *plain) Enter(_ int, track uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.marked[track] = true
}
func (c *plain) Leave(int) {}

func (c *plain) NewAudioDecoder() (codec.AudioDecoder, error) { return ear{}, nil }
func (c *plain) NewAudioEncoder(media.Bitrate) (codec.AudioEncoder, error) {
	return ear{}, nil
}

func (c *plain) NewVideoDecoder(kind media.Codec) (codec.VideoDecoder, error) {
	if kind != media.VP8 {
		return nil, fmt.Errorf("no %v here", kind)
	}
	return &eye{studio: (*studio)(c), shown: picture.New(64, 36)}, nil
}

func (c *plain) NewVideoEncoder(kind media.Codec, o codec.VideoOptions) (codec.VideoEncoder, error) {
	return &pen{studio: (*studio)(c), codec: kind, size: o.Size}, nil
}

func (c *plain) Scale(dst, src *picture.Picture) { dst.Fill(src.Y[0], src.U[0], src.V[0]) }

// ear is a codec of sound whose frames are one value.
type ear struct{}

func (ear) Decode(pcm []float32, packet []byte) (int, error) {
	v := math.Float32frombits(binary.BigEndian.Uint32(packet[1:]))
	for i := range pcm[:codec.FrameSamples*codec.Channels] {
		pcm[i] = v
	}
	return codec.FrameSamples, nil
}
func (ear) Recover(pcm []float32, _ []byte) error { clear(pcm); return nil }
func (ear) Conceal(pcm []float32) error           { clear(pcm); return nil }
func (ear) Close()                                {}
func (ear) Encode(dst []byte, pcm []float32) ([]byte, error) {
	return binary.BigEndian.AppendUint32(dst, math.Float32bits(pcm[len(pcm)/2])), nil
}

// eye decodes pictures of one colour.
type eye struct {
	studio *studio
	shown  *picture.Picture
}

func (e *eye) Decode(frame []byte) (*picture.Picture, error) {
	e.studio.mu.Lock()
	e.studio.decoded++
	hang, slow := e.studio.hang, e.studio.slow
	e.studio.mu.Unlock()
	if slow > 0 {
		<-time.After(slow)
	}
	if hang != nil {
		<-hang
	}
	if frame[1] == 255 {
		return nil, codec.ErrBroken
	}
	e.shown.Fill(frame[1], 128, 128)
	return e.shown, nil
}
func (e *eye) Close() {}

// pen keeps the pictures that it is to encode.
type pen struct {
	studio *studio
	codec  media.Codec
	size   media.Dimensions
	begun  bool
	still  int // pictures since anything changed
}

func (p *pen) Encode(from *picture.Picture, o codec.EncodeOptions) (*codec.Frame, error) {
	p.studio.mu.Lock()
	defer p.studio.mu.Unlock()
	p.studio.frames = append(p.studio.frames, shot{p.studio.clock.Now(), from.Size(), from.Clone(), p.codec})
	key := o.KeyFrame || !p.begun
	if key && p.studio.drops > 0 {
		p.studio.drops--
		return nil, nil
	}
	p.begun = true
	if p.still++; o.Active == nil || slices.Contains(o.Active, 1) || key {
		p.still = 0
	}
	return &codec.Frame{Data: []byte{1, 2, 3}, KeyFrame: key, Settled: p.still >= 10}, nil
}
func (p *pen) SetRate(media.Bitrate, int) {}
func (p *pen) Close()                     {}

// cell returns the luma in the middle of a cell of the picture, one of columns ×
// rows.
func (s *shot) cell(column, columns, row, rows int) byte {
	x, y := s.size.Width*(2*column+1)/(2*columns), s.size.Height*(2*row+1)/(2*rows)
	return s.image.Y[y*s.image.StrideY+x]
}

// last returns the newest frame of a mix.
func (s *studio) last(output uint32) float32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.sounds[output]
	if len(list) == 0 {
		return 0
	}
	return list[len(list)-1].value
}
