package video

import (
	"slices"
	"testing"

	"github.com/tutti-rtc/tutti/internal/media"
)

// all hands over the packets of frames as they were sent, but for those lost.
func (r *receiving) all(frames []*sent, lost ...*media.Packet) {
	for _, f := range frames {
		for _, p := range f.packets {
			if !slices.Contains(lost, p) {
				r.packet(max(r.now, f.captured), p)
			}
		}
	}
}

func TestLostPaddingCostsNothingWherePicturesAreNumbered(t *testing.T) {
	for _, c := range []media.Codec{media.VP8, media.VP9} {
		s, r := newSender(t, c, 1), newReceiving(t)
		frames := s.stream(5, 100)
		s.padding(frames[4])
		lost := frames[4].packets[len(frames[4].packets)-1]
		for range 5 {
			frames = append(frames, s.frame(false, 100))
		}
		r.all(frames, lost)
		r.until(r.now + 1000*ms)
		r.want(frames)
		if r.wanted != 1 || r.receiver.Stats().Lost != 1 {
			t.Errorf("%v: %d key frames were asked for", c, r.wanted)
		}
	}
}

func TestAPictureEndsWhereTheNextBeginsToo(t *testing.T) {
	for _, c := range videoCodecs {
		s, r := newSender(t, c, 1), newReceiving(t)
		frames := s.stream(10, 4000)
		for i, f := range frames {
			f.packets[len(f.packets)-1].Marker = i == len(frames)-1
		}
		r.all(frames)
		r.want(frames)
	}
}

func TestTheFirstPacketMayBeOvertaken(t *testing.T) {
	for _, c := range videoCodecs {
		s, r := newSender(t, c, 1), newReceiving(t)
		frames := []*sent{s.frame(true, 5000), s.frame(false, 100)}
		p := frames[0].packets
		p[0], p[1], p[2] = p[2], p[0], p[1]
		r.all(frames)
		r.want(frames)
	}
}

func TestAKeyFrameIsNotHeldUpByALossBeforeIt(t *testing.T) {
	for _, c := range videoCodecs {
		s, r := newSender(t, c, 1), newReceiving(t)
		frames := s.stream(3, 5000)
		missed := s.frame(false, 3000)
		key := s.frame(true, 5000)
		r.all(frames[1:]) // the receiver comes in the middle
		r.all([]*sent{missed}, missed.packets[0])
		r.all([]*sent{key})
		r.want([]*sent{key})
	}
}

func TestAnH264KeyFrameIsBegunWithItsParameterSets(t *testing.T) {
	unit := func(s *sender, seq media.Seq, marker bool, payload ...byte) *media.Packet {
		return &media.Packet{
			Codec: media.H264, Seq: seq, Timestamp: 90000, Captured: epoch, Marker: marker,
			Payload: payload, Orientation: media.NoOrientation,
		}
	}
	const code = "\x00\x00\x00\x01"
	s := newSender(t, media.H264, 1)
	delimiter, sps, pps := []byte{9, 0xF0}, []byte{0x67, 0x42, 0xC0, 0x1F}, []byte{0x68, 0xCE}
	slice, second := []byte{0x65, 0x88, 1}, []byte{0x65, 0x40, 2}
	whole := code + string(sps) + code + string(pps) + code + string(slice) + code + string(second)
	for _, test := range []struct {
		name  string
		order []int // of the five packets
		want  string
	}{
		{"in order", []int{0, 1, 2, 3, 4}, whole}, // the delimiter doesn't tell of a key frame
		{"the slices first", []int{3, 4, 0, 1, 2}, whole},
		{"without delimiter", []int{1, 2, 3, 4}, whole},
		{"without parameter sets", []int{3, 4}, ""},
	} {
		r := newReceiving(t)
		packets := []*media.Packet{
			unit(s, 10, false, delimiter...), unit(s, 11, false, sps...), unit(s, 12, false, pps...),
			unit(s, 13, false, slice...), unit(s, 14, true, second...),
		}
		for _, i := range test.order {
			r.packet(epoch, packets[i])
		}
		r.until(epoch + 1000*ms)
		out := ""
		for _, g := range r.got {
			if !g.KeyFrame {
				t.Errorf("%s: not a key frame", test.name)
			}
			out += string(g.Data)
		}
		if out != test.want {
			t.Errorf("%s: %x, want %x", test.name, out, test.want)
		}
	}
}

