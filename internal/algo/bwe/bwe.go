package bwe

import (
	"cmp"
	"math"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

// Options bound an Estimator. The zero value works.
type Options struct {
	Min   media.Bitrate // 0 stands for 50 kbit/s
	Max   media.Bitrate // 0 stands for 30 Mbit/s
	Start media.Bitrate // 0 stands for 600 kbit/s
}

// Packet is what became of one sent packet: a twcc.Result.
type Packet struct {
	Sent    media.Time
	Arrival media.Time // on the receiver's clock; zero if lost
	Size    int        // bytes on the wire
	Probe   int        // ID of the probe that it was part of; 0 if none
}

const (
	// silence is how long packets may go unanswered before the estimate
	// falls by silenceFactor, and again after the same time.
	silence       = time.Second
	silenceFactor = 0.7
)

// Estimator estimates the capacity of one path.
type Estimator struct {
	opt Options // constant

	groups     grouper
	trend      trendline
	throughput throughput
	rate       aimd
	loss       lossLimit
	prober     prober

	target media.Bitrate
	wanted media.Bitrate
	rtt    time.Duration
	// unanswered is when the first packet left since the last feedback, or
	// since its silence was last punished; zero if there is none.
	unanswered media.Time
	news       bool // Report was called since Update
}

// New returns an estimator that begins at now.
func New(now media.Time, o Options) *Estimator {
	o.Min = cmp.Or(o.Min, 50_000)
	o.Max = cmp.Or(o.Max, 30_000_000)
	o.Start = cmp.Or(o.Start, 600_000)
	e := &Estimator{opt: o, target: min(max(o.Start, o.Min), o.Max)}
	e.rate = aimd{rate: float64(e.target), updated: now}
	e.trend.reset()
	return e
}

// SetWanted tells how much would be sent if the path carried it. Probes are
// made only towards it.
func (e *Estimator) SetWanted(r media.Bitrate) { e.wanted = r }

// Sent tells that packets leave. Call it once a burst.
func (e *Estimator) Sent(now media.Time) {
	if e.unanswered.IsZero() {
		e.unanswered = now
	}
}

// Report takes the fate of one packet. Packets are reported in the order in
// which they were sent; Update must follow.
func (e *Estimator) Report(p Packet) {
	e.news = true
	e.loss.add(p.Arrival.IsZero())
	if p.Arrival.IsZero() {
		return
	}
	e.throughput.add(p.Arrival, p.Size)
	if p.Probe != 0 {
		e.prober.add(p)
	}
	if d, ok := e.groups.add(p); ok {
		e.trend.add(d)
	}
}

// Update makes the estimate after all packets of a feedback were reported, and
// whenever Deadline passes. rtt is the path's round-trip time.
func (e *Estimator) Update(now media.Time, rtt time.Duration) media.Bitrate {
	e.rtt = rtt
	if !e.news {
		e.punishSilence(now)
		e.prober.expire(now, rtt)
		return e.target
	}
	e.news, e.unanswered = false, 0
	acked := e.throughput.rate(longSpan)
	usage := e.trend.usage
	if usage == overuse && e.prober.disturbs(now, rtt) {
		usage = underuse // the queue is the probe's; wait until it is gone
	}
	if usage == overuse {
		// A full path carries its capacity, and that may have changed.
		if now := e.throughput.rate(shortSpan); now > 0 {
			acked = now
		}
	}
	before := e.rate.rate
	if e.rate.update(now, usage, acked, rtt); e.rate.rate < before {
		e.prober.fell(now, before, e.rate.rate)
	}
	if result, ok := e.prober.result(now, float64(e.target)); ok && usage != overuse {
		e.rate.raise(result)
		e.loss.raise(result)
	}
	e.prober.expire(now, rtt)
	e.loss.update(now, float64(e.target), rtt)
	if e.trend.usage == overuse || e.loss.heavy() {
		e.prober.rest(now)
	}
	e.rate.rate = e.clamp(e.rate.rate)
	e.target = media.Bitrate(e.clamp(min(e.rate.rate, e.loss.rate())))
	return e.target
}

// Target returns the estimate.
func (e *Estimator) Target() media.Bitrate { return e.target }

// Throughput returns what got through lately; 0 while unknown.
func (e *Estimator) Throughput() media.Bitrate { return media.Bitrate(e.throughput.rate(longSpan)) }

// Probe returns a probe that is to be sent now, if one is due: Bytes of
// packets tagged with ID at Rate, padded if there is too little to send.
func (e *Estimator) Probe(now media.Time) (Probe, bool) {
	if !e.needsProbe() {
		return Probe{}, false
	}
	return e.prober.plan(now, e.target, min(e.wanted*6/5, e.opt.Max))
}

// Deadline returns when Update and then Probe are to be called even if no
// feedback comes; zero for never.
func (e *Estimator) Deadline() media.Time {
	var d media.Time
	if !e.unanswered.IsZero() {
		d = e.unanswered.Add(silence + e.rtt)
	}
	if at := e.prober.deadline(e.needsProbe(), e.rtt); d.IsZero() || !at.IsZero() && at.Before(d) {
		d = at
	}
	return d
}

// needsProbe reports whether more is wanted than estimated.
func (e *Estimator) needsProbe() bool { return e.wanted > e.target }

// punishSilence lowers the estimate while nothing that is sent gets an answer.
func (e *Estimator) punishSilence(now media.Time) {
	if e.unanswered.IsZero() || now.Sub(e.unanswered) < silence+e.rtt {
		return
	}
	e.unanswered = 0 // what leaves from now on counts
	before := e.rate.rate
	e.rate.rate = e.clamp(before * silenceFactor)
	e.target = min(e.target, media.Bitrate(e.rate.rate))
	e.prober.fell(now, before, e.rate.rate)
}

func (e *Estimator) clamp(r float64) float64 {
	return math.Min(math.Max(r, float64(e.opt.Min)), float64(e.opt.Max))
}
