package peer

import (
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	// resendShare is the part of the estimate that retransmissions may take: a
	// line that loses packets because it is full must not be filled with them.
	resendShare = 0.5
	// resendBurst is how much time's worth of it may leave at once, and
	// minResends the least that may, in bytes.
	resendBurst = 500 * time.Millisecond
	minResends  = 10 * media.MaxPacketSize
)

// resends bounds what is sent again to a client.
type resends struct {
	budget  float64 // bytes; the last packet may overdraw it
	at      media.Time
	refused uint64
}

// affords reports whether a packet may be sent again. It is counted if not; the
// client asks for it once more, or for a key frame.
func (d *downstream) affords(now media.Time, size int) bool {
	if d.estimate == nil {
		return true
	}
	r, rate := &d.resends, resendShare/8*float64(d.estimate.estimator.Target())
	most := max(rate*resendBurst.Seconds(), minResends)
	if r.at.IsZero() {
		r.budget = most
	}
	r.budget = min(r.budget+rate*now.Sub(r.at).Seconds(), most)
	r.at = now
	if r.budget <= 0 {
		r.refused++
		return false
	}
	r.budget -= float64(size)
	return true
}
