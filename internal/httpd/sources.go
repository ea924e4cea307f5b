package httpd

import (
	"net/netip"
	"sync"
)

// source is where connections come from, for counting: an IPv4 address, or the
// /64 that one holder of IPv6 addresses has at least. This machine itself, where
// reverse proxies speak for everybody, is no source and not counted.
type source struct{ netip.Addr }

// sourceOf returns the source that an address belongs to.
func sourceOf(addr netip.Addr) source {
	switch {
	case !addr.IsValid() || addr.IsLoopback():
		return source{}
	case addr.Is4():
		return source{addr}
	}
	prefix, err := addr.Prefix(64)
	if err != nil {
		panic("BUG: an IPv6 address has no /64: " + err.Error())
	}
	return source{prefix.Addr()}
}

// sources counts the open connections of each source and holds each to max, so
// that one of them can't use up what the server has for all.
type sources struct {
	max int // constant

	mu   sync.Mutex
	open map[source]int // guarded by mu; none is 0
}

func newSources(max int) *sources { return &sources{max: max, open: make(map[source]int)} }

// enter counts one connection more, unless there are too many.
func (s *sources) enter(from source) bool {
	if !from.IsValid() {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[from] >= s.max {
		return false
	}
	s.open[from]++
	return true
}

// leave takes back one enter that succeeded.
func (s *sources) leave(from source) {
	if !from.IsValid() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[from]--; s.open[from] <= 0 {
		delete(s.open, from)
	}
}
