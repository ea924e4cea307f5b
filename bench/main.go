// Command bench measures the server beside others, on this machine: what a
// forwarded packet, a viewer, a join, a relayed packet, and a mixed second of sound
// and picture cost, and how long packets take. `make bench` runs it; docs/bench.md
// explains the figures.
//
// Each server has the first core for itself, the load the second one; all is in
// a network namespace of its own, out of which no packet leads. Every number of
// viewers is measured on a server that was started for it. Ratios within one run
// count: machines differ and are noisy.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/tutti-rtc/tutti/client/load"
)

// options are the command line's.
type options struct {
	viewers  []int
	what     string
	only     string
	picture  string
	duration time.Duration
	bitrate  int
	joinRate float64
	program  string
	result   string
}

func main() {
	o, err := parse(os.Args[1:])
	if err == nil {
		err = isolate()
	}
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		err = measure(ctx, o)
		stop()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parse(arguments []string) (*options, error) {
	o := &options{}
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	viewers := flags.String("viewers", "1,10,100,200,500", "numbers of viewers, each measured by itself")
	flags.StringVar(&o.what, "what", "all", "measure this alone: calls, turn or mix")
	flags.StringVar(&o.only, "only", "", "measure this program alone: tutti, janus, coturn or ffmpeg")
	flags.StringVar(&o.picture, "picture", "", "of mixing, measure those pictures alone whose name holds this, and no sound")
	flags.DurationVar(&o.duration, "duration", 10*time.Second, "how long to measure once all have joined")
	flags.IntVar(&o.bitrate, "rate", 1_500_000, "the publisher's video in bit/s")
	flags.Float64Var(&o.joinRate, "join-rate", 20, "viewers that join in a second")
	flags.StringVar(&o.program, "tutti", "bin/tutti", "the binary to measure")
	flags.StringVar(&o.result, "json", "bin/bench.json", "file for the result")
	if err := flags.Parse(arguments); err != nil {
		return nil, err
	}
	for text := range strings.SplitSeq(*viewers, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("--viewers takes numbers, not %q", text)
		}
		o.viewers = append(o.viewers, n)
	}
	return o, nil
}

// subject is a server that can be measured.
type subject struct {
	name string
	// start runs it in a folder of its own.
	start func(ctx context.Context, o *options, dir string) (*server, load.Target, error)
}

func subjects(o *options) []subject {
	all := []subject{{"tutti", startTutti}, {"janus", startJanus}}
	var chosen []subject
	for _, s := range all {
		if o.only == "" || o.only == s.name {
			chosen = append(chosen, s)
		}
	}
	return chosen
}

// measure measures what was asked for, prints tables and saves the figures.
func measure(ctx context.Context, o *options) (err error) {
	var r result
	if o.what == "all" || o.what == "calls" {
		if r.Reports, r.Pictures, err = measureCalls(ctx, o); err != nil {
			return err
		}
	}
	if o.what == "all" || o.what == "turn" {
		if r.Relays, err = measureRelays(ctx, o); err != nil {
			return err
		}
		if err := writeRelays(os.Stdout, r.Relays); err != nil {
			return err
		}
	}
	if o.what == "all" || o.what == "mix" {
		if r.Mix, err = measureMix(ctx, o); err != nil {
			return err
		}
		if err := writeMix(os.Stdout, r.Mix); err != nil {
			return err
		}
	}
	return save(o.result, r)
}

func measureCalls(ctx context.Context, o *options) ([]*load.Report, []int, error) {
	var reports []*load.Report
	for _, viewers := range o.viewers {
		for _, s := range subjects(o) {
			report, err := measureOne(ctx, o, s, viewers)
			if err != nil {
				return nil, nil, fmt.Errorf("%s with %d viewers: %w", s.name, viewers, err)
			}
			for _, failure := range report.Failures {
				fmt.Fprintf(os.Stderr, "%s: %s\n", s.name, failure)
			}
			reports = append(reports, report)
		}
	}
	if err := load.WriteTable(os.Stdout, reports); err != nil {
		return nil, nil, err
	}
	pictures, err := measurePictures(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "first picture in Chromium: not measured:", err)
	} else {
		fmt.Printf("\nFrom a viewer's offer to its first picture in Chromium: %v ms, half of them within %d ms\n",
			pictures, pictures[len(pictures)/2])
	}
	return reports, pictures, nil
}

// result is the file that a run leaves.
type result struct {
	Reports []*load.Report `json:"reports"`
	// Pictures are the times from a viewer's offer to its first picture in
	// Chromium, in ms, the shortest first.
	Pictures []int `json:"offer_to_picture_ms"`
	// Relays are the TURN servers' figures.
	Relays []relayReport `json:"relays,omitempty"`
	// Mix is what mixing costs.
	Mix *mixReport `json:"mix,omitempty"`
}

func save(name string, r result) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, append(b, '\n'), 0o644)
}

func measureOne(ctx context.Context, o *options, s subject, viewers int) (*load.Report, error) {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	server, target, err := s.start(ctx, o, dir)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(os.Stderr, "%s: %d viewers\n", s.name, viewers)
	report, err := load.Run(ctx, s.name, load.Options{
		Target: target, Publishers: 1, Bitrate: o.bitrate, Viewers: viewers, JoinRate: o.joinRate,
		Duration: o.duration, ServerPID: server.pid(),
	})
	if err != nil {
		return nil, fmt.Errorf("%w; the server said: %s", err, server.said())
	}
	return report, server.stop()
}

// measurePictures runs a real browser, with a script of its own.
func measurePictures(ctx context.Context, o *options) ([]int, error) {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	server, target, err := startTutti(ctx, o, dir)
	if err != nil {
		return nil, err
	}
	output, err := exec.CommandContext(ctx, "node", "bench/picture.mjs", target.(*load.Tutti).URL, "10").Output()
	if err := errors.Join(err, server.stop()); err != nil {
		return nil, fmt.Errorf("run bench/picture.mjs: %w", err)
	}
	var r result
	if err := json.Unmarshal(output, &r); err != nil {
		return nil, err
	}
	if len(r.Pictures) == 0 {
		return nil, errors.New("there was none")
	}
	slices.Sort(r.Pictures)
	return r.Pictures, nil
}

func startTutti(ctx context.Context, o *options, dir string) (*server, load.Target, error) {
	port, err := freePort()
	if err != nil {
		return nil, nil, err
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	s, err := start(ctx, dir, address, o.program, "serve", "--listen", address, "--data", filepath.Join(dir, "data"))
	return s, &load.Tutti{URL: "http://" + address, Room: "bench", AudioSlots: 1, VideoSlots: 1}, err
}
