package app

import (
	"sync"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/mcu"
	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/room"
	"github.com/tutti-rtc/tutti/internal/sfu"
)

// program makes a room's program once it is wanted for the first time.
type program struct {
	// Constant.
	router  *sfu.Router
	options mcu.Options

	mu     sync.Mutex
	mcu    *mcu.Program // guarded by mu; nil while nobody has wanted it
	wanted bool         // guarded by mu
	closed bool         // guarded by mu
}

func newProgram(r *sfu.Router, m *mixers, name string, notify func(api.Program)) *program {
	p := &program{router: r}
	log := m.log.With("room", name)
	p.options = mcu.Options{
		Clock: media.NewClock(), Log: log,
		Start: func(h mcu.ProcessHandler) (mcu.Process, error) { return m.start(h, log) },
		Notify: func(state api.Program) {
			p.mu.Lock() // held while notifying: after mix(nil) nothing may be told
			defer p.mu.Unlock()
			if p.wanted {
				notify(state)
			}
		},
	}
	return p
}

// mix says what the program shall be.
func (p *program) mix(w *room.Program) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wanted = w != nil && !p.closed
	if p.closed || p.mcu == nil && w == nil {
		return
	}
	if p.mcu == nil {
		p.mcu = mcu.New(programRouter{p.router}, p.options)
	}
	p.mcu.Set(wish(w))
}

// close ends the program, and waits for its mixer.
func (p *program) close() {
	p.mu.Lock()
	made := p.mcu
	p.closed, p.wanted, p.mcu = true, false, nil
	p.mu.Unlock()
	if made != nil {
		made.Close()
	}
}

// wish translates what the room wants.
func wish(p *room.Program) *mcu.Wish {
	if p == nil {
		return nil
	}
	w := &mcu.Wish{Settings: p.Settings, Viewers: p.Viewers}
	for _, m := range p.Members {
		to := mcu.Member{ID: m.ID, Name: m.Name, Hand: m.Hand}
		for _, t := range m.Tracks {
			to.Tracks = append(to.Tracks, mcu.MemberTrack{TrackInfo: t.Track, Muted: t.Muted})
		}
		w.Members = append(w.Members, to)
	}
	return w
}

// programRouter joins a room's program with its fan-out, which do not know each
// other.
type programRouter struct{ router *sfu.Router }

// Tap lets a sink take a track's packets (mcu.Router).
func (r programRouter) Tap(id media.TrackID, sink media.Sink) (mcu.Tap, bool) {
	return r.router.Tap(id, sink)
}

// Publish adds a track that is made here (mcu.Router).
func (r programRouter) Publish(info media.TrackInfo, o mcu.TrackOptions) mcu.Track {
	return r.router.Publish(info, sfu.LocalOptions(o))
}

// Offer makes a name stand for tracks (mcu.Router).
func (r programRouter) Offer(name media.TrackID, tracks ...media.TrackID) {
	r.router.Offer(name, tracks...)
}
