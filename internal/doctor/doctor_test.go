package doctor

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/webrtc/v4"
	"go.uber.org/goleak"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/peer"
	"github.com/tutti-rtc/tutti/internal/peer/peertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// practice is a doctor's handler on a network in memory, in virtual time.
type practice struct {
	*testing.T
	world   *peertest.World
	handler *Handler
}

func story(t *testing.T, o Options, tell func(p *practice)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := peertest.New(t, 7, peer.Options{Loops: 1})
		o.Version = "1.2.3"
		if o.Look == nil {
			o.Look = func(*http.Request) Place { return Place{} }
		}
		tell(&practice{t, w, New(w.Server, o)})
	})
}

// ask sends a request as from an address.
func (p *practice) ask(method, path, from, kind, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.RemoteAddr = from
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	return w
}

// channel opens a client's probe and returns its channel once it is open.
func (p *practice) channel(label string) (*peertest.Client, *webrtc.DataChannel) {
	p.Helper()
	c := p.world.NewClient("visitor", peertest.ClientOptions{})
	no, zero := false, uint16(0)
	dc, err := c.CreateDataChannel(label, &webrtc.DataChannelInit{Ordered: &no, MaxRetransmits: &zero})
	if err != nil {
		p.Fatal(err)
	}
	open := make(chan struct{})
	dc.OnOpen(func() { close(open) })
	if err := c.Negotiate(nil, func(offer string) (string, error) {
		w := p.ask("POST", "/api/doctor/probe", "203.0.113.9:5000", typeSDP, offer)
		if w.Code != http.StatusCreated {
			return "", fmt.Errorf("the offer is answered %d %s", w.Code, w.Body)
		}
		return w.Body.String(), nil
	}); err != nil {
		p.Fatal(err)
	}
	<-open
	return c, dc
}

func TestTheServerSaysWhatItKnows(t *testing.T) {
	story(t, Options{Look: func(r *http.Request) Place {
		return Place{
			Server:   api.DoctorServer{Host: r.Host, Port: 443, Addresses: []string{"10.0.0.5:443"}},
			Findings: []api.Finding{api.CauseServerBehindNAT.Find("address", "203.0.113.5", "port", 443)},
		}
	}}, func(p *practice) {
		w := p.ask("GET", "/api/doctor", "203.0.113.9:5000", "", "")
		var info api.DoctorInfo
		if err := json.Unmarshal(w.Body.Bytes(), &info); err != nil {
			p.Fatalf("%v: %s", err, w.Body)
		}
		if info.Version != "1.2.3" || info.Time != time.Now().UnixMilli() || info.Client.Address != "203.0.113.9:5000" ||
			info.Server.Port != 443 || len(info.Findings) != 1 || !strings.Contains(w.Body.String(), `"ice_servers":[]`) {
			p.Errorf("it says %s", w.Body)
		}
		if w.Header().Get("Cache-Control") != "no-store" {
			p.Error("a cache may keep the time")
		}
	})
}

func TestAProbeEchoesAndEnds(t *testing.T) {
	story(t, Options{}, func(p *practice) {
		c, dc := p.channel(api.DoctorProbeLabel)
		back := make(chan string, 8)
		dc.OnMessage(func(m webrtc.DataChannelMessage) { back <- string(m.Data) })
		for _, word := range []string{strings.Repeat("x", maxEchoBytes+1), "one", "two"} {
			if err := dc.Send([]byte(word)); err != nil {
				p.Fatal(err)
			}
			if len(word) > maxEchoBytes {
				continue // larger than a packet of media: not echoed
			}
			if got := <-back; got != word {
				p.Errorf("%q comes back as %.20q", word, got)
			}
		}
		if s := p.handler.Stats(); s.Open != 1 || s.Answered != 2 {
			p.Errorf("the figures are %+v", s)
		}
		// However long the client would stay, it ends.
		gone := make(chan struct{})
		dc.OnClose(func() { close(gone) })
		begun := time.Now()
		<-gone
		synctest.Wait()
		if d := time.Since(begun); d > probeLife {
			p.Errorf("it lived %v", d)
		}
		if s := p.handler.Stats(); s.Open != 0 || p.world.Server.Stats().Peers != 0 {
			p.Errorf("after its end there are %d probes, %d peers", s.Open, p.world.Server.Stats().Peers)
		}
		_ = c.Close()
	})
}

