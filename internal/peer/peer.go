package peer

import (
	"crypto/rand"
	"encoding/binary"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer/answer"
	"github.com/tutti-rtc/tutti/internal/peer/ice"
	"github.com/tutti-rtc/tutti/internal/wire"
)

// firstCheck is how long a client may take from its offer to its first check.
const firstCheck = 30 * time.Second

// Handler is told what happens to a peer.
type Handler interface {
	// Connected is called on the peer's loop when media can flow: a check
	// has come and the DTLS handshake is done, which has proven the way
	// there and back.
	Connected(now media.Time)
	// Lost is called on the peer's loop, at most once and last, when the
	// client has closed the connection, failed to set it up, or was not
	// heard of for 30 s.
	Lost(now media.Time)
	// Data is called from the peer's SCTP goroutine with a message on one
	// of the client's data channels. The message is lent for the call.
	Data(label string, message []byte)
}

// Peer is one WebRTC session between a client and the server.
type Peer struct {
	// Constant.
	server  *Server
	loop    *Loop
	handler Handler
	cname   string
	dtls    *dtlsTransport
	data    *dataTransport

	// Owned by the loop.
	agent     *ice.Agent
	ufrags    []string      // under which the demultiplexer finds this peer
	addrs     []ice.Address // the same for UDP
	receivers []*Receiver
	senders   []*Sender
	keys      *srtpKeys
	header    rtp.Header // scratch for SRTP
	up        upstream
	down      downstream
	timer     *Timer
	expires   media.Time // of a client that has not come yet, or whose TCP broke
	over      bool

	// Atomic.
	selected atomic.Pointer[ice.Address] // where to send; nil before the first check

	waiting int // datagrams for the loop's next turn; guarded by loop.mu

	negotiating sync.Mutex // one offer at a time
	// Written by the loop while negotiating is held, so read by either.
	creds   ice.Credentials // the server's, of the last answer
	session *answer.Session // the last one; nil before the first offer
	begun   bool            // owned by the loop: the DTLS goroutine runs
}

// NewPeer makes a peer that waits for its first offer.
func (s *Server) NewPeer(h Handler) (*Peer, error) {
	creds, err := ice.NewCredentials(rand.Reader)
	if err != nil {
		return nil, err
	}
	p := &Peer{
		server: s, loop: s.leastLoaded(), handler: h, cname: creds.Ufrag,
		agent: ice.New(ice.Options{Ufrag: creds.Ufrag, Pwd: creds.Pwd}),
		creds: creds, ufrags: []string{creds.Ufrag},
	}
	p.timer = p.loop.NewTimer(p.advance)
	p.dtls = newDTLSTransport(p)
	p.data = &dataTransport{peer: p, channels: make(map[string]*Channel)}
	p.up.init(p)
	p.down.init(p)
	if err := s.addPeer(p, creds.Ufrag); err != nil {
		return nil, err
	}
	p.loop.Call(func(now media.Time) {
		p.expires = now.Add(firstCheck)
		p.schedule(now)
	})
	return p, nil
}

// Loop returns the shard that owns the peer.
func (p *Peer) Loop() *Loop { return p.loop }

// Negotiate answers an offer (JSEP, RFC 9429). An offer with a new ICE username
// fragment is an ICE restart; one with another DTLS certificate needs another
// Peer and is refused. reached are addresses by which the client is known
// to have come to the server; the answer names them beside its own. Its errors are *answer.Error for what the client did
// wrong, ErrEnded for an offer that would go on where the session has ended, and
// ErrClosed. It must not be called on a loop.
func (p *Peer) Negotiate(offer string, reached ...netip.AddrPort) (*answer.Session, error) {
	p.negotiating.Lock()
	defer p.negotiating.Unlock()
	o, err := answer.Parse(offer)
	if err != nil {
		return nil, err
	}
	// session and creds change below only, so they can be read here: what
	// costs a millisecond is better not done on the loop.
	creds, restart := p.creds, o.ICERestart(p.session)
	if restart {
		if creds, err = ice.NewCredentials(rand.Reader); err != nil {
			return nil, err
		}
	}
	session, err := o.Answer(answer.Local{
		Ufrag: creds.Ufrag, Pwd: creds.Pwd,
		Fingerprint: p.server.identity.fingerprint,
		Candidates:  p.server.candidates(reached...),
		CNAME:       p.cname, NewSSRC: newSSRC, Previous: p.session,
		MaxMessageSize: MaxDataMessage,
	})
	if err != nil {
		return nil, err
	}
	over := true
	p.loop.Do(func(now media.Time) {
		if over = p.over; !over {
			p.adopt(now, session, creds, restart)
		}
	})
	switch {
	case over && p.session != nil:
		return nil, ErrEnded
	case over:
		return nil, ErrClosed
	}
	return session, nil
}

