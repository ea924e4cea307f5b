package ice

import (
	"net/netip"
	"slices"

	"github.com/tutti-rtc/tutti/internal/media"
)

// find returns the index of the address's pair, or −1.
func (a *Agent) find(addr Address) int {
	return slices.IndexFunc(a.pairs, func(p pair) bool { return p.addr == addr })
}

// touch returns the index of the address's pair and makes it first if it is
// new; the pair that was silent for longest makes room.
func (a *Agent) touch(addr Address) int {
	if i := a.find(addr); i >= 0 {
		return i
	}
	if len(a.pairs) == MaxPairs {
		a.remove(a.stalest())
		a.stats.Evicted++
	}
	a.pairs = append(a.pairs, pair{addr: addr})
	return len(a.pairs) - 1
}

// stalest returns the pair, other than the selected one, with the oldest check.
func (a *Agent) stalest() int {
	oldest := -1
	for i := range a.pairs {
		if i != a.selected && (oldest < 0 || a.pairs[i].checked.Before(a.pairs[oldest].checked)) {
			oldest = i
		}
	}
	return oldest
}

// remove drops a pair and, if it was the selected one, selects the next best.
func (a *Agent) remove(i int) (changed bool) {
	a.pairs = slices.Delete(a.pairs, i, i+1)
	switch {
	case i < a.selected:
		a.selected--
	case i == a.selected:
		a.selected = a.best()
		return true
	}
	return false
}

// best returns the pair to send to when nothing is known of the selected one:
// the newest generation, the last nominated, the highest priority. −1 if there
// is no pair.
func (a *Agent) best() int {
	best := -1
	for i := range a.pairs {
		if best < 0 || a.pairs[i].betterThan(&a.pairs[best]) {
			best = i
		}
	}
	return best
}

func (p *pair) betterThan(q *pair) bool {
	switch {
	case p.generation != q.generation:
		return p.generation > q.generation
	case p.nominated != q.nominated:
		return p.nominated.After(q.nominated)
	}
	return p.priority > q.priority
}

// supersedes reports whether p, on which a valid check came in just now, takes
// over from the selected pair q. fresh says that it is the first one on p.
func (p *pair) supersedes(q *pair, now media.Time, fresh bool) bool {
	silence := now.Sub(q.checked)
	switch {
	case p.generation != q.generation:
		return p.generation > q.generation
	case silence > checkInterval, fresh && p.likeness(q) && silence > moveSilence:
		return true // a NAT has moved the client without its knowing
	case q.nominated.IsZero():
		return !p.nominated.IsZero() || p.priority > q.priority
	case p.nominated != now:
		return false // the client checks it, but prefers q
	}
	return p.priority >= q.priority || now.Sub(q.nominated) > nominationBurst
}

// likeness reports whether p may be q as a NAT shows it after it has given the
// client another port: the candidates are the same.
func (p *pair) likeness(q *pair) bool {
	shown := q.addr
	shown.Remote = netip.AddrPortFrom(shown.Remote.Addr(), p.addr.Remote.Port())
	return p.addr == shown && p.priority == q.priority
}
