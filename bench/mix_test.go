package main

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/internal/mcu/picture"
	"github.com/tutti-rtc/tutti/internal/media"
)

// played is a sender that keeps what it is given.
type played []*media.Packet

func (p *played) WritePacket(_ uint32, packet *media.Packet) bool {
	packet.Payload = slices.Clone(packet.Payload)
	*p = append(*p, packet)
	return true
}

func TestAClipIsPlayedOverAndOver(t *testing.T) {
	f := playClip(7, &clip{frames: [][]byte{make([]byte, 3000), make([]byte, 100)}}, 30)
	var got played
	for range 4 {
		f.play(&got, 0)
	}
	var keys, ends int
	for i, p := range got {
		if p.Seq != media.Seq(i+1) {
			t.Errorf("packet %d has the number %d", i, p.Seq)
		}
		if p.KeyFrame && p.FrameStart {
			keys++
		}
		if p.FrameEnd {
			ends++
			if want := media.Ticks(3000 * (ends - 1)); p.Timestamp != want {
				t.Errorf("frame %d is of %d, want %d", ends, p.Timestamp, want)
			}
		}
	}
	if keys != 2 || ends != 4 || len(got) != 8 {
		t.Errorf("%d packets, %d frames and %d key frames, want 8, 4 and 2", len(got), ends, keys)
	}
	f.restart()
	if f.play(&got, 0); !got[len(got)-1].KeyFrame {
		t.Error("no key frame after the restart")
	}
}

func TestFeedsArePlayedInTurn(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var order []uint32
	feeds := []*feed{{number: 1, interval: time.Millisecond}, {number: 2, interval: 2 * time.Millisecond}}
	for _, f := range feeds {
		f.play = func(sender, media.Time) {
			if order = append(order, f.number); len(order) == 6 {
				cancel()
			}
		}
	}
	playAll(ctx, media.NewClock(), nil, feeds, nil)
	order = order[:6] // it may play one more before it looks at ctx
	// Those of 2 begin half an interval later, at 1, 3 and so on.
	if counts := strings.Count(string(runes(order)), "1"); counts != 4 {
		t.Errorf("the order is %v, want two of the first for each of the second", order)
	}
}

func runes(numbers []uint32) (r []rune) {
	for _, n := range numbers {
		r = append(r, rune('0'+n))
	}
	return r
}

// echo is a decoder that shows gray of the frame's first byte.
type echo struct{}

func (echo) Decode(frame []byte) (*picture.Picture, error) {
	p := picture.New(32, 16)
	p.Fill(frame[0], 128, 128)
	return p, nil
}

func (echo) Close() {}

func TestAPictureThatWasLeftOutIsJudgedByTheOneBefore(t *testing.T) {
	j := &judge{decoder: echo{}}
	p := picture.New(32, 16)
	p.Fill(100, 128, 128)
	if err := j.take(p, nil); err == nil {
		t.Fatal("the first picture may be left out")
	}
	for _, frame := range [][]byte{{100}, {110}, nil} {
		if err := j.take(p, frame); err != nil {
			t.Fatal(err)
		}
	}
	q := j.verdict(time.Second)
	if want := 10 * math.Log10(255*255/(200./3)); math.Abs(q.PSNR-want) > 0.01 || q.Frames != 2 {
		t.Errorf("%.2f dB over %.0f frames, want %.2f over 2", q.PSNR, q.Frames, want)
	}
}

func TestOfThreeTheMiddleOneCounts(t *testing.T) {
	by := func(x float64) float64 { return x }
	if got := middle([]float64{3, 1, 2}, by); *got != 2 {
		t.Errorf("it is %v, want 2", *got)
	}
	if middle(nil, by) != nil {
		t.Error("there is one of none")
	}
}

func TestAMixerThatDoesNotKeepUpMeetsNoTarget(t *testing.T) {
	report := func(composed float64) *mixReport {
		return &mixReport{Pictures: []pictureFigures{{
			mixCase: mixCases[0], Tutti: &mixFigures{CPU: 0.3, Decode: 0.1, Composed: composed}, FFmpeg: &ffmpegFigures{CPU: 0.6, Decode: 0.2},
		}}}
	}
	for _, x := range targets(report(30)) {
		if !x.Met {
			t.Errorf("%s is missed with %v of %v", x.Name, x.Value, x.Limit)
		}
	}
	if list := targets(report(20)); len(list) != 1 || list[0].Met {
		t.Errorf("the targets are %v, want a miss alone", list)
	}
}

func TestEveryTileHasItsPlace(t *testing.T) {
	graph := stackArguments([]string{"a", "b", "c", "d", "e"}, false)
	text := strings.Join(graph, " ")
	for _, want := range []string{"[0]scale=426:240", "[1]scale=426:240", "[2]scale=428:240", "layout=0_0|426_0|852_0|0_240|426_240"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %q", want, text)
		}
	}
}

func TestTheLoudestSoundIsAtZero(t *testing.T) {
	for want, amplitude := range map[uint8]float32{0: 1, 20: 0.1, 127: 0} {
		if got := level([]float32{amplitude, -amplitude}); got != want {
			t.Errorf("an amplitude of %v is at %d, want %d", amplitude, got, want)
		}
	}
}
