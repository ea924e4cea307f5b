package client

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/api"
)

// The server is tried by UDP first. What costs more is tried beside it when it
// has had its time: a connection by TCP that is up a moment before the one by
// UDP would be kept.
const (
	tcpAfter   = 500 * time.Millisecond
	relayAfter = time.Second
)

// unreachableAfter is how long media may take to come before the server's
// operator is told that they don't.
const unreachableAfter = 10 * time.Second

// approach is how the server's answer is gone about.
type approach struct {
	answered time.Time                 // zero before
	tcp      []webrtc.ICECandidateInit // of the answer, not tried yet
	relayed  bool                      // the relays are tried too, from now on

	begun time.Time // the first answer since the connection was up; zero while it is
	told  bool      // the server, that media don't come
}

// next returns when the next way is due, and false if none is left.
func (a *approach) next(relays bool) (time.Time, bool) {
	switch {
	case a.answered.IsZero():
	case len(a.tcp) > 0:
		return a.answered.Add(tcpAfter), true
	case relays && !a.relayed:
		return a.answered.Add(relayAfter), true
	}
	return time.Time{}, false
}

// overdue returns when the server is to be told that media don't come, and
// false if there is no need.
func (a *approach) overdue() (time.Time, bool) {
	return a.begun.Add(unreachableAfter), !a.begun.IsZero() && !a.told
}

// searches reports whether no way was found yet.
func (p *peer) searches() bool {
	s := p.pc.ICEConnectionState()
	return s == webrtc.ICEConnectionStateNew || s == webrtc.ICEConnectionStateChecking
}

// widen tries the ways that are due while the connection is not up.
func (r *Room) widen(ctx context.Context, p *peer) {
	for p.searches() {
		r.mu.Lock()
		at, more := p.approach.next(len(r.relays) > 0)
		if !more || time.Now().Before(at) {
			r.mu.Unlock()
			return
		}
		tcp, relays := p.approach.tcp, r.relays
		p.approach.tcp = nil
		p.approach.relayed = len(tcp) == 0
		r.mu.Unlock()
		if len(tcp) == 0 {
			r.relay(ctx, p, relays)
			return
		}
		for _, c := range tcp {
			_ = p.pc.AddICECandidate(c) // one that is of no use here is none
		}
	}
}

// relay lets the connection also come by the relays, with a restart of ICE
// since their candidates are gathered by that.
func (r *Room) relay(ctx context.Context, p *peer, relays []webrtc.ICEServer) {
	config := p.pc.GetConfiguration()
	config.ICEServers = relays
	if p.pc.SetConfiguration(config) == nil {
		_ = r.restartICE(ctx)
	}
}

// approachTime returns for how long the keeper may wait for the next way.
func (r *Room) approachTime() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	wait := pingEvery
	if r.peer == nil {
		return wait
	}
	if at, more := r.peer.approach.next(len(r.relays) > 0); more && r.peer.searches() {
		wait = min(wait, time.Until(at))
	}
	if at, due := r.peer.approach.overdue(); due {
		wait = min(wait, time.Until(at))
	}
	return wait
}

// reportOutage tells the server, once in an outage, that media don't come. What
// comes of that is no matter: it is for the operator's figures.
func (r *Room) reportOutage(ctx context.Context, p *peer) {
	r.mu.Lock()
	at, due := p.approach.overdue()
	if !due || time.Now().Before(at) {
		r.mu.Unlock()
		return
	}
	p.approach.told = true
	r.mu.Unlock()
	p.reported = Candidate{} // the way it comes up by is news
	_ = r.do(ctx, &api.Report{Cause: api.CauseMediaUnreachable})
}

// arrived notes that the connection is up.
func (r *Room) arrived(p *peer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p.approach.begun, p.approach.told = time.Time{}, false
}

// relaysOf returns those ICE servers that relay and that the engine can reach.
func (e *Engine) relaysOf(servers []api.ICEServer) []webrtc.ICEServer {
	var relays []webrtc.ICEServer
	for _, s := range servers {
		var urls []string
		for _, url := range s.URLs {
			if e.reaches(url) {
				urls = append(urls, url)
			}
		}
		if len(urls) > 0 {
			relays = append(relays, webrtc.ICEServer{URLs: urls, Username: s.Username, Credential: s.Credential})
		}
	}
	return relays
}

// reaches reports whether a URL is a relay's (RFC 7065), and one that the
// engine may connect to.
func (e *Engine) reaches(url string) bool {
	u, err := stun.ParseURI(url)
	if err != nil || e.shared || e.only == api.CandidateTCP {
		return false
	}
	switch u.Scheme {
	case stun.SchemeTypeTURN:
		return u.Proto == stun.ProtoTypeUDP || !e.tls && e.only == ""
	case stun.SchemeTypeTURNS:
		return u.Proto == stun.ProtoTypeUDP || e.only == ""
	}
	return false
}

// holdTCP takes the TCP candidates out of a description in which there are also
// others (RFC 8839 §5.1, RFC 6544 §4.5).
func holdTCP(sdp string) (rest string, tcp []webrtc.ICECandidateInit) {
	var lines []string
	others := false
	for line := range strings.Lines(sdp) {
		candidate, ok := strings.CutPrefix(strings.TrimSpace(line), "a=candidate:")
		if fields := strings.Fields(candidate); ok && len(fields) > 2 && strings.EqualFold(fields[2], "tcp") {
			tcp = append(tcp, webrtc.ICECandidateInit{Candidate: "candidate:" + candidate, SDPMLineIndex: new(uint16)})
			continue
		}
		others = others || ok
		lines = append(lines, line)
	}
	if !others {
		return sdp, nil
	}
	// All m-lines are bundled, and each may repeat the candidates.
	slices.SortFunc(tcp, func(a, b webrtc.ICECandidateInit) int { return strings.Compare(a.Candidate, b.Candidate) })
	tcp = slices.CompactFunc(tcp, func(a, b webrtc.ICECandidateInit) bool { return a.Candidate == b.Candidate })
	return strings.Join(lines, ""), tcp
}
