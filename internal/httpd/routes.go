package httpd

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/tutti-rtc/tutti/internal/auth"
)

// routes is the map of the site.
func (s *Server) routes() (http.Handler, error) {
	site, err := newSite(s.opts.Client)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", s.serveReady)
	mux.HandleFunc("GET /version", s.serveVersion)
	mux.Handle("GET /metrics", s.operator(s.metrics()))
	if s.opts.Signal != nil {
		mux.Handle("/api/ws", s.opts.Signal)
	}
	if s.opts.Doctor != nil {
		mux.Handle("/api/doctor", s.opts.Doctor)
		mux.Handle("/api/doctor/", s.opts.Doctor)
	}
	mux.Handle("GET /{$}", site.page("index.html"))
	mux.Handle("GET /r/{room}", site.page("index.html"))
	mux.Handle("GET /doctor", site.page("index.html"))
	mux.Handle("/", site)
	return recall(secured(s.overTLS(mux))), nil
}

// probes are asked by machines that look at the port itself, in plain HTTP too.
var probes = map[string]bool{"/healthz": true, "/readyz": true}

// overTLS redirects plain HTTP to HTTPS where the server speaks it.
func (s *Server) overTLS(next http.Handler) http.Handler {
	if s.opts.Certificate == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS != nil || probes[r.URL.Path] {
			next.ServeHTTP(w, r)
			return
		}
		// 307, since clients in the field change the method on others.
		http.Redirect(w, r, "https://"+r.Host+r.URL.RequestURI(), http.StatusTemporaryRedirect)
	})
}

func (s *Server) serveReady(w http.ResponseWriter, _ *http.Request) {
	if s.draining.Load() {
		plain(w, http.StatusServiceUnavailable, "stopping")
		return
	}
	plain(w, http.StatusOK, "ready")
}

func (s *Server) serveVersion(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	// A write that fails is the client's loss.
	_ = json.NewEncoder(w).Encode(s.opts.Version)
}

// operator lets only an operator through: on a server with a secret, the bearer
// of a token with roomAdmin for every room.
func (s *Server) operator(next http.Handler) http.Handler {
	if s.opts.Secret == "" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		grant, err := auth.Verify(s.opts.Secret, token, time.Now())
		switch {
		case err != nil:
			w.Header().Set("WWW-Authenticate", `Bearer realm="tutti"`)
			plain(w, http.StatusUnauthorized, err.Error())
		case !grant.Admin || grant.Room != "":
			plain(w, http.StatusForbidden, "this page wants a token with roomAdmin for every room: make one with `tutti token --admin`")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// plain answers with one line that no cache keeps.
func plain(w http.ResponseWriter, status int, line string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// A write that fails is the client's loss.
	_, _ = w.Write([]byte(line + "\n"))
}

// headers are sent with every answer. There is no HSTS: it would lock people
// out of a server with a self-signed certificate.
var headers = map[string]string{
	// The client brings its own scripts and styles and talks to its own
	// server alone; pictures and sounds may be made in the page.
	"Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; worker-src 'self' blob:; " +
		"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'",
	"Permissions-Policy":           "camera=(self), microphone=(self), display-capture=(self), fullscreen=(self), screen-wake-lock=(self), geolocation=()",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	// Links to rooms may hold tokens.
	"Referrer-Policy":        "no-referrer",
	"X-Content-Type-Options": "nosniff",
	"X-Robots-Tag":           "noindex",
}

func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range headers {
			w.Header().Set(name, value)
		}
		next.ServeHTTP(w, r)
	})
}
