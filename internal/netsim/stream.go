package netsim

import (
	"context"
	"net"
	"sync"
)

// Listener is a net.Listener in memory whose connections are net.Pipes: it
// stands in for TCP where signalling must run in a synctest bubble. An
// http.Client reaches it by a Transport with Dial as its DialContext.
type Listener struct {
	accept chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// ListenStream returns a Listener that is ready.
func ListenStream() *Listener {
	return &Listener{accept: make(chan net.Conn), closed: make(chan struct{})}
}

// Dial connects to the listener, whatever the address.
func (l *Listener) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.accept <- far:
		return near, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Accept waits for a connection.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.accept:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept and Dial. It is idempotent; connections live on.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr returns an address that nobody else has.
func (l *Listener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 254), Port: 80} }
