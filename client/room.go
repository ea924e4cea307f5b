package client

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/api"
)

// Room is a membership in a room of a server. Its methods may be called from
// any goroutine; those that talk to the server wait for it, and for the
// connection to come back if it was lost, until their context ends.
type Room struct {
	// Constant.
	address string
	opts    Options
	engine  *Engine
	ctx     context.Context
	cancel  context.CancelCauseFunc
	state   *roomState
	calls   chan func()   // for the handlers
	poke    chan struct{} // something wants tending
	done    chan struct{} // closed when all has ended but the handlers
	// media is held, as a lock of one, while the connection's m-lines change
	// and are negotiated. It guards peer.senders.
	media chan struct{}
	// direct is nil without Options.Direct.
	direct *directLink

	mu     sync.Mutex // guards the following
	socket *socket    // nil until joined and while reconnecting
	joined chan struct{}
	name   string
	member string
	key    string
	bye    *api.Bye
	limits api.Limits
	peer   *peer
	tracks []*LocalTrack
	// The ICE servers that the server offers: those that relay, for the
	// connection to it, and those that tell one's address, for direct ones.
	relays, stun []webrtc.ICEServer
}

// Join enters a room and, if the options ask for slots, senders or data,
// negotiates the media connection; it does not wait for the connection to be
// up (see Connected). server is the server's address, such as
// http://127.0.0.1:8080. Refusals are *api.Error. ctx is for joining only: the
// room lives until Close.
func Join(ctx context.Context, server string, o Options) (*Room, error) {
	address, err := socketURL(server)
	if err != nil {
		return nil, err
	}
	if o.Engine == nil {
		if o.Engine, err = NewEngine(EngineOptions{Loopback: isLoopback(address), TLS: tlsOf(address, o.HTTPClient)}); err != nil {
			return nil, err
		}
	}
	r := &Room{
		address: address, opts: o, engine: o.Engine,
		state:  newRoomState(),
		calls:  make(chan func(), handlerQueue),
		poke:   make(chan struct{}, 1),
		done:   make(chan struct{}),
		media:  make(chan struct{}, 1),
		joined: make(chan struct{}),
		name:   cmp.Or(o.Name, "bot"),
	}
	r.ctx, r.cancel = context.WithCancelCause(context.Background())
	if o.Direct {
		r.direct = newDirectLink(r)
	}
	go r.callHandlers()
	if _, err = r.open(ctx, nil); err == nil {
		err = r.connectMedia(ctx)
	}
	if err != nil {
		err = fmt.Errorf("join room %q: %w", o.Room, err)
		r.cancel(err)
		r.finish()
		return nil, err
	}
	go r.keep()
	return r, nil
}

// open makes a socket and joins on it, taking up the membership of resume if
// that is not nil.
func (r *Room) open(ctx context.Context, resume *api.Resume) (*api.Welcome, error) {
	s, err := dialSocket(ctx, r.address, r.opts.HTTPClient)
	if err != nil {
		return nil, err
	}
	go s.read(context.Background(), r.handle)
	r.mu.Lock()
	name := r.name
	r.mu.Unlock()
	reply, err := s.request(ctx, &api.Join{
		Version: api.Version, Room: r.opts.Room, Name: name, Token: r.opts.Token,
		Direct: r.opts.Direct, Viewer: r.opts.Viewer, Resume: resume,
	})
	if err == nil {
		if welcome, ok := reply.(*api.Welcome); ok {
			r.mu.Lock()
			r.socket = s
			close(r.joined)
			r.mu.Unlock()
			return welcome, nil
		}
		err = fmt.Errorf("the server answered join with %s", reply.MessageType())
	}
	s.close()
	return nil, err
}

// handle takes every message of a socket, before the request it may answer.
func (r *Room) handle(m api.Message) error {
	h := &r.opts.Handlers
	switch m := m.(type) {
	case *api.Welcome:
		r.mu.Lock()
		r.member, r.key, r.limits, r.relays = m.Member, m.Key, m.Limits, r.engine.relaysOf(m.ICEServers)
		r.stun = stunOf(m.ICEServers)
		r.mu.Unlock()
		if r.direct != nil && !m.Resumed {
			r.direct.take(m)
		}
		if m.Room != nil {
			r.state.reset(*m.Room)
		}
		r.nudge()
	case *api.Event:
		return r.handleEvent(m)
	case *api.Slots:
		r.state.setSlots(m.Slots)
		if h.Slots != nil {
			r.call(func() { h.Slots(m.Slots) })
		}
	case *api.Layers:
		if t := r.track(m.Track); t != nil {
			t.wanted.Store(m)
			r.tellLayers(t)
		} else if h.Layers != nil {
			r.call(func() { h.Layers(m) })
		}
	case *api.Direct, *api.DirectStart, *api.DirectStop:
		if r.direct != nil {
			r.direct.take(m)
		}
	case *api.Speakers:
		if h.Speakers != nil {
			r.call(func() { h.Speakers(m.Speakers) })
		}
	case *api.MutedByHost:
		if t := r.track(m.Track); t != nil {
			t.muted.Store(true)
		}
		if h.MutedByHost != nil {
			r.call(func() { h.MutedByHost(m) })
		}
	case *api.Bye:
		r.mu.Lock()
		r.bye = m
		r.mu.Unlock()
	}
	return nil
}

