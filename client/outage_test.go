package client

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"github.com/tutti-rtc/tutti/api"
)

// later lets an approach be as far as if time had passed.
func (r *Room) later(d time.Duration) {
	r.mu.Lock()
	a := &r.peer.approach
	a.answered, a.begun = a.answered.Add(-d), a.begun.Add(-d)
	r.mu.Unlock()
	r.nudge()
}

func TestMediaThatDoNotComeAreReported(t *testing.T) {
	f := newFake(t)
	f.hidden = true
	r := join(t, f, Options{AudioSlots: 1})
	r.later(unreachableAfter)
	if m := receive(t, f.reports, "report"); m.Cause != api.CauseMediaUnreachable || m.Candidate != nil {
		t.Errorf("reported: %s", asJSON(m))
	}
	// An outage is told once. Then a way is found, and that is news.
	r.later(unreachableAfter)
	f.mu.Lock()
	f.hidden = false
	f.mu.Unlock()
	if err := r.RestartICE(within(t)); err != nil {
		t.Fatal(err)
	}
	if m := receive(t, f.reports, "second report"); m.Cause != api.CauseOK || m.Candidate == nil || m.Candidate.Protocol != api.CandidateUDP {
		t.Errorf("reported when media came: %s", asJSON(m))
	}
}

func TestMediaThatComeAreNotMissed(t *testing.T) {
	f := newFake(t)
	r := join(t, f, Options{AudioSlots: 1})
	if m := receive(t, f.reports, "report"); m.Cause != api.CauseOK {
		t.Errorf("reported: %s", asJSON(m))
	}
	// Another negotiation is no outage.
	if err := r.AddSlots(within(t), 1, 0); err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, due := r.peer.approach.overdue(); due {
		t.Error("the server will be told that media don't come")
	}
}

// A relay by TLS gets to see credentials and all packets' sizes and times: it is
// verified, as the program verifies the server.
func TestRelaysAreVerified(t *testing.T) {
	trusted := httptest.NewTLSServer(http.NotFoundHandler())
	defer trusted.Close()
	transport, ok := trusted.Client().Transport.(*http.Transport)
	if !ok {
		t.Fatal("the client of a test server has another transport")
	}
	for _, test := range []struct {
		why    string
		config *tls.Config
		asked  bool
	}{
		{"by the system's roots, which do not know it", nil, false},
		{"by the program's roots, of which it is none", &tls.Config{RootCAs: x509.NewCertPool()}, false},
		{"by the program's roots", tlsOf("wss://127.0.0.1", &http.Client{Transport: transport}), true},
	} {
		t.Run(test.why, func(t *testing.T) {
			relay, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: trusted.TLS.Certificates})
			if err != nil {
				t.Fatal(err)
			}
			defer relay.Close()
			asked := make(chan bool, 8)
			go takeAllocate(relay, asked)
			f := newFake(t)
			f.hidden = true
			f.relays = []api.ICEServer{{URLs: []string{"turns:" + relay.Addr().String() + "?transport=tcp"}, Username: "u", Credential: "c"}}
			engine, err := NewEngine(EngineOptions{Loopback: true, TLS: test.config})
			if err != nil {
				t.Fatal(err)
			}
			r := join(t, f, Options{AudioSlots: 1, Engine: engine})
			r.later(relayAfter)
			if got := receive(t, asked, "client of the relay"); got != test.asked {
				t.Errorf("the relay was asked for an allocation: %v, which ought to be %v", got, test.asked)
			}
		})
	}
}

// takeAllocate tells of each connection whether an Allocate request came on it
// (RFC 8656 §3.1), until the listener is closed.
func takeAllocate(l net.Listener, asked chan<- bool) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		head := make([]byte, 20) // RFC 8489 §5
		_, err = io.ReadFull(conn, head)
		var kind stun.MessageType
		if err == nil {
			kind.ReadValue(uint16(head[0])<<8 | uint16(head[1]))
		}
		offerTo(asked, err == nil && kind == stun.NewType(stun.MethodAllocate, stun.ClassRequest))
		_ = conn.Close()
	}
}

func TestHowServersAreVerified(t *testing.T) {
	own := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{ServerName: "choir", NextProtos: []string{"h2"}}}}
	for _, test := range []struct {
		address string
		client  *http.Client
	}{{"wss://192.0.2.1", nil}, {"wss://192.0.2.1", http.DefaultClient}, {"ws://192.0.2.1", own}} {
		if config := tlsOf(test.address, test.client); config != nil {
			t.Errorf("%s is verified in a way of its own: %+v", test.address, config)
		}
	}
	if config := tlsOf("wss://192.0.2.1", own); config == nil || config.ServerName != "choir" || len(config.NextProtos) != 0 {
		t.Errorf("relays are verified by %+v", config)
	}
}
