package video

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtp/codecs"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/wire"
)

const (
	ms       = media.Time(time.Millisecond)
	epoch    = media.Time(1_700_000_000_000_000_000)
	interval = 33 * ms
)

// sent is a frame that a sender made, in the form that a decoder takes.
type sent struct {
	data      []byte
	base      []byte // of it the lowest spatial layer, if there are more
	key       bool
	temporal  uint8
	sync      bool
	timestamp media.Ticks
	captured  media.Time
	packets   []*media.Packet
}

// sender makes frames of random bytes, and their packets.
type sender struct {
	t      testing.TB
	random *rand.Rand
	codec  media.Codec
	layers int // temporal, 1 or 3; VP8 only

	seq    media.Seq
	frames int
	tl0    uint8
	since  int // frames since the last key frame

	packetizer *Packetizer
	vp9        codecs.VP9Payloader
	av1        codecs.AV1Payloader
}

func newSender(t testing.TB, c media.Codec, seed uint64) *sender {
	s := &sender{t: t, random: rand.New(rand.NewPCG(seed, 1)), codec: c, layers: 1, seq: 65000}
	s.vp9.InitialPictureIDFn = func() uint16 { return 0x7FF0 }
	if c == media.VP8 || c == media.H264 {
		s.packetizer = NewPacketizer(c)
	}
	return s
}

// bytes returns n random bytes that no start code can be among.
func (s *sender) bytes(n int) []byte {
	b := make([]byte, 0, n+8)
	for len(b) < n {
		b = binary.NativeEndian.AppendUint64(b, s.random.Uint64()|0x0101010101010101)
	}
	return b[:n:n]
}

// frame makes the next frame.
func (s *sender) frame(key bool, size int) *sent {
	f := &sent{key: key, timestamp: media.Ticks(1<<32 - 20000 + 2970*s.frames), captured: epoch + interval*media.Time(s.frames)}
	if key {
		s.since = 0
	}
	if s.layers == 3 {
		f.temporal = [4]uint8{0, 2, 1, 2}[s.since%4]
		f.sync = s.since%4 == 1 || s.since%4 == 2
	}
	if f.temporal == 0 {
		s.tl0++
	}
	var payloads [][]byte
	f.data, payloads = s.encode(f, size)
	for i, payload := range payloads {
		f.packets = append(f.packets, &media.Packet{
			Codec: s.codec, Seq: s.seq, Timestamp: f.timestamp, Captured: f.captured, Marker: i == len(payloads)-1,
			Payload: payload, AudioLevel: media.NoLevel, Orientation: media.NoOrientation,
		})
		s.seq++
	}
	s.frames++
	s.since++
	return f
}

// padding makes a packet of padding behind frame f.
func (s *sender) padding(f *sent) {
	f.packets = append(f.packets, &media.Packet{
		Codec: s.codec, Seq: s.seq, Timestamp: f.timestamp, Captured: f.captured, Orientation: media.NoOrientation,
	})
	s.seq++
}

func (s *sender) encode(f *sent, size int) (data []byte, payloads [][]byte) {
	body := s.bytes(size)
	switch s.codec {
	case media.VP8:
		body[0] = body[0]&^1 | map[bool]byte{false: 1}[f.key]
		return body, s.packetize(f, body)
	case media.H264:
		data = append(data, "\x00\x00\x00\x01\x41\x9a"...)
		if f.key {
			data = append(data[:0], "\x00\x00\x00\x01\x67\x42\xc0\x1f\x00\x00\x00\x01\x68\xce\x3c\x80\x00\x00\x00\x01\x65\x88"...)
		}
		data = append(data, body...)
		return data, s.packetize(f, data)
	case media.VP9:
		data = append([]byte{0x86}, body...)
		if f.key {
			data = append([]byte{0x82, 0x49, 0x83, 0x42, 0x20, 0x4F, 0xF0, 0x2C, 0xF0}, body...)
		}
		return data, s.vp9.Payload(1180, data)
	case media.AV1:
		data = append(data, 0x12, 0)
		if f.key {
			data = append(data, 0x0A, 11, 0, 0, 0, 4, 0x44, 0xFB, 0xFF, 0xE7, 0xEC, 0x80, 0x20)
		}
		data = append(data, 0x32)
		for n := size; ; n >>= 7 {
			if n < 0x80 {
				data = append(data, byte(n))
				break
			}
			data = append(data, byte(n)|0x80)
		}
		data = append(data, body...)
		return data, s.av1.Payload(1180, data)
	}
	panic("BUG: codec")
}

