package signal

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/room"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is a whole signalling server whose network is memory, so that its
// stories run in virtual time: each connection is a net.Pipe, which holds
// nothing that its other end does not read.
type server struct {
	t       *testing.T
	rooms   *room.Rooms
	handler *Handler
	http    *http.Server
	accept  chan net.Conn
}

func story(t *testing.T, o Options, limits api.Limits, tell func(t *testing.T, s *server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		rooms := room.New(plane{}, room.Options{Limits: limits})
		s := &server{t: t, rooms: rooms, handler: New(rooms, o), accept: make(chan net.Conn)}
		s.http = &http.Server{Handler: s.handler, ErrorLog: log.New(io.Discard, "", 0)}
		go s.http.Serve(s)
		tell(t, s)
		rooms.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := s.handler.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		s.http.Close()
		if n := s.handler.Stats().Sockets; n != 0 {
			t.Errorf("%d sockets are still open", n)
		}
	})
}

// Accept makes a server a net.Listener.
func (s *server) Accept() (net.Conn, error) {
	conn, ok := <-s.accept
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}

func (s *server) Close() error   { close(s.accept); return nil }
func (s *server) Addr() net.Addr { return &net.UnixAddr{Name: "memory"} }

// client is a WebSocket client that reads until the socket is closed.
type client struct {
	t    *testing.T
	conn *websocket.Conn
	done chan struct{} // closed when reading has ended

	mu      sync.Mutex
	replies map[uint32]api.Message // guarded by mu
	events  []*api.Event           // guarded by mu
	said    []api.Message          // guarded by mu
	bye     *api.Bye               // guarded by mu
	lastID  uint32
	id, key string
}

// dial opens a socket without reading from it.
func (s *server) dial(o websocket.DialOptions) (*client, *http.Response, error) {
	s.t.Helper()
	o.HTTPClient = &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			s.accept <- theirs
			return ours, nil
		},
	}}
	conn, response, err := websocket.Dial(s.t.Context(), "ws://tutti.example/api/ws", &o)
	if err != nil {
		return nil, response, err
	}
	conn.SetReadLimit(-1)
	return &client{t: s.t, conn: conn, done: make(chan struct{}), replies: make(map[uint32]api.Message)}, response, nil
}

// client opens a socket and reads from it.
func (s *server) client() *client {
	s.t.Helper()
	c, _, err := s.dial(websocket.DialOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	go c.read()
	return c
}

// join opens a socket and enters the room "stage".
func (s *server) join(name string) *client {
	s.t.Helper()
	c := s.client()
	w, ok := c.ask(&api.Join{Version: api.Version, Room: "stage", Name: name}).(*api.Welcome)
	if !ok {
		s.t.Fatalf("%s was not let in: %v", name, c.replies[1])
	}
	c.id, c.key = w.Member, w.Key
	return c
}

func (c *client) read() {
	defer close(c.done)
	defer c.conn.CloseNow()
	for {
		_, b, err := c.conn.Read(context.Background())
		if err != nil {
			return
		}
		m, id, err := api.DecodeServer(b)
		if err != nil {
			c.t.Errorf("the server sent %s: %v", b, err)
			return
		}
		c.mu.Lock()
		switch m := m.(type) {
		case *api.Event:
			c.events = append(c.events, m)
		case *api.Bye:
			c.bye = m
		default:
			if id != 0 {
				c.replies[id] = m
			} else {
				c.said = append(c.said, m)
			}
		}
		c.mu.Unlock()
	}
}

// write sends bytes as they are.
func (c *client) write(kind websocket.MessageType, b []byte) {
	// The server may be done with us already.
	if err := c.conn.Write(context.Background(), kind, b); err != nil && !errors.Is(err, net.ErrClosed) && !errors.Is(err, io.ErrClosedPipe) {
		c.t.Logf("write: %v", err)
	}
}

// send sends a message and returns the id of the request.
func (c *client) send(m api.Message) uint32 {
	c.t.Helper()
	c.lastID++
	b, err := api.Encode(c.lastID, m)
	if err != nil {
		c.t.Fatal(err)
	}
	c.write(websocket.MessageText, b)
	return c.lastID
}

// ask sends a request and returns the reply.
func (c *client) ask(m api.Message) api.Message {
	c.t.Helper()
	id := c.send(m)
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.replies[id]
}

// gone waits until the server has closed the socket and checks its reason.
func (c *client) gone(code api.Code) {
	c.t.Helper()
	<-c.done
	if c.bye == nil || c.bye.Code != code || c.bye.Text == "" {
		c.t.Errorf("the last message should be bye (%s), it is %+v", code, c.bye)
	}
}

// undisturbed checks that a bystander is there, and answered.
func (c *client) undisturbed() {
	c.t.Helper()
	if _, ok := c.ask(&api.Ping{}).(*api.Pong); !ok || c.bye != nil {
		c.t.Errorf("a bystander got no pong; bye is %v", c.bye)
	}
}

// plane is a media plane in which nothing happens.
type plane struct{}

func (plane) NewRouter(string, func(api.Program)) room.Router         { return plane{} }
func (plane) Mix(*room.Program)                                       {}
func (plane) Attach(string, func(room.Notice)) (room.Endpoint, error) { return plane{}, nil }
func (plane) Negotiate(offer string, _ ...netip.AddrPort) (*api.Answer, error) {
	return &api.Answer{SDP: offer}, nil
}
func (plane) Publish([]room.Publication)      {}
func (plane) View([]room.SlotWish, room.Fill) {}
func (plane) SendData(bool, []byte) bool      { return true }
func (plane) Close()                          {}

// pingsTo counts pings and answers three of them.
func pingsTo(n *int) func(context.Context, []byte) bool {
	return func(context.Context, []byte) bool {
		*n++
		return *n <= 3
	}
}
