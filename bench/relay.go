package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/tutti-rtc/tutti/client/load"
	"github.com/tutti-rtc/tutti/internal/auth"
)

// relaySecret makes the credentials of the relays under measurement.
const relaySecret = "a secret for benchmarks only"

// relays are the TURN servers that are measured beside each other.
func relays(o *options) []subjectRelay {
	return []subjectRelay{
		{"tutti", func(ctx context.Context, dir, address string) (*server, error) {
			return start(ctx, dir, address, o.program, "serve", "--listen", address, "--data", filepath.Join(dir, "data"),
				"--turn-secret", relaySecret, "--turn-relay", "shared", "--turn-allow-peer", "127.0.0.0/8",
				"--turn-user-quota", "10000", "--turn-bandwidth", "0")
		}},
		{"coturn", func(ctx context.Context, dir, address string) (*server, error) {
			at := netip.MustParseAddrPort(address)
			return start(ctx, dir, address, "turnserver", "-n", "--no-cli", "--no-tls", "--no-dtls", "--log-file", "stdout",
				"--listening-ip", at.Addr().String(), "--relay-ip", at.Addr().String(), "--listening-port", fmt.Sprint(at.Port()),
				"--allow-loopback-peers", "--use-auth-secret", "--static-auth-secret", relaySecret, "--realm", "bench",
				"--pidfile", filepath.Join(dir, "pid"), "--db", filepath.Join(dir, "db"), "-m", "1")
		}},
	}
}

type subjectRelay struct {
	name  string
	start func(ctx context.Context, dir, address string) (*server, error)
}

// relayReport is one relay's row of figures.
type relayReport struct {
	Name  string         `json:"name"`
	Works []relayFigures `json:"works"`
	// Setup is the server's CPU time for one allocation with its channel, in
	// µs; Memory what it grew by for each, in bytes.
	Setup  float64 `json:"setup_us"`
	Memory float64 `json:"memory_bytes"`
}

// relaySetups is how many allocations Setup and Memory are measured over.
const relaySetups = 2000

// measureRelays measures our TURN server beside coturn.
func measureRelays(ctx context.Context, o *options) ([]relayReport, error) {
	var reports []relayReport
	for _, s := range relays(o) {
		if o.only != "" && o.only != s.name {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s: relaying\n", s.name)
		report, err := measureRelay(ctx, o, s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		reports = append(reports, report)
	}
	return reports, nil
}

func measureRelay(ctx context.Context, o *options, s subjectRelay) (relayReport, error) {
	report := relayReport{Name: s.name}
	err := withRelay(ctx, s, func(server *server, at netip.AddrPort) (err error) {
		report.Setup, report.Memory, err = measureSetup(server.pid(), at)
		return err
	})
	if err != nil {
		return report, err
	}
	return report, withRelay(ctx, s, func(server *server, at netip.AddrPort) error {
		name, password := relayCredentials()
		l, err := openRelayLoad(at, name, password)
		defer l.close()
		if err != nil {
			return err
		}
		for _, burst := range []int{1, 8} {
			for _, size := range []int{200, 1200} {
				for _, up := range []bool{true, false} {
					figures, err := l.run(ctx, relayWork{up, size, burst}, server.pid(), o.duration)
					if err != nil {
						return err
					}
					report.Works = append(report.Works, figures)
				}
			}
		}
		return nil
	})
}

// withRelay runs a relay for as long as use does.
func withRelay(ctx context.Context, s subjectRelay, use func(*server, netip.AddrPort) error) error {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	port, err := freePort()
	if err != nil {
		return err
	}
	at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port))
	server, err := s.start(ctx, dir, at.String())
	if err != nil {
		return err
	}
	if err := use(server, at); err != nil {
		return errors.Join(fmt.Errorf("%w; the server said: %s", err, server.said()), server.stop())
	}
	return server.stop()
}

func relayCredentials() (username, password string) {
	return auth.TURNCredentials(relaySecret, "bench", time.Now(), time.Hour)
}

// measureSetup opens many allocations, each with its channel, and returns CPU
// time (µs) and memory (bytes) of the server for one. The first hundred are not
// counted: they are the server's own start.
func measureSetup(pid int, at netip.AddrPort) (cpu, memory float64, err error) {
	name, password := relayCredentials()
	var clients []*relayClient
	defer func() {
		for _, c := range clients {
			_ = c.socket.Close()
		}
	}()
	open := func(n int) error {
		for range n {
			c, err := newRelayClient(at, name, password)
			if err != nil {
				return err
			}
			clients = append(clients, c)
			if err := c.allocate(); err != nil {
				return err
			}
			// Every client has a peer of its own; none of them answers.
			if err := c.bind(netip.AddrPortFrom(at.Addr(), uint16(20000+len(clients)))); err != nil {
				return err
			}
		}
		return nil
	}
	if err := open(100); err != nil {
		return 0, 0, err
	}
	before, err := load.ReadUsage(pid)
	if err != nil {
		return 0, 0, err
	}
	if err := open(relaySetups); err != nil {
		return 0, 0, err
	}
	after, err := load.ReadUsage(pid)
	if err != nil {
		return 0, 0, err
	}
	return float64((after.CPU - before.CPU).Microseconds()) / relaySetups,
		float64(after.Memory-before.Memory) / relaySetups, nil
}

// writeRelays writes the table: one column a server, one row a piece of work, and
// the ratio of the first server to the second.
func writeRelays(w io.Writer, reports []relayReport) error {
	if len(reports) == 0 {
		return nil
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, "\nTURN, CPU µs per relayed packet")
	for _, r := range reports {
		fmt.Fprintf(t, "\t%s", r.Name)
	}
	if len(reports) == 2 {
		fmt.Fprint(t, "\tratio")
	}
	fmt.Fprintln(t, "\tdelivered %")
	row := func(name string, value func(relayReport) float64) {
		fmt.Fprint(t, name)
		for _, r := range reports {
			fmt.Fprintf(t, "\t%.2f", value(r))
		}
		if len(reports) == 2 {
			fmt.Fprintf(t, "\t%.2f", value(reports[0])/value(reports[1]))
		}
	}
	for i, work := range reports[0].Works {
		row(work.Work, func(r relayReport) float64 { return r.Works[i].CPU })
		for _, r := range reports {
			fmt.Fprintf(t, "\t%.1f", 100*r.Works[i].Delivered)
		}
		fmt.Fprintln(t)
	}
	row("set-up of an allocation, µs", func(r relayReport) float64 { return r.Setup })
	fmt.Fprintln(t)
	row("memory of an allocation, kB", func(r relayReport) float64 { return r.Memory / 1000 })
	fmt.Fprintln(t)
	return t.Flush()
}