// adopt takes over what was negotiated. It runs on the loop.
func (p *Peer) adopt(now media.Time, s *answer.Session, creds ice.Credentials, restart bool) {
	if restart {
		p.agent.Restart(now, creds, s.RemoteUfrag)
		p.ufrags = append(p.ufrags, creds.Ufrag)
		p.server.route(p, routes{ufrags: []string{creds.Ufrag}}, routes{})
	} else {
		p.agent.SetRemote(s.RemoteUfrag)
	}
	p.creds, p.session = creds, s
	for i := range s.Media {
		switch m := &s.Media[i]; m.Role {
		case answer.Receive:
			p.receiver(m.MID).configure(m)
		case answer.Send:
			p.sender(m.MID).configure(m)
		case answer.Data:
			p.data.agreed.Store(true)
		}
	}
	p.schedule(now)
}

// newSSRC returns a random SSRC. 32 random bits are enough: all of a session's
// come from here or are told by SDP.
func newSSRC() uint32 {
	var b [4]byte
	_, _ = rand.Read(b[:])
	return binary.BigEndian.Uint32(b[:])
}

// Receiver returns the m-line with this tag on which the client sends, or nil.
// It must be called on the loop.
func (p *Peer) Receiver(mid string) *Receiver {
	for _, r := range p.receivers {
		if r.mid == mid {
			return r
		}
	}
	return nil
}

// Sender returns the slot with this tag, or nil. It must be called on the loop.
func (p *Peer) Sender(mid string) *Sender {
	for _, s := range p.senders {
		if s.mid == mid {
			return s
		}
	}
	return nil
}

// Senders returns all slots in the order of the offer. It must be called on
// the loop; the slice is not to be changed.
func (p *Peer) Senders() []*Sender { return p.senders }

func (p *Peer) receiver(mid string) *Receiver {
	r := p.Receiver(mid)
	if r == nil {
		r = &Receiver{peer: p, mid: mid}
		p.receivers = append(p.receivers, r)
	}
	return r
}

func (p *Peer) sender(mid string) *Sender {
	s := p.Sender(mid)
	if s == nil {
		s = &Sender{peer: p, mid: mid}
		p.senders = append(p.senders, s)
	}
	return s
}

// Close ends the session; the handler's Lost is not called. It is idempotent, may
// be called from any goroutine and does not wait: Server.Close does.
func (p *Peer) Close() {
	p.loop.Call(func(now media.Time) { p.end(now, false) })
}

// end runs on the loop.
func (p *Peer) end(now media.Time, lost bool) {
	if p.over {
		return
	}
	p.over = true
	p.timer.Stop()
	p.down.discard()
	p.keys = nil // nothing is sent any more but DTLS's good-bye
	p.dtls.close()
	p.server.route(p, routes{}, routes{ufrags: p.ufrags, addrs: p.addrs})
	p.server.removePeer(p)
	p.server.releaseCarriers(p)
	for _, r := range p.receivers {
		r.close()
	}
	if lost {
		p.handler.Lost(now)
	}
}

// handle takes a datagram from the client.
func (p *Peer) handle(now media.Time, d *datagram) {
	if p.over {
		return
	}
	b := d.buf[:d.n]
	class := wire.Classify(b)
	if class == wire.ClassSTUN {
		p.check(now, d.from, b)
		return
	}
	if !p.agent.Valid(d.from) {
		p.server.strays.Add(1)
		return
	}
	switch class {
	case wire.ClassDTLS:
		p.handshake(b)
	case wire.ClassRTP:
		p.up.handleRTP(now, b)
	case wire.ClassRTCP:
		p.handleRTCP(now, b)
	}
}

// check answers a connectivity check and follows the client.
func (p *Peer) check(now media.Time, from ice.Address, b []byte) {
	reply, changed := p.agent.Handle(now, from, b, p.loop.out.space(media.MaxPacketSize)[:0])
	if len(reply) > 0 {
		p.loop.out.commit(from, len(reply))
	}
	if p.agent.Valid(from) {
		if p.keys != nil { // before, the handshake must come in time
			p.expires = 0
		}
		if from.Conn != 0 {
			if c := p.server.carrier(from.Conn); c != nil {
				c.prove(p)
			}
		} else {
			p.claim(from)
		}
	}
	if changed {
		p.follow()
	}
	p.forgetRoutes()
	p.schedule(now)
}

