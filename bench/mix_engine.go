package main

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/mcu/engine"
	"github.com/tutti-rtc/tutti/internal/mcu/link"
	"github.com/tutti-rtc/tutti/internal/mcu/picture"
	"github.com/tutti-rtc/tutti/internal/mcu/text"
	"github.com/tutti-rtc/tutti/internal/media"
)

// judgeEngine runs the mixer's engine in this process, in real time, and compares
// what it composes with what it makes of that: which parts have changed, how long
// pictures really took, and all.
func judgeEngine(ctx context.Context, codecs codec.Codecs, program link.Program, feeds []*feed) (quality, error) {
	w := &witness{Codecs: codecs}
	near, far := net.Pipe()
	server, mixer := link.NewConn(near, link.Options{}), link.NewConn(far, link.Options{})
	ctx, cancel := context.WithTimeout(ctx, settleTime+clipSeconds*time.Second)
	defer cancel()
	clock := media.NewClock()
	var running sync.WaitGroup
	var err error
	running.Go(func() {
		err = engine.Run(mixer, engine.Options{Clock: clock, Codecs: w, Marks: unmarked{}, Faces: text.NewFaces()})
	})
	running.Go(func() { _ = server.Serve(deaf{}) }) // it ends as it was closed
	failed := server.Write(program)
	playAll(ctx, clock, server, feeds, nil)
	failed = errors.Join(failed, server.Close())
	_ = mixer.Close() // the other end has closed it
	running.Wait()
	if err = errors.Join(failed, err, w.failed); err != nil {
		return quality{}, err
	}
	if w.judge == nil {
		return quality{}, errors.New("the engine has made no encoder")
	}
	return w.judge.verdict(w.now.Sub(w.began)), nil
}

// unmarked are engine.Marks for nobody.
type unmarked struct{}

func (unmarked) Enter(int, uint32) {}
func (unmarked) Leave(int)         {}

// deaf takes what the mixer makes and does nothing with it.
type deaf struct{}

func (deaf) Packet(uint32, *media.Packet) {}
func (deaf) Message(link.Message)         {}

// witness are codecs whose encoder is watched.
type witness struct {
	codec.Codecs

	judge      *judge
	began, now media.Time
	failed     error
}

// NewVideoEncoder makes the encoder that is watched (codec.Codecs).
func (w *witness) NewVideoEncoder(c media.Codec, o codec.VideoOptions) (codec.VideoEncoder, error) {
	e, err := w.Codecs.NewVideoEncoder(c, o)
	if err != nil {
		return nil, err
	}
	w.judge, err = newJudge(w.Codecs)
	return &watched{e, w}, err
}

// watched is an encoder whose frames are judged once the mixer has settled.
type watched struct {
	codec.VideoEncoder
	witness *witness
}

// Encode encodes a picture (codec.VideoEncoder).
func (e *watched) Encode(p *picture.Picture, o codec.EncodeOptions) (*codec.Frame, error) {
	f, err := e.VideoEncoder.Encode(p, o)
	if err != nil {
		return f, err
	}
	w := e.witness
	w.now = media.Time(o.Timestamp) * media.Time(time.Second) / 90000
	if w.began.IsZero() {
		w.began = w.now.Add(settleTime)
	}
	var data []byte
	if f != nil {
		data = f.Data
	}
	w.judge.idle = w.now.Before(w.began)
	w.failed = errors.Join(w.failed, w.judge.take(p, data))
	return f, nil
}
