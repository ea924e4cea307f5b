package signal

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/room"
)

// Authenticator says what the bearer of a token may do in a room. The token may
// be empty. Errors are *api.Error with one of the token codes, or with
// CodeForbidden.
type Authenticator interface {
	Authenticate(room, token string) (room.Grant, error)
}

// Options are the bounds and times of sockets. Zero fields take the default.
type Options struct {
	// Authenticator is asked at each Join; without one, everybody may do
	// everything but moderate.
	Authenticator Authenticator
	// Locate returns what the client that made a request should know of
	// where the server is: ICE servers, and addresses by which it has come
	// here. Nil tells nothing.
	Locate func(*http.Request) ([]api.ICEServer, []netip.AddrPort)
	// Origins are the pages that may connect besides those of this host: a
	// host pattern, or scheme://host pattern, as path.Match takes them.
	Origins []string
	// QueueMessages and QueueBytes bound what may wait for a client that
	// reads slowly; defaults 1024 and 4 MiB. One larger message passes.
	// Those who resume are sent up to room.Options.Events at once.
	QueueMessages, QueueBytes int
	// Patience is how long a client may take to Join, to answer a ping
	// (sent as often), and to take in a message; default 10 s.
	Patience time.Duration
	// Log takes what an operator should know; nil for none.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	o.QueueMessages = cmp.Or(o.QueueMessages, 1024)
	o.QueueBytes = cmp.Or(o.QueueBytes, 4<<20)
	o.Patience = cmp.Or(o.Patience, 10*time.Second)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Stats is what the door has seen. Sockets is the present number, the rest only
// grow.
type Stats struct {
	Sockets int64
	Opened  int64
	Joins   int64 // that succeeded, resumed ones included
	// Refusals counts Joins that failed, Drops sockets that were closed for
	// what the client did or failed to do.
	Refusals, Drops map[api.Code]int64
}

// Handler serves the signalling at one path. It may be used from any goroutine.
type Handler struct {
	rooms   *room.Rooms // constant
	options Options     // constant

	mu       sync.Mutex
	sockets  map[*socket]struct{} // guarded by mu
	draining bool                 // guarded by mu
	idle     chan struct{}        // guarded by mu; closed when draining and without sockets
	stats    Stats                // guarded by mu
}

// New returns a handler that lets clients into the rooms.
func New(rooms *room.Rooms, o Options) *Handler {
	return &Handler{
		rooms:   rooms,
		options: o.withDefaults(),
		sockets: make(map[*socket]struct{}),
		idle:    make(chan struct{}),
		stats:   Stats{Refusals: make(map[api.Code]int64), Drops: make(map[api.Code]int64)},
	}
}

// ServeHTTP takes over the connection and returns when the socket is closed.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s := newSocket(h, r)
	if !h.open(s) {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "This server is about to stop. Try again in a moment.", http.StatusServiceUnavailable)
		return
	}
	defer h.closed(s)
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{OriginPatterns: h.options.Origins})
	if err != nil { // Accept has answered; it is the client's mistake
		h.options.Log.Debug("no socket", "remote", r.RemoteAddr, "error", err)
		return
	}
	s.serve(conn)
}

// Shutdown lets no socket in any more, says good-bye to those that are open and
// waits until they are closed or ctx is done. Close the rooms before: their
// members are then told by them.
func (h *Handler) Shutdown(ctx context.Context) error {
	h.mu.Lock()
	if !h.draining {
		h.draining = true
		h.settle()
	}
	open := make([]*socket, 0, len(h.sockets))
	for s := range h.sockets {
		open = append(open, s)
	}
	h.mu.Unlock()
	for _, s := range open {
		s.Close(&api.Bye{Code: api.CodeDraining, Text: "The server stops. If it is restarted, you can come back in a moment.", RetryAfter: 1000})
	}
	select {
	case <-h.idle:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Stats returns the present numbers.
func (h *Handler) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.stats
	s.Refusals, s.Drops = maps.Clone(s.Refusals), maps.Clone(s.Drops)
	return s
}

func (h *Handler) open(s *socket) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.draining {
		return false
	}
	h.sockets[s] = struct{}{}
	h.stats.Sockets++
	h.stats.Opened++
	return true
}

func (h *Handler) closed(s *socket) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.sockets, s)
	h.stats.Sockets--
	h.settle()
}

// settle is called with mu held.
func (h *Handler) settle() {
	if h.draining && len(h.sockets) == 0 {
		close(h.idle)
	}
}

func (h *Handler) joined() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stats.Joins++
}

func (h *Handler) refused(code api.Code) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stats.Refusals[code]++
}

func (h *Handler) dropped(code api.Code) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stats.Drops[code]++
}

// admit lets a client in by its first message.
func (h *Handler) admit(s *socket, id uint32, m api.Message) (*room.Session, error) {
	join, ok := m.(*api.Join)
	switch {
	case !ok:
		return nil, api.Errorf(api.CodeNotJoined, "The first message must be join, not %s.", m.MessageType())
	case join.Version != api.Version:
		return nil, api.Errorf(api.CodeVersion, "This server speaks version %d of the protocol, your client version %d. Reload the page, or update the client.", api.Version, join.Version)
	}
	grant := room.Everything()
	// A resumed membership has its grant, and the key as its proof; the
	// token may have expired during a long call.
	if h.options.Authenticator != nil && join.Resume == nil {
		var err error
		if grant, err = h.options.Authenticator.Authenticate(join.Room, join.Token); err != nil {
			return nil, err
		}
	}
	arrival := room.Arrival{Grant: grant}
	if h.options.Locate != nil {
		arrival.ICEServers, arrival.Reached = h.options.Locate(s.request)
	}
	return h.rooms.Join(s, id, join, arrival)
}
