package signal

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/room"
)

func TestACall(t *testing.T) {
	story(t, Options{}, api.Limits{}, func(t *testing.T, s *server) {
		ann, ben := s.join("Ann"), s.join("Ben")
		// Replies have the request's id, events come to everybody.
		if a, ok := ann.ask(&api.Offer{SDP: "v=0"}).(*api.Answer); !ok || a.SDP != "v=0" {
			t.Error("an offer is answered")
		}
		p, ok := ann.ask(&api.Publish{MID: "0", Origin: api.OriginCamera}).(*api.Published)
		if !ok {
			t.Fatal("a track is published")
		}
		last := ben.events[len(ben.events)-1]
		if last.Kind != api.EventTrackPublished || last.Track.ID != p.Track.ID {
			t.Errorf("Ben's last event is %+v", last)
		}
		// Mistakes are answered, and the call goes on.
		ann.write(websocket.MessageText, []byte(`{"type":"sing","id":77}`))
		ann.write(websocket.MessageText, []byte(`{"type":"ping"}`))
		ann.write(websocket.MessageText, []byte(`nonsense`))
		ann.undisturbed()
		if err, ok := ann.replies[77].(*api.Error); !ok || err.Code != api.CodeUnknownType {
			t.Errorf("an unknown type was answered by %v", ann.replies[77])
		}
		if len(ann.said) != 2 || ann.said[0].(*api.Error).Code != api.CodeBadMessage {
			t.Errorf("what has no id was answered by %v", ann.said)
		}
		// Ben leaves by himself: the reply comes before the good-bye.
		if _, ok := ben.ask(&api.Leave{}).(*api.OK); !ok {
			t.Error("leaving is answered")
		}
		ben.gone(api.CodeLeft)
		// Ann's browser is closed: she is away.
		ann.conn.CloseNow()
		<-ann.done
		synctest.Wait()
		if st := s.rooms.Stats(); st.MembersAway != 1 || st.Members != 1 {
			t.Errorf("stats are %+v", st)
		}
		if st := s.handler.Stats(); st.Opened != 2 || st.Joins != 2 || st.Sockets != 0 || len(st.Drops) != 0 {
			t.Errorf("stats are %+v", st)
		}
	})
}

// doorman lets in who knows the word.
type doorman struct{}

func (doorman) Authenticate(_, token string) (room.Grant, error) {
	if token != "please" {
		return room.Grant{}, api.Errorf(api.CodeTokenInvalid, "Say the word.")
	}
	return room.Grant{CanSubscribe: true}, nil
}

func TestWhoIsNotLetIn(t *testing.T) {
	good := api.Join{Version: api.Version, Room: "stage", Name: "Ann", Token: "please"}
	version, name, token, resume := good, good, good, good
	version.Version++
	name.Name = ""
	token.Token = "now!"
	resume.Resume = &api.Resume{Member: "m", Key: "k"}
	story(t, Options{Authenticator: doorman{}}, api.Limits{}, func(t *testing.T, s *server) {
		for _, one := range []struct {
			first api.Message
			code  api.Code
			retry int64
		}{
			{&api.Ping{}, api.CodeNotJoined, -1},
			{&version, api.CodeVersion, -1},
			{&name, api.CodeBadName, -1},
			{&token, api.CodeTokenInvalid, -1},
			{&resume, api.CodeResumeLost, 0},
		} {
			c := s.client()
			if err, ok := c.ask(one.first).(*api.Error); !ok || err.Code != one.code {
				t.Errorf("%+v was answered by %v", one.first, c.replies[1])
			}
			c.gone(one.code)
			if c.bye.RetryAfter != one.retry {
				t.Errorf("%s: try again in %d ms, want %d", one.code, c.bye.RetryAfter, one.retry)
			}
			if n := s.handler.Stats().Refusals[one.code]; n != 1 {
				t.Errorf("%d refusals as %s are counted", n, one.code)
			}
		}
		// What isn't even a message.
		c := s.client()
		c.write(websocket.MessageText, []byte("GET / HTTP/1.1"))
		c.gone(api.CodeBadMessage)
		// Silence.
		silent := s.client()
		start := time.Now()
		silent.gone(api.CodeTimeout)
		if waited := time.Since(start); waited != 10*time.Second {
			t.Errorf("silence was suffered for %v", waited)
		}
		// The word opens, and its grant counts.
		c = s.client()
		if _, ok := c.ask(&good).(*api.Welcome); !ok {
			t.Errorf("the word was answered by %v", c.replies[1])
		}
		if err, ok := c.ask(&api.Say{Text: "hi"}).(*api.Error); !ok || err.Code != api.CodeForbidden {
			t.Errorf("a listener's line was answered by %v", c.replies[2])
		}
	})
}

