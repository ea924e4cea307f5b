package sfu_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/sfu"
)

// film is a track that a guest publishes: a VP8 camera at 25 pictures a second,
// in one stream or three of simulcast, or an Opus microphone at 50 packets. Its
// packets say what they are.
type film struct {
	t       *testing.T
	id      string
	name    byte // in its packets
	streams []*stream
	// obeys tells that streams that nobody wants are paused.
	obeys bool
	muted atomic.Bool // nothing is sent, and so it is told
	told  atomic.Bool // to be muted, but sends on
	kind  media.Kind
	level atomic.Int32 // of a microphone, in −dBov
	// What it sends was captured so long before, and its sender reports, by a
	// clock that is so far ahead, tell.
	late, skew time.Duration
	reports    bool
	sender     *webrtc.RTPTransceiver
	guest      *guest
	levelID    uint8  // of the header extension; 0 for a camera
	cut        func() // ends it
}

// stream is one stream of a film.
type stream struct {
	*webrtc.TrackLocalStaticRTP
	rid     string
	size    media.Dimensions
	rate    media.Bitrate
	bytes   int // of a picture
	parts   int // its packets
	ext     []extension
	first   uint16 // sequence number
	seq     uint16
	ts      uint32
	picture uint16
	paused  atomic.Bool
	broken  atomic.Bool
	wanted  atomic.Bool // a key frame is

	mu    sync.Mutex
	asked []time.Time          // guarded by mu; for key frames
	taken map[uint16]time.Time // guarded by mu; when a picture was captured, by its number
}

type extension struct {
	id    uint8
	value string
}

// Sizes and bitrates of a simulcast camera's streams, the smallest first.
var (
	small  = media.Dimensions{Width: 320, Height: 180}
	middle = media.Dimensions{Width: 640, Height: 360}
	large  = media.Dimensions{Width: 1280, Height: 720}
)

// newFilm returns a camera with one stream.
func newFilm(t *testing.T, id string) *film {
	f := &film{t: t, id: id, name: id[0], kind: media.Video}
	f.add("", large, 150_000)
	return f
}

// newMicrophone returns a microphone that hears this level.
func newMicrophone(t *testing.T, id string, level int32) *film {
	f := &film{t: t, id: id, name: id[0], kind: media.Audio}
	f.level.Store(level)
	f.add("", media.Dimensions{}, 32_000)
	return f
}

// newSimulcast returns a camera with three streams.
func newSimulcast(t *testing.T, id string) *film {
	f := &film{t: t, id: id, name: id[0], kind: media.Video, obeys: true}
	f.add("q", small, 150_000)
	f.add("h", middle, 500_000)
	f.add("f", large, 1_500_000)
	return f
}

func (f *film) add(rid string, size media.Dimensions, rate media.Bitrate) {
	var options []func(*webrtc.TrackLocalStaticRTP)
	if rid != "" {
		options = append(options, webrtc.WithRTPStreamID(rid))
	}
	codec := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}
	if f.kind == media.Audio {
		codec = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}
	}
	track, err := webrtc.NewTrackLocalStaticRTP(codec, f.id, f.id, options...)
	if err != nil {
		f.t.Fatal(err)
	}
	bytes, first := int(rate)/8/int(time.Second/f.interval()), uint16(7000*(len(f.streams)+1))
	f.streams = append(f.streams, &stream{
		TrackLocalStaticRTP: track, taken: map[uint16]time.Time{}, rid: rid, size: size, rate: rate, bytes: bytes, parts: max(1, bytes/1000),
		// Browsers begin anywhere.
		first: first, seq: first, ts: uint32(len(f.streams)) * 1_000_000_007, picture: uint16(100 * len(f.streams)),
	})
}

// mount adds the film to the guest's next offer.
func (f *film) mount(g *guest) {
	tr, err := g.AddTransceiverFromTrack(f.streams[0], webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	g.stage.must(err)
	for _, s := range f.streams[1:] {
		g.stage.must(tr.Sender().AddEncoding(s.TrackLocalStaticRTP))
	}
	f.sender, f.guest = tr, g
	for _, s := range f.streams {
		go s.listen(tr.Sender())
	}
}

// listen makes key frames for those who ask for them.
func (s *stream) listen(sender *webrtc.RTPSender) {
	for {
		packets, _, err := sender.ReadSimulcastRTCP(s.rid)
		if err != nil {
			return
		}
		for _, p := range packets {
			if _, ok := p.(*rtcp.PictureLossIndication); ok {
				s.wanted.Store(true)
				s.mu.Lock()
				s.asked = append(s.asked, time.Now())
				s.mu.Unlock()
			}
		}
	}
}

// keyFrames returns when key frames were asked for, and forgets it.
func (s *stream) keyFrames() []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := s.asked
	s.asked = nil
	return asked
}

// publication says what the film is.
func (f *film) publication() sfu.Publication {
	p := sfu.Publication{
		MID:   f.sender.Mid(),
		Track: media.TrackInfo{ID: media.TrackID(f.id), Kind: media.Video, Origin: media.Camera},
		Muted: f.muted.Load() || f.told.Load(),
	}
	if f.kind == media.Audio {
		p.Track.Kind, p.Track.Origin = media.Audio, media.Microphone
		return p
	}
	for _, s := range f.streams {
		p.Track.Layers = append(p.Track.Layers, media.LayerInfo{RID: s.rid, Size: s.size, Bitrate: s.rate})
	}
	return p
}

