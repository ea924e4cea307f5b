package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/coder/websocket"

	"github.com/tutti-rtc/tutti/api"
)

// maxMessage bounds what the server may send in one message: the snapshot of a
// room of thousands.
const maxMessage = 8 << 20

// socket is one WebSocket to the server: requests with their replies, and what
// the server says by itself.
type socket struct {
	conn *websocket.Conn // constant
	done chan struct{}   // constant; closed when reading has ended

	mu      sync.Mutex
	pending map[uint32]chan api.Message // guarded by mu; nil when reading has ended
	lastID  uint32                      // guarded by mu
	err     error                       // guarded by mu; why reading has ended
}

// errSocketLost wraps what ended a socket, for requests that were under way.
var errSocketLost = errors.New("the connection to the server was lost")

// socketURL returns the signalling address of what a person or program may
// give: a server's base address, or the address of its signalling itself.
func socketURL(server string) (string, error) {
	u, err := url.Parse(server)
	if err != nil {
		return "", fmt.Errorf("the server's address: %w", err)
	}
	switch u.Scheme {
	case "http":
		u.Scheme = "ws"
	case "https":
		u.Scheme = "wss"
	case "ws", "wss":
	default:
		return "", fmt.Errorf("the server's address %q must begin with http, https, ws or wss", server)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/api/ws"
	}
	u.Fragment = ""
	return u.String(), nil
}

// isLoopback reports whether the server at u is on this machine.
func isLoopback(server string) bool {
	u, err := url.Parse(server)
	if err != nil {
		return false
	}
	host := u.Hostname()
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// tlsOf returns how client verifies the server at address; nil if it does so as
// usual, or there is nothing to verify.
func tlsOf(address string, client *http.Client) *tls.Config {
	if client == nil || !strings.HasPrefix(address, "wss:") {
		return nil
	}
	transport, ok := client.Transport.(*http.Transport)
	if !ok {
		return nil
	}
	config := transport.Clone().TLSClientConfig // which others may be using
	if config != nil {
		config.NextProtos = nil // those are of HTTP
	}
	return config
}

// dialSocket opens a socket. The caller must call read once.
func dialSocket(ctx context.Context, address string, client *http.Client) (*socket, error) {
	conn, response, err := websocket.Dial(ctx, address, &websocket.DialOptions{HTTPClient: client})
	if response != nil && response.Body != nil {
		_ = response.Body.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("open the signalling of %s: %w", address, err)
	}
	conn.SetReadLimit(maxMessage)
	return &socket{conn: conn, done: make(chan struct{}), pending: map[uint32]chan api.Message{}}, nil
}

// read gives every message to handle, and then to the request it answers, until
// the socket fails or ctx is done.
func (s *socket) read(ctx context.Context, handle func(api.Message) error) {
	err := s.readAll(ctx, handle)
	_ = s.conn.CloseNow()
	s.mu.Lock()
	s.err = fmt.Errorf("%w: %w", errSocketLost, err)
	for _, reply := range s.pending {
		close(reply)
	}
	s.pending = nil
	s.mu.Unlock()
	close(s.done)
}

func (s *socket) readAll(ctx context.Context, handle func(api.Message) error) error {
	for {
		_, b, err := s.conn.Read(ctx)
		if err != nil {
			return err
		}
		m, id, err := api.DecodeServer(b)
		if failure := (*api.Error)(nil); errors.As(err, &failure) && failure.Code == api.CodeUnknownType {
			continue // of a newer server
		}
		if err != nil {
			return err
		}
		if err := handle(m); err != nil {
			return err
		}
		s.mu.Lock()
		reply := s.pending[id]
		delete(s.pending, id)
		s.mu.Unlock()
		if reply != nil {
			reply <- m
		}
	}
}

// request sends m and returns the reply. An *api.Error reply is returned as the
// error.
func (s *socket) request(ctx context.Context, m api.Message) (api.Message, error) {
	id, reply, err := s.expect()
	if err != nil {
		return nil, err
	}
	b, err := api.Encode(id, m)
	if err == nil {
		err = s.conn.Write(ctx, websocket.MessageText, b)
	}
	if err != nil {
		s.forget(id)
		return nil, fmt.Errorf("send %s: %w", m.MessageType(), err)
	}
	select {
	case answer, ok := <-reply:
		if !ok {
			return nil, s.failure()
		}
		if refusal, ok := answer.(*api.Error); ok {
			return nil, refusal
		}
		return answer, nil
	case <-ctx.Done():
		s.forget(id)
		return nil, fmt.Errorf("wait for the reply to %s: %w", m.MessageType(), context.Cause(ctx))
	}
}

// expect registers a new request and returns its id and where its reply comes.
func (s *socket) expect() (uint32, chan api.Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pending == nil {
		return 0, nil, s.err
	}
	s.lastID++
	reply := make(chan api.Message, 1)
	s.pending[s.lastID] = reply
	return s.lastID, reply, nil
}

func (s *socket) forget(id uint32) {
	s.mu.Lock()
	delete(s.pending, id)
	s.mu.Unlock()
}

func (s *socket) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// close ends the socket and waits until reading has ended.
func (s *socket) close() {
	_ = s.conn.CloseNow()
	<-s.done
}
