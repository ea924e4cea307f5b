// Package doctor answers those who want to know why calls work badly or not at
// all: GET /api/doctor says where the server believes to be, what it offers and
// how it sees who asks; POST /api/doctor/probe opens a connection outside of every
// room that echoes what it gets, so that a client can try each path to the media
// and measure it.
//
// It judges nothing: tutti doctor and the web client compare what they see with
// what is said here. Anybody may ask, so all is bounded and probes are counted by
// source. It starts no goroutine: a probe belongs to its peer's loop.
package doctor

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/peer"
)

// Options configure a Handler.
type Options struct {
	// Version is the server's.
	Version string
	// Look tells of the server as one client sees it.
	Look func(*http.Request) Place
	// MaxProbes bounds the probes at one time; 0 means 64.
	MaxProbes int
	// Log takes what an operator should know; nil discards it.
	Log *slog.Logger
}

// Place is what there is to tell a client of where the server is.
type Place struct {
	Server     api.DoctorServer
	Proxied    bool // the request has come through an HTTP proxy
	ICEServers []api.ICEServer
	Findings   []api.Finding
	// Reached are addresses by which the client is known to have come.
	Reached []netip.AddrPort
}

// Stats counts probes. Open is the present number, the rest only grow.
type Stats struct {
	Open     int64
	Opened   int64
	Answered int64 // messages that were echoed
	// Refused probes: too many, or too many of one source.
	Refused int64
}

// Handler serves /api/doctor and what is below. It may be used from any goroutine.
type Handler struct {
	media   *peer.Server   // constant
	options Options        // constant
	mux     *http.ServeMux // constant

	mu      sync.Mutex
	stats   Stats   // guarded by mu
	sources sources // guarded by mu
}

// New returns a handler whose probes are peers of the media server.
func New(media *peer.Server, o Options) *Handler {
	if o.MaxProbes == 0 {
		o.MaxProbes = 64
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	h := &Handler{media: media, options: o, mux: http.NewServeMux(), sources: make(sources)}
	h.mux.HandleFunc("GET /api/doctor", h.serveInfo)
	h.mux.HandleFunc("POST /api/doctor/probe", h.serveProbe)
	return h
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.mux.ServeHTTP(w, r) }

// Stats returns the counters.
func (h *Handler) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.stats
}

// serveInfo says what the server knows.
func (h *Handler) serveInfo(w http.ResponseWriter, r *http.Request) {
	place := h.options.Look(r)
	info := api.DoctorInfo{
		Version: h.options.Version,
		Time:    time.Now().UnixMilli(),
		Client:  api.DoctorClient{Address: r.RemoteAddr, TLS: r.TLS != nil || forwardedTLS(r), Proxied: place.Proxied},
		Server:  place.Server, ICEServers: place.ICEServers, Findings: place.Findings,
	}
	if info.ICEServers == nil {
		info.ICEServers = []api.ICEServer{} // a list in JSON, too
	}
	if info.Findings == nil {
		info.Findings = []api.Finding{}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store") // it has the time, and credentials
	// A write that fails is the client's loss.
	_ = json.NewEncoder(w).Encode(info)
}

// forwardedTLS tells whether a proxy says that the client has come by TLS. It is
// told back to the client only.
func forwardedTLS(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}
