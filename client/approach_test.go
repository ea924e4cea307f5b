package client

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/api"
)

func TestTCPIsHeldBackWhereThereIsUDP(t *testing.T) {
	const (
		head = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n"
		udp  = "a=candidate:1 1 udp 2130706431 192.0.2.1 443 typ host\r\n"
		tcp  = "a=candidate:2 1 TCP 1671430143 192.0.2.1 443 typ host tcptype passive\r\n"
		end  = "a=end-of-candidates\r\n"
	)
	rest, held := holdTCP(head + udp + tcp + head + tcp + end)
	if want := head + udp + head + end; rest != want {
		t.Errorf("the description is\n%s", rest)
	}
	if len(held) != 1 || "a="+held[0].Candidate != strings.TrimSpace(tcp) || *held[0].SDPMLineIndex != 0 {
		t.Errorf("held back: %+v", held)
	}
	if rest, held := holdTCP(head + tcp); rest != head+tcp || held != nil {
		t.Errorf("where there is nothing but TCP it is not held back: %+v", held)
	}
}

func TestWaysAreTriedInOrder(t *testing.T) {
	var a approach
	if _, more := a.next(true); more {
		t.Error("there is a way before the answer")
	}
	answered := time.Now()
	a = approach{answered: answered, tcp: make([]webrtc.ICECandidateInit, 1)}
	if at, more := a.next(true); !more || at.Sub(answered) != tcpAfter {
		t.Errorf("TCP after %v", at.Sub(answered))
	}
	a.tcp = nil
	if at, more := a.next(true); !more || at.Sub(answered) != relayAfter {
		t.Errorf("the relays after %v", at.Sub(answered))
	}
	if _, more := a.next(false); more {
		t.Error("there is a way by relays where there are none")
	}
	a.relayed = true
	if _, more := a.next(true); more {
		t.Error("there is a way after the last")
	}
}

func TestRelaysAreThoseThatCanBeReached(t *testing.T) {
	const (
		udp = "turn:192.0.2.1:443?transport=udp"
		tcp = "turn:192.0.2.1:443?transport=tcp"
		tls = "turns:192.0.2.1:443?transport=tcp"
	)
	offered := []api.ICEServer{
		{URLs: []string{"stun:192.0.2.1:443"}},
		{URLs: []string{udp, tcp, tls, "turn:"}, Username: "u", Credential: "c"},
	}
	for _, test := range []struct {
		who    string
		engine Engine
		want   []string
	}{
		{"a plain machine", Engine{}, []string{udp, tcp, tls}},
		{"one that verifies in its own way", Engine{tls: true}, []string{udp, tls}},
		{"one that uses UDP alone", Engine{only: api.CandidateUDP}, []string{udp}},
		{"one that uses TCP alone", Engine{only: api.CandidateTCP}, nil},
		{"one that may open no socket", Engine{shared: true}, nil},
	} {
		var urls []string
		for _, relay := range test.engine.relaysOf(offered) {
			urls = append(urls, relay.URLs...)
			if relay.Username != "u" || relay.Credential != "c" {
				t.Errorf("%s has the credentials of %+v", test.who, relay)
			}
		}
		if !slices.Equal(urls, test.want) {
			t.Errorf("%s is relayed by %v, want %v", test.who, urls, test.want)
		}
	}
}

func TestOnlyKnownProtocols(t *testing.T) {
	if _, err := NewEngine(EngineOptions{Only: "sctp"}); err == nil {
		t.Error("media go by a protocol that ICE has no candidates for")
	}
}

func TestWhatACandidateIsASignOf(t *testing.T) {
	for want, c := range map[api.Cause]Candidate{
		api.CauseOK:              {Type: api.CandidatePrflx, Protocol: api.CandidateUDP},
		api.CauseTCPFallback:     {Type: api.CandidateHost, Protocol: api.CandidateTCP},
		api.CauseTURNUDPFallback: {Type: api.CandidateRelay, Protocol: api.CandidateUDP, Relay: api.RelayUDP},
		api.CauseTURNTCPFallback: {Type: api.CandidateRelay, Protocol: api.CandidateUDP, Relay: api.RelayTCP},
		api.CauseTURNTLSFallback: {Type: api.CandidateRelay, Protocol: api.CandidateUDP, Relay: api.RelayTLS},
	} {
		if got := c.cause(); got != want {
			t.Errorf("%+v is a sign of %s, want %s", c, got, want)
		}
	}
}
