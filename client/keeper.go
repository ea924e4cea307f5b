package client

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/api"
)

const (
	// pingEvery keeps the socket alive through proxies, and finds dead ones.
	pingEvery = 10 * time.Second
	// requestTime bounds what the keeper asks the server.
	requestTime = 10 * time.Second
	// leaveTime bounds the goodbye.
	leaveTime = time.Second
	// retryFirst and retryMost bound the wait between two attempts.
	retryFirst = 250 * time.Millisecond
	retryMost  = 8 * time.Second
)

// keep owns the room's connection: it reconnects, restarts ICE, keeps the
// automatic view, and ends everything when the room's context ends.
func (r *Room) keep() {
	defer r.finish()
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	widen := time.NewTimer(pingEvery)
	defer widen.Stop()
	for r.ctx.Err() == nil {
		s := r.current()
		widen.Reset(r.approachTime())
		select {
		case <-r.ctx.Done():
		case <-s.done:
			if err := r.reconnect(s.failure()); err != nil {
				r.cancel(err)
			}
		case <-r.poke:
			r.tend()
		case <-widen.C:
			r.tend()
		case <-tick.C:
			r.ping(s)
			r.tend()
		}
	}
}

// current returns the joined socket; the keeper never waits for one.
func (r *Room) current() *socket {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.socket
}

// finish says goodbye and closes what the room owns.
func (r *Room) finish() {
	r.mu.Lock()
	s, p := r.socket, r.peer
	r.mu.Unlock()
	if s != nil {
		ctx, cancel := context.WithTimeout(context.Background(), leaveTime)
		_, _ = s.request(ctx, &api.Leave{})
		cancel()
		s.close()
	}
	if p != nil {
		p.close()
	}
	if r.direct != nil {
		r.direct.ended.Wait()
	}
	if h := r.opts.Handlers.State; h != nil {
		r.call(func() { h(StateEnded) })
	}
	close(r.done)
}

// ping drops the socket if the server does not answer.
func (r *Room) ping(s *socket) {
	ctx, cancel := context.WithTimeout(r.ctx, requestTime)
	defer cancel()
	if _, err := s.request(ctx, &api.Ping{}); errors.Is(err, context.DeadlineExceeded) {
		s.close()
	}
}

// reconnect takes up the membership, or joins anew, until it succeeds or there
// is no use in trying: then it says why.
func (r *Room) reconnect(lost error) error {
	resume, bye := r.disconnected()
	wait := time.Duration(0)
	switch {
	case bye != nil && (bye.RetryAfter < 0 || r.opts.NoReconnect):
		return api.Errorf(bye.Code, "%s", bye.Text)
	case r.opts.NoReconnect:
		return lost
	case bye != nil:
		wait = time.Duration(bye.RetryAfter) * time.Millisecond
	}
	r.tell(StateReconnecting)
	for attempt := 0; ; attempt++ {
		if err := r.sleep(wait); err != nil {
			return err
		}
		err := r.tryJoin(resume)
		var refusal *api.Error
		switch {
		case err == nil:
			return nil
		case r.ctx.Err() != nil:
			return context.Cause(r.ctx)
		case errors.As(err, &refusal) && refusal.Code == api.CodeResumeLost && resume != nil:
			resume, wait = nil, 0
			continue
		case errors.As(err, &refusal) && !worthRetrying(refusal.Code):
			return refusal
		}
		wait = min(retryFirst<<min(attempt, 10), retryMost)
		wait += rand.N(wait / 2)
	}
}

// disconnected takes away the socket and returns how to take up the membership.
func (r *Room) disconnected() (*api.Resume, *api.Bye) {
	r.mu.Lock()
	defer r.mu.Unlock()
	bye := r.bye
	r.socket, r.bye, r.joined = nil, nil, make(chan struct{})
	if r.key == "" {
		return nil, nil // abandoned, see abandon: a goodbye was asked for
	}
	return &api.Resume{Member: r.member, Key: r.key, Number: r.Snapshot().Number}, bye
}

// tryJoin makes one attempt.
func (r *Room) tryJoin(resume *api.Resume) error {
	ctx, cancel := context.WithTimeout(r.ctx, requestTime)
	defer cancel()
	welcome, err := r.open(ctx, resume)
	if err != nil {
		return err
	}
	if welcome.Resumed {
		r.tell(StateResumed)
		r.nudge()
		return nil
	}
	if err := r.connectMedia(ctx); err != nil {
		_ = r.do(ctx, &api.Leave{})
		r.current().close()
		r.disconnected()
		return err
	}
	r.tell(StateRejoined)
	return nil
}

// worthRetrying reports whether a refusal may pass with time.
func worthRetrying(code api.Code) bool {
	switch code {
	case api.CodeDraining, api.CodeFull, api.CodeInternal, api.CodeTimeout, api.CodeTooFast, api.CodeSlow:
		return true
	}
	return false
}

func (r *Room) sleep(d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-r.ctx.Done():
		return context.Cause(r.ctx)
	}
}

func (r *Room) tell(s State) {
	if h := r.opts.Handlers.State; h != nil {
		r.call(func() { h(s) })
	}
}

// tend repairs the media connection and brings the automatic view up to date.
// What fails here is tried again at the next tick, or goes with the socket.
func (r *Room) tend() {
	ctx, cancel := context.WithTimeout(r.ctx, requestTime)
	defer cancel()
	r.mu.Lock()
	p := r.peer
	r.mu.Unlock()
	if p == nil {
		return
	}
	state := p.pc.ConnectionState()
	if state != webrtc.PeerConnectionStateConnected {
		r.reportOutage(ctx, p)
	}
	switch state {
	case webrtc.PeerConnectionStateNew, webrtc.PeerConnectionStateConnecting:
		r.widen(ctx, p)
	case webrtc.PeerConnectionStateConnected:
		r.arrived(p)
		r.reportWay(ctx, p)
	case webrtc.PeerConnectionStateDisconnected, webrtc.PeerConnectionStateFailed:
		_ = r.restartICE(ctx)
	case webrtc.PeerConnectionStateClosed:
		r.abandon(ctx)
		return
	}
	if r.opts.AutoView {
		_ = r.updateView(ctx, p)
	}
	if r.direct != nil {
		_ = r.direct.refresh(ctx)
	}
}

// abandon gives up the membership whose media connection the server has closed;
// the room is joined anew, unless the server meanwhile says that it is over.
func (r *Room) abandon(ctx context.Context) {
	_ = r.do(ctx, &api.Leave{})
	r.mu.Lock()
	if r.bye == nil || r.bye.Code == api.CodeLeft {
		r.key, r.bye = "", nil
	}
	s := r.socket
	r.mu.Unlock()
	s.close()
}