func TestTooManyPacketsBehindAGapMakeItStartOver(t *testing.T) {
	s, r := newSender(t, media.VP8, 1), newReceiving(t)
	frames := s.stream(2, 100)
	r.all(frames)
	// All within a moment, so that the gap is not given up.
	burst := []*sent{s.frame(false, 100), s.frame(false, windowSize*1174), s.frame(true, 5000), s.frame(false, 100)}
	for _, f := range burst {
		for _, p := range f.packets {
			if p != burst[0].packets[0] {
				r.packet(r.now, p)
			}
		}
	}
	r.until(r.now + 1000*ms)
	r.want(append(frames, burst[2:]...))
	if st := r.receiver.Stats(); st.Overflows != 1 || r.wanted != 1 {
		t.Errorf("%+v, %d key frames were asked for", st, r.wanted)
	}
}

func TestAFrameMayBeLargerThanTheWindow(t *testing.T) {
	s, r := newSender(t, media.H264, 1), newReceiving(t)
	frames := []*sent{s.frame(true, maxFrame-1000), s.frame(false, 100)}
	r.all(frames)
	r.want(frames)
	large := []*sent{s.frame(false, maxFrame+1000), s.frame(false, 100), s.frame(true, 100)}
	r.all(large)
	r.want(append(frames, large[2]))
}

func TestAPublisherMayCountAnew(t *testing.T) {
	s, r := newSender(t, media.VP8, 1), newReceiving(t)
	before := s.stream(10, 5000)
	r.all(before)
	s.seq -= 20000
	anew := []*sent{s.frame(true, 100)}
	for range 60 {
		anew = append(anew, s.frame(false, 100))
	}
	anew = append(anew, s.frame(true, 100), s.frame(false, 100))
	r.all(anew)
	r.want(append(before, anew[61:]...))
	if r.receiver.Stats().Late != farBehind-1 {
		t.Errorf("%+v", r.receiver.Stats())
	}
}

func TestTheCodecMayChangeAtAKeyFrame(t *testing.T) {
	for _, c := range videoCodecs {
		s, r := newSender(t, media.VP8, 1), newReceiving(t)
		if c == media.VP8 {
			s = newSender(t, media.H264, 1)
		}
		before := s.stream(5, 3000)
		next := newSender(t, c, 2)
		next.seq, next.frames = s.seq, s.frames
		stray := next.frame(false, 100)
		after := []*sent{next.frame(true, 3000), next.frame(false, 3000)}
		r.all(before)
		r.all([]*sent{stray})
		r.all(after)
		r.want(append(before, after...))
		if g := r.got[len(r.got)-1]; g.Codec != c {
			t.Errorf("the last frame is %v, want %v", g.Codec, c)
		}
	}
}

func TestAfterARestartOnlyAKeyFrameComes(t *testing.T) {
	s, r := newSender(t, media.VP8, 1), newReceiving(t)
	frames := s.stream(3, 3000)
	r.all(frames)
	r.receiver.Restart() // the decoder failed
	r.take()
	if r.wanted != 1 {
		t.Error("a second key frame was asked for within 500 ms")
	}
	skipped := []*sent{s.frame(false, 100), s.frame(false, 100)}
	half := s.frame(true, 3000)
	r.all(skipped)
	// A key frame that is coming already is the one.
	r.packet(half.captured, half.packets[0])
	r.receiver.Restart()
	for _, p := range half.packets[1:] {
		r.packet(half.captured, p)
	}
	r.want(append(frames, half))
	// One that is in hand, but was not taken yet, is not shown.
	late := s.frame(false, 100)
	for _, p := range late.packets {
		r.receiver.WritePacket(late.captured, p)
	}
	r.receiver.Restart()
	if _, ok := r.receiver.Next(late.captured); ok {
		t.Error("a frame came out that the decoder can't take")
	}
}

