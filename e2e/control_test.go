package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/client"
	"github.com/tutti-rtc/tutti/internal/auth"
)

// control lets a story in a browser act on the world outside of it: POST /NAME
// does what world has under that name and answers with what it returns.
type control struct {
	mu    sync.Mutex // one thing at a time
	world map[string]func(url.Values) (string, error)
}

// newControl serves until the test ends and returns the Unix socket where: one
// that a network which breaks does not break.
func newControl(t *testing.T, s *server, f *front, n *network) string {
	t.Helper()
	do := func(action func() error) func(url.Values) (string, error) {
		return func(url.Values) (string, error) { return "", action() }
	}
	c := &control{world: map[string]func(url.Values) (string, error){
		"start": do(s.start),
		"stop":  do(s.stop),
		"kill":  do(s.kill),
		"cut":   do(func() error { f.cut(); return nil }),
		"shut":  do(func() error { f.setShut(true); f.cut(); return nil }),
		"open":  do(func() error { f.setShut(false); return nil }),
		"token": func(q url.Values) (string, error) {
			return tutti(append([]string{"token", "--secret", secret}, q["arg"]...)...)
		},
		"expired-token": func(url.Values) (string, error) {
			return auth.Mint(secret, auth.Grant{Identity: "late", Join: true}, time.Now().Add(-time.Hour), time.Minute)
		},
		"metrics": func(url.Values) (string, error) { return get(s.url() + "/metrics") },
	}}
	people := map[string]*actor{}
	c.world["act"] = func(q url.Values) (string, error) {
		name, look := q["arg"][0], show{beeps: slices.Contains(q["arg"], "beeps"), quiet: slices.Contains(q["arg"], "quiet")}
		if slices.Contains(q["arg"], "fast") {
			look.width, look.height, look.fps = 320, 180, 30
		}
		var err error
		people[name], err = tryAct(t, s, name, client.Options{}, look)
		return "", err
	}
	c.world["leave"] = func(q url.Values) (string, error) {
		people[q.Get("arg")].leaves()
		return "", nil
	}
	if n != nil {
		c.world["move"] = do(n.move)
		c.world["block-udp"] = do(n.blockUDP)
		c.world["open-udp"] = do(n.openUDP)
	}
	path := filepath.Join(t.TempDir(), "control")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: c}
	go func() { _ = server.Serve(ln) }() // until Close
	t.Cleanup(func() { _ = server.Close() })
	return path
}

// ServeHTTP implements http.Handler.
func (c *control) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	action := c.world[strings.TrimPrefix(r.URL.Path, "/")]
	if action == nil {
		http.NotFound(w, r)
		return
	}
	answer, err := action(r.URL.Query())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprint(w, answer)
}

// get returns what an address holds.
func get(address string) (string, error) {
	response, err := http.Get(address)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", address, response.Status, body)
	}
	return string(body), err
}
