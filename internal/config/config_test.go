package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

// parse reads settings as `tutti serve ARGS...` does.
func parse(t *testing.T, args ...string) (Config, error) {
	t.Helper()
	var c Config
	parser, err := kong.New(&c, kong.Name("serve"), Environment())
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(args)
	return c, err
}

func mustParse(t *testing.T, args ...string) Config {
	t.Helper()
	c, err := parse(t, args...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// write puts a configuration file into a fresh folder.
func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tutti.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestNothingNeedsToBeSet(t *testing.T) {
	c := mustParse(t)
	if got := c.Network.Listen.String(); got != "127.0.0.1:8080" {
		t.Errorf("listens on %s", got)
	}
	if c.ServeTLS() || c.Beyond() {
		t.Error("a laptop's loopback needs no TLS")
	}
	if c.Run.ShutdownTimeout != 10*time.Second || c.Limits.MaxTracks != 16 {
		t.Errorf("defaults are missing: %+v", c)
	}
}

func TestFlagsGoBeforeEnvironmentBeforeFile(t *testing.T) {
	path := write(t, "max-rooms: 1\nmax-members: 1\nmax-tracks: 1\n")
	t.Setenv("TUTTI_MAX_ROOMS", "2")
	t.Setenv("TUTTI_MAX_MEMBERS", "2")
	c := mustParse(t, "--config", path, "--max-rooms", "3")
	if l := c.Limits; l.MaxRooms != 3 || l.MaxMembers != 2 || l.MaxTracks != 1 {
		t.Errorf("rooms %d, members %d, tracks %d; want 3 by flag, 2 by environment, 1 by file", l.MaxRooms, l.MaxMembers, l.MaxTracks)
	}
}

func TestTheFileCanBeNamedInTheEnvironment(t *testing.T) {
	t.Setenv("TUTTI_CONFIG", write(t, "max-rooms: 7\n"))
	if got := mustParse(t).Limits.MaxRooms; got != 7 {
		t.Errorf("%d rooms, want the file's 7", got)
	}
}

func TestTheFileTakesEveryKindOfValue(t *testing.T) {
	c := mustParse(t, "--config", write(t, `
# all of the machine's addresses
listen: "[::]:443"
open: yes
public-ip: [203.0.113.5, "203.0.113.6:8443"]
proxy-protocol: [10.0.0.4, 10.0.1.7/24]
shutdown-timeout: 3s
log-level: warn
message-rate: 25
tls: on
secret:
`))
	if !c.Access.Open || c.TLS.Mode != "on" || c.Limits.MessageRate != 25 || c.Run.ShutdownTimeout != 3*time.Second {
		t.Errorf("read %+v", c)
	}
	if len(c.Network.PublicIP) != 2 || c.Network.PublicIP[1].Port() != 8443 || c.Network.PublicIP[0].Port() != 0 {
		t.Errorf("public addresses %v", c.Network.PublicIP)
	}
	if p := c.Network.Proxies; len(p) != 2 || p[0].String() != "10.0.0.4/32" || p[1].String() != "10.0.1.0/24" {
		t.Errorf("proxies %v", p)
	}
}

func TestListsBySeveralFlagsOrCommas(t *testing.T) {
	c := mustParse(t, "--public-ip", "203.0.113.5,2001:db8::5", "--public-ip", "[2001:db8::6]:443")
	if got := len(c.Network.PublicIP); got != 3 {
		t.Errorf("%d public addresses, want 3: %v", got, c.Network.PublicIP)
	}
}

func TestRelaySettings(t *testing.T) {
	c := mustParse(t, "--turn-relay", "shared", "--turn-secret", "0123456789abcdef", "--turn-relay-ports", "50000-50100", "--turn-allow-peer", "10.1.2.3,10.2.9.9/16",
		"--stun-alternate", "192.0.2.6", "--turn-alternate", "[2001:db8::7]:3478")
	r := c.Relay
	if !r.Enabled() || r.Ports != (PortRange{50000, 50100}) || len(r.Allow) != 2 || r.Allow[0].String() != "10.1.2.3/32" || r.Allow[1].String() != "10.2.0.0/16" {
		t.Errorf("read %+v", r)
	}
	if r.STUNAlternate.String() != "192.0.2.6" || r.Alternate.String() != "[2001:db8::7]:3478" {
		t.Errorf("alternates %v and %v", r.STUNAlternate, r.Alternate)
	}
	if c := mustParse(t, "--turn", "off"); c.Relay.Enabled() {
		t.Error("--turn off leaves it on")
	}
}

func TestMistakesAreExplained(t *testing.T) {
	for _, test := range []struct {
		name string
		args []string
		env  map[string]string
		file string
		want []string
	}{
		{name: "unknown flag", args: []string{"--max-room", "1"}, want: []string{"--max-room", `"--max-rooms"`}},
		{name: "unknown variable", env: map[string]string{"TUTTI_MAX_ROOM": "1"}, want: []string{"environment", `"TUTTI_MAX_ROOM"`, `"TUTTI_MAX_ROOMS"`}},
		{name: "unknown key", file: "open: true\nmax_rooms: 1\n", want: []string{".yaml:2:", `"max_rooms"`, `"max-rooms"`}},
		{name: "nothing like it", file: "colour: blue\n", want: []string{`"colour"`, "--help"}},
		{name: "a file in a file", file: "config: other.yaml\n", want: []string{`"config"`}},
		{name: "nested settings", file: "listen:\n  port: 80\n", want: []string{".yaml:1:", "listen", "not nested"}},
		{name: "not settings", file: "- listen\n", want: []string{"name: value"}},
		{name: "broken file", file: "listen: [\n", want: []string{".yaml:"}},
		{name: "the same key twice", file: "open: true\nopen: false\n", want: []string{"open"}},
		{name: "no file", args: []string{"--config", "/does/not/exist"}, want: []string{"/does/not/exist"}},
		{name: "not a number", file: "max-rooms: many\n", want: []string{"max-rooms", "many"}},
		{name: "zero rooms", args: []string{"--max-rooms", "0"}, want: []string{"--max-rooms", "at least 1"}},
		{name: "beyond loopback", args: []string{"--listen", ":8080"}, want: []string{"[::]:8080", "--secret", "--open"}},
		{name: "short secret", args: []string{"--secret", "hunter2"}, want: []string{"16", "openssl rand"}},
		{name: "open and secret", args: []string{"--open", "--secret", "0123456789abcdef"}, want: []string{"contradict"}},
		{name: "half a certificate", args: []string{"--tls-cert", "a.pem"}, want: []string{"--tls-key"}},
		{name: "certificate without TLS", args: []string{"--tls", "off", "--tls-cert", "a", "--tls-key", "b"}, want: []string{"--tls off"}},
		{name: "a name to listen on", args: []string{"--listen", "example.org:80"}, want: []string{"example.org", "numbers"}},
		{name: "no port to listen on", args: []string{"--listen", "127.0.0.1"}, want: []string{"127.0.0.1:8080"}},
		{name: "IPv6 without brackets", args: []string{"--listen", "::1:80"}, want: []string{"::1:80"}},
		{name: "a public address nobody reaches", args: []string{"--public-ip", "0.0.0.0"}, want: []string{"0.0.0.0", "203.0.113.5"}},
		{name: "a network that is none", args: []string{"--turn-allow-peer", "10.0.0.0/33"}, want: []string{"10.0.0.0/33", "10.1.0.0/16"}},
		{name: "a range that ends before it begins", args: []string{"--turn-relay-ports", "50000-40000"}, want: []string{"50000-40000", "49152-65535"}},
		{name: "another TURN server without its port", args: []string{"--turn-alternate", "203.0.113.5"}, want: []string{"203.0.113.5:3478"}},
		{name: "relaying without TURN", args: []string{"--turn", "off", "--turn-relay", "ports", "--turn-secret", "0123456789abcdef"}, want: []string{"--turn on"}},
		{name: "a relay for nobody", args: []string{"--turn-relay", "ports"}, want: []string{"--turn-secret"}},
		{name: "peers for no relay", args: []string{"--turn-allow-peer", "10.0.0.0/8"}, want: []string{"--turn-relay"}},
		{name: "short TURN secret", args: []string{"--turn-secret", "hunter2"}, want: []string{"16", "openssl rand"}},
		{name: "no TURN allocations", args: []string{"--turn-quota", "0"}, want: []string{"--turn off"}},
		{name: "allocations that end at once", args: []string{"--turn-max-lifetime", "1s"}, want: []string{"1m"}},
		{name: "TLS perhaps", args: []string{"--tls", "maybe"}, want: []string{"auto"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for name, value := range test.env {
				t.Setenv(name, value)
			}
			if test.file != "" {
				test.args = append(test.args, "--config", write(t, test.file))
			}
			_, err := parse(t, test.args...)
			if err == nil {
				t.Fatal("taken without complaint")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}

// Kubernetes describes a service named "tutti" to every pod by variables that
// start as ours do.
func TestVariablesOfKubernetesAreNoMistakes(t *testing.T) {
	for _, name := range []string{"TUTTI_SERVICE_HOST", "TUTTI_SERVICE_PORT_HTTP", "TUTTI_PORT", "TUTTI_PORT_8080_TCP_ADDR"} {
		t.Setenv(name, "tcp://192.0.2.1:8080")
	}
	mustParse(t)
}

func TestTLSIsOnBeyondLoopback(t *testing.T) {
	const secret = "--secret=0123456789abcdef"
	for _, test := range []struct {
		args []string
		want bool
	}{
		{[]string{"--listen", "127.0.0.1:0"}, false},
		{[]string{"--listen", "[::1]:0"}, false},
		{[]string{"--listen", "localhost:80"}, false},
		{[]string{"--listen", ":443", secret}, true},
		{[]string{"--listen", "192.0.2.10:443", secret}, true},
		{[]string{"--listen", ":443", secret, "--tls", "off"}, false},
		{[]string{"--tls", "on"}, true},
		{[]string{"--tls-cert", "a.pem", "--tls-key", "b.pem"}, true},
	} {
		if c := mustParse(t, test.args...); c.ServeTLS() != test.want {
			t.Errorf("%v: TLS %v, want %v", test.args, c.ServeTLS(), test.want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{{"", "abc", 3}, {"abc", "", 3}, {"max_rooms", "max-rooms", 1}, {"kitten", "sitting", 3}, {"same", "same", 0}} {
		if got := distance(test.a, test.b); got != test.want {
			t.Errorf("distance(%q, %q) = %d, want %d", test.a, test.b, got, test.want)
		}
	}
}
