package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// apartStory is told with two browsers on machines of the lab.
const apartStory = "stories/apart/meet.mjs"

// TestBrowsersApart lets two people in real browsers call each other from behind
// the pairs that matter most.
func TestBrowsersApart(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers take minutes")
	}
	needBrowsers(t, true)
	for _, pair := range [][2]string{
		{"port-restricted", "port-restricted"},
		{"symmetric", "symmetric"},
		{"udp-blocked", "port-restricted"},
		{"only-443", "open"},
	} {
		t.Run(pair[0]+" and "+pair[1], func(t *testing.T) {
			l := newLab(t)
			a, b := l.site(t, kindNamed(t, pair[0])), l.site(t, kindNamed(t, pair[1]))
			h := l.host(t)
			ways, err := json.Marshal(map[string]any{
				"ann": a.kind.toServer().Protocol, "ben": b.kind.toServer().Protocol, "direct": a.kind.meets(b.kind),
			})
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("node", apartStory)
			cmd.Env = append(os.Environ(),
				"E2E_WAYS="+string(ways), "E2E_URL="+h.url(), "E2E_CHROMIUM="+a.chromium(t)+":"+b.chromium(t),
				"E2E_ARTIFACTS="+t.ArtifactDir(), "TMPDIR="+shortDir(t),
			)
			tell(t, cmd, storyTime)
		})
	}
}

// chromium returns a program that is Chromium on the machine of the site's
// client.
func (s *site) chromium(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), s.client.name)
	script := fmt.Sprintf("#!/bin/sh\nexec ip netns exec %s %s \"$@\"\n", s.client.name, chromium())
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// shortDir makes a folder for the length of the test; its name is short, for
// browsers make sockets in it.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "e2e-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
