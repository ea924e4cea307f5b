package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tutti-rtc/tutti/api"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// healthy is what is seen of a server on the internet where all is well.
func healthy() *sight {
	s := &sight{
		url:         &url.URL{Scheme: "https", Host: "call.example.org"},
		remote:      netip.MustParseAddrPort("203.0.113.5:443"),
		binding:     binding{local: netip.MustParseAddrPort("10.0.0.9:5000"), mapped: netip.MustParseAddrPort("198.51.100.7:5000")},
		nat:         NAT{Mapped: "198.51.100.7:5000", Mapping: EndpointIndependent, Filtering: AddressDependent},
		allocations: make([]error, len(pathKinds)),
		reachable:   []error{nil, errSilent},
	}
	s.info.Server = api.DoctorServer{Port: 443, Addresses: []string{"203.0.113.5:443", "172.17.0.1:443"}}
	for _, kind := range pathKinds {
		s.paths = append(s.paths, Path{Kind: kind.name, Offered: true, Works: true, RoundTrip: 20})
	}
	return s
}

// without closes paths.
func (s *sight) without(kinds ...string) {
	for i := range s.paths {
		if slices.Contains(kinds, s.paths[i].Kind) {
			s.paths[i].Works, s.paths[i].Error = false, "nothing came back"
		}
	}
}

