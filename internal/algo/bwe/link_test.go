package bwe

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	kbps = 1000
	mbps = 1000 * kbps
	msec = time.Millisecond
	// begin is when every run starts; the receiver's clock is another one.
	begin        = media.Time(1_700_000_000 * time.Second)
	receiverSkew = -17 * time.Hour
)

// call is a sender that follows an Estimator, over a path with one bottleneck,
// stepped by the millisecond. Nothing in it is random but by its seed.
type call struct {
	t   *testing.T
	e   *Estimator
	rng *rand.Rand
	now media.Time

	// the path, to be changed between runs
	capacity media.Bitrate
	queue    time.Duration // what the bottleneck holds at most
	delay    time.Duration // one way
	jitter   time.Duration // at most, on top
	loss     float64

	// the sender
	wanted  media.Bitrate                            // what there is to send
	layers  func(target media.Bitrate) media.Bitrate // what of it is sent; nil stands for all
	backlog []int                                    // sizes of packets to send
	tokens  float64                                  // bytes that the pacer lets go
	probe   Probe
	dark    bool // the way back is cut

	busy    media.Time // until then the bottleneck sends what it holds
	flying  []Packet   // with their arrival on our clock; zero if lost
	results []results  // on their way back

	// measured since the last mark
	sent, delivered int // bytes
	padding         int
	worst           time.Duration // longest queue
	lowest, highest media.Bitrate // estimates
	since           media.Time
}

type results struct {
	at      media.Time
	packets []Packet
}

func newCall(t *testing.T, capacity, wanted media.Bitrate, o Options) *call {
	t.Helper()
	c := &call{
		t: t, e: New(begin, o), rng: rand.New(rand.NewPCG(11, 12)), now: begin,
		capacity: capacity, queue: 400 * msec, delay: 25 * msec, wanted: wanted,
	}
	c.mark()
	return c
}

// mark begins a new measurement.
func (c *call) mark() {
	c.sent, c.delivered, c.padding, c.worst, c.since = 0, 0, 0, 0, c.now
	c.lowest, c.highest = c.e.Target(), c.e.Target()
}

// run lets the call go on and returns what got through.
func (c *call) run(d time.Duration) media.Bitrate {
	for end := c.now.Add(d); c.now.Before(end); c.now = c.now.Add(msec) {
		c.step()
	}
	return media.Bitrate(float64(c.delivered) * 8 / c.now.Sub(c.since).Seconds())
}

func (c *call) step() {
	elapsed := c.now.Sub(begin)
	if elapsed%(33*msec) == 0 {
		c.frame()
	}
	c.pace()
	if elapsed%(50*msec) == 0 {
		c.report()
	}
	if len(c.results) > 0 && !c.now.Before(c.results[0].at) {
		for _, p := range c.results[0].packets {
			c.e.Report(p)
		}
		c.results = c.results[1:]
		c.e.Update(c.now, 2*c.delay+c.busyFor())
	}
	if d := c.e.Deadline(); !d.IsZero() && !c.now.Before(d) {
		c.e.Update(c.now, 2*c.delay)
		if p, ok := c.e.Probe(c.now); ok {
			c.probe = p
		}
	}
	c.lowest, c.highest = min(c.lowest, c.e.Target()), max(c.highest, c.e.Target())
}

// frame queues one picture, a little larger or smaller than the last.
func (c *call) frame() {
	c.e.SetWanted(c.wanted)
	rate := min(c.wanted, c.e.Target())
	if c.layers != nil {
		rate = c.layers(c.e.Target())
	}
	size := int(float64(rate) / 8 / 30 * (0.7 + 0.6*c.rng.Float64()))
	for ; size > 0; size -= 1200 {
		c.backlog = append(c.backlog, min(size, 1200))
	}
}

// pace sends at 2.5 times the estimate, or at a probe's rate with padding.
func (c *call) pace() {
	rate := 2.5 * float64(c.e.Target())
	if c.probe.Bytes > 0 {
		rate = float64(c.probe.Rate)
	}
	c.tokens = min(c.tokens+rate/8/1000, 4*1200)
	for c.tokens > 0 {
		size, id := 1200, c.probe.ID
		switch {
		case len(c.backlog) > 0:
			size = c.backlog[0]
			c.backlog = c.backlog[1:]
		case c.probe.Bytes > 0:
			c.padding += size
		default:
			c.tokens = min(c.tokens, 1200)
			return
		}
		if c.probe.Bytes -= size; c.probe.Bytes <= 0 {
			c.probe = Probe{}
		}
		c.tokens -= float64(size)
		c.send(Packet{Sent: c.now, Size: size, Probe: id})
	}
}

// send puts a packet into the bottleneck.
func (c *call) send(p Packet) {
	c.e.Sent(c.now)
	c.sent += p.Size
	c.worst = max(c.worst, c.busyFor())
	if c.busyFor() < c.queue && c.rng.Float64() >= c.loss {
		c.busy = max(c.busy, c.now).Add(time.Duration(float64(p.Size) * 8 / float64(c.capacity) * 1e9))
		p.Arrival = c.busy.Add(c.delay)
		if c.jitter > 0 {
			p.Arrival = p.Arrival.Add(time.Duration(c.rng.Int64N(int64(c.jitter))))
		}
	}
	c.flying = append(c.flying, p)
}

func (c *call) busyFor() time.Duration { return max(c.busy.Sub(c.now), 0) }

// report sends feedback about all that came up to now.
func (c *call) report() {
	var last int
	for i, p := range c.flying {
		if !p.Arrival.IsZero() && !p.Arrival.After(c.now) {
			last = i + 1
		}
	}
	told := results{at: c.now.Add(c.delay)}
	rest := c.flying[last:]
	for _, p := range c.flying[:last] {
		switch {
		case p.Arrival.After(c.now): // overtaken: told of later
			rest = append([]Packet{p}, rest...)
			continue
		case !p.Arrival.IsZero():
			c.delivered += p.Size
			p.Arrival = p.Arrival.Add(receiverSkew)
		}
		told.packets = append(told.packets, p)
	}
	c.flying = slices.Clone(rest)
	if len(told.packets) > 0 && !c.dark {
		c.results = append(c.results, told)
	}
}

// within checks a rate.
func (c *call) within(why string, got, low, high media.Bitrate) {
	c.t.Helper()
	c.t.Logf("%s: %d kbit/s (estimate %d, between %d and %d; queue up to %v, %d bytes of padding)", why,
		got/kbps, c.e.Target()/kbps, c.lowest/kbps, c.highest/kbps, c.worst.Round(msec), c.padding)
	if got < low || got > high {
		c.t.Errorf("%s: %d kbit/s, want %d to %d", why, got/kbps, low/kbps, high/kbps)
	}
}
