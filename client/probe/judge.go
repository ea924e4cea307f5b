package probe

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/tutti-rtc/tutti/api"
)

// From where on it is worth a word.
const (
	maxSkew    = 10 * time.Second // what tokens are lenient about
	maxLoss    = 3.0              // percent
	maxTrip    = Milliseconds(300)
	soonExpiry = 14 * 24 * time.Hour
)

// report says what it means what was seen.
func (s *sight) report(o Options) *Report {
	r := &Report{URL: s.url.String(), Version: s.info.Version, Paths: s.paths, NAT: s.nat, Findings: []api.Finding{}}
	if s.unreached != nil {
		cause, text := unreachedBecause(s.unreached)
		r.NAT = NAT{Mapping: Unknown, Filtering: Unknown}
		r.Paths = []Path{}
		r.add(cause.Find("host", s.url.Hostname(), "port", portOf(s.url), "url", s.url, "error", text))
		return r
	}
	s.judgePage(r, o)
	s.judgeSignalling(r)
	s.judgeMedia(r)
	s.judgeAddresses(r)
	s.judgeNAT(r)
	r.Works = s.signalling == nil && r.best() != nil && !r.failed()
	if r.Works {
		r.Findings = append([]api.Finding{api.CauseOK.Find()}, r.Findings...)
	}
	return r
}

func (r *Report) add(f api.Finding) { r.Findings = append(r.Findings, f) }

// failed tells whether something was found that keeps people from calling.
func (r *Report) failed() bool {
	for _, f := range r.Findings {
		if f.Severity() == api.SeverityFail {
			return true
		}
	}
	return false
}

// best returns the path that a client takes, nil if there is none.
func (r *Report) best() *Path {
	for i := range r.Paths {
		if r.Paths[i].Works {
			return &r.Paths[i]
		}
	}
	return nil
}

// judgePage is about what a browser needs before anything else.
func (s *sight) judgePage(r *Report, o Options) {
	host := s.url.Hostname()
	if s.url.Scheme == "http" && !isLocal(host) {
		r.add(api.CauseNotSecureContext.Find())
	}
	if f := s.certificate(); s.tls != nil && !o.Insecure {
		s.judgeCertificate(r, f)
	}
	if off := s.skew.Abs() - s.roundTrip/2; off > maxSkew {
		r.add(api.CauseClockSkew.Find("seconds", int(math.Round(off.Seconds()))))
	}
}

func (s *sight) judgeCertificate(r *Report, f faults) {
	host, now := s.url.Hostname(), time.Now()
	day := func(t time.Time) string { return t.UTC().Format(time.DateOnly) }
	switch {
	case f.untrusted != nil:
		r.add(api.CauseTLSUntrusted.Find("host", host, "error", plainError(f.untrusted)))
	case f.wrongName:
		r.add(api.CauseTLSWrongName.Find("host", host, "names", strings.Join(f.names, ", ")))
	}
	switch {
	case now.Before(f.from) || now.After(f.until):
		r.add(api.CauseTLSExpired.Find("host", host, "from", day(f.from), "until", day(f.until)))
	case f.until.Sub(now) < soonExpiry:
		r.add(api.CauseTLSExpiring.Find("host", host, "days", int(f.until.Sub(now).Hours()/24), "until", day(f.until)))
	}
}

func (s *sight) judgeSignalling(r *Report) {
	if s.signalling != nil {
		r.add(api.CauseSignallingFailed.Find("url", socketURL(s.url), "error", plainError(s.signalling)))
	}
	var refusal *api.Error
	if errors.As(s.token, &refusal) {
		if cause := api.Cause(refusal.Code); isToken(cause) {
			r.add(cause.Find("host", s.url.Host))
		}
	}
}

func isToken(c api.Cause) bool {
	switch c {
	case api.CauseTokenMissing, api.CauseTokenInvalid, api.CauseTokenExpired, api.CauseTokenRoom:
		return true
	}
	return false
}

// judgeMedia is about the paths. One fault is said once: where UDP is closed, it
// is no news that TURN does not answer by UDP.
func (s *sight) judgeMedia(r *Report) {
	port, host := s.mediaPort(), s.url.Hostname()
	udp := s.binding.err == nil || s.path(PathUDP).Works || s.path(PathTURNUDP).Works
	switch {
	case s.binding.rejected() && !udp:
		r.add(api.CauseUDPRejected.Find("port", port))
	case !udp:
		r.add(api.CauseUDPBlocked.Find("port", port))
	case s.binding.err != nil:
		r.add(api.CauseSTUNNoAnswer.Find("port", port))
	}
	best := r.best()
	if best == nil {
		r.add(api.CauseMediaUnreachable.Find("port", port))
	} else {
		s.judgePath(r, best, host, port)
	}
	refused := false
	for i, kind := range pathKinds {
		switch err := s.allocations[i]; {
		case err == nil:
		case errors.Is(err, errRefused):
			refused = true
		case kind.name == PathTURNUDP && !udp: // said already
		default:
			r.add(map[string]api.Cause{
				PathTURNUDP: api.CauseTURNUDPFailed, PathTURNTCP: api.CauseTURNTCPFailed, PathTURNTLS: api.CauseTURNTLSFailed,
			}[kind.name].Find("port", port, "error", plainError(err)))
		}
	}
	if refused {
		r.add(api.CauseTURNRefused.Find())
	}
	r.addOf(s.info.Findings, api.CauseTURNOff)
}

