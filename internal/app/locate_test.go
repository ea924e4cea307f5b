package app

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

// found makes a locator of a server at some addresses, port 8443, with TLS.
func found(log *bytes.Buffer, announced bool, addresses ...string) *locator {
	var own []netip.AddrPort
	for _, a := range addresses {
		own = append(own, netip.AddrPortFrom(netip.MustParseAddr(a), 8443))
	}
	return &locator{
		port: 8443, tls: true, turn: true, secret: "north", announced: announced, issued: func(string) {},
		addresses: func() []netip.AddrPort { return own }, log: slog.New(slog.NewTextHandler(log, nil)),
	}
}

func asks(host, from string, header ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/api/ws", nil)
	r.Host, r.RemoteAddr = host, from
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func TestICEServersAreWhereTheClientHasFoundTheServer(t *testing.T) {
	for name, c := range map[string]struct {
		host, at string
		header   []string
	}{
		"by name":                  {"call.example.org", "call.example.org:443", nil},
		"by name and port":         {"call.example.org:8443", "call.example.org:8443", nil},
		"by address":               {"192.0.2.5:8443", "192.0.2.5:8443", nil},
		"by IPv6 address":          {"[2001:db8::5]:8443", "[2001:db8::5]:8443", nil},
		"through an HTTP proxy":    {"call.example.org", "call.example.org:8443", []string{"X-Forwarded-For", "203.0.113.7"}},
		"with a port that is none": {"call.example.org:x", "", nil},
		"by no name":               {"a b", "", nil},
		"by what ends the URL":     {"x?transport=tcp", "", nil},
		"by nothing":               {"", "", nil},
	} {
		l := found(new(bytes.Buffer), false, "192.0.2.5")
		list, _ := l.locate(asks(c.host, "203.0.113.7:5000", c.header...))
		var urls []string
		for _, s := range list {
			urls = append(urls, s.URLs...)
		}
		want := strings.ReplaceAll("stun:@ turn:@?transport=udp turn:@?transport=tcp turns:@?transport=tcp", "@", c.at)
		if c.at == "" {
			want = ""
		}
		if got := strings.Join(urls, " "); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
		if len(list) == 2 && (list[0].Username != "" || !strings.HasSuffix(list[1].Username, ":own.203.0.113.7") || list[1].Credential == "") {
			t.Errorf("%s: credentials %v", name, list)
		}
	}
	l := found(new(bytes.Buffer), false, "192.0.2.5")
	l.turn, l.tls = false, false
	if list, _ := l.locate(asks("192.0.2.5", "203.0.113.7:5000")); len(list) != 1 || list[0].URLs[0] != "stun:192.0.2.5:80" {
		t.Errorf("without TURN and TLS: %v", list)
	}
}

func TestAServerBehindARouterFindsOut(t *testing.T) {
	for name, c := range map[string]struct {
		own       string
		announced bool
		host      string
		from      string
		header    []string
		nat       bool
		behind    string // address
		reached   string
	}{
		"called by its own address":              {own: "192.0.2.5", host: "192.0.2.5:8443", from: "203.0.113.7:5000", reached: "192.0.2.5:8443"},
		"called by another address":              {own: "172.17.0.2", host: "192.168.1.9:443", from: "172.17.0.1:5000", nat: true, behind: "192.168.1.9", reached: "192.168.1.9:443"},
		"called by name, from the internet":      {own: "10.0.0.5", host: "call.example.org", from: "203.0.113.7:5000", nat: true},
		"called by name, inside":                 {own: "10.0.0.5", host: "call.example.org", from: "10.0.0.7:5000"},
		"the operator has said where it is":      {own: "10.0.0.5", announced: true, host: "call.example.org", from: "203.0.113.7:5000"},
		"it has a public address":                {own: "198.51.100.1", host: "call.example.org", from: "203.0.113.7:5000"},
		"through a proxy on this machine":        {own: "10.0.0.5", host: "call.example.org", from: "127.0.0.1:5000"},
		"through a proxy elsewhere":              {own: "10.0.0.5", host: "192.0.2.1", from: "203.0.113.7:5000", header: []string{"Via", "1.1 x"}},
		"on this machine":                        {own: "10.0.0.5", host: "127.0.0.1:8443", from: "127.0.0.1:5000"},
		"from behind a carrier's NAT of its own": {own: "10.0.0.5", host: "call.example.org", from: "100.64.3.4:5000"},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			l := found(&log, c.announced, c.own)
			for range 3 {
				_, reached := l.locate(asks(c.host, c.from, c.header...))
				if c.reached == "" && len(reached) > 0 || c.reached != "" && (len(reached) != 1 || reached[0].String() != c.reached) {
					t.Errorf("reached at %v, want %q", reached, c.reached)
				}
			}
			behind, nat := l.nat()
			if nat != c.nat || c.behind != "" && behind.Addr().String() != c.behind {
				t.Errorf("behind a NAT: %v at %v, want %v at %q", nat, behind, c.nat, c.behind)
			}
			want := 0
			if c.nat {
				want = 1
			}
			if n := strings.Count(log.String(), "server_behind_nat"); n != want {
				t.Errorf("said %d times, want %d: %s", n, want, &log)
			}
			if c.nat && !strings.Contains(log.String(), "--public-ip") {
				t.Errorf("it does not say what to set: %s", &log)
			}
		})
	}
}
