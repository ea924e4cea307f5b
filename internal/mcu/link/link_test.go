package link

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"reflect"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/tutti-rtc/tutti/internal/media"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// messages has one of each, none with a field left at zero.
var messages = []Message{
	Program{
		Width: 1280, Height: 720, FPS: 30, Layout: "grid", Scene: json.RawMessage(`{"tiles":[]}`), Background: "#101214",
		Levelling: true, Talkers: 5, Sound: true, Listeners: []string{"m1", "m2"},
		Members: []Member{{ID: "m1", Name: "张伟 🎻", Hand: true, Tracks: []Track{{
			Number: 7, ID: "t7", Origin: media.Camera, Kind: media.Video, Muted: true, LeftOut: true,
			Streams: []media.Dimensions{{Width: 320, Height: 180}, {Width: 640, Height: 360}},
		}}}},
		Video: []Rendition{{Output: 9, Codec: media.VP8, Width: 1280, Height: 720, Rate: 1_500_000, TemporalLayers: 2}},
	},
	KeyFrame{Output: 9},
	Ready{Sandbox: []string{"landlock 7"}, Lacking: []string{"seccomp: the kernel has none"}},
	Alive{Sequence: 3, Stats: Stats{
		CPU: 1, Decode: 2, Scale: 3, Compose: 4, Encode: 5, Sound: 6, Decoded: 7, Broken: 8, Late: 9,
		Composed: 10, Encoded: 11, Skipped: 12, Mixed: 13, Concealed: 14, Dropped: 15,
	}},
	Wants{Tracks: []Want{{Number: 7, Width: 640, Height: 360}, {Number: 8}}},
	KeyFrameWanted{Number: 7, Stream: 2},
	Mixes{Outputs: []Mix{{Output: 1, Member: "m1"}}},
	Talkers{Members: []Talker{{Member: "m1", Level: 30}}},
	Failed{Number: 7, Text: "H.264 with B-frames"},
}

// full returns a packet that has a value in every field that travels.
func full(codec media.Codec, payload int) *media.Packet {
	p := new(media.PacketPool).Get()
	p.Arrival, p.Captured, p.Seq, p.Timestamp = 1e18, 1e18-7e6, 1<<40, -3
	p.Layer = media.Layer{Stream: 2, Spatial: 1, Temporal: 3}
	p.Codec, p.AudioLevel, p.Orientation = codec, 42, 3
	p.Marker, p.KeyFrame, p.FrameStart, p.FrameEnd, p.LayerSync, p.Voice = true, true, true, true, true, true
	p.Payload = p.Buffer()[:payload]
	for i := range p.Payload {
		p.Payload[i] = byte(i)
	}
	return p
}

// same compares what travels of two packets.
func same(a, b *media.Packet) bool {
	return a.Arrival == b.Arrival && a.Captured == b.Captured && a.Seq == b.Seq && a.Timestamp == b.Timestamp &&
		a.Layer == b.Layer && a.Codec == b.Codec && a.AudioLevel == b.AudioLevel && a.Orientation == b.Orientation &&
		a.Marker == b.Marker && a.KeyFrame == b.KeyFrame && a.FrameStart == b.FrameStart && a.FrameEnd == b.FrameEnd &&
		a.LayerSync == b.LayerSync && a.Voice == b.Voice && bytes.Equal(a.Payload, b.Payload)
}

// recorder is a Handler that keeps everything. wake receives at each.
type recorder struct {
	mu       sync.Mutex
	packets  []*media.Packet
	numbers  []uint32
	messages []Message
	wake     chan struct{}
}

func newRecorder() *recorder { return &recorder{wake: make(chan struct{}, 1<<16)} }

func (r *recorder) Packet(number uint32, p *media.Packet) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.numbers, r.packets = append(r.numbers, number), append(r.packets, p.Retain())
	r.wake <- struct{}{}
}

func (r *recorder) Message(m Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.messages = append(r.messages, m)
	r.wake <- struct{}{}
}

// pair joins two ends, the second of which is served into the recorder; ended
// receives what Serve returned.
func pair(t *testing.T, o Options) (near *Conn, far *recorder, ended chan error) {
	t.Helper()
	a, b := net.Pipe()
	near, end := NewConn(a, o), NewConn(b, Options{})
	far, ended = newRecorder(), make(chan error, 1)
	go func() { ended <- end.Serve(far) }()
	t.Cleanup(func() {
		if err := errors.Join(near.Close(), end.Close()); err != nil {
			t.Error(err)
		}
	})
	return near, far, ended
}

