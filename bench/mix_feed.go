package main

import (
	"context"
	"slices"
	"time"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/mcu/video"
	"github.com/tutti-rtc/tutti/internal/media"
)

// sender takes packets as the link to the mixer does.
type sender interface {
	WritePacket(number uint32, p *media.Packet) bool
}

// feed is a track that is played to the mixer, over and over.
type feed struct {
	number   uint32
	interval time.Duration
	next     media.Time
	// play sends what is due at a time.
	play func(to sender, now media.Time)
	// restart makes the next picture a key frame; nil for sound.
	restart func()
}

// sharp is after how many frames a still picture has become sharp.
const sharp = 5 * clipFPS

// playClip returns the feed of a camera. Beyond its first seconds it sends so
// many pictures a second.
func playClip(number uint32, c *clip, fps int) *feed {
	z := video.NewPacketizer(media.VP8)
	var (
		at        int
		tl0       uint8
		seq       media.Seq
		timestamp media.Ticks
		payloads  []video.Payload
		rate      = clipFPS
	)
	f := &feed{number: number, interval: time.Second / clipFPS, restart: func() { at = 0 }}
	f.play = func(to sender, now media.Time) {
		payloads = z.Packetize(payloads[:0], &codec.Frame{Data: c.frames[at], KeyFrame: at == 0, TL0: tl0})
		for i := range payloads {
			f := &payloads[i]
			seq++
			to.WritePacket(number, &media.Packet{
				Arrival: now, Captured: now, Seq: seq, Timestamp: timestamp, Codec: media.VP8, Marker: f.FrameEnd,
				KeyFrame: f.KeyFrame, FrameStart: f.FrameStart, FrameEnd: f.FrameEnd, LayerSync: f.LayerSync,
				AudioLevel: media.NoLevel, Orientation: media.NoOrientation, Payload: f.Data,
			})
		}
		if at == sharp {
			rate = fps
			f.interval = time.Second / time.Duration(rate)
		}
		at = (at + 1) % len(c.frames)
		tl0++
		timestamp += media.Ticks(90000 / rate)
	}
	return f
}

// playVoice returns the feed of a microphone.
func playVoice(number uint32, v *voice) *feed {
	var (
		at        int
		seq       media.Seq
		timestamp media.Ticks
	)
	play := func(to sender, now media.Time) {
		to.WritePacket(number, &media.Packet{
			Arrival: now, Captured: now, Seq: seq, Timestamp: timestamp, Codec: media.Opus, Marker: seq == 0,
			KeyFrame: true, FrameStart: true, FrameEnd: true, LayerSync: true,
			AudioLevel: v.levels[at], Voice: v.levels[at] < 50, Orientation: media.NoOrientation, Payload: v.packets[at],
		})
		at = (at + 1) % len(v.packets)
		seq++
		timestamp += codec.FrameSamples
	}
	return &feed{number: number, interval: 20 * time.Millisecond, play: play}
}

// playAll plays feeds in real time until ctx ends, each a bit later than the one
// before, as people don't capture in step. restarts names those of which a key
// frame is wanted.
func playAll(ctx context.Context, clock media.Clock, to sender, feeds []*feed, restarts <-chan uint32) {
	start := clock.Now()
	for i, f := range feeds {
		f.next = start.Add(f.interval * time.Duration(i) / time.Duration(len(feeds)))
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		next := slices.MinFunc(feeds, func(a, b *feed) int { return int(a.next.Sub(b.next)) })
		timer.Reset(clock.Until(next.next))
		select {
		case <-timer.C:
			next.play(to, next.next)
			next.next = next.next.Add(next.interval)
		case number := <-restarts:
			for _, f := range feeds {
				if f.number == number && f.restart != nil {
					f.restart()
				}
			}
		case <-ctx.Done():
			return
		}
	}
}
