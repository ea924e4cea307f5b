package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/client"
	"github.com/tutti-rtc/tutti/client/mediafile"
)

// publishCommand sends files into a room.
type publishCommand struct {
	Files []string `arg:"" name:"file" help:"IVF (VP8, VP9, AV1), Ogg with Opus, or H.264 with start codes; - is the standard input. Each becomes a track."`

	URL    string  `default:"http://127.0.0.1:8080" placeholder:"URL" help:"The server's address."`
	Room   string  `required:"" help:"Room to join."`
	Name   string  `default:"publisher" help:"Name that others see."`
	Token  string  `env:"TUTTI_TOKEN" placeholder:"TOKEN" help:"Access token, where the server wants one."`
	Rate   float64 `default:"30" placeholder:"FPS" help:"Frames per second of H.264, whose files do not say it."`
	Direct bool    `help:"Send directly to the other one, where there are two in the room and they reach each other."`
	Once   bool    `help:"Stop at the end of the longest file. Without it all begin anew."`
}

// Run publishes until the files end, the room ends or ctx ends.
func (c *publishCommand) Run(ctx context.Context, t *terminal) error {
	var readers []*mediafile.Reader
	defer func() {
		for _, r := range readers {
			_ = r.Close()
		}
	}()
	for _, name := range c.Files {
		r, err := mediafile.Open(name, c.Rate)
		if err != nil {
			return err
		}
		readers = append(readers, r)
	}
	room, err := client.Join(ctx, c.URL, client.Options{Room: c.Room, Name: c.Name, Token: c.Token, Direct: c.Direct})
	if err != nil {
		return err
	}
	defer room.Close()
	var tracks []*fileTrack
	for i, r := range readers {
		track, err := c.publish(ctx, room, r)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Files[i], err)
		}
		tracks = append(tracks, track)
	}
	if err := room.Connected(ctx); err != nil {
		return fmt.Errorf("connect the media: %w", err)
	}
	fmt.Fprintf(t.log, "publishing %d tracks in room %q\n", len(tracks), c.Room)
	return c.play(ctx, room, tracks)
}

// fileTrack is a file on its way into a room.
type fileTrack struct {
	reader *mediafile.Reader
	track  *client.LocalTrack
	// wanted is set when a viewer needs a key frame, which a file can't make:
	// it goes on at its next one.
	wanted atomic.Bool
}

func (c *publishCommand) publish(ctx context.Context, room *client.Room, r *mediafile.Reader) (*fileTrack, error) {
	f := &fileTrack{reader: r}
	o := client.TrackOptions{Codec: r.Codec(), Origin: api.OriginCamera, KeyFrame: func(string) { f.wanted.Store(true) }}
	if r.Codec().Kind() == api.KindAudio {
		o.Origin = api.OriginMicrophone
	}
	o.Width, o.Height = r.Size()
	var err error
	f.track, err = room.Publish(ctx, o)
	return f, err
}

// play runs all tracks side by side and returns when all have ended, or one has
// failed, or the room or ctx has ended.
func (c *publishCommand) play(ctx context.Context, room *client.Room, tracks []*fileTrack) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, len(tracks))
	for _, f := range tracks {
		go func() { ended <- f.run(ctx, !c.Once) }()
	}
	for range tracks {
		select {
		case err := <-ended:
			if err != nil {
				return err
			}
		case <-room.Done():
			return room.Err()
		}
	}
	return nil
}

// keyFrameAfter is how long a file's key frame may be away before a request for
// one skips to it.
const keyFrameAfter = time.Second

// run sends the frames when they are due.
func (f *fileTrack) run(ctx context.Context, loop bool) error {
	due := time.Now()
	last := due // when the last key frame went out
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		skip := f.wanted.Swap(false) && due.Sub(last) > keyFrameAfter
		frame, err := f.next(loop, skip)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if frame.KeyFrame {
			last = due
		}
		timer.Reset(time.Until(due))
		select {
		case <-timer.C:
		case <-ctx.Done():
			return nil
		}
		if err := f.track.WriteSample(client.Sample{Data: frame.Data, Duration: frame.Duration}); err != nil {
			return err
		}
		due = due.Add(frame.Duration)
	}
}

// next returns the next frame, or the next key frame; after the last one the
// first.
func (f *fileTrack) next(loop, key bool) (mediafile.Frame, error) {
	for rewound := false; ; {
		frame, err := f.reader.Next()
		switch {
		case err == nil && (frame.KeyFrame || !key):
			return frame, nil
		case err == nil:
		case errors.Is(err, io.EOF) && loop && !rewound:
			if err := f.reader.Rewind(); err != nil {
				return frame, err
			}
			rewound = true
		default:
			return frame, err
		}
	}
}
