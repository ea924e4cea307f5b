package mcu

import (
	"log/slog"
	"sync"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/mcu/link"
	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	// linger is how long a process waits for somebody to want it again.
	linger = 3 * time.Second
	// reviewInterval is how often publishers' streams are chosen anew.
	reviewInterval = 500 * time.Millisecond
	// downTolerance is how long a process may be down until the program
	// counts as failed: members go back to the others' tracks then.
	downTolerance = 5 * time.Second
	// retryInterval is how long to wait where no process could be begun:
	// others may have ended theirs by then.
	retryInterval = 10 * time.Second
	// maxNews is how many messages of the process may wait for the loop; its
	// reader waits with those beyond.
	maxNews = 64
)

// Options are what a Program needs.
type Options struct {
	Clock media.Clock
	// Start begins a process. Its error says, for people, why this server
	// can't mix.
	Start func(h ProcessHandler) (Process, error)
	// Notify is told how the program fares, from the Program's goroutine; it
	// must not block.
	Notify func(api.Program)
	// Log takes what an operator should know; nil discards it.
	Log *slog.Logger
}

// Program makes one room's program as the room wishes. Its loop is the one
// goroutine that decides; it ends with Close.
type Program struct {
	// Constant.
	router Router
	opt    Options
	news   chan func(now media.Time)
	wake   chan struct{} // of capacity 1; receives when a wish came
	ended  chan struct{} // closed by Close
	done   chan struct{} // closed when the loop has ended
	close  sync.Once

	mu      sync.Mutex
	pending *Wish // guarded by mu; the latest, not taken yet
	fresh   bool  // guarded by mu; pending is news
	retell  bool  // guarded by mu; who listens has forgotten how the program fares

	// Owned by the loop.
	wish    *Wish      // nil: nobody wants the program
	mix     *mix       // nil: nothing is mixed
	idle    media.Time // when the mix was needed last, while it is not
	state   api.Program
	forward [2]media.TrackID // video and audio that are passed on
	refusal error            // why a process could not be begun last time; nil if it could
	retry   media.Time       // when to try again; zero: at once
}

// New returns the program of a room; nothing is made until Set wants it.
func New(r Router, o Options) *Program {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	p := &Program{
		router: r, opt: o, news: make(chan func(media.Time), maxNews), wake: make(chan struct{}, 1),
		ended: make(chan struct{}), done: make(chan struct{}), state: api.Program{State: api.ProgramOff},
	}
	go p.loop()
	return p
}

// Set says what the program shall be; it replaces what was said before, and nil
// ends it: after that, how it fares is told from the beginning. w must not be
// changed afterwards. It does not wait.
func (p *Program) Set(w *Wish) {
	p.mu.Lock()
	p.pending, p.fresh = w, true
	p.retell = p.retell || w == nil
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// Close ends the program and its process, and waits for both. It is idempotent.
func (p *Program) Close() {
	p.close.Do(func() { close(p.ended) })
	<-p.done
}

// loop is the program's life.
func (p *Program) loop() {
	defer close(p.done)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		var news func(media.Time)
		select {
		case news = <-p.news:
		case <-p.wake:
		case <-timer.C:
		case <-p.ended:
			p.setMix(nil)
			return
		}
		now := p.opt.Clock.Now()
		if news != nil {
			news(now)
		}
		p.mu.Lock()
		w, fresh, retell := p.pending, p.fresh, p.retell
		p.pending, p.fresh, p.retell = nil, false, false
		p.mu.Unlock()
		if fresh {
			p.wish = w
		}
		if retell {
			p.state = api.Program{}
		}
		timer.Reset(p.settle(now))
	}
}

// settle draws the conclusions from what has changed, and returns when to look
// again.
func (p *Program) settle(now media.Time) time.Duration {
	next := time.Hour
	switch video, audio, sole := p.soleTracks(); {
	case p.wish == nil || len(p.wish.Viewers) == 0:
		p.offer("", "")
		next = p.rest(now)
		p.report(api.Program{State: api.ProgramOff})
	case sole:
		p.offer(video, audio)
		next = p.rest(now)
		size := p.wish.sizeOf(video)
		p.report(api.Program{State: api.ProgramForwarding, Width: size.Width, Height: size.Height})
	default:
		next = p.mixing(now)
	}
	return next
}

func (p *Program) soleTracks() (video, audio media.TrackID, ok bool) {
	if p.wish == nil {
		return "", "", false
	}
	return p.wish.sole()
}

