package client

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/api"
)

const (
	// directReady is how long a direct connection may take until media flow.
	directReady = 15 * time.Second
	// directPing is the time between two pings to the other end.
	directPing = 500 * time.Millisecond
	// directSuspect is the silence after which the server is asked to send,
	// too; directPoor is that after which the connection is given up.
	directSuspect = 1200 * time.Millisecond
	directPoor    = 3 * time.Second
	// directStay and directLeave are how long a stopped connection is kept at
	// least and at most.
	directStay  = time.Second
	directLeave = 5 * time.Second
	// directTick is the time between two looks at a connection.
	directTick = 100 * time.Millisecond
	// directMail bounds the messages that wait for the loop, and those that
	// wait for signalling; the server relays 512 in one session.
	directMail = 1024
)

// directLink is the life of a room's direct connections, of which there is one
// at a time: the server starts and stops them, this end reports how they fare.
// It owns two goroutines: run, and carry, so that a lost socket does not keep
// run from its connection.
type directLink struct {
	// Constant.
	room   *Room
	inbox  chan api.Message // of the server
	outbox chan api.Message // to the server
	news   chan struct{}    // something of the connection has changed
	ended  sync.WaitGroup
	// viewing is held, as a lock of one, while a view is told to the server. It
	// guards wishes and told.
	viewing chan struct{}
	wishes  []api.SlotView // as if there were no direct connection
	told    api.View       // what the server was told
	// loud says that the own path was not p2p since: quiet has ended by that.
	loud atomic.Bool

	// Owned by run.
	started, stopped, pinged time.Time
	reported                 api.DirectStateKind
	suspect                  bool // nothing is heard of it for a moment

	mu        sync.Mutex // guards the following
	peer      *directPeer
	reception reception // as of the last review
}

// newDirectLink starts a link, which ends with the room.
func newDirectLink(r *Room) *directLink {
	l := &directLink{
		room:    r,
		inbox:   make(chan api.Message, directMail),
		outbox:  make(chan api.Message, directMail),
		news:    make(chan struct{}, 1),
		viewing: make(chan struct{}, 1),
	}
	l.ended.Go(l.run)
	l.ended.Go(l.carry)
	return l
}

// take queues a message of the server. If there are more than a session may
// have they are lost, and the attempt fails.
func (l *directLink) take(m api.Message) { offerTo(l.inbox, m) }

// post queues a message to the server.
func (l *directLink) post(m api.Message) { offerTo(l.outbox, m) }

func (l *directLink) nudge() { offerTo(l.news, struct{}{}) }

// offerTo sends on a channel that has room.
func offerTo[T any](to chan<- T, v T) {
	select {
	case to <- v:
	default:
	}
}

// carry takes messages to the server, waiting for signalling to come back if it
// was lost.
func (l *directLink) carry() {
	for {
		select {
		case m := <-l.outbox:
			err := l.room.do(l.room.ctx, m)
			for errors.Is(err, errSocketLost) && l.room.ctx.Err() == nil {
				err = l.room.do(l.room.ctx, m)
			}
		case <-l.room.ctx.Done():
			return
		}
	}
}

// run owns the connection until the room's context ends.
func (l *directLink) run() {
	defer l.close()
	tick := time.NewTicker(directTick)
	defer tick.Stop()
	for {
		_, changed := l.room.state.snapshot()
		l.review()
		var ticks <-chan time.Time // only where there is something to look at
		if l.current() != nil {
			ticks = tick.C
		}
		select {
		case <-l.room.ctx.Done():
			return
		case m := <-l.inbox:
			l.handle(m)
		case <-changed:
		case <-l.news:
		case <-ticks:
			l.look(time.Now())
		}
	}
}

func (l *directLink) handle(m api.Message) {
	p := l.current()
	switch m := m.(type) {
	case *api.Welcome: // a new membership: what was is over
		l.close()
		l.viewing <- struct{}{}
		l.wishes, l.told = nil, api.View{}
		<-l.viewing
	case *api.DirectStart:
		l.start(*m)
	case *api.DirectStop:
		if p != nil && p.options.start.Session == m.Session && l.stopped.IsZero() {
			l.stopped = time.Now()
		}
	case *api.Direct:
		if p == nil || p.options.start.Session != m.Session {
			return
		}
		if err := p.handle(m); err != nil {
			l.report(api.DirectFailed)
		}
	}
}

