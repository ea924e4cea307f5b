package bwe

import (
	"math"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	probeTime       = 15 * time.Millisecond
	probePackets    = 5
	probePacketSize = 1200
	probeEnough     = 0.8 // part of a probe that must arrive
	// probeStep is how far beyond the estimate a probe goes; the first one
	// goes further, for a quick start.
	probeStep, firstProbeStep = 2, 3

	probePause    = 3 * time.Second // after a probe that found the end, doubled each time
	probeMaxPause = 15 * time.Second
	probeRecovery = 2 * time.Second // after the estimate fell deep
	deepFall      = 0.66            // of the rate before
	// probeSettle is how long a probe's own queue may disturb the delay.
	probeSettle = 300 * time.Millisecond
)

// Probe is a short burst that tries a rate.
type Probe struct {
	ID    int // never 0
	Rate  media.Bitrate
	Bytes int // on the wire, in packets of up to 1200 bytes
}

// cluster is what came of the probe that is under way.
type cluster struct {
	probe    Probe
	sent     media.Time // when it was planned
	packets  int
	size     int
	first    Packet // by arrival
	last     Packet // by arrival
	earliest media.Time
	latest   Packet // by departure
}

// prober plans probes and measures them.
type prober struct {
	id       int
	active   bool
	cluster  cluster
	next     media.Time // not before
	failures int
	disturb  media.Time // when the last probe was over
}

// plan returns a probe towards the wanted rate if it is time for one.
func (p *prober) plan(now media.Time, target, wanted media.Bitrate) (Probe, bool) {
	if p.active || now.Before(p.next) {
		return Probe{}, false
	}
	step := media.Bitrate(probeStep)
	if p.id == 0 {
		step = firstProbeStep
	}
	p.id++
	rate := min(target*step, wanted)
	size := max(int(rate)/8*int(probeTime/time.Millisecond)/1000, probePackets*probePacketSize)
	p.active = true
	p.cluster = cluster{probe: Probe{ID: p.id, Rate: rate, Bytes: size}, sent: now}
	return p.cluster.probe, true
}

// add takes a packet of a probe that arrived.
func (p *prober) add(k Packet) {
	c := &p.cluster
	if !p.active || k.Probe != c.probe.ID {
		return
	}
	if c.packets == 0 {
		c.first, c.last, c.latest, c.earliest = k, k, k, k.Sent
	}
	c.packets++
	c.size += k.Size
	c.earliest = min(c.earliest, k.Sent)
	if k.Sent >= c.latest.Sent {
		c.latest = k
	}
	if k.Arrival < c.first.Arrival {
		c.first = k
	}
	if k.Arrival >= c.last.Arrival {
		c.last = k
	}
}

// result ends the probe when enough of it arrived, and returns the rate that it
// proved if that is more than the current one.
func (p *prober) result(now media.Time, current float64) (float64, bool) {
	c := &p.cluster
	enough := c.packets >= probePackets*4/5 && float64(c.size) >= probeEnough*float64(c.probe.Bytes)
	if !p.active || !enough {
		return 0, false
	}
	p.active, p.disturb = false, now
	rate := c.rate()
	if rate <= current*1.02 {
		p.failed(now)
		return 0, false
	}
	if rate < 0.7*float64(c.probe.Rate) {
		p.failed(now) // it found more, but also the end
	} else {
		p.failures, p.next = 0, now
	}
	return rate, true
}

// rate returns what the cluster proves: the slower of the rates at which it was
// sent and received. When it was received notably slower, it filled the path,
// and a little less is carried for good. 0 if it proves nothing.
func (c *cluster) rate() float64 {
	send := rateOf(c.size-c.latest.Size, c.latest.Sent.Sub(c.earliest))
	receive := rateOf(c.size-c.first.Size, c.last.Arrival.Sub(c.first.Arrival))
	switch {
	case receive > 2*send: // packets were held back and then let go at once
		return 0
	case receive < 0.9*send:
		receive *= 0.95
	}
	return math.Min(math.Min(send, receive), float64(c.probe.Rate))
}

func rateOf(bytes int, d time.Duration) float64 {
	if d <= 0 {
		return math.Inf(1)
	}
	return float64(bytes) * 8 / d.Seconds()
}

// expire gives up a probe of which too little came back.
func (p *prober) expire(now media.Time, rtt time.Duration) {
	if p.active && !now.Before(p.expires(rtt)) {
		p.active, p.disturb = false, now
		p.failed(now)
	}
}

func (p *prober) expires(rtt time.Duration) media.Time {
	return p.cluster.sent.Add(time.Second + rtt)
}

func (p *prober) failed(now media.Time) {
	p.next = now.Add(min(probePause<<p.failures, probeMaxPause))
	p.failures = min(p.failures+1, 4)
}

// fell tells that the estimate fell. A deep fall may be over soon.
func (p *prober) fell(now media.Time, before, after float64) {
	if after < deepFall*before {
		p.failures, p.next = 0, now.Add(probeRecovery)
	}
	p.next = max(p.next, now.Add(probeRecovery))
}

// rest puts the next probe off while the line is in trouble. That is told by what
// is sent over it: when nothing is, only a probe can tell that it is well again.
func (p *prober) rest(now media.Time) { p.next = max(p.next, now.Add(probeRecovery)) }

// disturbs reports whether a queue may be a probe's.
func (p *prober) disturbs(now media.Time, rtt time.Duration) bool {
	return p.active || !p.disturb.IsZero() && now.Sub(p.disturb) < rtt+probeSettle
}

// deadline returns when the prober has something to do.
func (p *prober) deadline(needed bool, rtt time.Duration) media.Time {
	switch {
	case p.active:
		return p.expires(rtt)
	case needed:
		return max(p.next, 1)
	}
	return 0
}
