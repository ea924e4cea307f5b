// Package pacer decides how many bytes of video may leave now, so that a key
// frame does not fill the queues of the path in one burst, and gives probes
// their rate.
//
// It holds no packets: its user keeps the queue, sends audio at once whatever
// the pacer says (Sent counts it), and video as far as Budget allows. A Pacer is
// a plain state machine owned by the goroutine that calls it; it starts none.
package pacer

import (
	"cmp"
	"math"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

// Options shape a Pacer. The zero value works.
type Options struct {
	// Factor times the estimate is the rate at which a queue is sent; 0
	// stands for 2.5.
	Factor float64
	// Burst is how much time's worth may leave at once; 0 stands for 40 ms.
	// A usual picture then leaves in one piece.
	Burst time.Duration
}

const (
	// minBurst is the least that may leave at once, in bytes: two packets.
	minBurst = 2400
	// wakeFor is how many bytes must be allowed for it to be worth waking up.
	wakeFor = 1200
)

// Pacer paces what is sent to one destination.
type Pacer struct {
	opt Options // constant

	rate     float64 // of a queue, bytes/s
	budget   float64 // bytes; negative after audio or a last packet overdrew it
	budgeted media.Time

	probeID   int     // 0 if no probe is under way
	probeRate float64 // bytes/s
	probeLeft int     // bytes
}

// New returns a pacer that lets nothing go before SetEstimate.
func New(o Options) *Pacer {
	o.Factor = cmp.Or(o.Factor, 2.5)
	o.Burst = cmp.Or(o.Burst, 40*time.Millisecond)
	return &Pacer{opt: o}
}

// SetEstimate sets the bandwidth that the pace is derived from.
func (p *Pacer) SetEstimate(now media.Time, estimate media.Bitrate) {
	p.refill(now)
	first := p.rate == 0
	p.rate = float64(estimate) / 8 * p.opt.Factor
	if first {
		p.budget += p.burst()
	}
	p.budget = math.Min(p.budget, p.burst())
}

// StartProbe sends the next bytes at this rate, tagged with id (not 0). Until
// it is done, what the queue lacks is to be filled with padding.
func (p *Pacer) StartProbe(now media.Time, id int, rate media.Bitrate, bytes int) {
	p.refill(now)
	p.probeID, p.probeRate, p.probeLeft = id, float64(rate)/8, bytes
	p.budget = math.Min(p.budget, p.burst())
}

// Probe returns the id of the probe that the next packets belong to; 0 if none
// is under way.
func (p *Pacer) Probe() int { return p.probeID }

// Budget returns how many bytes of video, or of a probe's padding, may leave
// now. The last packet may overdraw it.
func (p *Pacer) Budget(now media.Time) int {
	p.refill(now)
	return max(int(p.budget), 0)
}

// Sent tells that bytes left, audio and retransmissions included.
func (p *Pacer) Sent(now media.Time, bytes int) {
	p.refill(now)
	p.budget -= float64(bytes)
	if p.probeID == 0 {
		return
	}
	if p.probeLeft -= bytes; p.probeLeft <= 0 {
		p.probeID = 0
	}
}

// Deadline returns when to look at the queue again: now or earlier if a packet
// may go at once, and zero for never, if there is neither a queue nor a probe or
// no rate.
func (p *Pacer) Deadline(queued bool) media.Time {
	rate := p.current()
	if rate == 0 || !queued && p.probeID == 0 {
		return 0
	}
	missing := math.Max(wakeFor-p.budget, 0)
	return p.budgeted.Add(time.Duration(math.Ceil(missing / rate * float64(time.Second))))
}

// current returns the rate in force in bytes/s.
func (p *Pacer) current() float64 {
	if p.probeID != 0 {
		return p.probeRate
	}
	return p.rate
}

// burst returns the most that the budget may be. A probe is sent evenly.
func (p *Pacer) burst() float64 {
	if p.probeID != 0 {
		return minBurst
	}
	return math.Max(p.rate*p.opt.Burst.Seconds(), minBurst)
}

func (p *Pacer) refill(now media.Time) {
	if elapsed := now.Sub(p.budgeted); elapsed > 0 && !p.budgeted.IsZero() {
		p.budget = math.Min(p.budget+p.current()*elapsed.Seconds(), math.Max(p.budget, p.burst()))
	}
	p.budgeted = max(p.budgeted, now)
}