// start opens a connection; another one that is still there gives way. The
// server repeats itself when a membership was resumed.
func (l *directLink) start(start api.DirectStart) {
	if p := l.current(); p != nil && p.options.start.Session == start.Session {
		return
	}
	l.close()
	r := l.room
	var stun []webrtc.ICEServer
	if !r.engine.shared { // Pion asks them from a socket of its own
		r.mu.Lock()
		stun = r.stun
		r.mu.Unlock()
	}
	p, err := newDirectPeer(directPeerOptions{
		engine: r.engine, start: start, stun: stun,
		send: l.post, changed: l.nudge, track: l.arrived,
	})
	if err != nil {
		l.post(&api.DirectState{Session: start.Session, State: api.DirectFailed})
		return
	}
	l.started = time.Now()
	l.mu.Lock()
	l.peer = p
	l.mu.Unlock()
	l.carryTracks(p)
	if start.Offer && p.offer() != nil {
		l.report(api.DirectFailed)
	}
}

// arrived hands media that come directly to the program.
func (l *directLink) arrived(line *directLine, t *webrtc.TrackRemote) {
	r := l.room
	h := r.opts.Handlers.Track
	p := l.current()
	if h == nil || p == nil {
		return
	}
	r.call(func() {
		h(&RemoteTrack{TrackRemote: t, room: r, pc: p.pc, line: line, member: p.options.start.Member})
	})
}

// current returns the connection, or nil.
func (l *directLink) current() *directPeer {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.peer
}

// look judges the connection as of now.
func (l *directLink) look(now time.Time) {
	p := l.current()
	if p == nil {
		return
	}
	if now.Sub(l.pinged) >= directPing && p.isOpen() {
		l.pinged = now
		p.ping()
	}
	switch {
	case !l.stopped.IsZero():
		kept := now.Sub(l.stopped)
		done := !l.inUse(p) && p.othersPath() != api.PathP2P
		if kept > directLeave || kept > directStay && done || p.isBroken() {
			l.close()
		}
	case p.isBroken():
		l.report(api.DirectFailed)
	case l.reported == "":
		if p.isOpen() && l.flows(p) {
			l.report(api.DirectReady)
		} else if now.Sub(l.started) > directReady {
			l.report(api.DirectFailed)
		}
	default:
		silence := p.silence()
		l.suspect = silence >= directSuspect
		if silence >= directPoor {
			l.report(api.DirectPoor)
		}
	}
}

// report tells the server how the connection fares. A poor one may still fail,
// but nothing is said twice.
func (l *directLink) report(state api.DirectStateKind) {
	p := l.current()
	if p == nil || l.reported == api.DirectFailed || l.reported == state {
		return
	}
	l.reported = state
	l.post(&api.DirectState{Session: p.options.start.Session, State: state})
}

// close ends the connection at once. It is idempotent.
func (l *directLink) close() {
	l.mu.Lock()
	p := l.peer
	l.peer = nil
	l.mu.Unlock()
	if p != nil {
		p.close()
	}
	l.started, l.stopped, l.pinged = time.Time{}, time.Time{}, time.Time{}
	l.reported, l.suspect = "", false
}

// carryTracks brings what is sent up to date with what is published.
func (l *directLink) carryTracks(p *directPeer) {
	r := l.room
	r.mu.Lock()
	tracks := append([]*LocalTrack(nil), r.tracks...)
	r.mu.Unlock()
	for _, line := range p.lines {
		var want *LocalTrack
		for _, t := range tracks {
			if want == nil && t.options.Origin == line.origin && t.layers[0].track.Kind() == line.transceiver.Kind() {
				want = t
			}
		}
		if line.carry(want) != nil {
			l.report(api.DirectFailed) // the other end can't take what is published
		}
	}
}

// DirectConnection tells of the direct connection to another member, and
// whether there is one. It needs Options.Direct.
func (r *Room) DirectConnection() (Connection, bool) {
	if r.direct == nil {
		return Connection{}, false
	}
	p := r.direct.current()
	if p == nil {
		return Connection{}, false
	}
	return connectionOf(p.pc), true
}

// stunOf returns the STUN servers among the ICE servers: a direct connection is
// never relayed.
func stunOf(servers []api.ICEServer) []webrtc.ICEServer {
	var stun []webrtc.ICEServer
	for _, s := range servers {
		for _, url := range s.URLs {
			if strings.HasPrefix(url, "stun:") {
				stun = append(stun, webrtc.ICEServer{URLs: []string{url}})
			}
		}
	}
	return stun
}