func TestAKeyFrameIsAskedForWhileOneIsNeeded(t *testing.T) {
	r := NewReceiver(Options{})
	if d := r.Deadline(); d.IsZero() || d.After(epoch) || !r.KeyFrameWanted(epoch) || r.KeyFrameWanted(epoch) {
		t.Fatal("the first key frame is to be asked for once, at once")
	}
	// While nothing comes, asking again is of no use.
	if d := r.Deadline(); !d.IsZero() || r.KeyFrameWanted(epoch+5000*ms) {
		t.Fatalf("due at %v though nothing came", d)
	}
	s := newSender(t, media.VP8, 1)
	for _, p := range s.frame(false, 100).packets {
		r.WritePacket(epoch+100*ms, p)
	}
	r.Next(epoch + 100*ms)
	if r.KeyFrameWanted(epoch + 499*ms) {
		t.Error("asked again too early")
	}
	r.Next(epoch + 300*ms) // the packets that may have been overtaken are given up
	if d := r.Deadline(); d != epoch+500*ms || !r.KeyFrameWanted(d) {
		t.Errorf("due at %v, want 500 ms", d-epoch)
	}
	key := s.frame(true, 100).packets[0]
	key.KeyFrame, key.FrameStart = true, true
	r.WritePacket(epoch+600*ms, key)
	if f, ok := r.Next(epoch + 600*ms); !ok || !f.KeyFrame || !r.Deadline().IsZero() || r.KeyFrameWanted(epoch+2000*ms) {
		t.Error("asked for more when the key frame was there")
	}
}

func TestTheOrientationStays(t *testing.T) {
	s, r := newSender(t, media.VP8, 1), newReceiving(t)
	frames := s.stream(4, 3000)
	last := frames[1].packets
	last[len(last)-1].Orientation = 3
	r.all(frames)
	for i, want := range []uint8{0, 3, 3, 3} {
		if got := r.got[i].Orientation; got != want {
			t.Errorf("frame %d: orientation %d, want %d", i, got, want)
		}
	}
}

func TestUpperSpatialLayersMayBeLeftOut(t *testing.T) {
	l := layeredStreams(t, 1)["VP9 by references"]
	r := newReceiving(t)
	r.receiver.Limit(media.Layer{Temporal: 7})
	for i := range 12 {
		f := l.next(i == 0 || i == 8)
		if i == 4 {
			r.receiver.Limit(media.Layer{Spatial: 1, Temporal: 7}) // from the next key frame on
		}
		if i < 8 {
			f.data = f.base
		}
		r.all([]*sent{f})
	}
	r.want(l.frames)
}

func TestWhatIsNoVideoIsRefused(t *testing.T) {
	r := NewReceiver(Options{})
	r.WritePacket(epoch, &media.Packet{Codec: media.Opus, Payload: []byte{1}})
	r.WritePacket(epoch, &media.Packet{Codec: media.VP8, Payload: make([]byte, maxStored+1)})
	if st := r.Stats(); st.Refused != 2 || r.started {
		t.Errorf("%+v", st)
	}
}

func TestAMalformedPayloadIsLikeALoss(t *testing.T) {
	s, r := newSender(t, media.H264, 1), newReceiving(t)
	frames := s.stream(3, 3000)
	r.all(frames)
	bad := s.frame(false, 3000)
	bad.packets[1].Payload[1] ^= 0x80 // a fragment that begins twice
	next := []*sent{s.frame(false, 100), s.frame(true, 100)}
	r.all(append([]*sent{bad}, next...))
	r.want(append(frames, next[1]))
}