func (s *sender) packetize(f *sent, data []byte) (payloads [][]byte) {
	for _, p := range s.packetizer.Packetize(nil, &codec.Frame{
		Data: data, KeyFrame: f.key, Temporal: f.temporal, LayerSync: f.sync, TL0: s.tl0,
	}) {
		payloads = append(payloads, bytes.Clone(p.Data))
	}
	return payloads
}

// stream makes n frames of up to max bytes, the first of them a key frame.
func (s *sender) stream(n, max int) (frames []*sent) {
	for i := range n {
		frames = append(frames, s.frame(i == 0, 1+s.random.IntN(max)))
	}
	return frames
}

// delivery is a packet on its way.
type delivery struct {
	at     media.Time
	packet *media.Packet
}

// network says what becomes of packets. It may deliver one twice, or never.
type network struct {
	random *rand.Rand
	loss   float64 // of 1
	resent float64 // of those that are lost, how many come again
	late   time.Duration
	jitter time.Duration
	twice  float64
}

func (n *network) deliver(frames []*sent) (queue []delivery) {
	for _, f := range frames {
		for _, p := range f.packets {
			at := f.captured + media.Time(n.random.Int64N(int64(n.jitter)+1))
			if n.random.Float64() < n.loss {
				if n.random.Float64() >= n.resent {
					continue
				}
				at += media.Time(n.late)
			}
			queue = append(queue, delivery{at, p})
			if n.random.Float64() < n.twice {
				queue = append(queue, delivery{at + 5*ms, p})
			}
		}
	}
	slices.SortStableFunc(queue, func(a, b delivery) int { return int(a.at - b.at) })
	return queue
}

// receiving drives a Receiver in virtual time, as its owner does.
type receiving struct {
	t        testing.TB
	receiver *Receiver
	depack   wire.Depacketizer
	seen     map[media.Seq]bool
	now      media.Time
	wanted   int // key frames asked for
	got      []got
}

type got struct {
	Frame
	at media.Time
}

func newReceiving(t testing.TB) *receiving {
	return &receiving{t: t, receiver: NewReceiver(Options{}), seen: map[media.Seq]bool{}}
}

func (r *receiving) take() {
	for {
		f, ok := r.receiver.Next(r.now)
		if !ok {
			break
		}
		c := *f
		c.Data = bytes.Clone(f.Data)
		r.got = append(r.got, got{c, r.now})
	}
	if r.receiver.KeyFrameWanted(r.now) {
		r.wanted++
	}
}

// until lets time pass, and acts at each deadline.
func (r *receiving) until(now media.Time) {
	for {
		d := r.receiver.Deadline()
		if d.IsZero() || d.After(now) {
			break
		}
		if d <= r.now && r.now != 0 {
			r.t.Fatalf("the deadline %v is not after now", d-epoch)
		}
		r.now = max(d, epoch)
		r.take()
	}
	r.now = now
}

// packet hands over a packet as the server's front side does.
func (r *receiving) packet(at media.Time, p *media.Packet) {
	r.until(at)
	c := &media.Packet{
		Codec: p.Codec, Seq: p.Seq, Timestamp: p.Timestamp, Captured: p.Captured, Arrival: at, Marker: p.Marker,
		Orientation: p.Orientation, Dependency: p.Dependency, Payload: bytes.Clone(p.Payload),
	}
	if !r.seen[p.Seq] || len(p.Payload) == 0 {
		if err := r.depack.Describe(c); err != nil && len(c.Payload) > 0 {
			r.t.Fatalf("packet %d: %v", p.Seq, err)
		}
	}
	r.seen[p.Seq] = true
	r.receiver.WritePacket(at, c)
	for i := range c.Payload {
		c.Payload[i] = 0xEE // whoever kept it without a copy will see
	}
	r.take()
}

func (r *receiving) run(queue []delivery) {
	for _, d := range queue {
		r.packet(d.at, d.packet)
	}
	r.until(r.now + 1000*ms)
}

// want compares what came out with frames, all of them and in order.
func (r *receiving) want(frames []*sent) {
	r.t.Helper()
	if len(r.got) != len(frames) {
		r.t.Fatalf("%d frames came out of %d: %+v", len(r.got), len(frames), r.receiver.Stats())
	}
	for i, f := range frames {
		r.same(&r.got[i].Frame, f)
	}
}

func (r *receiving) same(g *Frame, f *sent) {
	r.t.Helper()
	if g.Timestamp != f.timestamp || g.KeyFrame != f.key || g.Captured != f.captured {
		r.t.Fatalf("frame at %d (key %v), want %d (%v)", g.Timestamp, g.KeyFrame, f.timestamp, f.key)
	}
	if !bytes.Equal(g.Data, f.data) {
		r.t.Fatalf("the frame at %d has %d bytes that differ from the %d sent", g.Timestamp, len(g.Data), len(f.data))
	}
}
