package e2e

import (
	"fmt"
	"net/netip"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// turnSecret is the one from which programs of others make credentials.
const turnSecret = "a secret for relays only"

// turnServer starts a server that relays to loopback too, where these clients'
// peers are, and a peer that echoes.
func turnServer(t *testing.T, more ...string) *server {
	t.Helper()
	for _, needed := range []string{"turnutils_uclient", "turnutils_peer", "turnutils_stunclient", "turnutils_natdiscovery", "stun"} {
		if _, err := exec.LookPath(needed); err != nil {
			missing(t, "this needs "+needed+": install coturn and stun-client")
		}
	}
	return local(t, append([]string{
		"--tls", "on", "--turn-secret", turnSecret, "--turn-relay", "ports", "--turn-allow-peer", "127.0.0.0/8",
		"--stun-alternate", "127.0.0.2",
	}, more...)...)
}

// echo runs coturn's peer on a free port, which it returns.
func echo(t *testing.T) uint16 {
	t.Helper()
	port := freePort(t, netip.MustParseAddr("127.0.0.1"))
	cmd := exec.Command("turnutils_peer", "-L", "127.0.0.1", "-p", fmt.Sprint(port))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
	return port
}

// runs runs one of others' programs and returns what it prints.
func runs(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	late := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	out, err := cmd.CombinedOutput()
	if err != nil && !strings.HasPrefix(name, "stun") { // stun's exit code is what it has found
		t.Errorf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// TestCoturnClients lets coturn's own client relay by every transport and feature
// it knows: each must get back all that it sent to its peer.
func TestCoturnClients(t *testing.T) {
	s, peer := turnServer(t), echo(t)
	for name, args := range map[string][]string{
		"UDP":                      {"-c"},
		"UDP, RTP and RTCP port":   {}, // EVEN-PORT and RESERVATION-TOKEN
		"UDP, Send indications":    {"-c", "-s"},
		"UDP, client to client":    {"-c", "-y"},
		"UDP, mobile":              {"-c", "-M"},
		"UDP, both families asked": {"-c", "-X"},
		"TCP":                      {"-c", "-t"},
		"TCP, Send indications":    {"-c", "-t", "-s"},
		"TLS":                      {"-c", "-t", "-S"},
		"DTLS":                     {"-c", "-S"},
		"TCP allocation":           {"-c", "-T"},
		"TCP allocation over TLS":  {"-c", "-t", "-S", "-T"},
		"TCP allocation, passive":  {"-c", "-t", "-P"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // they sleep most of the time
			out := runs(t, "turnutils_uclient", append([]string{
				"-u", "tester", "-W", turnSecret, "-e", "127.0.0.1", "-r", fmt.Sprint(peer), "-p", fmt.Sprint(s.addr.Port()), "-n", "10",
			}, append(args, "127.0.0.1")...)...)
			found := regexp.MustCompile(`Total lost packets (\d+)`).FindStringSubmatch(out)
			if found == nil {
				t.Fatalf("it was not served:\n%s", out)
			}
			want := 0
			if strings.HasSuffix(name, "passive") {
				want = 10 // of its two streams it reads one, from coturn too
			}
			if lost, err := strconv.Atoi(found[1]); err != nil || lost > want {
				t.Errorf("%s packets are lost:\n%s", found[1], out)
			}
		})
	}
}

// TestStrangersToTURNAreRefused is the counterpart: another secret gets nothing.
func TestStrangersToTURNAreRefused(t *testing.T) {
	s, peer := turnServer(t), echo(t)
	cmd := exec.Command("turnutils_uclient", "-u", "tester", "-W", "another secret", "-e", "127.0.0.1", "-r", fmt.Sprint(peer),
		"-p", fmt.Sprint(s.addr.Port()), "-n", "1", "-c", "127.0.0.1")
	out, err := cmd.CombinedOutput()
	if err == nil || strings.Contains(string(out), "Total lost packets") {
		t.Errorf("a client with another secret is served:\n%s", out)
	}
}

// TestSTUNClients lets others' STUN clients find out what they are behind: nothing.
func TestSTUNClients(t *testing.T) {
	s := turnServer(t)
	port := fmt.Sprint(s.addr.Port())
	if out := runs(t, "turnutils_stunclient", "-p", port, "127.0.0.1"); !strings.Contains(out, "UDP reflexive addr: 127.0.0.1:") {
		t.Errorf("turnutils_stunclient:\n%s", out)
	}
	out := runs(t, "turnutils_natdiscovery", "-m", "-f", "-p", port, "127.0.0.1")
	for _, want := range []string{"Other addr: : 127.0.0.2:", "NAT with Endpoint Independent Filtering!"} {
		if !strings.Contains(out, want) {
			t.Errorf("turnutils_natdiscovery does not say %q:\n%s", want, out)
		}
	}
	// It speaks the STUN of RFC 3489.
	if out := runs(t, "stun", "127.0.0.1:"+port); !strings.Contains(out, "Primary: Open") {
		t.Errorf("stun:\n%s", out)
	}
}
