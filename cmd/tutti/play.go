package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"sync"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/client"
	"github.com/tutti-rtc/tutti/client/mediafile"
)

// playCommand saves what a room sends to files.
type playCommand struct {
	URL      string        `default:"http://127.0.0.1:8080" placeholder:"URL" help:"The server's address."`
	Room     string        `required:"" help:"Room to join."`
	Name     string        `default:"player" help:"Name that others see."`
	Token    string        `env:"TUTTI_TOKEN" placeholder:"TOKEN" help:"Access token, where the server wants one."`
	Dir      string        `default:"." type:"path" placeholder:"DIR" help:"Folder for the files: IVF, Ogg or H.264 with start codes, named after slot and track."`
	Videos   int           `default:"4" help:"Videos that are received at once."`
	Voices   int           `default:"3" help:"Voices that are received at once, the loudest first."`
	Duration time.Duration `placeholder:"TIME" help:"Stop after this time. Without it, when the room ends or on interrupt."`
}

// Run saves until the duration is over, the room ends or ctx ends.
func (c *playCommand) Run(ctx context.Context, t *terminal) error {
	if c.Duration > 0 {
		bounded, cancel := context.WithTimeout(ctx, c.Duration)
		defer cancel()
		ctx = bounded
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return err
	}
	p := &player{dir: c.Dir, terminal: t}
	room, err := client.Join(ctx, c.URL, client.Options{
		Room: c.Room, Name: c.Name, Token: c.Token,
		AudioSlots: c.Voices, VideoSlots: c.Videos, AutoView: true,
		Handlers: client.Handlers{Track: p.track},
	})
	if err != nil {
		return err
	}
	select {
	case <-room.Done():
		err = room.Err()
	case <-ctx.Done():
	}
	room.Close()
	p.saving.Wait()
	return errors.Join(err, p.err)
}

// player saves the tracks of a room, each from a goroutine of its own.
type player struct {
	dir    string
	saving sync.WaitGroup

	mu       sync.Mutex // guards the following until saving is over
	terminal *terminal
	err      error
}

// track is the handler of new tracks.
func (p *player) track(t *client.RemoteTrack) {
	p.saving.Go(func() {
		if err := p.save(t); err != nil {
			p.mu.Lock()
			p.err = errors.Join(p.err, err)
			p.mu.Unlock()
		}
	})
}

// save writes what a slot receives. A new file is begun when another track
// comes into it, or the same with another codec.
func (p *player) save(t *client.RemoteTrack) error {
	var file *mediafile.Writer
	var name, subject string
	finish := func() error {
		if file == nil {
			return nil
		}
		err := file.Close()
		p.mu.Lock()
		fmt.Fprintf(p.terminal.log, "saved %s, %d packets were lost\n", name, file.Missing())
		p.mu.Unlock()
		file = nil
		return err
	}
	for files := 1; ; {
		packet, _, err := t.ReadRTP()
		if err != nil {
			return finish() // the connection has ended
		}
		codec := client.Codec(path.Base(t.Codec().MimeType))
		if now := p.subject(t, codec); file == nil || now != subject {
			if err := finish(); err != nil {
				return err
			}
			track, _ := t.Track()
			subject = now
			name = filepath.Join(p.dir, fmt.Sprintf("slot-%s-%d-%s", t.Slot(), files, subject))
			if file, err = mediafile.Create(name, codec, track.Width, track.Height); err != nil {
				return err
			}
			files++
			_ = t.RequestKeyFrame() // the connection may have ended: ReadRTP says so
		}
		complete, err := file.WriteRTP(packet)
		if err != nil {
			return errors.Join(err, finish())
		}
		if !complete {
			_ = t.RequestKeyFrame()
		}
	}
}

// subject names what is in a slot. An audio slot, which the server fills with
// who is heard, is one subject.
func (p *player) subject(t *client.RemoteTrack, codec client.Codec) string {
	if codec.Kind() == api.KindAudio {
		return "voices" + mediafile.Extension(codec)
	}
	return t.State().Track + mediafile.Extension(codec)
}
