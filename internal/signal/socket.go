package signal

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/time/rate"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/room"
)

// socket is one client's WebSocket, and a room.Conn. The goroutine of its HTTP
// request reads and waits for the one that writes.
type socket struct {
	handler *Handler      // constant
	request *http.Request // constant; the one by which the client came
	limits  api.Limits    // constant
	queue   *queue        // constant
	rate    *rate.Limiter // constant

	conn  *websocket.Conn // constant once serve was called
	blame sync.Once       // counts the drop
}

// errClosed ends the reading; the client knows why, or is gone.
var errClosed = errors.New("the socket is closed")

func newSocket(h *Handler, r *http.Request) *socket {
	limits := h.rooms.Limits()
	return &socket{
		handler: h,
		request: r,
		limits:  limits,
		queue:   newQueue(h.options.QueueMessages, h.options.QueueBytes),
		rate:    rate.NewLimiter(rate.Limit(limits.MessageRate), 2*limits.MessageRate),
	}
}

// Send queues a message. A client that does not read is dropped.
func (s *socket) Send(frame []byte) {
	if !s.queue.add(frame) {
		s.dropSlow()
	}
}

// Close queues the last message, after which the socket is closed.
func (s *socket) Close(bye *api.Bye) { s.queue.end(encode(0, bye), false) }

// drop closes the socket of a client that is to blame, and says why.
func (s *socket) drop(reason *api.Error) {
	s.blame.Do(func() { s.handler.dropped(reason.Code) })
	s.queue.end(goodBye(reason), reason.Code == api.CodeSlow)
}

func (s *socket) dropSlow() {
	s.drop(api.Errorf(api.CodeSlow, "You did not read what the server sent. Join again to resume."))
}

// serve runs the socket until it is closed.
func (s *socket) serve(conn *websocket.Conn) {
	s.conn = conn
	conn.SetReadLimit(-1) // next has a limit that says why
	written := make(chan struct{})
	go func() {
		defer close(written)
		s.write()
	}()
	s.read()
	s.queue.end(nil, false)
	<-written
}

// write sends what is queued, up to the last message.
func (s *socket) write() {
	defer s.conn.CloseNow()
	for range s.queue.wake {
		frames, last, over := s.queue.take()
		for _, frame := range frames {
			if !s.writeFrame(frame) {
				return
			}
		}
		if over {
			if last != nil && s.writeFrame(last) {
				s.conn.Close(websocket.StatusNormalClosure, "")
			}
			return
		}
	}
}

func (s *socket) writeFrame(frame []byte) bool {
	ctx, cancel := context.WithTimeout(context.Background(), s.handler.options.Patience)
	defer cancel()
	err := s.conn.Write(ctx, websocket.MessageText, frame)
	if errors.Is(err, context.DeadlineExceeded) {
		s.dropSlow()
	}
	return err == nil
}

// read lets the client in and does what it says until the socket is closed.
func (s *socket) read() {
	session := s.join()
	if session == nil {
		return
	}
	defer session.Detach()
	for {
		m, id, err := s.next()
		var mistake *api.Error
		switch {
		case errors.As(err, &mistake):
			s.Send(encode(id, mistake))
		case err != nil:
			return
		default:
			session.Handle(id, m)
		}
	}
}

// join waits for the first message, which decides. It returns nil if the client
// was refused.
func (s *socket) join() *room.Session {
	patience := s.handler.options.Patience
	late := time.AfterFunc(patience, func() {
		s.drop(api.Errorf(api.CodeTimeout, "No join came within %v.", patience))
	})
	defer late.Stop()
	m, id, err := s.next()
	var session *room.Session
	if err == nil {
		session, err = s.handler.admit(s, id, m)
	}
	var refusal *api.Error
	switch {
	case err == nil:
	case errors.As(err, &refusal):
		s.handler.refused(refusal.Code)
		s.Send(encode(id, refusal))
		s.queue.end(goodBye(refusal), false)
		return nil
	default:
		return nil
	}
	s.handler.joined()
	time.AfterFunc(patience, s.ask)
	return session
}

// ask drops a client that does not answer a ping, and asks again if it does. It
// ends with the socket.
func (s *socket) ask() {
	patience := s.handler.options.Patience
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	switch err := s.conn.Ping(ctx); {
	case err == nil:
		time.AfterFunc(patience, s.ask)
	case errors.Is(err, context.DeadlineExceeded):
		s.drop(api.Errorf(api.CodeTimeout, "Nothing was heard of you for %v.", patience))
	}
}

// next returns the client's next message. An *api.Error says what is wrong with
// it; errClosed that none is to come.
func (s *socket) next() (api.Message, uint32, error) {
	kind, r, err := s.conn.Reader(context.Background())
	if err != nil {
		return nil, 0, errClosed
	}
	b, err := io.ReadAll(io.LimitReader(r, int64(s.limits.MessageBytes)+1))
	var fault *api.Error
	switch {
	case err != nil:
		return nil, 0, errClosed
	case len(b) > s.limits.MessageBytes:
		fault = api.Errorf(api.CodeTooLarge, "A message may have %d bytes.", s.limits.MessageBytes)
	case !s.rate.Allow():
		fault = api.Errorf(api.CodeTooFast, "You may send %d messages a second.", s.limits.MessageRate)
	case kind != websocket.MessageText:
		fault = api.Errorf(api.CodeBadMessage, "Messages are JSON in text frames, not binary.")
	}
	if fault != nil {
		s.drop(fault)
		return nil, 0, errClosed
	}
	m, id, err := api.DecodeClient(b)
	if err == nil && id == 0 {
		err = api.Errorf(api.CodeBadMessage, "This %q message lacks the id that its reply shall have.", m.MessageType())
	}
	return m, id, err
}

// goodBye encodes the last message to a client that is to blame.
func goodBye(reason *api.Error) []byte {
	return encode(0, &api.Bye{Code: reason.Code, Text: reason.Text, RetryAfter: retryAfter(reason.Code)})
}

// retryAfter returns after how many milliseconds a client should try again, or
// -1 if the same would only happen again.
func retryAfter(code api.Code) int64 {
	switch code {
	case api.CodeResumeLost, api.CodeSlow, api.CodeTimeout:
		return 0
	case api.CodeDraining:
		return 1000
	case api.CodeFull, api.CodeTooFast, api.CodeInternal:
		return 5000
	}
	return -1
}

func encode(id uint32, m api.Message) []byte {
	b, err := api.Encode(id, m)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return b
}
