package peer

import (
	"time"

	"github.com/tutti-rtc/tutti/internal/algo/bwe"
	"github.com/tutti-rtc/tutti/internal/algo/twcc"
	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	// historySize is how many sent packets wait for feedback: two seconds of
	// 5 Mbit/s.
	historySize = 1024
	// probeStep is how often a probe sends its next packets.
	probeStep = 2 * time.Millisecond
	// probePacket is the length of a probe's packets on the wire: RTP padding
	// is at most 255 bytes (RFC 3550 §5.1).
	probePacket = 290
)

// estimate is what the line to a client carries, where the client reports the
// arrival of each packet (transport-wide congestion control). It probes with
// padding when more is wanted than is known to pass.
type estimate struct {
	history   *twcc.History
	estimator *bwe.Estimator
	told      twcc.Feedback // scratch
	results   []twcc.Result // scratch

	probe struct {
		id    int // 0: none is under way
		rate  media.Bitrate
		left  int // bytes
		began media.Time
		sent  int // bytes
		next  media.Time
	}
}

// newEstimate returns an estimate that begins now.
func newEstimate(now media.Time) *estimate {
	return &estimate{history: twcc.NewHistory(historySize), estimator: bwe.New(now, bwe.Options{})}
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
	e.estimator.Update(now, rtt)
}

func (e *estimate) deadline() media.Time {
	if e.probe.id != 0 {
		return e.probe.next
	}
	return e.estimator.Deadline()
}

// advance goes on with a probe, or begins one that is due. send sends padding.
func (e *estimate) advance(now media.Time, rtt time.Duration, send func(probe int) int) {
	if due(now, e.estimator.Deadline()) {
		e.estimator.Update(now, rtt)
	}
	p := &e.probe
	if p.id == 0 {
		plan, ok := e.estimator.Probe(now)
		if !ok {
			return
		}
		p.id, p.rate, p.left, p.began, p.sent = plan.ID, plan.Rate, plan.Bytes, now, 0
		p.next = now
	}
	if now.Before(p.next) {
		return
	}
	allowed := int(int64(p.rate) * int64(now.Sub(p.began)+probeStep) / 8 / int64(time.Second))
	for p.left > 0 && p.sent < allowed {
		n := send(p.id)
		if n == 0 {
			p.left = 0 // there is no way to send padding
			break
		}
		p.sent += n
		p.left -= n
	}
	p.next = now.Add(probeStep)
	if p.left <= 0 {
		p.id = 0
	}
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
