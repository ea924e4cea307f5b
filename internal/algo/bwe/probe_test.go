package bwe

import (
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

// media15 is how far the estimate may run ahead of what gets through.
func media15(r media.Bitrate) media.Bitrate { return r*3/2 + aheadConstant }

// A viewer joins: the first pictures should soon be large.
func TestScenarioProbeAtTheStart(t *testing.T) {
	c := newCall(t, 10*mbps, 4*mbps, Options{Start: 400 * kbps})
	c.run(2 * time.Second)
	if got := c.e.Target(); got < 3*mbps {
		t.Errorf("2 s after the start the estimate is %d, want nearly 4 Mbit/s", got)
	}
	if c.padding > 100_000 {
		t.Errorf("that took %d bytes of padding", c.padding)
	}
}

// A probe that fails must not cost anything.
func TestScenarioProbeFindsTheEnd(t *testing.T) {
	c := newCall(t, 700*kbps, 4*mbps, Options{Start: 500 * kbps})
	c.layers = func(media.Bitrate) media.Bitrate { return 450 * kbps }
	c.run(5 * time.Second)
	c.mark()
	c.within("a layer of 450 kbit/s on a path of 700", c.run(30*time.Second), 440*kbps, 480*kbps)
	if c.lowest < 600*kbps || c.highest > 850*kbps {
		t.Errorf("the estimate went from %d to %d, want about 700 kbit/s all the time", c.lowest, c.highest)
	}
	if c.worst > 100*msec {
		t.Errorf("probes make a queue of %v", c.worst)
	}
}

// burst reports a probe's packets, sent and received at these rates.
func burst(e *Estimator, p Probe, now media.Time, send, receive media.Bitrate, lose int) {
	for i := range p.Bytes / 1200 {
		bits := float64(i * 1200 * 8)
		k := Packet{Size: 1200, Probe: p.ID, Sent: now.Add(time.Duration(bits / float64(send) * 1e9))}
		if i >= lose {
			k.Arrival = now.Add(time.Hour + time.Duration(bits/float64(receive)*1e9))
		}
		e.Report(k)
	}
}

func TestProbeResults(t *testing.T) {
	for _, c := range []struct {
		why           string
		send, receive media.Bitrate
		lose          int
		low, high     media.Bitrate
	}{
		{"it went through unharmed", 3 * mbps, 3 * mbps, 0, 2990 * kbps, 3 * mbps},
		{"it met the end", 3 * mbps, 2 * mbps, 0, 1890 * kbps, 1910 * kbps},
		{"it was sent slower than planned", 2 * mbps, 3 * mbps, 0, 1990 * kbps, 2010 * kbps},
		{"it was held up and let go: proves nothing", 2 * mbps, 9 * mbps, 0, 1 * mbps, 1 * mbps},
		{"too little arrived", 3 * mbps, 3 * mbps, 2, 1 * mbps, 1 * mbps},
		{"less came through than is known", 3 * mbps, 500 * kbps, 0, 1 * mbps, 1 * mbps},
	} {
		e := New(begin, Options{Start: 1 * mbps})
		e.SetWanted(5 * mbps)
		p, ok := e.Probe(begin)
		if !ok || p.Rate != 3*mbps || p.Bytes != 6000 {
			t.Fatalf("the first probe is %+v, %v", p, ok)
		}
		if _, again := e.Probe(begin); again {
			t.Errorf("two probes at a time")
		}
		burst(e, p, begin, c.send, c.receive, c.lose)
		if got := e.Update(begin.Add(100*msec), 50*msec); got < c.low || got > c.high {
			t.Errorf("%s: estimate %d, want %d to %d", c.why, got, c.low, c.high)
		}
	}
}

func TestAProbeThatIsNeverAnsweredIsGivenUp(t *testing.T) {
	e := New(begin, Options{})
	if !e.Deadline().IsZero() {
		t.Error("nothing is wanted, nothing was sent: nothing to wait for")
	}
	e.SetWanted(5 * mbps)
	e.Probe(begin)
	if got := e.Deadline().Sub(begin); got != time.Second {
		t.Errorf("given up after %v, want 1 s", got)
	}
	e.Update(begin.Add(time.Second), 0)
	if got := e.Deadline().Sub(begin); got != time.Second+probePause {
		t.Errorf("tried again after %v", got)
	}
	if _, ok := e.Probe(e.Deadline()); !ok {
		t.Error("now another is due")
	}
}
