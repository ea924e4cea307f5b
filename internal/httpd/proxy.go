package httpd

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pires/go-proxyproto"
)

// proxyBuffer holds most PROXY headers whole; longer ones, which carry a
// client's certificate, are read in pieces, up to 4 KiB.
const proxyBuffer = 256

// proxyLogEvery is how often the log says that a proxy is set up wrongly.
const proxyLogEvery = time.Minute

// proxies are those whose word we take for where a connection comes from.
type proxies struct {
	trusted []netip.Prefix // constant

	mu     sync.Mutex
	warned time.Time // guarded by mu
}

// speak reports whether addr is that of a trusted proxy.
func (p *proxies) speak(addr netip.Addr) bool {
	for _, prefix := range p.trusted {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// mayWarn reports whether it is time to say again that a proxy is set up
// wrongly.
func (p *proxies) mayWarn(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.warned.IsZero() && now.Sub(p.warned) < proxyLogEvery {
		return false
	}
	p.warned = now
	return true
}

// errNoTCPClient is a header that speaks of something else.
var errNoTCPClient = errors.New("the PROXY header names no client on TCP")

// readProxy reads the header with which a proxy begins a connection (PROXY
// protocol, versions 1 and 2). It returns the client's address and what was read
// beyond the header. The address is nil when the proxy speaks for itself, as it
// does to see whether we live.
func readProxy(r io.Reader) (client *net.TCPAddr, rest []byte, err error) {
	buffered := bufio.NewReaderSize(r, proxyBuffer)
	if _, err := buffered.Peek(1); err != nil {
		return nil, nil, err // which the library takes for a missing header
	}
	header, err := proxyproto.Read(buffered)
	if err != nil {
		return nil, nil, err
	}
	if !header.Command.IsLocal() {
		var ok bool
		if client, _, ok = header.TCPAddrs(); !ok {
			return nil, nil, errNoTCPClient
		}
	}
	rest, err = buffered.Peek(buffered.Buffered())
	return client, rest, err
}
