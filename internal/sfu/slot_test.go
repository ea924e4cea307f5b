package sfu

import (
	"slices"
	"strings"
	"testing"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer"
	"github.com/tutti-rtc/tutti/internal/wire"
)

// inSlot runs f on the loop of a client that has a single slot with these
// formats (rtpmap lines by payload type), which shows a track of the kind.
func inSlot(t *testing.T, kind media.Kind, formats map[string]string, f func(now media.Time, s *Slot)) {
	t.Helper()
	server, err := peer.Listen(peer.Options{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	r := NewRouter(server)
	defer r.Close()
	e, err := r.Attach("viewer", func(Notice) {})
	if err != nil {
		t.Fatal(err)
	}
	var types, lines []string
	for pt, format := range formats {
		types, lines = append(types, pt), append(lines, "a=rtpmap:"+pt+" "+format+"\r\n")
		if format == "red/48000/2" {
			lines = append(lines, "a=fmtp:"+pt+" 111/111\r\n")
		}
		if format == "H264/90000" {
			lines = append(lines, "a=fmtp:"+pt+" packetization-mode=1;profile-level-id=42e01f\r\n")
		}
	}
	offer := "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n" +
		"m=" + kind.String() + " 9 UDP/TLS/RTP/SAVPF " + strings.Join(types, " ") + "\r\nc=IN IP4 0.0.0.0\r\n" +
		"a=mid:0\r\na=recvonly\r\na=rtcp-mux\r\na=setup:actpass\r\na=ice-ufrag:anna\r\na=ice-pwd:0123456789012345678901\r\n" +
		"a=fingerprint:sha-256 " + strings.Repeat("00:", 31) + "00\r\n" +
		"a=extmap:6 https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension\r\n" + strings.Join(lines, "")
	if _, err := e.Negotiate(offer); err != nil {
		t.Fatal(err)
	}
	track := newTrack(r, e, media.TrackInfo{ID: "track", Kind: kind})
	e.conn.loop.Do(func(now media.Time) {
		s := e.conn.slots[0]
		s.show(now, track, track.id, media.Dimensions{})
		f(now, s)
	})
}

// passes hands a packet to the slot as if its stream were the one that flows,
// beginning with it if begin is set, and returns what would be sent.
func (s *Slot) passes(t *testing.T, now media.Time, p *media.Packet, begin bool) *peer.Outgoing {
	t.Helper()
	src := s.track.source(p.Layer.Stream)
	if begin {
		if !s.take(p) {
			t.Fatalf("the client takes no %v", p.Codec)
		}
		s.munger.Switch(src)
		if s.pictures != nil {
			s.pictures.Switch(src)
		}
		s.current, s.source = int8(p.Layer.Stream), src
	}
	f := &fan{track: s.track}
	f.parse([]*media.Packet{p})
	s.forward(now, p, &f.parsed[0], f)
	if len(f.out) == 0 {
		return nil
	}
	return &f.out[0]
}

func TestEveryCodecsPicturesAreOneRowOfNumbers(t *testing.T) {
	vp8 := func(n uint16) *media.Packet {
		return &media.Packet{Codec: media.VP8, Payload: []byte{0x90, 0xe0, 0x80 | byte(n>>8), byte(n), byte(n), 0x20, 0x01, 'x'}}
	}
	vp9 := func(n uint16) *media.Packet {
		return &media.Packet{Codec: media.VP9, Payload: []byte{0x80 | 0x20 | 0x08 | 0x04, 0x80 | byte(n>>8), byte(n), 0, byte(n), 'x'}}
	}
	descriptor := func(c media.Codec, payload string) func(n uint16) *media.Packet {
		return func(n uint16) *media.Packet {
			return &media.Packet{Codec: c, Payload: []byte(payload), Dependency: []byte{0xc0, byte(n >> 8), byte(n)}}
		}
	}
	for _, c := range []struct {
		codec  media.Codec
		packet func(n uint16) *media.Packet
		number func(t *testing.T, o *peer.Outgoing) uint16
	}{
		{media.VP8, vp8, func(t *testing.T, o *peer.Outgoing) uint16 {
			var d wire.VP8Descriptor
			if err := wire.ParseVP8(slices.Concat(o.Descriptor, o.Payload), &d); err != nil {
				t.Fatal(err)
			}
			return d.PictureID
		}},
		{media.VP9, vp9, func(t *testing.T, o *peer.Outgoing) uint16 {
			var d wire.VP9Descriptor
			if err := wire.ParseVP9(slices.Concat(o.Descriptor, o.Payload), &d); err != nil {
				t.Fatal(err)
			}
			return d.PictureID
		}},
		{media.AV1, descriptor(media.AV1, "\x10\x32x"), func(_ *testing.T, o *peer.Outgoing) uint16 { return wire.FrameNumber(o.Dependency) }},
		{media.H264, descriptor(media.H264, "\x65x"), func(_ *testing.T, o *peer.Outgoing) uint16 { return wire.FrameNumber(o.Dependency) }},
	} {
		t.Run(c.codec.String(), func(t *testing.T) {
			inSlot(t, media.Video, map[string]string{"96": c.codec.String() + "/90000"}, func(now media.Time, s *Slot) {
				var numbers, seqs []uint16
				// Two streams of different counts; the second takes over, loses
				// nothing, and a frame has two packets.
				for i, in := range []struct {
					stream uint8
					seq    media.Seq
					n      uint16
				}{{0, 70000, 500}, {0, 70001, 500}, {0, 70002, 501}, {1, 90000, 77}, {1, 90001, 78}, {1, 90002, 79}} {
					p := c.packet(in.n)
					p.Seq, p.Timestamp, p.Layer.Stream = in.seq, media.Ticks(in.n)*3000+1<<32, in.stream
					o := s.passes(t, now, p, i == 0 || i == 3)
					if o == nil {
						t.Fatalf("packet %d does not pass", i)
					}
					if o.PayloadType != 96 || !strings.HasSuffix(string(o.Payload), "x") {
						t.Errorf("packet %d is sent as %+v", i, o)
					}
					numbers, seqs = append(numbers, c.number(t, o)), append(seqs, o.Seq)
				}
				for i, step := range []uint16{0, 0, 1, 2, 3, 4} {
					if numbers[i]-numbers[0] != step || seqs[i]-seqs[0] != uint16(i) {
						t.Fatalf("pictures are numbered %v in packets %v", numbers, seqs)
					}
				}
			})
		})
	}
}

func TestRedundantAudioGoesToThoseWhoTakeIt(t *testing.T) {
	red := func(primary byte) *media.Packet {
		return &media.Packet{Codec: media.RED, Seq: 70000, AudioLevel: 30, Payload: append([]byte{0x80 | primary, 0, 0, 3, primary}, "oldnew"...)}
	}
	for _, c := range []struct {
		what    string
		formats map[string]string
		packet  *media.Packet
		pt      uint8
		payload string
	}{
		{"a client with RED gets it as it is", map[string]string{"111": "opus/48000/2", "63": "red/48000/2"}, red(111), 63, string(red(111).Payload)},
		{"one without gets the newest alone", map[string]string{"111": "opus/48000/2"}, red(111), 111, "new"},
		{"and so does one to whom the blocks would name another codec", map[string]string{"111": "opus/48000/2", "63": "red/48000/2"}, red(109), 111, "new"},
		{"plain Opus goes to all", map[string]string{"109": "opus/48000/2"}, &media.Packet{Codec: media.Opus, Seq: 70000, Payload: []byte("opus")}, 109, "opus"},
	} {
		inSlot(t, media.Audio, c.formats, func(now media.Time, s *Slot) {
			o := s.passes(t, now, c.packet, true)
			if o == nil || o.PayloadType != c.pt || string(o.Payload) != c.payload {
				t.Errorf("%s: %+v is sent", c.what, o)
			}
			// The publisher may turn to the other at any packet.
			next := &media.Packet{Codec: media.Opus, Seq: 70001, Timestamp: 960, Payload: []byte("plain")}
			if again := s.passes(t, now, next, false); again == nil || string(again.Payload) != "plain" || again.Seq != o.Seq+1 {
				t.Errorf("%s: then %+v is sent", c.what, again)
			}
		})
	}
}

func TestWhatIsNoPictureLeavesNoGap(t *testing.T) {
	inSlot(t, media.Video, map[string]string{"96": "VP8/90000"}, func(now media.Time, s *Slot) {
		packet := func(seq media.Seq, payload ...byte) *media.Packet {
			return &media.Packet{Codec: media.VP8, Seq: seq, Timestamp: 1<<32 + 3000*media.Ticks(seq), Payload: payload}
		}
		first := s.passes(t, now, packet(70000, 0x10, 0x00, 'x'), true)
		// Padding alone, and a payload that can't be read.
		if o := s.passes(t, now, packet(70001), false); o != nil {
			t.Errorf("padding is sent on: %+v", o)
		}
		if o := s.passes(t, now, packet(70002, 0x90, 0x80), false); o != nil {
			t.Errorf("a broken payload is sent on: %+v", o)
		}
		next := s.passes(t, now, packet(70003, 0x10, 0x01, 'x'), false)
		if next == nil || next.Seq != first.Seq+1 {
			t.Errorf("%+v follows %+v", next, first)
		}
		// One that comes a second time is sent once.
		if o := s.passes(t, now, packet(70003, 0x10, 0x01, 'x'), false); o != nil {
			t.Errorf("a packet is sent twice: %+v", o)
		}
	})
}

func TestASlotWithoutTheCodecSaysSo(t *testing.T) {
	inSlot(t, media.Video, map[string]string{"96": "VP8/90000"}, func(now media.Time, s *Slot) {
		p := &media.Packet{Codec: media.AV1, KeyFrame: true, FrameStart: true, Payload: []byte{0x10}}
		if s.take(p) {
			t.Error("AV1 is sent to a client without it")
		}
		s.setStatus(api.SlotUnsupported)
		if st := s.state(); st.Status != api.SlotUnsupported || st.Track != "track" {
			t.Errorf("the client is told %+v", st)
		}
	})
}

func TestTheRingKeepsTheNewest(t *testing.T) {
	var pool media.PacketPool
	r := newRing(8)
	put := func(s media.Seq) {
		p := pool.Get()
		p.Seq = s
		r.put(p)
		p.Release()
	}
	for s := range media.Seq(20) {
		put(100 + s)
	}
	put(119) // again
	put(105) // so late that its place is taken
	for s := media.Seq(95); s < 125; s++ {
		p, ok := r.get(s)
		if want := s >= 112 && s < 120; ok != want {
			t.Errorf("packet %d is kept: %v", s, ok)
		}
		if ok {
			if p.Seq != s {
				t.Errorf("packet %d is given for %d", p.Seq, s)
			}
			p.Release()
		}
	}
	if n := pool.Lent(); n != 8 {
		t.Errorf("%d packets are held, want 8", n)
	}
	r.clear()
	if n := pool.Lent(); n != 0 {
		t.Errorf("%d packets are held by an empty ring", n)
	}
	if _, ok := r.get(119); ok {
		t.Error("an empty ring gives something")
	}
}

func TestARefusalIsSaidInTheProtocolsWords(t *testing.T) {
	for err, want := range map[error]api.Code{
		peer.ErrFull: api.CodeFull, peer.ErrClosed: api.CodeDraining, peer.ErrEnded: api.CodeNotFound, errTest{}: api.CodeInternal,
	} {
		if e := refusal(err); e.Code != want || e.Text == "" {
			t.Errorf("%v is told as %+v, want %s", err, e, want)
		}
	}
}

// errTest is an error that nobody expects.
type errTest struct{}

func (errTest) Error() string { return "the moon is full" }