func TestAProbeThatIsClosedGivesBackItsPlace(t *testing.T) {
	story(t, Options{MaxProbes: 1}, func(p *practice) {
		for range 3 { // each in the place of the one before
			c, _ := p.channel(api.DoctorProbeLabel)
			if w := p.ask("POST", "/api/doctor/probe", "203.0.113.9:5000", typeSDP, "v=0"); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
				p.Errorf("a second one is answered %d %v", w.Code, w.Header())
			}
			_ = c.Close()
			synctest.Wait()
		}
		if s := p.handler.Stats(); s.Opened != 3 || s.Refused != 3 || s.Open != 0 {
			p.Errorf("the figures are %+v", s)
		}
	})
}

func TestWhatIsNoOfferIsRefused(t *testing.T) {
	story(t, Options{}, func(p *practice) {
		for _, test := range []struct {
			kind, body string
			want       int
		}{
			{"application/json", "{}", http.StatusUnsupportedMediaType},
			{"", "v=0", http.StatusUnsupportedMediaType},
			{typeSDP, "hello", http.StatusBadRequest},
			{typeSDP, strings.Repeat("x", maxOffer+1), http.StatusRequestEntityTooLarge},
		} {
			if w := p.ask("POST", "/api/doctor/probe", "203.0.113.9:5000", test.kind, test.body); w.Code != test.want {
				p.Errorf("%q of type %q is answered %d, want %d", test.body[:min(20, len(test.body))], test.kind, w.Code, test.want)
			}
		}
		synctest.Wait()
		if s := p.handler.Stats(); s.Open != 0 || p.world.Server.Stats().Peers != 0 {
			p.Errorf("something is left: %+v", s)
		}
	})
}

func TestOneSourceCannotTakeAllProbes(t *testing.T) {
	story(t, Options{}, func(p *practice) {
		try := func(from string) int { return p.ask("POST", "/api/doctor/probe", from, typeSDP, "no offer").Code }
		for range sourceProbes {
			try("203.0.113.9:5000")
		}
		w := p.ask("POST", "/api/doctor/probe", "203.0.113.9:6000", typeSDP, "no offer")
		after, err := strconv.Atoi(w.Header().Get("Retry-After"))
		if w.Code != http.StatusTooManyRequests || err != nil || after < 1 || after > 60 {
			p.Errorf("one more is answered %d %v", w.Code, w.Header())
		}
		if code := try("203.0.113.10:5000"); code != http.StatusBadRequest {
			p.Errorf("somebody else is answered %d", code)
		}
		// Whoever has a /64 has one place in the table.
		for i := range sourceProbes {
			try(fmt.Sprintf("[2001:db8::%x]:5000", i+1))
		}
		if code := try("[2001:db8::ffff]:5000"); code != http.StatusTooManyRequests {
			p.Errorf("another address of the same network is answered %d", code)
		}
		<-time.After(sourcePeriod)
		if code := try("203.0.113.9:5000"); code != http.StatusBadRequest {
			p.Errorf("a minute later it is answered %d", code)
		}
	})
}

func TestTheTableOfSourcesIsBounded(t *testing.T) {
	s, now := make(sources), time.Unix(1000, 0)
	at := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{198, 51, byte(i >> 8), byte(i)}) }
	for i := range maxSources {
		if wait := s.admit(now, at(i)); wait != 0 {
			t.Fatalf("source %d must wait %v", i, wait)
		}
	}
	if wait := s.admit(now, at(maxSources)); wait <= 0 || len(s) > maxSources {
		t.Errorf("one too many waits %v, %d are remembered", wait, len(s))
	}
	if wait := s.admit(now.Add(sourcePeriod), at(maxSources)); wait != 0 || len(s) != 1 {
		t.Errorf("a minute later it waits %v, %d are remembered", wait, len(s))
	}
	for range 3 * sourceProbes {
		if wait := s.admit(now, netip.MustParseAddr("127.0.0.1")); wait != 0 {
			t.Fatal("the operator must wait")
		}
	}
}