// judgePath is about the one that calls take.
func (s *sight) judgePath(r *Report, best *Path, host, port string) {
	switch best.Kind {
	case PathTCP:
		r.add(api.CauseTCPFallback.Find("host", host, "port", port))
	case PathTURNUDP:
		r.add(api.CauseTURNUDPFallback.Find("host", s.calledBy()))
	case PathTURNTCP:
		r.add(api.CauseTURNTCPFallback.Find("host", host, "port", port))
	case PathTURNTLS:
		r.add(api.CauseTURNTLSFallback.Find("host", host, "port", port))
	}
	if best.Loss > maxLoss {
		r.add(api.CauseLossHigh.Find("loss", strconv.FormatFloat(best.Loss, 'f', -1, 64), "path", best.Kind))
	}
	if best.RoundTrip > maxTrip {
		r.add(api.CauseDelayHigh.Find("delay", fmt.Sprintf("%.0f", best.RoundTrip), "path", best.Kind))
	}
}

// judgeAddresses is about what the server tells its clients. Addresses of its
// inner networks are of no use to others, and that is as it should be, while one
// of them answers.
func (s *sight) judgeAddresses(r *Report) {
	answers, private := false, true
	var dead []string
	for i, text := range s.info.Server.Addresses {
		a, err := netip.ParseAddrPort(text)
		if err != nil {
			continue
		}
		inner := isInner(a.Addr())
		private = private && inner
		switch {
		case s.reachable[i] == nil:
			answers = true
		case !inner && !noRoute(s.reachable[i]):
			dead = append(dead, text)
		}
	}
	udp := s.binding.err == nil
	for _, address := range dead {
		if udp || answers { // else UDP is closed for all of them
			r.add(api.CauseAdvertisedUnreachable.Find("address", address))
		}
	}
	if behind := s.info.Server.BehindNAT; behind != "" {
		r.add(api.CauseServerBehindNAT.Find("address", s.calledBy(), "port", s.mediaPort()))
	} else if udp && !answers && private && !s.info.Client.Proxied {
		r.add(api.CauseAdvertisedPrivate.Find("addresses", strings.Join(s.info.Server.Addresses, ", "), "host", s.calledBy()))
	}
}

func (s *sight) judgeNAT(r *Report) {
	if s.binding.err != nil {
		return
	}
	address := s.binding.mapped.Addr().String()
	switch s.nat.Mapping {
	case None:
		r.add(api.CauseNATNone.Find("address", address))
	case EndpointIndependent:
		r.add(api.CauseNATOK.Find("address", address))
	case AddressDependent, AddressAndPortDependent:
		r.add(api.CauseNATSymmetric.Find())
	default:
		r.add(api.CauseNATUnknown.Find("address", address))
	}
}

// addOf adds those of the server's own findings that a client can't see by itself.
func (r *Report) addOf(findings []api.Finding, causes ...api.Cause) {
	for _, f := range findings {
		for _, cause := range causes {
			if f.Cause == cause {
				r.add(f)
			}
		}
	}
}

// path returns one of the paths.
func (s *sight) path(kind string) Path {
	for _, p := range s.paths {
		if p.Kind == kind {
			return p
		}
	}
	return Path{}
}

// calledBy is the address, in numbers, by which the server was reached.
func (s *sight) calledBy() string {
	if s.remote.IsValid() {
		return s.remote.Addr().String()
	}
	return s.url.Hostname()
}

// mediaPort is the port for everything: the server's own if a proxy is before it.
func (s *sight) mediaPort() string {
	if s.info.Client.Proxied && s.info.Server.Port != 0 {
		return strconv.Itoa(s.info.Server.Port)
	}
	return strconv.Itoa(portOf(s.url))
}

// sharedSpace is that of carriers' NATs (RFC 6598).
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

// isInner tells whether an address is of a private network (RFC 1918, RFC 4193),
// or of this machine.
func isInner(a netip.Addr) bool {
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || sharedSpace.Contains(a)
}
