package peer

import (
	"time"

	"github.com/tutti-rtc/tutti/internal/algo/bwe"
	"github.com/tutti-rtc/tutti/internal/algo/pacer"
	"github.com/tutti-rtc/tutti/internal/algo/twcc"
	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	// historySize is how many sent packets wait for feedback: two seconds of
	// 5 Mbit/s.
	historySize = 1024
	// firstEstimate is what a line is believed to carry before it shows:
	// enough for a first key frame to leave at once.
	firstEstimate = 2_500_000
)

// estimate is what the line to a client carries, where the client reports the
// arrival of each packet (transport-wide congestion control), and the pace that
// follows from it.
type estimate struct {
	history   *twcc.History
	estimator *bwe.Estimator
	pacer     *pacer.Pacer
	told      twcc.Feedback // scratch
	results   []twcc.Result // scratch
}

// newEstimate returns an estimate that begins now.
func newEstimate(now media.Time) *estimate {
	e := &estimate{
		history:   twcc.NewHistory(historySize),
		estimator: bwe.New(now, bwe.Options{Start: firstEstimate}),
		pacer:     pacer.New(pacer.Options{}),
	}
	e.pacer.SetEstimate(now, e.estimator.Target())
	return e
}

// arrivals takes transport-wide feedback.
func (e *estimate) arrivals(now media.Time, fci []byte, rtt time.Duration) {
	if e.told.Parse(fci) != nil {
		return
	}
	e.results = e.history.Feedback(&e.told, e.results[:0])
	for _, r := range e.results {
		e.estimator.Report(bwe.Packet(r))
	}
	e.pacer.SetEstimate(now, e.estimator.Update(now, rtt))
}

// deadline returns when advance, or the queue, has something to do. While a probe
// leaves, the estimator has to wait with the next.
func (e *estimate) deadline(queued bool) media.Time {
	at := e.pacer.Deadline(queued)
	if e.pacer.Probe() == 0 {
		at = earliest(at, e.estimator.Deadline())
	}
	return at
}

// advance does what is due: a new estimate, or a probe if padding can be sent.
func (e *estimate) advance(now media.Time, rtt time.Duration, canPad bool) {
	if due(now, e.estimator.Deadline()) {
		e.pacer.SetEstimate(now, e.estimator.Update(now, rtt))
	}
	if e.pacer.Probe() != 0 {
		return
	}
	if plan, ok := e.estimator.Probe(now); ok && canPad {
		e.pacer.StartProbe(now, plan.ID, plan.Rate, plan.Bytes)
	}
}

// sent counts a packet that leaves.
func (e *estimate) sent(now media.Time, size int) {
	e.estimator.Sent(now)
	e.pacer.Sent(now, size)
}

// Estimate returns what the line to the client carries in bits per second; it
// is false where the client does not report arrivals, or before it did. It must
// be called on the loop.
func (p *Peer) Estimate() (media.Bitrate, bool) {
	if p.down.estimate == nil || p.down.estimate.estimator.Throughput() == 0 {
		return 0, false
	}
	return p.down.estimate.estimator.Target(), true
}

// SetWanted says how much would be sent if the line carried it; the line is
// tried towards that. It must be called on the loop.
func (p *Peer) SetWanted(r media.Bitrate) {
	if p.down.estimate != nil {
		p.down.estimate.estimator.SetWanted(r)
	}
}
