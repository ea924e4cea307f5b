package engine

import (
	"sync"
	"sync/atomic"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/mcu/link"
	"github.com/tutti-rtc/tutti/internal/mcu/text"
	"github.com/tutti-rtc/tutti/internal/media"
)

// Marks notes for the server which track's stream is being decoded, so that it
// knows which one has brought the process down.
type Marks interface {
	// Enter is called before a worker hands a track's bytes to a codec,
	// Leave after that. Workers are numbered from 0.
	Enter(worker int, track uint32)
	Leave(worker int)
}

// The workers that decode.
const (
	soundWorker = iota
	pictureWorker
)

// Link is the engine's end of the link to the server.
type Link interface {
	WritePacket(number uint32, p *media.Packet) bool
	Write(m link.Message) error
}

// Options are what an engine needs.
type Options struct {
	Clock  media.Clock
	Codecs codec.Codecs
	Marks  Marks
	// Faces draw names; nil draws none.
	Faces *text.Faces
}

// Engine mixes one room's program. See Run.
type Engine struct {
	link     Link          // constant
	opt      Options       // constant
	sound    *sound        // constant
	pictures *pictures     // constant
	done     chan struct{} // closed when the engine shall end

	sequence uint64 // of heartbeats; owned by the sound goroutine
	dropped  atomic.Uint64
}

// Run mixes what the server wants until the link ends, and returns why it did;
// nil if the server has closed it.
func Run(conn *link.Conn, o Options) error {
	e := newEngine(conn, o)
	var running sync.WaitGroup
	running.Go(e.runSound)
	running.Go(e.runPictures)
	err := conn.Serve(e)
	close(e.done)
	running.Wait()
	e.sound.close()
	e.pictures.close()
	return err
}

func newEngine(l Link, o Options) *Engine {
	e := &Engine{link: l, opt: o, done: make(chan struct{})}
	e.sound = newSound(e)
	e.pictures = newPictures(e)
	return e
}

// Message takes what the server wants (link.Handler).
func (e *Engine) Message(m link.Message) {
	switch m := m.(type) {
	case link.Program:
		e.sound.set(&m)
		e.pictures.set(&m)
	case link.KeyFrame:
		e.pictures.wantKeyFrame(m.Output)
	}
}

// Packet takes a member's packet (link.Handler).
func (e *Engine) Packet(number uint32, p *media.Packet) {
	now := e.opt.Clock.Now()
	if p.Codec.Kind() == media.Audio {
		e.sound.take(now, number, p)
		return
	}
	e.pictures.take(now, number, p)
}

// send hands a packet to the server, which drops what it can't take.
func (e *Engine) send(output uint32, p *media.Packet) {
	if !e.link.WritePacket(output, p) {
		e.dropped.Add(1)
	}
}

// heartbeat says that both loops turn.
func (e *Engine) heartbeat(s link.Stats) {
	e.sequence++
	s.Dropped = e.dropped.Load()
	_ = e.link.Write(link.Alive{Sequence: e.sequence, Stats: s}) // an ended link ends Run
}