func TestWhatIsSeenIsJudged(t *testing.T) {
	for _, test := range []struct {
		name  string
		see   func(*sight)
		want  string // causes, but for how the NAT is
		works bool
		en    string // is in the English words
		zh    string // in the Chinese ones
	}{
		{"all is well", func(*sight) {}, "ok", true, "Calls work here.", "可以正常通话"},
		{"a firewall drops UDP", func(s *sight) {
			s.binding, s.nat = binding{err: errSilent}, NAT{}
			s.reachable[0] = errSilent
			s.allocations[2] = errSilent
			s.without(PathUDP, PathTURNUDP)
		}, "ok udp_blocked tcp_fallback", true, "sudo ufw allow 443/udp", "放行 UDP 端口 443"},
		{"a firewall rejects UDP", func(s *sight) {
			s.binding, s.nat = binding{err: &net.OpError{Op: "read", Err: syscall.ECONNREFUSED}}, NAT{}
			s.reachable[0] = errSilent
			s.without(PathUDP, PathTURNUDP)
		}, "ok udp_rejected tcp_fallback", true, "is turned away", "被拒绝"},
		{"only TLS gets out", func(s *sight) {
			s.binding, s.nat = binding{err: errSilent}, NAT{}
			s.reachable[0] = errSilent
			s.allocations[3] = errors.New("reset")
			s.without(PathUDP, PathTURNUDP, PathTCP, PathTURNTCP)
		}, "ok udp_blocked turn_tls_fallback turn_tcp_failed", true, "inside TLS", "TLS"},
		{"media gets through by no path", func(s *sight) {
			s.binding, s.nat = binding{err: errSilent}, NAT{}
			s.reachable[0] = errSilent
			s.without(PathUDP, PathTCP, PathTURNUDP, PathTURNTCP, PathTURNTLS)
		}, "udp_blocked media_unreachable", false, "Sound and picture don't get through.", "声音和画面无法连通"},
		{"the server tells a wrong address", func(s *sight) {
			s.info.Server.Addresses[0] = "203.0.113.99:443"
			s.reachable[0] = errSilent
			s.without(PathUDP, PathTCP)
		}, "ok turn_udp_fallback advertised_unreachable", true, "203.0.113.99:443, which can't be reached", "从这里连不上"},
		{"the server in a container knows inner addresses only", func(s *sight) {
			s.info.Server.Addresses, s.reachable = []string{"172.17.0.2:443"}, []error{errSilent}
			s.without(PathUDP, PathTCP)
		}, "ok turn_udp_fallback advertised_private", true, "--public-ip 203.0.113.5", "--public-ip 203.0.113.5"},
		{"the server has found out that it is behind a router", func(s *sight) {
			s.info.Server.Addresses, s.reachable = []string{"172.17.0.2:443"}, []error{errSilent}
			s.info.Server.BehindNAT = "ADDRESS"
		}, "ok server_behind_nat", true, "--public-ip 203.0.113.5", "--public-ip 203.0.113.5"},
		{"this machine has no IPv6", func(s *sight) {
			s.info.Server.Addresses[1] = "[2001:db8::5]:443"
			s.reachable[1] = syscall.ENETUNREACH
		}, "ok", true, "", ""},
		{"clocks apart", func(s *sight) { s.skew = -125 * time.Second }, "ok clock_skew", true, "125 seconds apart", "相差 125 秒"},
		{"a slow line is no wrong clock", func(s *sight) { s.skew, s.roundTrip = 11*time.Second, 4*time.Second }, "ok", true, "", ""},
		{"wrong credentials", func(s *sight) {
			for i := 2; i < len(pathKinds); i++ {
				s.allocations[i] = errRefused
			}
			s.without(PathTURNUDP, PathTURNTCP, PathTURNTLS)
		}, "ok turn_refused", true, "--turn-secret", "--turn-secret"},
		{"a proxy lets no WebSocket through", func(s *sight) { s.signalling = context.DeadlineExceeded },
			"signalling_failed", false, "wss://call.example.org/api/ws can't be opened: no answer in time", "WebSocket"},
		{"a page on plain http", func(s *sight) { s.url.Scheme = "http" }, "not_secure_context", false, "https://", "https://"},
		{"a page on localhost", func(s *sight) { s.url = &url.URL{Scheme: "http", Host: "localhost:8080"} }, "ok", true, "", ""},
		{"a token of yesterday", func(s *sight) { s.token = api.Errorf(api.CodeTokenExpired, "too old") },
			"token_expired", false, "has expired", "已过期"},
		{"a bad line", func(s *sight) { s.paths[0].Loss, s.paths[0].RoundTrip = 12, 450 },
			"ok loss_high delay_high", true, "12 % of the packets", "12%"},
		{"the operator wants no TURN", func(s *sight) {
			s.info.Findings = []api.Finding{api.CauseTURNOff.Find(), api.CauseServerBehindNAT.Find()}
		}, "ok turn_off", true, "relays nothing", "中继"},
		{"there is no such name", func(s *sight) { s.unreached = &net.DNSError{Err: "no such host"} },
			"name_unresolved", false, "call.example.org leads nowhere", "无法解析"},
		{"nobody is there", func(s *sight) { s.unreached = &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED} },
			"port_closed_tcp", false, "sudo ufw allow 443/tcp", "TCP 端口 443"},
		{"somebody else is there", func(s *sight) { s.unreached = notTutti("HTTP status 404 Not Found") },
			"not_tutti", false, "404", "不是 tutti"},
		{"there is no TLS", func(s *sight) {
			s.unreached = tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}
		},
			"not_tutti", false, "try http://", "http://"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := healthy()
			test.see(s)
			r := s.report(Options{})
			var causes, en, zh []string
			for _, f := range r.Findings {
				if !strings.HasPrefix(string(f.Cause), "nat_") {
					causes = append(causes, string(f.Cause))
				}
				for language, words := range map[string]*[]string{"en": &en, "zh": &zh} {
					text := f.Explain(language)
					all := text.Title + text.Why + text.Fix
					if strings.ContainsAny(all, "{}") {
						t.Errorf("%s in %s lacks a parameter: %s", f.Cause, language, all)
					}
					*words = append(*words, all)
				}
			}
			if got := strings.Join(causes, " "); got != test.want {
				t.Errorf("found %s, want %s", got, test.want)
			}
			if r.Works != test.works {
				t.Errorf("works: %v", r.Works)
			}
			if !strings.Contains(strings.Join(en, "\n"), test.en) || !strings.Contains(strings.Join(zh, "\n"), test.zh) {
				t.Errorf("the words are\n%s\n%s", strings.Join(en, "\n"), strings.Join(zh, "\n"))
			}
		})
	}
}

func TestTheRouterIsNamed(t *testing.T) {
	for mapping, want := range map[Behaviour]api.Cause{
		None: api.CauseNATNone, EndpointIndependent: api.CauseNATOK, Unknown: api.CauseNATUnknown,
		AddressDependent: api.CauseNATSymmetric, AddressAndPortDependent: api.CauseNATSymmetric,
	} {
		s := healthy()
		s.nat.Mapping = mapping
		r := s.report(Options{})
		if last := r.Findings[len(r.Findings)-1]; last.Cause != want {
			t.Errorf("%s is said as %s", mapping, last.Cause)
		}
	}
}

func TestAddressesThatArePeoplesMistakes(t *testing.T) {
	for _, bad := range []string{"", "call.example.org", "ftp://call.example.org", "https://", "http://[::1"} {
		if _, err := Run(t.Context(), Options{URL: bad}); err == nil || !strings.Contains(err.Error(), "it looks like https://") {
			t.Errorf("of %q it says %v", bad, err)
		}
	}
}
