package probe

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/tutti-rtc/tutti/api"
)

// Options say what to look at. URL must be set.
type Options struct {
	// URL is the server's address, such as https://call.example.org.
	URL string
	// Token is tried when it is set. It is sent to a server whose certificate
	// is known only, unless Insecure.
	Token string
	// Insecure takes any certificate and says nothing of it.
	Insecure bool
	// Patience is how long one thing that is tried may take; 0 means 8 s.
	Patience time.Duration
}

// Report is what was found.
type Report struct {
	URL     string `json:"url"`
	Version string `json:"version,omitempty"` // the server's
	// Works says that signalling and media get through, on one path at least.
	Works bool `json:"works"`
	// Findings come in the order in which to mend them.
	Findings []api.Finding `json:"findings"`
	Paths    []Path        `json:"paths"` // in the order in which a client prefers them
	NAT      NAT           `json:"nat"`
}

// Run looks at everything and returns what it found. It takes some seconds, and
// ends early with ctx.
func Run(ctx context.Context, o Options) (*Report, error) {
	if o.Patience == 0 {
		o.Patience = 8 * time.Second
	}
	s := &sight{}
	var err error
	if s.url, err = baseURL(o.URL); err != nil {
		return nil, err
	}
	x := &examiner{options: o, transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // certificate judges it, so that the rest can be tried
	}}
	x.client = &http.Client{Transport: x.transport, Timeout: o.Patience}
	defer x.transport.CloseIdleConnections()
	if s.unreached = x.reach(ctx, s); s.unreached == nil {
		x.look(ctx, s)
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if s.busy() {
		return nil, fmt.Errorf("%w: try again in a minute", errBusy)
	}
	return s.report(o), nil
}

// examiner tries things.
type examiner struct {
	options   Options
	transport *http.Transport
	client    *http.Client
}

// look tries what can be tried at the same time. Each writes its own field.
func (x *examiner) look(ctx context.Context, s *sight) {
	s.paths = make([]Path, len(pathKinds))
	s.allocations = make([]error, len(pathKinds))
	s.reachable = make([]error, len(s.info.Server.Addresses))
	stunAsker := asker{bindingTime}
	tries := []func(context.Context){
		func(ctx context.Context) { s.signalling = x.signal(ctx, s.url) },
		func(ctx context.Context) { s.token = x.tryToken(ctx, s) },
		func(ctx context.Context) { s.binding, s.nat = stunAsker.discover(ctx, s.servers().stun) },
	}
	for i, kind := range pathKinds {
		s.paths[i].Kind = kind.name
		tries = append(tries, func(ctx context.Context) { x.tryPath(ctx, s, kind, &s.paths[i]) })
		if kind.scheme != "" {
			tries = append(tries, func(ctx context.Context) { s.allocations[i] = x.allocate(ctx, s, kind) })
		}
	}
	for i, address := range s.info.Server.Addresses {
		tries = append(tries, func(ctx context.Context) { s.reachable[i] = stunAsker.bindTo(ctx, address).err })
	}
	var running sync.WaitGroup
	for _, try := range tries {
		running.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, x.options.Patience)
			defer cancel()
			try(ctx)
		})
	}
	running.Wait()
}

// busy tells whether there is nothing to judge, since the server took no probes.
func (s *sight) busy() bool {
	busy := false
	for _, p := range s.paths {
		if p.Works {
			return false
		}
		busy = busy || p.busy
	}
	return busy
}

// baseURL completes what a person types.
func baseURL(given string) (*url.URL, error) {
	u, err := url.Parse(given)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is no address of a server: it looks like https://call.example.org", given)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// portOf returns the port of a web address.
func portOf(u *url.URL) int {
	if n, err := strconv.Atoi(u.Port()); err == nil {
		return n
	}
	if u.Scheme == "https" {
		return 443
	}
	return 80
}

// isLocal tells whether browsers take a page of this host for secure without TLS
// (https://w3c.github.io/webappsec-secure-contexts/#localhost).
func isLocal(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
