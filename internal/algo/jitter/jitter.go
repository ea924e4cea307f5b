package jitter

import (
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

// Report is the content of a reception report block (RFC 3550 §6.4.1) but for
// the SSRC.
type Report struct {
	// FractionLost is the part of packets lost since the report before, in
	// 1/256.
	FractionLost uint8
	// CumulativeLost counts packets lost in all, fitted to 24 bits signed;
	// duplicates can make it negative.
	CumulativeLost int32
	// HighestSeq is the highest sequence number, extended by the count of
	// its cycles.
	HighestSeq uint32
	// Jitter is the mean deviation of arrival, in ticks.
	Jitter uint32
	// LastSR is the middle of the last sender report's NTP time, and
	// DelaySinceLastSR the time since it came in 1/65536 s; both are 0 if
	// there was none.
	LastSR           uint32
	DelaySinceLastSR uint32
}

// Receiver measures one incoming stream.
type Receiver struct {
	clockRate int64 // constant, Hz

	started  bool
	first    media.Seq
	highest  media.Seq
	received int64
	lost     int64 // before the last restart

	priorExpected int64 // at the last report
	priorReceived int64

	transit int64 // arrival − timestamp of the last packet, ticks
	jitter  int64 // 1/16 ticks

	srNTP uint32
	srAt  media.Time // zero if none came
}

// New returns a receiver for a stream whose timestamps run at clockRate Hz.
func New(clockRate int) *Receiver { return &Receiver{clockRate: int64(clockRate)} }

// Received takes note of a packet. Retransmissions in a stream of their own
// (RFC 4588) must not be reported here: losses are those of the network.
func (r *Receiver) Received(now media.Time, s media.Seq, ts media.Ticks) {
	if !r.started {
		r.started, r.first, r.highest = true, s, s
	}
	r.received++
	inOrder := s >= r.highest
	r.first, r.highest = min(r.first, s), max(r.highest, s)
	if inOrder {
		r.deviate(r.ticks(now) - int64(ts))
	}
}

// Restart begins to measure anew after the stream jumped (seqmap.Restarted).
// Losses before it stay counted.
func (r *Receiver) Restart() {
	r.lost += r.expected() - r.received
	r.started, r.received = false, 0
	r.priorExpected, r.priorReceived = 0, 0
}

// SenderReport takes note of a sender report's 64-bit NTP time.
func (r *Receiver) SenderReport(now media.Time, ntp uint64) {
	r.srNTP, r.srAt = uint32(ntp>>16), now
}

// Report returns the report for the time since the last one (RFC 3550 A.3); it
// is false while nothing was received.
func (r *Receiver) Report(now media.Time) (Report, bool) {
	if !r.started {
		return Report{}, false
	}
	expected := r.expected()
	rep := Report{
		CumulativeLost: int32(min(max(r.lost+expected-r.received, -1<<23), 1<<23-1)),
		HighestSeq:     uint32(r.highest - r.first&^0xffff),
		Jitter:         uint32(r.jitter >> 4),
	}
	wanted := expected - r.priorExpected
	if lost := wanted - (r.received - r.priorReceived); wanted > 0 && lost > 0 {
		rep.FractionLost = uint8(min(lost<<8/wanted, 255))
	}
	r.priorExpected, r.priorReceived = expected, r.received
	if !r.srAt.IsZero() {
		rep.LastSR = r.srNTP
		rep.DelaySinceLastSR = uint32(int64(now.Sub(r.srAt)) << 16 / int64(time.Second))
	}
	return rep, true
}

// Jitter returns the mean deviation of arrival.
func (r *Receiver) Jitter() time.Duration {
	return time.Duration(r.jitter>>4) * time.Second / time.Duration(r.clockRate)
}

// expected returns how many packets were sent since the last restart, as far as
// is known.
func (r *Receiver) expected() int64 {
	if !r.started {
		return 0
	}
	return int64(r.highest-r.first) + 1
}

// deviate takes the transit time of a packet into the jitter (RFC 3550 A.8).
func (r *Receiver) deviate(transit int64) {
	d := transit - r.transit
	r.transit = transit
	if r.received == 1 {
		return
	}
	r.jitter += max(d, -d) - (r.jitter+8)>>4
}

// ticks returns now in units of the stream's clock.
func (r *Receiver) ticks(now media.Time) int64 {
	secs, nanos := int64(now)/int64(time.Second), int64(now)%int64(time.Second)
	return secs*r.clockRate + nanos*r.clockRate/int64(time.Second)
}

// RoundTrip returns the round-trip time that a reception report which came at
// now tells (RFC 3550 §6.4.1), and false if it answers no sender report. A clock
// that runs astray can't make it negative.
func RoundTrip(now media.Time, lastSR, delaySinceLastSR uint32) (time.Duration, bool) {
	if lastSR == 0 {
		return 0, false
	}
	d := int32(uint32(now.NTP()>>16) - lastSR - delaySinceLastSR)
	return time.Duration(int64(max(d, 0))*int64(time.Second)) >> 16, true
}