func TestEverythingArrivesAsItWasSentInOrder(t *testing.T) {
	near, far, ended := pair(t, Options{})
	sent := 0
	for i, m := range messages {
		if err := near.Write(m); err != nil {
			t.Fatal(err)
		}
		sent++
		for _, size := range []int{0, 1, MaxPayload} {
			p := full(media.Codec(1+i%6), size)
			if !near.WritePacket(uint32(i), p) {
				t.Fatal("a packet was dropped")
			}
			sent++
		}
	}
	for range sent {
		<-far.wake
	}
	for i, m := range messages {
		if !reflect.DeepEqual(far.messages[i], m) {
			t.Errorf("%+v came as %+v", m, far.messages[i])
		}
		for k, size := range []int{0, 1, MaxPayload} {
			n := 3*i + k
			if far.numbers[n] != uint32(i) || !same(far.packets[n], full(media.Codec(1+i%6), size)) {
				t.Errorf("packet %d of %d bytes came as %d: %+v", i, size, far.numbers[n], far.packets[n].Layer)
			}
		}
	}
	if err := near.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("an end in order is told as %v", err)
	}
}

func TestALargeMessageArrivesAndTooLargeAOneIsRefused(t *testing.T) {
	near, far, _ := pair(t, Options{})
	want := Failed{Text: string(bytes.Repeat([]byte("x"), MaxMessage-100))}
	if err := near.Write(want); err != nil {
		t.Fatal(err)
	}
	if err := near.Write(Failed{Text: want.Text + want.Text}); err == nil {
		t.Error("a message beyond the bound was taken")
	}
	if err := near.Write(KeyFrame{Output: 1}); err != nil {
		t.Error(err)
	}
	<-far.wake
	<-far.wake
	if far.messages[0] != Message(want) || far.messages[1] != Message(KeyFrame{Output: 1}) {
		t.Error("the messages came otherwise")
	}
}

// gate is a connection whose writes wait until it is opened.
type gate struct {
	open    chan struct{}
	entered chan int // receives the size of each write
	closed  chan struct{}
	once    sync.Once
}

func newGate() *gate {
	return &gate{open: make(chan struct{}), entered: make(chan int, 100), closed: make(chan struct{})}
}

func (g *gate) Read([]byte) (int, error) { <-g.closed; return 0, io.EOF }
func (g *gate) Close() error             { g.once.Do(func() { close(g.closed) }); return nil }
func (g *gate) Write(b []byte) (int, error) {
	g.entered <- len(b)
	select {
	case <-g.open:
		return len(b), nil
	case <-g.closed:
		return 0, net.ErrClosed
	}
}

func TestAFullQueueDropsPicturesFirstThenSoundAndNeverMessages(t *testing.T) {
	g := newGate()
	c := NewConn(g, Options{Capacity: 100 << 10})
	defer c.Close()
	if err := c.Write(KeyFrame{}); err != nil {
		t.Fatal(err)
	}
	<-g.entered // the writer is busy from here on
	video, audio := full(media.VP8, 1000), full(media.Opus, 100)
	videos, audios := 0, 0
	for c.WritePacket(1, video) {
		videos++
	}
	for c.WritePacket(2, audio) {
		audios++
	}
	if videos < 70 || videos > 77 || audios < 150 {
		t.Errorf("%d pictures' packets and %d of sound were queued", videos, audios)
	}
	for _, m := range messages {
		if err := c.Write(m); err != nil {
			t.Errorf("a message was refused: %v", err)
		}
	}
	if got := c.Traffic(); got.DroppedVideo != 1 || got.DroppedAudio != 1 || got.Packets != uint64(videos+audios) {
		t.Errorf("%+v", got)
	}
	// All of it then goes in one write.
	close(g.open)
	size := <-g.entered
	if c.WritePacket(1, video) != true || size < 100<<10 {
		t.Errorf("what had queued went in a write of %d bytes", size)
	}
}

