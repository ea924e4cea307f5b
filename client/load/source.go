package load

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"
)

// Source makes the packets of one publisher: VP8 in bursts, a frame each 1/30 s,
// with descriptors and key frame headers that a server can read, and Opus each
// 20 ms. There is no picture in them; each carries the time of its sending.
type Source struct {
	bitrate  int
	keyFrame atomic.Bool
	sent     atomic.Int64 // packets
	random   *rand.Rand

	// Owned by Run.
	picture   uint16
	videoSeq  uint16
	audioSeq  uint16
	videoTime uint32
	audioTime uint32
	buffer    [maxPayload]byte
}

const (
	maxPayload = 1180 // as libwebrtc fills its packets
	framesPerS = 30
	opusBytes  = 80 // 32 kbit/s

	// stampSize is the end of each payload: a mark and the time of sending in
	// nanoseconds since the Unix epoch.
	stampSize = 16
	stampMark = 0x7475747469737461
)

// NewSource returns a source of video at bitrate bit/s; 0 is audio only.
func NewSource(bitrate int) *Source {
	s := &Source{bitrate: bitrate, random: rand.New(rand.NewPCG(1, uint64(bitrate)))}
	s.keyFrame.Store(true)
	return s
}

// RequestKeyFrame makes the next frame a key frame. It may be called from any
// goroutine.
func (s *Source) RequestKeyFrame() { s.keyFrame.Store(true) }

// Run gives packets to video and audio, in real time, until ctx ends or one of
// them fails. If it was held up it makes good what is due, so that the load is
// what was asked for. SSRC and payload type are for them to set; the payload is
// lent.
func (s *Source) Run(ctx context.Context, video, audio func(*rtp.Packet) error) error {
	frame, sound := time.Now(), time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		next := frame
		if sound.Before(frame) {
			next = sound
		}
		timer.Reset(time.Until(next))
		select {
		case <-timer.C:
		case <-ctx.Done():
			return nil
		}
		var err error
		if sound.Before(frame) {
			err = s.sound(audio)
			sound = sound.Add(20 * time.Millisecond)
		} else {
			err = s.frame(video)
			frame = frame.Add(time.Second / framesPerS)
		}
		if err != nil {
			return err
		}
	}
}

// frame sends the packets of one frame, whose size varies by a tenth.
func (s *Source) frame(send func(*rtp.Packet) error) error {
	s.videoTime += 90000 / framesPerS
	if s.bitrate == 0 {
		return nil
	}
	mean := s.bitrate / 8 / framesPerS
	left := mean*9/10 + s.random.IntN(mean/5+1)
	key := s.keyFrame.Swap(false)
	s.picture = (s.picture + 1) & 0x7fff
	for first := true; left > 0; first = false {
		size := min(left, maxPayload)
		left -= size
		s.videoSeq++
		p := &rtp.Packet{
			Header:  rtp.Header{Version: 2, Marker: left == 0, SequenceNumber: s.videoSeq, Timestamp: s.videoTime},
			Payload: s.vp8(max(size, 32), first, key),
		}
		if err := send(p); err != nil {
			return err
		}
		s.sent.Add(1)
	}
	return nil
}

// vp8 fills a payload: descriptor with a 15-bit picture id (RFC 7741 §4.2),
// frame header (RFC 6386 §9.1), stamp.
func (s *Source) vp8(size int, first, key bool) []byte {
	b := s.buffer[:size]
	b[0], b[1] = 0x80, 0x80
	binary.BigEndian.PutUint16(b[2:], 0x8000|s.picture)
	if first {
		b[0] |= 0x10
		b[4], b[5], b[6] = 0x11, 0, 0 // an interframe that is shown
		if key {
			copy(b[4:], []byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, 0, 5, 0xd0, 2}) // 1280 × 720
		}
	}
	stamp(b)
	return b
}

func (s *Source) sound(send func(*rtp.Packet) error) error {
	s.audioSeq++
	s.audioTime += 960
	b := s.buffer[:opusBytes]
	b[0] = 0x78 // RFC 6716 §3.1: hybrid, fullband, 20 ms, mono, one frame
	stamp(b)
	s.sent.Add(1)
	return send(&rtp.Packet{
		Header:  rtp.Header{Version: 2, SequenceNumber: s.audioSeq, Timestamp: s.audioTime},
		Payload: b,
	})
}

func stamp(b []byte) {
	end := b[len(b)-stampSize:]
	binary.BigEndian.PutUint64(end, stampMark)
	binary.BigEndian.PutUint64(end[8:], uint64(time.Now().UnixNano()))
}

// stamped returns when a payload was sent, if it carries a stamp.
func stamped(payload []byte) (time.Time, bool) {
	if len(payload) < stampSize {
		return time.Time{}, false
	}
	end := payload[len(payload)-stampSize:]
	if binary.BigEndian.Uint64(end) != stampMark {
		return time.Time{}, false
	}
	return time.Unix(0, int64(binary.BigEndian.Uint64(end[8:]))), true
}
