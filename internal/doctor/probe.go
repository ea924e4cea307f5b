package doctor

import (
	"errors"
	"io"
	"math"
	"mime"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer"
	"github.com/tutti-rtc/tutti/internal/peer/answer"
)

// The bounds of a probe.
const (
	probeLife    = 30 * time.Second
	maxOffer     = 64 << 10 // bytes
	maxEchoes    = 4096     // messages
	maxEchoBytes = 1200     // of a message; larger ones are dropped
)

const typeSDP = "application/sdp"

// probe is a connection that echoes. It is a peer.Handler.
type probe struct {
	handler *Handler    // constant
	peer    *peer.Peer  // constant after the first offer
	timer   *peer.Timer // owned by the loop
	over    bool        // owned by the loop
	echoed  int         // owned by the SCTP goroutine of the one channel
}

// serveProbe answers an offer with a connection that echoes.
func (h *Handler) serveProbe(w http.ResponseWriter, r *http.Request) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != typeSDP {
		w.Header().Set("Accept-Post", typeSDP)
		http.Error(w, "A probe is opened by an SDP offer: send it as "+typeSDP+".", http.StatusUnsupportedMediaType)
		return
	}
	offer, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxOffer))
	if err != nil {
		http.Error(w, "An offer may have "+strconv.Itoa(maxOffer)+" bytes.", http.StatusRequestEntityTooLarge)
		return
	}
	remote, _ := netip.ParseAddrPort(r.RemoteAddr)
	if wait := h.admit(remote.Addr()); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		http.Error(w, "There are too many probes now. Try again when Retry-After says.", http.StatusTooManyRequests)
		return
	}
	sdp, err := h.open(string(offer), h.options.Look(r).Reached)
	var refused *answer.Error
	switch {
	case errors.As(err, &refused):
		http.Error(w, refused.Text, http.StatusBadRequest)
	case err != nil:
		h.options.Log.Debug("a probe could not be opened", "remote", r.RemoteAddr, "error", err)
		w.Header().Set("Retry-After", "5")
		http.Error(w, "The server can't take another connection now.", http.StatusServiceUnavailable)
	default:
		w.Header().Set("Content-Type", typeSDP)
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusCreated)
		// A write that fails is the client's loss.
		_, _ = io.WriteString(w, sdp)
	}
}

// admit takes a place for a probe. It returns after what time to come back if
// there is none, or 0.
func (h *Handler) admit(from netip.Addr) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	wait := time.Duration(0)
	if h.stats.Open >= int64(h.options.MaxProbes) {
		wait = probeLife / 2
	} else {
		wait = h.sources.admit(time.Now(), from)
	}
	if wait > 0 {
		h.stats.Refused++
		return wait
	}
	h.stats.Open++
	h.stats.Opened++
	return 0
}

// release gives back a probe's place.
func (h *Handler) release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stats.Open--
}

// open makes the peer and answers the offer. The place was taken.
func (h *Handler) open(offer string, reached []netip.AddrPort) (string, error) {
	p := &probe{handler: h}
	of, err := h.media.NewPeer(p)
	if err != nil {
		h.release()
		return "", err
	}
	p.peer = of
	of.Loop().Call(func(now media.Time) {
		p.timer = of.Loop().NewTimer(p.end)
		p.timer.Set(now.Add(probeLife))
	})
	session, err := of.Negotiate(offer, reached...)
	if err != nil {
		of.Loop().Call(p.end)
		return "", err
	}
	return session.SDP, nil
}

// end closes the peer; it runs on the loop.
func (p *probe) end(media.Time) {
	if p.over {
		return
	}
	p.over = true
	if p.timer != nil {
		p.timer.Stop()
	}
	p.peer.Close()
	p.handler.release()
}

// Connected implements peer.Handler: the channel may open now.
func (p *probe) Connected(media.Time) {}

// Lost implements peer.Handler: the client has gone, or never came.
func (p *probe) Lost(now media.Time) { p.end(now) }

// Data echoes a message (peer.Handler).
func (p *probe) Data(label string, message []byte) {
	if label != api.DoctorProbeLabel || len(message) > maxEchoBytes || p.echoed >= maxEchoes {
		return
	}
	p.echoed++
	if p.peer.SendData(label, message) {
		p.handler.echoed()
	}
}

func (h *Handler) echoed() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stats.Answered++
}
