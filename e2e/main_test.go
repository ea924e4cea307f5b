package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// runFolder names the environment variable with the folder of this run: what
// was built for it, and what was measured.
const runFolder = "E2E_RUN"

// callsAtOnce is how many tests that call Parallel run at one time, unless the
// command says so: calls of the lab, which wait more than they work.
const callsAtOnce = "4"

func TestMain(m *testing.M) {
	if job := os.Getenv(visitVariable); job != "" {
		os.Exit(runVisit(job))
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tutti-e2e-")
	if err == nil {
		err = os.Setenv(runFolder, dir)
	}
	if err == nil {
		err = flag.Set("test.parallel", callsAtOnce)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	code := m.Run()
	if err := report(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// program builds tutti once per run and returns where it is, unless E2E_BINARY
// says so. With the race detector in this test, the server has it too.
var program = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("E2E_BINARY"); path != "" {
		return path, nil
	}
	path := filepath.Join(os.Getenv(runFolder), "tutti")
	args := []string{"build", "-o", path}
	if raceDetector {
		args = append(args, "-race")
	}
	return path, build(exec.Command("go", append(args, "../cmd/tutti")...))
})

// page builds the page of the rtc library alone once per run and returns its
// folder.
var page = sync.OnceValues(func() (string, error) {
	path := filepath.Join(os.Getenv(runFolder), "page")
	return path, build(exec.Command("node", "../web/node_modules/vite/bin/vite.js", "build", "page", "--outDir", path))
})

func build(cmd *exec.Cmd) error {
	started := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w\n%s", cmd, err, out)
	}
	fmt.Printf("built %s in %v\n", filepath.Base(cmd.Args[len(cmd.Args)-1]), time.Since(started).Round(time.Millisecond))
	return nil
}

// missing ends a test for want of something on this machine: with a failure
// where CI is set, for there nothing may be left out.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}
