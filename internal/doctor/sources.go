package doctor

import (
	"net/netip"
	"time"
)

// What one source may open in a minute: two runs of a doctor that tries every
// path.
const (
	sourceProbes = 10
	sourcePeriod = time.Minute
	// maxSources bounds what is remembered; beyond it nobody new is let in
	// until the minute is over.
	maxSources = 4096
)

// sources counts the probes of the running minute by source: an IPv4 address or
// an IPv6 /64, which one person has.
type sources map[netip.Prefix]*source

type source struct {
	since time.Time
	n     int
}

// admit counts a probe. It returns after what time to come back if there were too
// many, or 0. This machine's own are not bounded: that is the operator.
func (s sources) admit(now time.Time, from netip.Addr) time.Duration {
	if from.IsLoopback() {
		return 0
	}
	bits := 64
	if from = from.Unmap(); from.Is4() {
		bits = 32
	}
	key, _ := from.WithZone("").Prefix(bits) // an invalid address is a source, too
	of := s[key]
	if of == nil {
		if len(s) >= maxSources {
			s.forget(now)
		}
		if len(s) >= maxSources {
			return sourcePeriod
		}
		of = &source{since: now}
		s[key] = of
	}
	if now.Sub(of.since) >= sourcePeriod {
		of.since, of.n = now, 0
	}
	if of.n >= sourceProbes {
		return of.since.Add(sourcePeriod).Sub(now)
	}
	of.n++
	return 0
}

// forget drops those whose minute is over.
func (s sources) forget(now time.Time) {
	for key, of := range s {
		if now.Sub(of.since) >= sourcePeriod {
			delete(s, key)
		}
	}
}