// mixing keeps the mix going, begins it if need be, and offers it once it flows.
func (p *Program) mixing(now media.Time) time.Duration {
	p.idle = 0
	if p.mix == nil {
		if !now.Before(p.retry) {
			p.mix, p.refusal = newMix(p, now)
			p.retry = now.Add(retryInterval)
		}
		if p.mix == nil {
			p.offer("", "")
			p.report(api.Program{State: api.ProgramFailed, Text: p.refusal.Error()})
			return p.retry.Sub(now)
		}
		p.refusal, p.retry = nil, 0
	}
	failed, flows := p.mix.failed(now), p.mix.flows()
	if flows && !failed {
		p.forward = [2]media.TrackID{}
		p.mix.offer()
	}
	p.mix.update(now, p.wish)
	size := p.wish.size()
	state := api.Program{State: api.ProgramStarting, LeftOut: p.mix.leftOutTracks()}
	switch {
	case failed:
		state.State = api.ProgramFailed
		state.Text = "The mixer ends again and again; the server's log says why. It is tried again."
	case flows:
		state.State, state.Width, state.Height = api.ProgramMixing, size.Width, size.Height
	case p.forward[0] != "": // until the mix flows
		state.State, state.Width, state.Height = api.ProgramForwarding, p.state.Width, p.state.Height
	}
	p.report(state)
	return reviewInterval
}

// offer passes tracks on as the program, or none.
func (p *Program) offer(video, audio media.TrackID) {
	if p.forward == [2]media.TrackID{video, audio} && (p.mix == nil || !p.mix.offered) {
		return
	}
	p.forward = [2]media.TrackID{video, audio}
	if p.mix != nil {
		p.mix.offered = false
	}
	for i, name := range [2]media.TrackID{api.ProgramVideo, api.ProgramAudio} {
		if p.forward[i] == "" {
			p.router.Offer(name)
		} else {
			p.router.Offer(name, p.forward[i])
		}
	}
}

// rest ends a mix that nobody has needed for a while.
func (p *Program) rest(now media.Time) time.Duration {
	switch {
	case p.mix == nil:
		return time.Hour
	case p.idle.IsZero():
		p.idle = now
		return linger
	case now.Sub(p.idle) < linger:
		return linger - now.Sub(p.idle)
	}
	p.setMix(nil)
	return time.Hour
}

// setMix replaces the mix, and ends the one before.
func (p *Program) setMix(m *mix) {
	old := p.mix
	p.mix, p.idle = m, 0
	if old != nil {
		old.end()
	}
}

// report tells how the program fares, if that is news.
func (p *Program) report(s api.Program) {
	if equalState(p.state, s) {
		return
	}
	p.state = s
	p.opt.Notify(s)
}

func equalState(a, b api.Program) bool {
	if len(a.LeftOut) != len(b.LeftOut) {
		return false
	}
	for i := range a.LeftOut {
		if a.LeftOut[i] != b.LeftOut[i] {
			return false
		}
	}
	return a.State == b.State && a.Width == b.Width && a.Height == b.Height && a.Text == b.Text
}

// handler takes what a process says for the program's present mix.
type handler struct {
	program *Program
	mix     *mix
}

// Up begins all tracks anew, before the first packet, and tells the process all
// (ProcessHandler).
func (h handler) Up() {
	h.mix.outputs.Load().begin()
	h.on(func(now media.Time) { h.mix.up(now) })
}

// Packet publishes a packet (ProcessHandler).
func (h handler) Packet(output uint32, p *media.Packet) {
	first := h.mix.outputs.Load().write(h.program.opt.Clock.Now(), output, p)
	if first {
		h.on(func(media.Time) {}) // it flows: settle
	}
}

// Message takes what the process says (ProcessHandler).
func (h handler) Message(m link.Message) {
	h.on(func(now media.Time) { h.mix.message(now, m) })
}

// Down notes the end of a process (ProcessHandler).
func (h handler) Down(cause error, leftOut []uint32) {
	h.on(func(now media.Time) { h.mix.down(now, cause, leftOut) })
}

// on runs f in the loop while the mix is the present one. It waits if the loop is
// behind, and with it the process's reader; but not for a loop that waits for it.
func (h handler) on(f func(now media.Time)) {
	news := func(now media.Time) {
		if h.program.mix == h.mix {
			f(now)
		}
	}
	select {
	case h.program.news <- news:
	case <-h.mix.over:
	}
}
