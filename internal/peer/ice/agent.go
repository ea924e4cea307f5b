package ice

import (
	"time"

	"github.com/pion/stun/v4"

	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	// MaxPairs is how many addresses with a valid check an Agent keeps.
	MaxPairs = 16

	// DefaultConsent is how long a valid check allows to send (RFC 7675
	// §5.1).
	DefaultConsent = 30 * time.Second

	// nominationBurst is the time within which nominations of several pairs
	// count as one burst of a client with aggressive nomination, of which
	// the pair of highest priority wins (RFC 8445 §8.1.1, RFC 5245
	// §8.1.1.2). Outside of it the newest wins: the client has moved.
	nominationBurst = 200 * time.Millisecond

	// checkInterval is the longest time between two checks of a pair that the
	// client uses (RFC 7675 §5.1).
	checkInterval = 6 * time.Second

	// moveSilence is for how long there was no check of the selected pair when
	// one of the same candidates comes from a new address: a NAT has given
	// that another port, and the client, whose checks come regularly, does not
	// know. Two addresses at one time are two networks of the client.
	moveSilence = time.Second
)

// State tells whether the server may send.
type State uint8

// The states of an Agent.
const (
	Waiting   State = iota // no valid check yet
	Connected              // a pair has consent
	Lost                   // consent ran out; a valid check brings it back
)

// String returns the state in one lower-case word.
func (s State) String() string {
	switch s {
	case Waiting:
		return "waiting"
	case Connected:
		return "connected"
	case Lost:
		return "lost"
	}
	return "unknown"
}

// Options configure an Agent.
type Options struct {
	// Ufrag and Pwd are the server's own credentials; see NewCredentials.
	Ufrag, Pwd string
	// Consent is how long the server may send to an address after a valid
	// check from it; 0 is DefaultConsent. It is also how long the old
	// credentials last after a restart.
	Consent time.Duration
}

// Agent is the ICE-lite agent of one peer. It belongs to the peer's loop.
type Agent struct {
	// constant
	consent time.Duration

	// owned by the loop
	current     generation
	previous    generation // before the last restart
	previousEnd media.Time // when previous stops to be valid; 0: there is none
	pairs       []pair
	selected    int // index into pairs, −1: none
	heard       bool
	stats       Stats
	req, res    stun.Message // kept for their storage
}

// generation is what one offer and answer agreed on (RFC 8445 §9).
type generation struct {
	number   uint32 // grows with each restart
	username string // "local:remote"; "local:" while the remote is unknown
	local    Credentials
	key      stun.MessageIntegrity
}

// pair is a candidate pair on which a valid check came in.
type pair struct {
	addr       Address
	generation uint32
	priority   uint32
	checked    media.Time // last valid check
	nominated  media.Time // last valid check with USE-CANDIDATE; 0: never
}

// New returns an agent that answers nobody until SetRemote.
func New(o Options) *Agent {
	if o.Consent == 0 {
		o.Consent = DefaultConsent
	}
	return &Agent{
		consent:  o.Consent,
		current:  newGeneration(0, Credentials{o.Ufrag, o.Pwd}, ""),
		selected: -1,
	}
}

func newGeneration(number uint32, local Credentials, remoteUfrag string) generation {
	return generation{
		number:   number,
		username: local.Ufrag + ":" + remoteUfrag,
		local:    local,
		key:      stun.NewShortTermIntegrity(local.Pwd),
	}
}

// SetRemote sets the client's username fragment. (Its password is for checks
// sent to it, and a lite agent sends none.)
func (a *Agent) SetRemote(ufrag string) {
	a.current = newGeneration(a.current.number, a.current.local, ufrag)
}

// Restart begins an ICE restart (RFC 8445 §9). Until the first valid check
// with the new credentials, but for no longer than the consent time, the old
// ones stay valid and the old pair stays selected.
func (a *Agent) Restart(now media.Time, local Credentials, remoteUfrag string) {
	a.previous, a.previousEnd = a.current, now.Add(a.consent)
	a.current = newGeneration(a.current.number+1, local, remoteUfrag)
}

// Ufrags returns the server's username fragments under which checks may come
// in: the current one, and the one before a restart while it is valid.
func (a *Agent) Ufrags() (current, previous string) {
	return a.current.local.Ufrag, a.previous.local.Ufrag
}

// Selected returns where to send: the pair that the client nominated last or,
// before its first nomination, the best with a valid check (RFC 8445 §12.1).
// It is false before the first valid check and after consent was lost.
func (a *Agent) Selected() (Address, bool) {
	if a.selected < 0 {
		return Address{}, false
	}
	return a.pairs[a.selected].addr, true
}

// Valid reports whether a valid check came from the address within the consent
// time: the client's packets may come from there.
func (a *Agent) Valid(addr Address) bool { return a.find(addr) >= 0 }

// State returns the agent's state.
func (a *Agent) State() State {
	switch {
	case a.selected >= 0:
		return Connected
	case a.heard:
		return Lost
	}
	return Waiting
}

// Stats returns the counters so far.
func (a *Agent) Stats() Stats { return a.stats }

// Deadline returns when Advance has something to do next, or 0 for never.
func (a *Agent) Deadline() media.Time {
	next := a.previousEnd
	for i := range a.pairs {
		end := a.pairs[i].checked.Add(a.consent)
		if next.IsZero() || end.Before(next) {
			next = end
		}
	}
	return next
}

// Advance forgets the addresses whose consent has run out and credentials that
// are no longer valid. It reports whether Selected has changed.
func (a *Agent) Advance(now media.Time) (changed bool) {
	if !a.previousEnd.IsZero() && !now.Before(a.previousEnd) {
		a.forgetPrevious()
	}
	for i := len(a.pairs) - 1; i >= 0; i-- {
		if now.Sub(a.pairs[i].checked) >= a.consent {
			changed = a.remove(i) || changed
			a.stats.Expired++
		}
	}
	return changed
}

// Forget drops an address, such as that of a TCP connection that was closed.
// It reports whether Selected has changed.
func (a *Agent) Forget(addr Address) (changed bool) {
	i := a.find(addr)
	return i >= 0 && a.remove(i)
}

func (a *Agent) forgetPrevious() { a.previous, a.previousEnd = generation{}, 0 }
