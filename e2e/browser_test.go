package e2e

import (
	"bufio"
	"cmp"
	"encoding/json"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/web"
)

const (
	storyTime = 3 * time.Minute // for one story, unless its row says more
	killTime  = 5 * time.Second // for node to close its browser
)

// secret signs the tokens of the stories that need one.
const secret = "a secret of sixteen letters or more"

// stories says what a story in stories/ needs beside a server of its own.
// Those without a row need nothing.
func stories() map[string]story {
	return map[string]story{
		"token":          {args: []string{"--secret", secret}},
		"ui-token":       {args: []string{"--secret", secret}},
		"network-change": {network: true},
		"udp-blocked":    {network: true},
		"ui-doctor":      {network: true},
		"relayed":        {network: true},
		"firefox":        {network: true, programs: []string{"firefox-esr"}},
		"program":        {codecs: true},
	}
}

// story is one file of stories/.
type story struct {
	args     []string      // of tutti serve
	network  bool          // the browsers run in a network of their own
	programs []string      // that must be there beside node and Chromium
	codecs   bool          // the server mixes
	limit    time.Duration // storyTime if zero
}

func TestBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers take minutes")
	}
	files, err := filepath.Glob("stories/*.mjs")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	known := stories()
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".mjs")
		story := known[name]
		delete(known, name)
		t.Run(name, func(t *testing.T) { story.run(t, file) })
	}
	for name := range known {
		t.Errorf("stories/%s.mjs does not exist: take its row out", name)
	}
}

func (s story) run(t *testing.T, file string) {
	needBrowsers(t, strings.Contains(file, "/ui-"), s.programs...)
	if s.codecs {
		needCodecs(t)
	}
	pages, err := page()
	if err != nil {
		t.Fatal(err)
	}
	var n *network
	ip, args := netip.MustParseAddr("127.0.0.1"), s.args
	if s.network {
		n = newNetwork(t)
		ip, args = n.host, append(args, "--open", "--tls", "off")
	}
	tutti, err := program()
	if err != nil {
		t.Fatal(err)
	}
	server := newServer(t, ip, args...)
	front := newFront(t, server, pages)
	cmd := n.inside(exec.Command("node", file))
	cmd.Env = append(os.Environ(),
		"E2E_URL="+front.url, "E2E_SERVER="+server.url(), "E2E_TUTTI="+tutti,
		"E2E_CONTROL="+newControl(t, server, front, n),
		"E2E_ARTIFACTS="+t.ArtifactDir(), "E2E_CHROMIUM="+chromium(),
		"TMPDIR="+t.TempDir(), // browsers that are killed leave their profiles behind
	)
	tell(t, cmd, cmp.Or(s.limit, storyTime))
}

// needBrowsers skips a test where its browsers can't run, or the real page is not
// built that it shows.
func needBrowsers(t *testing.T, real bool, programs ...string) {
	t.Helper()
	for _, needed := range append([]string{"node", chromium()}, programs...) {
		if _, err := exec.LookPath(needed); err != nil {
			missing(t, "this story needs "+needed)
		}
	}
	if _, err := os.Stat("node_modules"); err != nil {
		missing(t, "run scripts/npm.sh e2e first")
	}
	if _, built := web.Client(); real && !built {
		missing(t, "run make web first")
	}
}

func chromium() string { return cmp.Or(os.Getenv("CHROMIUM"), "chromium") }

// tell runs a story's process within a limit. What it prints goes to the test's
// log, but its figures to the table.
func tell(t *testing.T, cmd *exec.Cmd, limit time.Duration) {
	t.Helper()
	out, in := io.Pipe()
	cmd.Stdout, cmd.Stderr = in, in
	cmd.WaitDelay = killTime // for a browser that still holds the pipe
	read := make(chan struct{})
	go func() {
		defer close(read)
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			figure, found := strings.CutPrefix(lines.Text(), "measured ")
			if !found {
				t.Log(lines.Text())
				continue
			}
			m := measured{Story: strings.TrimPrefix(t.Name(), "TestBrowser/")}
			if err := json.Unmarshal([]byte(figure), &m); err != nil {
				t.Errorf("%q: %v", figure, err)
			}
			t.Logf("%s: %.4g %s", m.What, m.Value, m.Unit)
			record(t, m)
		}
		_, _ = io.Copy(io.Discard, out) // a line too long must not stop the story
	}()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(limit, func() {
		t.Errorf("the story took more than %v", limit)
		// Node closes its browser at this signal; a browser whose node is
		// killed closes by itself, its pipe being broken.
		_ = cmd.Process.Signal(syscall.SIGTERM)
	})
	defer late.Stop()
	kill := time.AfterFunc(limit+killTime, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	err := cmd.Wait()
	_ = in.Close()
	<-read
	if err != nil {
		t.Error(err)
	}
}