func TestAnEndThatNeverReadsIsGivenUp(t *testing.T) {
	c := NewConn(newGate(), Options{Capacity: 1 << 10})
	var err error
	for err == nil {
		err = c.Write(messages[0])
	}
	if errors.Is(err, net.ErrClosed) {
		t.Errorf("the first refusal says %v", err)
	}
	if err := c.Write(KeyFrame{}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the second refusal says %v", err)
	}
	if c.WritePacket(1, full(media.Opus, 10)) {
		t.Error("a packet was taken")
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestCloseDoesNotWaitForAnEndThatHangs(t *testing.T) {
	g := newGate()
	c := NewConn(g, Options{Flush: time.Millisecond})
	if err := c.Write(KeyFrame{}); err != nil {
		t.Fatal(err)
	}
	<-g.entered
	for range 2 {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := c.Write(KeyFrame{}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a closed connection says %v", err)
	}
}

func TestABrokenRecordEndsTheConnection(t *testing.T) {
	good, err := AppendMessage(nil, KeyFrame{Output: 1})
	if err != nil {
		t.Fatal(err)
	}
	for name, record := range map[string][]byte{
		"no length":            {0, 0, 0, 0, recordKeyFrame},
		"a length beyond all":  {0xff, 0xff, 0xff, 0xff, recordKeyFrame},
		"a packet too large":   {0, 0, 0xff, 0xff, recordPacket},
		"a packet too small":   {0, 0, 0, 2, recordPacket, 0},
		"an unknown type":      {0, 0, 0, 3, 99, '{', '}'},
		"JSON that is none":    {0, 0, 0, 2, recordKeyFrame, '{'},
		"an end in the record": good[:len(good)-1],
	} {
		a, b := net.Pipe()
		c, h := NewConn(b, Options{}), newRecorder()
		ended := make(chan error, 1)
		go func() { ended <- c.Serve(h) }()
		_, _ = a.Write(slices.Concat(good, record))
		if name == "an end in the record" {
			_ = a.Close()
		}
		if err := <-ended; !errors.Is(err, ErrRecord) {
			t.Errorf("%s: Serve returned %v", name, err)
		} else if errors.Is(err, io.ErrUnexpectedEOF) != (name == "an end in the record") {
			t.Errorf("%s: Serve returned %v", name, err)
		}
		if len(h.messages) != 1 {
			t.Errorf("%s: %d messages were handled", name, len(h.messages))
		}
		_, _ = c.Close(), a.Close()
	}
}

func TestAnEndThatSendsTooMuchIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		small, err := AppendMessage(nil, KeyFrame{Output: 1})
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct{ most, records, pause, handled int }{
			"no bound":             {0, 1000, 0, 1000},
			"as much as it may":    {100 << 10, 100, 0, 100},
			"small ones count too": {100 << 10, 1000, 0, 100},
			"in two seconds":       {100 << 10, 150, 75, 150},
		} {
			conn, h := NewConn(&looped{record: small, left: c.records, pause: c.pause}, Options{Most: c.most}), new(counter)
			err := conn.Serve(h)
			if h.messages != c.handled || errors.Is(err, ErrRecord) != (c.handled < c.records) {
				t.Errorf("%s: %d messages were handled, then %v", name, h.messages, err)
			}
			_ = conn.Close()
		}
	})
}

// looped is a connection that reads the same record over and over.
type looped struct {
	record []byte
	at     int
	left   int // records
	pause  int // with so many left a second goes by
}

func (l *looped) Write(b []byte) (int, error) { return len(b), nil }
func (l *looped) Close() error                { return nil }
func (l *looped) Read(b []byte) (int, error) {
	if l.left == 0 {
		return 0, io.EOF
	}
	if l.left == l.pause {
		l.pause = 0
		<-time.After(time.Second)
	}
	n := copy(b, l.record[l.at:])
	if l.at += n; l.at == len(l.record) {
		l.at, l.left = 0, l.left-1
	}
	return n, nil
}

type counter struct{ packets, messages int }

func (c *counter) Packet(uint32, *media.Packet) { c.packets++ }
func (c *counter) Message(Message)              { c.messages++ }

func TestPacketsAllocateNothing(t *testing.T) {
	p := full(media.VP8, 1200)
	const many = 1000
	in := &looped{record: AppendPacket(nil, 1, p)}
	c := NewConn(in, Options{})
	defer c.Close()
	var h counter
	read := testing.AllocsPerRun(10, func() {
		in.left = many
		if err := c.read(&h); !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
	})
	// The race detector makes a pool forget every fourth.
	if read/many > 0.5 || h.packets != 11*many {
		t.Errorf("%v allocations for %d packets that came", read, many)
	}
	var buffer []byte
	q := newQueue(1 << 20)
	if n := testing.AllocsPerRun(many, func() {
		q.add(1<<20, func(dst []byte) []byte { return AppendPacket(dst, 1, p) })
		buffer, _ = q.take(buffer)
	}); n > 0 {
		t.Errorf("%v allocations per packet that goes", n)
	}
}

func FuzzParse(f *testing.F) {
	for _, m := range messages {
		record, err := AppendMessage(nil, m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(record)
	}
	f.Add(AppendPacket(nil, 7, full(media.AV1, 20)))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, in []byte) {
		record, n, err := ParseLength(in)
		if err != nil || len(in) < 5+n {
			return
		}
		body := in[5 : 5+n]
		if record != recordPacket {
			m, err := ParseMessage(record, body)
			if err != nil {
				return
			}
			if _, err := AppendMessage(nil, m); err != nil && len(body) < MaxMessage/8 {
				t.Errorf("%+v can't be written: %v", m, err)
			}
			return
		}
		p := new(media.PacketPool).Get()
		number, err := ParsePacket(body, p)
		if err != nil {
			return
		}
		// All but what is reserved comes back byte for byte.
		again := AppendPacket(nil, number, p)
		want := slices.Clone(in[:5+n])
		want[5+37] &= 0x3f
		want[5+43] = 0
		if !bytes.Equal(again, want) {
			t.Errorf("%x became %x", want, again)
		}
	})
}