func TestPagesOfOthersCannotConnect(t *testing.T) {
	story(t, Options{Origins: []string{"friend.example"}}, api.Limits{}, func(t *testing.T, s *server) {
		for origin, ok := range map[string]bool{
			"https://tutti.example":  true,
			"https://friend.example": true,
			"https://evil.example":   false,
		} {
			c, response, err := s.dial(websocket.DialOptions{HTTPHeader: http.Header{"Origin": {origin}}})
			if (err == nil) != ok {
				t.Errorf("from %s: %v", origin, err)
			}
			if err != nil && response.StatusCode != http.StatusForbidden {
				t.Errorf("from %s: status %d", origin, response.StatusCode)
			}
			if c != nil {
				c.conn.CloseNow()
			}
		}
	})
}

func TestThoseWhoSendTooMuchAreToldAndDropped(t *testing.T) {
	story(t, Options{}, api.Limits{MessageBytes: 1000, MessageRate: 10}, func(t *testing.T, s *server) {
		ann := s.join("Ann")
		// A message of the largest size is taken, one byte more is not.
		large := s.join("Large")
		frame := []byte(`{"type":"ping","id":9,"data":{}}`)
		large.write(websocket.MessageText, append(frame, bytes.Repeat([]byte(" "), 1000-len(frame))...))
		synctest.Wait()
		if _, ok := large.replies[9].(*api.Pong); !ok {
			t.Errorf("1000 bytes were answered by %v", large.replies[9])
		}
		large.write(websocket.MessageText, append(frame, bytes.Repeat([]byte(" "), 1001-len(frame))...))
		large.gone(api.CodeTooLarge)

		// A burst of twice the rate is taken, and the rate itself for ever.
		fast := s.join("Fast")
		time.Sleep(2 * time.Second)
		for range 20 {
			fast.send(&api.Ping{})
		}
		for range 30 {
			time.Sleep(100 * time.Millisecond)
			fast.undisturbed()
		}
		for range 25 {
			fast.send(&api.Ping{})
		}
		fast.gone(api.CodeTooFast)

		// Another protocol.
		binary := s.join("Binary")
		binary.write(websocket.MessageBinary, frame)
		binary.gone(api.CodeBadMessage)

		ann.undisturbed()
		st := s.handler.Stats()
		for _, code := range []api.Code{api.CodeTooLarge, api.CodeTooFast, api.CodeBadMessage} {
			if st.Drops[code] != 1 {
				t.Errorf("%d drops as %s are counted", st.Drops[code], code)
			}
		}
	})
}

