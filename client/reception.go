package client

import (
	"context"
	"slices"

	"github.com/tutti-rtc/tutti/api"
)

// Reception decides by which path each track of the other end is received,
// make before break, and tells both the server and the other end.

// arrival is how far media have come by a path.
type arrival uint8

const (
	absent  arrival = iota // they can't come by it
	there                  // they may yet
	flowing                // they come
)

// choice is what there is to know of a track to choose its path.
type choice struct {
	preferred, current api.Path // current is empty where media come by none
	direct, forwarded  arrival
}

func (c choice) by(path api.Path) arrival {
	switch path {
	case api.PathP2P:
		return c.direct
	case api.PathSFU:
		return c.forwarded
	}
	return absent
}

// path returns the preferred path once media flow by it; until then the one in
// use, as long as it exists; where none is in use, any by which they flow.
func (c choice) path() api.Path {
	switch {
	case c.by(c.preferred) == flowing:
		return c.preferred
	case c.by(c.current) != absent:
		return c.current
	case c.forwarded == flowing:
		return api.PathSFU
	case c.direct == flowing:
		return api.PathP2P
	}
	return ""
}

// reception is by which paths tracks come.
type reception struct {
	preferred api.Path
	paths     map[string]api.Path // by track; empty for one that comes by none
	quiet     bool                // all that is heard is heard directly
}

// review derives everything anew from the room, the slots and the connection.
func (l *directLink) review() {
	p := l.current()
	if p == nil {
		l.decide(reception{preferred: api.PathSFU})
		return
	}
	l.carryTracks(p)
	now := reception{preferred: api.PathSFU, paths: map[string]api.Path{}}
	if l.room.ownPath() == api.PathP2P && l.stopped.IsZero() && !l.suspect {
		now.preferred, now.quiet = api.PathP2P, true
	}
	mine := now.preferred
	for _, t := range l.tracksOf(p) {
		path := l.choiceOf(p, t, now.preferred).path()
		now.paths[t.ID] = path
		if t.Kind == api.KindAudio && path != api.PathP2P {
			now.quiet = false
		}
		if path == api.PathSFU {
			mine = api.PathSFU
		}
	}
	l.decide(now)
	p.setPath(mine)
	// What nobody receives by the server need not be sent to it.
	idle := now.preferred == api.PathP2P && p.othersPath() == api.PathP2P && !l.isWatched()
	for _, line := range p.lines {
		if t := line.carried.Load(); t != nil {
			t.idle.Store(idle)
		}
	}
}

func (l *directLink) choiceOf(p *directPeer, t api.Track, preferred api.Path) choice {
	c := choice{preferred: preferred, current: l.pathOf(t.ID)}
	if line := p.line(t.Origin); line != nil && p.isOpen() {
		c.direct = there
		// Nothing comes of a muted track, so nothing need be waited for.
		if t.Muted || line.flows(t.ID) {
			c.direct = flowing
		}
	}
	switch l.room.state.slotOf(l.carrier(t)).Status {
	case api.SlotLive, api.SlotMuted:
		c.forwarded = flowing
	case api.SlotWaiting, api.SlotPaused:
		c.forwarded = there
	}
	return c
}

// carrier returns the track in which the server sends t: the program's, where it
// mixes.
func (l *directLink) carrier(t api.Track) string {
	switch {
	case l.room.ownPath() != api.PathMCU:
		return t.ID
	case t.Kind == api.KindAudio:
		return api.ProgramAudio
	}
	return api.ProgramVideo
}

// isWatched reports whether the room has more members than the two: viewers, who
// receive both from the server.
func (l *directLink) isWatched() bool { return len(l.room.Snapshot().Members) > 2 }

// decide sets by which paths tracks come, and has the server told.
func (l *directLink) decide(now reception) {
	l.mu.Lock()
	l.reception = now
	l.mu.Unlock()
	select {
	case l.viewing <- struct{}{}:
		stale := l.stale(l.narrow())
		<-l.viewing
		if stale {
			l.room.nudge()
		}
	default: // it is being told now, and may have to be once more
		l.room.nudge()
	}
}

// tracksOf returns what the other end publishes.
func (l *directLink) tracksOf(p *directPeer) []api.Track {
	for _, m := range l.room.Snapshot().Members {
		if m.ID == p.options.start.Member {
			return m.Tracks
		}
	}
	return nil
}

// flows reports whether all that the other end sends comes directly.
func (l *directLink) flows(p *directPeer) bool {
	return !slices.ContainsFunc(l.tracksOf(p), func(t api.Track) bool {
		line := p.line(t.Origin)
		return line != nil && !t.Muted && !line.flows(t.ID)
	})
}

// inUse reports whether anything that is not muted is received directly.
func (l *directLink) inUse(p *directPeer) bool {
	return slices.ContainsFunc(l.tracksOf(p), func(t api.Track) bool { return !t.Muted && l.pathOf(t.ID) == api.PathP2P })
}

// pathOf returns by which path a track comes; empty for none.
func (l *directLink) pathOf(track string) api.Path {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.reception.paths[track]
}

// show tells the server the program's view, less what comes directly.
func (l *directLink) show(ctx context.Context, wishes []api.SlotView) ([]api.SlotState, error) {
	unlock, err := l.room.lock(ctx, l.viewing)
	if err != nil {
		return nil, err
	}
	defer unlock()
	l.wishes = wishes
	return l.tell(ctx, l.narrow())
}

// refresh tells the server the view if the paths have changed it.
func (l *directLink) refresh(ctx context.Context) error {
	unlock, err := l.room.lock(ctx, l.viewing)
	if err != nil {
		return err
	}
	defer unlock()
	view := l.narrow()
	if !l.stale(view) {
		return nil
	}
	_, err = l.tell(ctx, view)
	return err
}

// narrow returns the view for the server. It is called with viewing held.
func (l *directLink) narrow() api.View {
	l.mu.Lock()
	defer l.mu.Unlock()
	view := api.View{Quiet: l.reception.quiet}
	for _, w := range l.wishes {
		if l.reception.preferred != api.PathP2P || l.reception.paths[w.Track] != api.PathP2P {
			view.Slots = append(view.Slots, w)
		}
	}
	return view
}

// stale reports whether the server was told another view. It is called with
// viewing held.
func (l *directLink) stale(view api.View) bool {
	if l.loud.Swap(false) {
		l.told.Quiet = false
	}
	return view.Quiet != l.told.Quiet || !slices.Equal(view.Slots, l.told.Slots)
}

// tell is called with viewing held.
func (l *directLink) tell(ctx context.Context, view api.View) ([]api.SlotState, error) {
	slots, err := l.room.sendView(ctx, view)
	if err == nil {
		l.told = view
	}
	return slots, err
}