// claim makes what comes from an address this peer's. The latest check decides,
// whoever had the address: a forged one of somebody else holds until the next
// of its true owner.
func (p *Peer) claim(a ice.Address) {
	if !slices.Contains(p.addrs, a) {
		p.addrs = append(p.addrs, a)
	}
	if !p.server.leads(a, p) {
		p.server.route(p, routes{addrs: []ice.Address{a}}, routes{})
	}
}

// follow takes over where the agent says to send now.
func (p *Peer) follow() {
	to, ok := p.agent.Selected()
	if !ok {
		p.selected.Store(nil)
		return
	}
	p.selected.Store(&to)
}

// forget drops a closed TCP connection. If it was the last way to the client, the
// client has as long to come back as one that falls silent.
func (p *Peer) forget(now media.Time, a ice.Address) {
	if p.over {
		return
	}
	if p.agent.Forget(a) {
		p.follow()
	}
	if p.agent.State() == ice.Lost {
		p.expires = now.Add(ice.DefaultConsent)
		p.down.discard()
	}
	p.schedule(now)
}

// handshake feeds DTLS, which begins with the client's first datagram.
func (p *Peer) handshake(b []byte) {
	if !p.begun {
		if p.session == nil {
			return
		}
		p.begun = true
		expected := p.session.Fingerprints
		p.server.running.Add(1)
		go func() {
			defer p.server.running.Done()
			err := p.dtls.serve(expected)
			p.server.log.Debug("a peer's DTLS association ended", "cause", err)
			p.loop.Call(func(now media.Time) { p.end(now, true) })
		}()
	}
	_, _ = p.dtls.in.Write(b) // a full buffer drops it; DTLS sends again
}

// keyed takes the SRTP contexts that DTLS has agreed on.
func (p *Peer) keyed(now media.Time, k *srtpKeys) {
	if p.over {
		return
	}
	p.keys, p.expires = k, 0
	p.handler.Connected(now)
	p.schedule(now)
}

// advance runs what is due.
func (p *Peer) advance(now media.Time) {
	if p.agent.Advance(now) {
		p.follow()
	}
	p.forgetRoutes()
	if p.agent.State() == ice.Lost && p.expires.IsZero() || due(now, p.expires) {
		p.end(now, true)
		return
	}
	p.up.advance(now)
	p.down.advance(now)
	p.schedule(now)
}

// forgetRoutes drops the ways to this peer that are no longer valid.
func (p *Peer) forgetRoutes() {
	var drop routes
	p.addrs = slices.DeleteFunc(p.addrs, func(a ice.Address) bool {
		gone := !p.agent.Valid(a)
		if gone {
			drop.addrs = append(drop.addrs, a)
		}
		return gone
	})
	// The client may have reached several of our addresses from one of its own.
	drop.addrs = slices.DeleteFunc(drop.addrs, func(a ice.Address) bool {
		return slices.ContainsFunc(p.addrs, func(kept ice.Address) bool { return kept.Remote == a.Remote })
	})
	current, previous := p.agent.Ufrags()
	p.ufrags = slices.DeleteFunc(p.ufrags, func(u string) bool {
		gone := u != current && u != previous
		if gone {
			drop.ufrags = append(drop.ufrags, u)
		}
		return gone
	})
	if len(drop.addrs)+len(drop.ufrags) > 0 {
		p.server.route(p, routes{}, drop)
	}
}

// schedule sets the peer's timer to whatever comes first.
func (p *Peer) schedule(now media.Time) {
	if p.over {
		return
	}
	at := earliest(p.agent.Deadline(), p.expires)
	if p.keys != nil {
		at = earliest(at, earliest(p.up.deadline(), p.down.deadline()))
	}
	p.timer.Set(at)
}

// earliest returns the earlier of two times, where zero is never.
func earliest(a, b media.Time) media.Time {
	switch {
	case a.IsZero():
		return b
	case b.IsZero():
		return a
	}
	return min(a, b)
}

// due reports whether a deadline, zero for never, has come.
func due(now, at media.Time) bool { return !at.IsZero() && !now.Before(at) }