func (r *Room) handleEvent(ev *api.Event) error {
	news, err := r.state.event(ev)
	if err != nil || !news {
		return err
	}
	if m := ev.Member; r.direct != nil && m != nil && m.ID == r.Member() && m.Path != api.PathP2P {
		r.direct.loud.Store(true)
	}
	if h := r.opts.Handlers.Event; h != nil {
		r.call(func() { h(ev) })
	}
	r.nudge()
	return nil
}

// tellLayers tells the program which layers of a track are wanted: those that
// the server asks for, and what is sent directly.
func (r *Room) tellLayers(t *LocalTrack) {
	h, m := r.opts.Handlers.Layers, t.wanted.Load()
	if h == nil || m == nil {
		return
	}
	if d := t.direct.Load(); d != nil && !slices.Contains(m.Active, d.rid) {
		m = &api.Layers{Track: m.Track, Active: append(slices.Clip(m.Active), d.rid)}
	}
	r.call(func() { h(m) })
}

// ownPath returns by which path the client shall receive the others.
func (r *Room) ownPath() api.Path { return pathOf(r.Snapshot(), r.Member()) }

func pathOf(room api.Room, member string) api.Path {
	for _, m := range room.Members {
		if m.ID == member {
			return m.Path
		}
	}
	return api.PathSFU
}

func (r *Room) reviewDirect() {
	if r.direct != nil {
		r.direct.nudge()
	}
}

// request sends m on the current socket, waiting for one if need be, and
// returns the reply.
func (r *Room) request(ctx context.Context, m api.Message) (api.Message, error) {
	for {
		r.mu.Lock()
		s, joined := r.socket, r.joined
		r.mu.Unlock()
		if s != nil {
			return s.request(ctx, m)
		}
		select {
		case <-joined:
		case <-r.ctx.Done():
			return nil, context.Cause(r.ctx)
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// do sends a request whose reply has nothing to say.
func (r *Room) do(ctx context.Context, m api.Message) error {
	_, err := r.request(ctx, m)
	return err
}

// call queues f for the handlers' goroutine.
func (r *Room) call(f func()) {
	select {
	case r.calls <- f:
	default:
		r.cancel(ErrSlow)
	}
}

// callHandlers runs until the keeper has ended and nothing is left to tell.
func (r *Room) callHandlers() {
	for {
		select {
		case f := <-r.calls:
			f()
		case <-r.done:
			for {
				select {
				case f := <-r.calls:
					f()
				default:
					return
				}
			}
		}
	}
}

// Close leaves the room and ends the connection. It waits for both, but not for
// a handler that runs. It is idempotent.
func (r *Room) Close() {
	r.cancel(ErrClosed)
	<-r.done
}

// Done is closed when the room has ended for good.
func (r *Room) Done() <-chan struct{} { return r.done }

// Err returns why the room has ended: ErrClosed after Close, an *api.Error if
// the server ended the membership; nil while it lives.
func (r *Room) Err() error {
	select {
	case <-r.done:
		return context.Cause(r.ctx)
	default:
		return nil
	}
}

// Member returns the client's own member id. It changes with StateRejoined.
func (r *Room) Member() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.member
}

// Limits returns the server's bounds.
func (r *Room) Limits() api.Limits {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.limits
}

// Snapshot returns the room as of event Snapshot().Number. Its slices are
// shared and must not be changed.
func (r *Room) Snapshot() api.Room {
	room, _ := r.state.snapshot()
	return room
}

// Wait returns the first snapshot, beginning with the current one, that ok
// accepts. ok is called again after each change of the room, of a slot and of
// the media connection.
func (r *Room) Wait(ctx context.Context, ok func(api.Room) bool) (api.Room, error) {
	return r.state.wait(ctx, r.done, ok)
}

func (r *Room) track(id string) *LocalTrack {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.tracks {
		if t.ID() == id {
			return t
		}
	}
	return nil
}

// nudge asks the keeper to tend the room.
func (r *Room) nudge() {
	select {
	case r.poke <- struct{}{}:
	default:
	}
}
