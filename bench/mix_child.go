package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/tutti-rtc/tutti/internal/mcu/link"
	"github.com/tutti-rtc/tutti/internal/mcu/proc"
	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	// programRate is what the composed picture is encoded with, in kbit/s.
	programRate = 1500
	// programOutput is the number of the picture's only rendition.
	programOutput = 1
)

// programSize is that of the composed picture.
var programSize = media.Dimensions{Width: 1280, Height: 720}

// mixFigures are what a mixer's process has done in a time.
type mixFigures struct {
	Seconds float64 `json:"seconds"`
	// CPU is the whole process's, in cores, the others what its parts took of
	// it.
	CPU     float64 `json:"cpu"`
	Decode  float64 `json:"decode"`
	Scale   float64 `json:"scale"`
	Compose float64 `json:"compose"`
	Encode  float64 `json:"encode"`
	Sound   float64 `json:"sound"`
	// Composed and Decoded are pictures in a second, Mixed frames of sound.
	Composed float64 `json:"composed_per_second"`
	Decoded  float64 `json:"decoded_per_second"`
	Mixed    float64 `json:"mixed_per_second"`
	// Rate is what came out as pictures, in bit/s.
	Rate float64 `json:"rate"`
	// Tiles are the sizes that the mixer would like to get.
	Tiles []media.Dimensions `json:"tiles,omitempty"`
}

// mixer is a tutti mixer on the first core, with this process in the server's
// place.
type mixer struct {
	clock    media.Clock
	program  link.Program
	feeds    []*feed
	restarts chan uint32
	ended    chan error // what has brought the process down
	alive    chan beat  // of capacity 1: the latest

	mu    sync.Mutex
	bytes int // guarded by mu; of pictures
	tiles []media.Dimensions
	stop  func() // guarded by mu; ends what Up has begun
}

// beat is a heartbeat and when it came.
type beat struct {
	link.Stats
	at    media.Time
	bytes int
}

// measureMixer runs a mixer with a program and what is fed to it. What it does in
// the time until it has settled does not count.
func measureMixer(ctx context.Context, o *options, program link.Program, feeds []*feed, settle time.Duration) (mixFigures, error) {
	m := &mixer{
		clock: media.NewClock(), program: program, feeds: feeds,
		restarts: make(chan uint32, 64), ended: make(chan error, 1), alive: make(chan beat, 1),
	}
	command, err := mixerCommand(o.program)
	if err != nil {
		return mixFigures{}, err
	}
	child, err := proc.Start(proc.Options{Command: command, Patience: 5 * time.Second}, m)
	if err != nil {
		return mixFigures{}, err
	}
	figures, err := m.measure(ctx, settle, o.duration)
	err = errors.Join(err, child.Close())
	m.end()
	return figures, err
}

func mixerCommand(program string) ([]string, error) {
	self, err := filepath.Abs(program)
	if err != nil || runtime.NumCPU() == 1 {
		return []string{self, "mixer"}, err
	}
	taskset, err := exec.LookPath("taskset")
	return []string{taskset, "-c", "0", self, "mixer"}, err
}

// measure compares two heartbeats after the mixer has settled.
func (m *mixer) measure(ctx context.Context, settle, d time.Duration) (mixFigures, error) {
	var began bool
	var begin media.Time
	var first, last beat
	for {
		select {
		case b := <-m.alive:
			switch {
			case begin.IsZero():
				begin = b.at.Add(settle)
			case !began && !b.at.Before(begin):
				first, began = b, true
			}
			last = b
		case err := <-m.ended:
			return mixFigures{}, err
		case <-ctx.Done():
			return mixFigures{}, context.Cause(ctx)
		case <-time.After(20 * time.Second):
			return mixFigures{}, errors.New("the mixer does not say that it is alive")
		}
		if began && last.at.Sub(first.at) >= d {
			return m.figures(first, last), nil
		}
	}
}

func (m *mixer) figures(a, b beat) mixFigures {
	seconds := b.at.Sub(a.at).Seconds()
	share := func(from, to time.Duration) float64 { return (to - from).Seconds() / seconds }
	rate := func(from, to uint64) float64 { return float64(to-from) / seconds }
	m.mu.Lock()
	defer m.mu.Unlock()
	return mixFigures{
		Seconds: seconds, CPU: share(a.CPU, b.CPU), Decode: share(a.Decode, b.Decode), Scale: share(a.Scale, b.Scale),
		Compose: share(a.Compose, b.Compose), Encode: share(a.Encode, b.Encode), Sound: share(a.Sound, b.Sound),
		Composed: rate(a.Composed, b.Composed), Decoded: rate(a.Decoded, b.Decoded), Mixed: rate(a.Mixed, b.Mixed),
		Rate: 8 * float64(b.bytes-a.bytes) / seconds, Tiles: m.tiles,
	}
}

// Up begins to feed a process (proc.Handler).
func (m *mixer) Up(conn *link.Conn, _ link.Ready) {
	if err := conn.Write(m.program); err != nil {
		m.fail(err)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	var playing sync.WaitGroup
	playing.Go(func() { playAll(ctx, m.clock, conn, m.feeds, m.restarts) })
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stop = func() { cancel(); playing.Wait() }
}

// Down notes that the process has died (proc.Handler).
func (m *mixer) Down(cause error, _ []uint32) {
	m.end()
	m.fail(fmt.Errorf("the mixer died: %w", cause))
}

func (m *mixer) fail(err error) {
	select {
	case m.ended <- err:
	default:
	}
}

// end stops feeding.
func (m *mixer) end() {
	m.mu.Lock()
	stop := m.stop
	m.stop = nil
	m.mu.Unlock()
	if stop != nil {
		stop()
	}
}

// Packet counts what the mixer has made (link.Handler).
func (m *mixer) Packet(number uint32, p *media.Packet) {
	if number == programOutput {
		m.mu.Lock()
		m.bytes += len(p.Payload)
		m.mu.Unlock()
	}
}

// Message takes what the mixer says (link.Handler).
func (m *mixer) Message(message link.Message) {
	switch message := message.(type) {
	case link.Alive:
		m.mu.Lock()
		b := beat{Stats: message.Stats, at: m.clock.Now(), bytes: m.bytes}
		m.mu.Unlock()
		select { // the one before is of no use any more
		case <-m.alive:
		default:
		}
		m.alive <- b
	case link.Wants:
		m.mu.Lock()
		m.tiles = m.tiles[:0:0]
		for _, w := range message.Tracks {
			m.tiles = append(m.tiles, media.Dimensions{Width: w.Width, Height: w.Height})
		}
		m.mu.Unlock()
	case link.KeyFrameWanted:
		select {
		case m.restarts <- message.Number:
		default: // it is asked for again
		}
	case link.Failed:
		m.fail(fmt.Errorf("the mixer gives track %d up: %s", message.Number, message.Text))
	}
}
