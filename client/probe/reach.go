package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/tutti-rtc/tutti/api"
)

// maxInfo bounds what is read of the doctor's answer, in bytes.
const maxInfo = 1 << 20

// sight is what was seen of a server. What was not tried is zero.
type sight struct {
	url       *url.URL
	remote    netip.AddrPort // where its page was got from
	unreached error          // why it was not
	info      api.DoctorInfo
	// skew is how far this machine's clock is ahead of the server's, give or
	// take half of roundTrip.
	skew, roundTrip time.Duration
	tls             *tls.ConnectionState // nil without TLS

	signalling error
	token      error
	binding    binding
	nat        NAT
	// Of pathKinds, by index: what media does, and whether TURN gave an
	// allocation.
	paths       []Path
	allocations []error
	// Of info.Server.Addresses, by index: why it does not answer.
	reachable []error
}

// notTutti is what something else than a tutti server answers.
type notTutti string

func (n notTutti) Error() string { return string(n) }

// reach asks the server what it knows of itself, and notes by the way what there
// is to see of address, TLS and clock.
func (x *examiner) reach(ctx context.Context, s *sight) error {
	ctx, cancel := context.WithTimeout(ctx, x.options.Patience)
	defer cancel()
	request, err := http.NewRequestWithContext(traced(ctx, s), http.MethodGet, s.url.JoinPath("/api/doctor").String(), nil)
	if err != nil {
		return err
	}
	response, begun, err := x.ask(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxInfo))
	if err != nil {
		return err
	}
	ended := time.Now()
	if response.StatusCode != http.StatusOK {
		return notTutti("HTTP status " + response.Status)
	}
	if err := json.Unmarshal(body, &s.info); err != nil || s.info.Time == 0 {
		return notTutti("there is something else at /api/doctor")
	}
	// Where it was redirected to is where browsers end up, too.
	s.url = &url.URL{Scheme: response.Request.URL.Scheme, Host: response.Request.URL.Host}
	s.tls = response.TLS
	s.roundTrip = ended.Sub(begun)
	s.skew = begun.Add(s.roundTrip / 2).Sub(time.UnixMilli(s.info.Time))
	return nil
}

// ask sends a request on a warm connection, so that the clocks are compared within
// one round trip.
func (x *examiner) ask(request *http.Request) (*http.Response, time.Time, error) {
	first, err := x.client.Do(request)
	if err != nil {
		return nil, time.Time{}, err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(first.Body, maxInfo))
	_ = first.Body.Close()
	begun := time.Now()
	response, err := x.client.Do(first.Request.Clone(request.Context()))
	return response, begun, err
}

// faults of a certificate.
type faults struct {
	untrusted error
	wrongName bool
	names     []string
	from      time.Time
	until     time.Time
}

// certificate judges what a browser would of the server's.
func (s *sight) certificate() faults {
	if s.tls == nil || len(s.tls.PeerCertificates) == 0 {
		return faults{}
	}
	leaf := s.tls.PeerCertificates[0]
	f := faults{from: leaf.NotBefore, until: leaf.NotAfter, names: leaf.DNSNames}
	for _, ip := range leaf.IPAddresses {
		f.names = append(f.names, ip.String())
	}
	between := x509.NewCertPool()
	for _, c := range s.tls.PeerCertificates[1:] {
		between.AddCert(c)
	}
	// Its time and name are judged apart.
	_, err := leaf.Verify(x509.VerifyOptions{Intermediates: between, CurrentTime: leaf.NotBefore.Add(time.Second)})
	f.untrusted = err
	f.wrongName = leaf.VerifyHostname(s.url.Hostname()) != nil
	return f
}

// trusted tells whether the token may be sent: TLS to somebody known, or no TLS at
// all, which whoever typed http:// has chosen.
func (s *sight) trusted() bool {
	f := s.certificate()
	return f.untrusted == nil && !f.wrongName
}

// unreachedBecause tells what a failed request means.
func unreachedBecause(err error) (cause api.Cause, text string) {
	var (
		dns   *net.DNSError
		other notTutti
		plain tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &other):
		return api.CauseNotTutti, other.Error()
	case errors.As(err, &plain):
		return api.CauseNotTutti, "it does not speak TLS; try http://"
	case errors.As(err, &dns):
		return api.CauseNameUnresolved, dns.Err
	}
	return api.CausePortClosedTCP, plainError(err)
}

// plainError is an error's last word: what wraps it says where, and the finding
// says that better.
func plainError(err error) string {
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}