// obey pauses the streams that nobody wants.
func (f *film) obey(l *api.Layers) {
	if l == nil || l.Track != f.id || !f.obeys {
		return
	}
	for _, s := range f.streams {
		s.paused.Store(!slices.Contains(l.Active, s.rid))
	}
}

// stops makes a stream unable to run, or able again, whatever is wanted.
func (f *film) stops(stream int, stopped bool) { f.streams[stream].broken.Store(stopped) }

// roll takes pictures until the test ends.
func (f *film) roll() {
	uris := map[string]string{webrtcMID: f.sender.Mid()}
	for _, s := range f.streams {
		s.ext = nil
		for _, e := range f.sender.Sender().GetParameters().HeaderExtensions {
			if e.URI == webrtcRID && s.rid != "" {
				s.ext = append(s.ext, extension{uint8(e.ID), s.rid})
			} else if value := uris[e.URI]; value != "" {
				s.ext = append(s.ext, extension{uint8(e.ID), value})
			} else if e.URI == audioLevel && f.kind == media.Audio {
				f.levelID = uint8(e.ID)
			}
		}
	}
	ended := make(chan struct{})
	stop := sync.OnceFunc(func() { close(ended) })
	f.cut = stop
	f.t.Cleanup(stop)
	go func() {
		tick := time.NewTicker(f.interval())
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				f.shoot()
			case <-ended:
				return
			}
		}
	}()
}

const (
	webrtcMID = "urn:ietf:params:rtp-hdrext:sdes:mid"
	webrtcRID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"

	audioLevel = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
)

// interval is the time from one picture, or packet of audio, to the next.
func (f *film) interval() time.Duration {
	if f.kind == media.Audio {
		return 20 * time.Millisecond
	}
	return 40 * time.Millisecond
}

// ticks returns a time in units of the film's clock.
func (f *film) ticks(d time.Duration) uint32 {
	if f.kind == media.Audio {
		return uint32(int64(d) * 48000 / int64(time.Second))
	}
	return uint32(int64(d) * 90000 / int64(time.Second))
}

// shoot takes one picture in each stream that runs.
func (f *film) shoot() {
	for i, s := range f.streams {
		s.ts += f.ticks(f.interval())
		if s.paused.Load() || s.broken.Load() || f.muted.Load() {
			continue
		}
		s.picture = (s.picture + 1) & 0x7fff
		if f.reports && s.picture%25 == 0 {
			f.report(i)
		}
		key := s.wanted.Swap(false) || s.seq == s.first
		for part := 1; part <= s.parts; part++ {
			h := rtp.Header{Version: 2, SequenceNumber: s.seq, Timestamp: s.ts, Marker: part == s.parts}
			for _, e := range s.ext {
				_ = h.SetExtension(e.id, []byte(e.value))
			}
			if f.levelID != 0 {
				_ = h.SetExtension(f.levelID, []byte{byte(f.level.Load())})
			}
			s.seq++
			sc := scene{film: f.name, stream: byte(i), number: s.picture, part: byte(part), parts: byte(s.parts)}
			_ = s.WriteRTP(&rtp.Packet{Header: h, Payload: s.paint(sc, key)})
		}
		s.mu.Lock()
		s.taken[s.picture] = time.Now().Add(-f.late)
		s.mu.Unlock()
	}
}

// report sends a stream's sender report.
func (f *film) report(i int) {
	now := media.Time(time.Now().Add(f.skew).UnixNano())
	_ = f.guest.WriteRTCP([]rtcp.Packet{&rtcp.SenderReport{
		SSRC:    uint32(f.sender.Sender().GetParameters().Encodings[i].SSRC),
		NTPTime: now.NTP(), RTPTime: f.streams[i].ts + f.ticks(f.late),
	}})
}

// paint makes the payload of a packet: VP8 (RFC 7741), or something of which Opus
// might be made.
func (s *stream) paint(sc scene, key bool) []byte {
	b := []byte{0x80, 0x80, 0x80 | byte(s.picture>>8), byte(s.picture), 0x01, 0, 0, 0x9d, 0x01, 0x2a}
	if sc.part == 1 {
		b[0] |= 0x10 // the partition begins
	}
	if key {
		b[4] = 0
	}
	b = append(b, make([]byte, max(0, s.bytes/s.parts-len(b)-sceneSize))...)
	return sc.append(b)
}

// scene is what a packet says of itself, at its end.
type scene struct {
	film, stream byte
	number       uint16 // of the picture in its stream
	part, parts  byte   // from 1
}

const sceneSize = 6

func (s scene) append(b []byte) []byte {
	return append(b, s.film, s.stream, byte(s.number>>8), byte(s.number), s.part, s.parts)
}

func (s *scene) read(b []byte) {
	if len(b) < sceneSize {
		return
	}
	b = b[len(b)-sceneSize:]
	*s = scene{film: b[0], stream: b[1], number: uint16(b[2])<<8 | uint16(b[3]), part: b[4], parts: b[5]}
}

// takenAt returns when a picture was captured.
func (s *stream) takenAt(number uint16) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken[number]
}