func TestASlowReaderIsDroppedAndResumes(t *testing.T) {
	story(t, Options{QueueMessages: 300}, api.Limits{MessageRate: 1000}, func(t *testing.T, s *server) {
		ann := s.join("Ann")
		// Ben joins and then reads no more, like a phone in a tunnel.
		slow, _, err := s.dial(websocket.DialOptions{})
		if err != nil {
			t.Fatal(err)
		}
		slow.send(&api.Join{Version: api.Version, Room: "stage", Name: "Ben"})
		_, b, err := slow.conn.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		m, _, err := api.DecodeServer(b)
		if err != nil {
			t.Fatal(err)
		}
		w := m.(*api.Welcome)

		// Meanwhile the others talk. Nothing holds them up.
		for range 350 {
			if _, ok := ann.ask(&api.Say{Text: strings.Repeat("la ", 10)}).(*api.OK); !ok {
				t.Fatal("Ann is held up")
			}
		}
		if n := s.handler.Stats().Drops[api.CodeSlow]; n != 1 {
			t.Errorf("%d slow readers are counted", n)
		}
		// Within two patiences the server has given him up.
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if s.rooms.Stats().MembersAway != 1 {
			t.Error("Ben should be away")
		}
		slow.conn.CloseNow()

		// Out of the tunnel he gets a snapshot: the room has forgotten some of
		// what he missed.
		ben := s.client()
		again, ok := ben.ask(&api.Join{Version: api.Version, Room: "stage", Resume: &api.Resume{Member: w.Member, Key: w.Key, Number: w.Room.Number}}).(*api.Welcome)
		if !ok || !again.Resumed || again.Room == nil || len(again.Room.Chat) != 200 {
			t.Errorf("Ben resumed with %+v", again)
		}
		ben.undisturbed()
		ann.undisturbed()
	})
}

func TestOneWhoStopsReadingInAQuietRoomIsDropped(t *testing.T) {
	story(t, Options{}, api.Limits{}, func(t *testing.T, s *server) {
		ann := s.join("Ann")
		slow, _, err := s.dial(websocket.DialOptions{})
		if err != nil {
			t.Fatal(err)
		}
		slow.send(&api.Join{Version: api.Version, Room: "stage", Name: "Ben"})
		// The Welcome itself is never read: one patience is enough.
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if n := s.handler.Stats().Drops[api.CodeSlow]; n != 1 {
			t.Errorf("%d slow readers are counted", n)
		}
		ann.undisturbed()
		slow.conn.CloseNow()
	})
}

func TestOneWhoDoesNotAnswerPingsIsDropped(t *testing.T) {
	story(t, Options{}, api.Limits{}, func(t *testing.T, s *server) {
		pings := 0
		deaf, _, err := s.dial(websocket.DialOptions{OnPingReceived: pingsTo(&pings)})
		if err != nil {
			t.Fatal(err)
		}
		go deaf.read()
		deaf.ask(&api.Join{Version: api.Version, Room: "stage", Name: "Ben"})
		ann := s.join("Ann")
		// Three pings are answered, the fourth is not.
		start := time.Now()
		deaf.gone(api.CodeTimeout)
		if waited := time.Since(start); waited != 50*time.Second || pings != 4 {
			t.Errorf("given up after %v and %d pings", waited, pings)
		}
		ann.undisturbed()
	})
}

func TestAResumedMembershipReplacesTheOldSocket(t *testing.T) {
	story(t, Options{}, api.Limits{}, func(t *testing.T, s *server) {
		old := s.join("Ann")
		again := s.client()
		w, ok := again.ask(&api.Join{Version: api.Version, Room: "stage", Resume: &api.Resume{Member: old.id, Key: old.key, Number: 1}}).(*api.Welcome)
		if !ok || !w.Resumed {
			t.Fatalf("resume was answered by %v", again.replies[1])
		}
		old.gone(api.CodeReplaced)
		again.undisturbed()
		if st := s.rooms.Stats(); st.Members != 1 || st.MembersAway != 0 {
			t.Errorf("stats are %+v", st)
		}
	})
}

func TestShutdown(t *testing.T) {
	story(t, Options{}, api.Limits{}, func(t *testing.T, s *server) {
		ann, undecided := s.join("Ann"), s.client()
		s.rooms.Close()
		ann.gone(api.CodeDraining)
		if err := s.handler.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		undecided.gone(api.CodeDraining)
		_, response, err := s.dial(websocket.DialOptions{})
		if err == nil || response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" {
			t.Errorf("a socket after the end: %v", err)
		}
	})
}
