package e2e

import (
	"crypto/tls"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/tutti-rtc/tutti/client"
)

// TestBeyondLoopback listens where others could come: never by accident, and
// with TLS, for without it browsers give no camera.
func TestBeyondLoopback(t *testing.T) {
	_, err := tutti("serve", "--listen", "0.0.0.0:0", "--data", t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "--secret") || !strings.Contains(err.Error(), "--open") {
		t.Fatalf("neither with a secret nor open: %v", err)
	}

	s := newServer(t, netip.IPv4Unspecified(), "--open")
	address := "https://127.0.0.1:" + strconv.Itoa(int(s.addr.Port()))
	if _, err := tryEnter(t, address, client.Options{Name: "Eve"}); err == nil {
		t.Error("a certificate that nobody knows was trusted")
	}
	trusting := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	t.Cleanup(trusting.CloseIdleConnections)
	ann := enter(t, address, client.Options{Name: "Ann", HTTPClient: trusting})
	ann.films()
	o := watching("Ben")
	o.HTTPClient = trusting
	ben := enter(t, address, o)
	ben.sees("pictures", pictures(10))
}
