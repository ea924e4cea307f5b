package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/client/load"
	"github.com/tutti-rtc/tutti/client/mediafile"
)

// background runs a command line until the returned function is called, which
// fails the test if the command has failed.
func background(t *testing.T, args ...string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan int, 1)
	var log bytes.Buffer
	go func() { done <- run(ctx, args, io.Discard, &log) }()
	return func() {
		t.Helper()
		cancel()
		if code := <-done; code != 0 {
			t.Errorf("%s: exit %d: %s", args[0], code, &log)
		}
	}
}

// until waits for something that takes as long as it takes.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	limit := time.After(30 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("%s has not happened within 30 s", what)
		}
	}
}

// TestPublishedFilesArePlayed sends files of each kind through a server, and
// saves what comes out at the other end.
func TestPublishedFilesArePlayed(t *testing.T) {
	link := serve(t)
	const samples = "../../client/mediafile/testdata/"
	for _, video := range []string{"vp8.ivf", "vp9.ivf", "av1.ivf", "h264.h264"} {
		t.Run(video, func(t *testing.T) {
			dir := t.TempDir()
			stop := background(t, "publish", samples+video, samples+"opus.ogg", "--url", link, "--room", video, "--rate", "10")
			defer stop()
			stopPlaying := background(t, "play", "--url", link, "--room", video, "--dir", dir)
			until(t, "the arrival of sound and picture", func() bool { return filled(dir, ".ogg") && filled(dir, filepath.Ext(video)) })
			stopPlaying()

			files, err := os.ReadDir(dir)
			if err != nil || len(files) != 2 {
				t.Fatalf("the folder has %v, %v", files, err)
			}
			for _, f := range files {
				checkSaved(t, filepath.Join(dir, f.Name()))
			}
		})
	}
}

// filled tells whether a file with this ending holds more than its header.
func filled(dir, ending string) bool {
	files, _ := filepath.Glob(filepath.Join(dir, "*"+ending))
	if len(files) == 0 {
		return false
	}
	info, err := os.Stat(files[0])
	return err == nil && info.Size() > 1500
}

func checkSaved(t *testing.T, name string) {
	t.Helper()
	r, err := mediafile.Open(name, 10)
	if err != nil {
		t.Error(err)
		return
	}
	defer r.Close()
	first, err := r.Next()
	if err != nil || !first.KeyFrame {
		t.Errorf("%s begins with a key frame: %t, %v", name, first.KeyFrame, err)
	}
	if w, h := r.Size(); strings.HasSuffix(name, ".ivf") && (w != 64 || h != 48) {
		t.Errorf("%s says its size is %d × %d", name, w, h)
	}
}

func TestBenchMeasures(t *testing.T) {
	link := serve(t)
	result := filepath.Join(t.TempDir(), "result.json")
	code, out, log := call(t, "bench", "--url", link, "--viewers", "3", "--rate", "300000", "--duration", "1s", "--json", result)
	if code != 0 || !strings.Contains(out, "CPU/packet") {
		t.Fatalf("exit %d: %s%s", code, out, log)
	}
	b, err := os.ReadFile(result)
	if err != nil {
		t.Fatal(err)
	}
	var report load.Report
	if err := json.Unmarshal(b, &report); err != nil {
		t.Fatal(err)
	}
	if report.Joined != 3 || report.Packets == 0 || report.Latency.Count == 0 {
		t.Errorf("measured %+v", report)
	}
}
