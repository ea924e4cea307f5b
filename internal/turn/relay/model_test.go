package relay

import (
	"bytes"
	"encoding/binary"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"github.com/tutti-rtc/tutti/internal/media"
)

// script is what the fuzzer says. When it is at its end it says zeros.
type script []byte

func (s *script) next() byte {
	if len(*s) == 0 {
		return 0
	}
	b := (*s)[0]
	*s = (*s)[1:]
	return b
}

func (s *script) some(n int) []byte {
	n = min(n, len(*s))
	b := (*s)[:n]
	*s = (*s)[n:]
	return b
}

// pick returns one of a list.
func pick[T any](s *script, list ...T) T { return list[int(s.next())%len(list)] }

// plain is an allocation as a plain model has it, which learns only from answers.
type plain struct {
	tuple     Tuple
	user      string
	tcp       bool
	expires   media.Time
	permitted map[netip.Addr]media.Time
	channels  map[uint16]netip.AddrPort
	until     map[uint16]media.Time
	tickets   []string
	families  int
}

// shed forgets one of two families.
func (p *plain) shed(f family) {
	p.families--
	maps.DeleteFunc(p.permitted, func(addr netip.Addr, _ media.Time) bool { return familyOf(addr) == f })
	maps.DeleteFunc(p.channels, func(_ uint16, peer netip.AddrPort) bool { return familyOf(peer.Addr()) == f })
}

// world is a server with clients of several minds, and the model.
type world struct {
	*story
	script  *script
	clients []*client
	model   []*plain
	serial  uint32
	again   []byte // the last message that was in order, and whose it is
	whose   *client
}

func (w *world) of(t Tuple) *plain {
	for _, p := range w.model {
		if p.tuple == t {
			return p
		}
	}
	return nil
}

var fuzzMethods = []stun.Method{
	stun.MethodAllocate, stun.MethodRefresh, stun.MethodCreatePermission, stun.MethodChannelBind,
	stun.MethodConnect, stun.MethodConnectionBind, stun.MethodBinding, 0x7f,
}

// secret is a service beside our media, at an address that may be permitted.
var secret = netip.AddrPortFrom(own.Addr(), 22)

var fuzzPeers = []netip.AddrPort{bob, carol, bobV6, private, own, secret}

// fitting are attributes that a request of a method ought to have.
func (w *world) fitting(m stun.Method) []stun.Setter {
	switch m {
	case stun.MethodAllocate:
		return pick(w.script, []stun.Setter{overUDP}, []stun.Setter{overUDP, raw(attrMobilityTicket)}, []stun.Setter{overTCP},
			[]stun.Setter{overUDP, raw(attrAdditionalFamily, byte(ipv6), 0, 0, 0)})
	case stun.MethodRefresh:
		return pick(w.script, nil, []stun.Setter{lifetime(900)}, []stun.Setter{w.ticket()}, []stun.Setter{w.ticket()}, []stun.Setter{lifetime(0)})
	case stun.MethodCreatePermission, stun.MethodConnect:
		return []stun.Setter{to(pick(w.script, fuzzPeers...))}
	case stun.MethodChannelBind:
		return []stun.Setter{number(minChannel + uint16(w.script.next()%8)), to(pick(w.script, fuzzPeers...))}
	case stun.MethodConnectionBind:
		return []stun.Setter{number32{stun.AttrConnectionID, uint32(w.script.next() % 8)}}
	}
	return nil
}

// ticket is one that was told once, or none.
func (w *world) ticket() stun.Setter {
	if len(w.model) > 0 {
		if p := pick(w.script, w.model...); len(p.tickets) > 0 {
			return raw(attrMobilityTicket, []byte(pick(w.script, p.tickets...))...)
		}
	}
	return raw(attrMobilityTicket, w.script.some(int(w.script.next()%24))...)
}

// attributes are some that requests have, and some that they should not have.
func (w *world) attributes() (list []stun.Setter) {
	for range w.script.next() % 5 {
		switch w.script.next() % 13 {
		case 0, 1:
			list = append(list, overUDP)
		case 2:
			list = append(list, overTCP)
		case 3:
			list = append(list, lifetime(pick(w.script, uint32(0), 1, 700, 1<<32-1)))
		case 4, 5:
			list = append(list, to(pick(w.script, fuzzPeers...)))
		case 6:
			list = append(list, number(minChannel-1+uint16(w.script.next()%8)))
		case 7:
			list = append(list, raw(stun.AttrRequestedAddressFamily, w.script.next()%4, 0, 0, 0))
		case 8:
			list = append(list, raw(attrAdditionalFamily, w.script.next()%4, 0, 0, 0))
		case 9:
			list = append(list, raw(stun.AttrEvenPort, w.script.next()))
		case 10:
			list = append(list, raw(stun.AttrReservationToken, w.script.some(int(w.script.next()%16))...))
		case 11:
			list = append(list, w.ticket())
		case 12:
			kind := binary.BigEndian.Uint16([]byte{w.script.next() & 0x81, w.script.next()})
			list = append(list, raw(stun.AttrType(kind), w.script.some(int(w.script.next()%40))...))
		}
	}
	return list
}

// request builds one by a client, sealed or not.
func (w *world) request(c *client, sealed bool) *stun.Message {
	w.serial++
	id := [stun.TransactionIDSize]byte{}
	binary.BigEndian.PutUint32(id[:], w.serial)
	sender := *c
	if sender.nonce = nil; sealed {
		sender.realm, sender.nonce = w.opts.Realm, w.nonce.make(w.now, c.tuple)
	}
	method, attributes := pick(w.script, fuzzMethods...), []stun.Setter{stun.NewTransactionIDSetter(id)}
	if w.script.next()%4 > 0 {
		attributes = append(attributes, w.fitting(method)...)
	} else {
		attributes = append(attributes, w.attributes()...)
	}
	return sender.request(method, attributes...)
}

// step does one thing.
func (w *world) step() {
	c := pick(w.script, w.clients...)
	switch w.script.next() % 12 {
	case 0, 1, 2, 3: // in order
		m := w.request(c, true)
		if w.script.next()%4 == 0 {
			if stun.Fingerprint.AddTo(m) != nil {
				w.t.Fatal("no fingerprint")
			}
		}
		w.again, w.whose = bytes.Clone(m.Raw), c
		w.proven(c, m.Raw)
	case 4: // and repeated, be it late
		if w.again != nil && w.nonceHolds() {
			w.proven(w.whose, w.again)
		}
	case 5: // by a stranger
		w.unproven(c, w.request(c, false).Raw)
	case 6: // by somebody who guesses the password
		thief := *c
		thief.password = "guess"
		w.unproven(c, w.request(&thief, true).Raw)
	case 7: // changed on the way
		m := w.request(c, true).Raw
		if i := int(w.script.next()); i < 8*len(m) {
			m[i/8] ^= 1 << (i % 8)
			w.unproven(c, m)
		}
	case 8: // no message at all
		w.unproven(c, w.script.some(int(w.script.next()%64)))
	case 9:
		for _, peer := range fuzzPeers {
			w.sends(c, peer)
		}
	case 10:
		w.streams(c)
	case 11:
		w.after(pick(w.script, 0, time.Second, time.Minute, 2*time.Minute, 4*time.Minute, 9*time.Minute, 2*time.Hour))
		w.model = slices.DeleteFunc(w.model, func(p *plain) bool { return !p.expires.After(w.now) })
		if d := w.Deadline(); !d.IsZero() && !d.After(w.now) {
			w.t.Fatal("what has expired is not ended")
		}
	}
	w.compare()
}

// nonceHolds tells whether the repeated message's nonce is still good.
func (w *world) nonceHolds() bool {
	m := &stun.Message{Raw: bytes.Clone(w.again)}
	if m.Decode() != nil {
		return false
	}
	nonce, err := m.Get(stun.AttrNonce)
	return err == nil && w.nonce.valid(w.now, w.whose.tuple, nonce)
}

// unproven gives the server what proves nothing: nothing may change, and the
// answer may not be worth a flood.
func (w *world) unproven(c *client, msg []byte) {
	w.out.Reset()
	w.Handle(w.now, c.tuple, bytes.Clone(msg), &w.out)
	if len(w.out.Clients) > 1 || len(w.out.Ended)+len(w.out.Streams) != 0 {
		w.t.Fatalf("%x causes %+v", msg, w.out)
	}
	if len(w.out.Clients) == 0 {
		return
	}
	answer, limit := w.out.Clients[0], 76
	if answer.To != c.tuple {
		w.t.Fatalf("the answer goes to %v", answer.To)
	}
	reply := &stun.Message{Raw: answer.Data}
	if reply.Decode() == nil && reply.Contains(stun.AttrFingerprint) {
		limit += 8
	}
	if n := len(answer.Data); n > limit || n > 3*len(msg) {
		w.t.Fatalf("%d bytes are the answer to %d: %x", n, len(msg), msg)
	}
}

// proven gives the server a request with good credentials, and has the model
// learn from the answer.
func (w *world) proven(c *client, msg []byte) {
	w.out.Reset()
	w.Handle(w.now, c.tuple, bytes.Clone(msg), &w.out)
	m := &stun.Message{Raw: bytes.Clone(msg)}
	if err := m.Decode(); err != nil {
		w.t.Fatal(err)
	}
	for _, st := range w.out.Streams {
		if st.Kind == StreamDial { // who dials permits, though the answer comes later
			w.of(c.tuple).permitted[st.Peer.Addr()] = w.now.Add(permissionLifetime)
		}
	}
	for _, answer := range w.out.Clients {
		reply := &stun.Message{Raw: bytes.Clone(answer.Data)}
		if err := reply.Decode(); err != nil {
			w.t.Fatal(err)
		}
		if answer.To == c.tuple && reply.TransactionID == m.TransactionID && reply.Type.Class == stun.ClassSuccessResponse {
			w.learn(c, m, reply)
		}
	}
}

func (w *world) learn(c *client, m, reply *stun.Message) {
	p := w.of(c.tuple)
	until := func() media.Time {
		v, err := reply.Get(stun.AttrLifetime)
		if err != nil || len(v) != 4 {
			w.t.Fatalf("%v tells no lifetime", reply)
		}
		return w.now.Add(time.Duration(binary.BigEndian.Uint32(v)) * time.Second)
	}
	ticket, ticketErr := reply.Get(attrMobilityTicket)
	switch m.Type.Method {
	case stun.MethodBinding, stun.MethodConnectionBind:
		return
	case stun.MethodAllocate:
		if p == nil {
			transport, err := m.Get(stun.AttrRequestedTransport)
			if err != nil {
				w.t.Fatal(err)
			}
			p = &plain{tuple: c.tuple, user: c.name, tcp: transport[0] == protocolTCP, expires: until(),
				permitted: map[netip.Addr]media.Time{}, channels: map[uint16]netip.AddrPort{}, until: map[uint16]media.Time{}}
			for _, a := range reply.Attributes {
				if a.Type == stun.AttrXORRelayedAddress {
					p.families++
				}
			}
			w.model = append(w.model, p)
		}
	case stun.MethodRefresh:
		if p == nil { // it has moved
			told, err := m.Get(attrMobilityTicket)
			if i := slices.IndexFunc(w.model, func(q *plain) bool { return slices.Contains(q.tickets, string(told)) }); err == nil && i >= 0 {
				p = w.model[i]
				p.tuple = c.tuple
			}
		}
	}
	if p == nil || p.user != c.name {
		w.t.Fatalf("%v succeeds for %s, who has no allocation here", m.Type, c.name)
	}
	if ticketErr == nil && !slices.Contains(p.tickets, string(ticket)) {
		p.tickets = append(p.tickets, string(ticket))
	}
	switch m.Type.Method {
	case stun.MethodRefresh:
		expires := until()
		if f, err := m.Get(stun.AttrRequestedAddressFamily); err == nil && expires == w.now && p.families == 2 {
			p.shed(family(f[0]))
			return
		}
		if p.expires = expires; p.expires == w.now {
			w.model = slices.DeleteFunc(w.model, func(q *plain) bool { return p == q })
		}
	case stun.MethodCreatePermission:
		for _, a := range m.Attributes {
			if a.Type == stun.AttrXORPeerAddress {
				p.permitted[w.peer(m, a).Addr()] = w.now.Add(permissionLifetime)
			}
		}
	case stun.MethodChannelBind:
		a, _ := m.Attributes.Get(stun.AttrXORPeerAddress)
		peer := w.peer(m, a)
		p.permitted[peer.Addr()] = w.now.Add(permissionLifetime)
		if v, err := m.Get(stun.AttrChannelNumber); err == nil {
			n := binary.BigEndian.Uint16(v)
			p.channels[n], p.until[n] = peer, w.now.Add(channelLifetime)
		}
	}
}

// peer reads an address as the library does.
func (w *world) peer(m *stun.Message, a stun.RawAttribute) netip.AddrPort {
	only := &stun.Message{TransactionID: m.TransactionID, Attributes: stun.Attributes{a}}
	var x stun.XORMappedAddress
	if err := x.GetFromAs(only, a.Type); err != nil {
		w.t.Fatalf("a peer that is none has passed: %v", err)
	}
	ip, _ := netip.AddrFromSlice(x.IP)
	return netip.AddrPortFrom(ip.Unmap(), uint16(x.Port))
}

// sends sends by indication and by channel, hears from the peer, and compares all
// with what the model permits.
func (w *world) sends(c *client, peer netip.AddrPort) {
	p := w.of(c.tuple)
	permitted := p != nil && p.permitted[peer.Addr()].After(w.now) && peer != secret
	count := func(what string, want bool, f func()) {
		w.out.Reset()
		f()
		want = want && permitted
		n := 0
		for _, d := range w.out.Peers {
			n++
			want = want && d.Peer == peer && string(d.Data) == "hi"
		}
		for _, d := range w.out.Own {
			n++
			want = want && d.Peer == peer && string(d.Data) == "hi"
		}
		for _, d := range w.out.Clients {
			n++
			want = want && d.To == c.tuple && bytes.Contains(d.Data, []byte("hi"))
		}
		if (n == 1) != want || n > 1 {
			w.t.Fatalf("%s with %v: %+v, want %v", what, peer, w.out, want)
		}
	}
	hi := stun.MustBuild(stun.NewType(stun.MethodSend, stun.ClassIndication), to(peer), raw(stun.AttrData, 'h', 'i')).Raw
	count("Send indication", p != nil && !p.tcp, func() { w.Handle(w.now, c.tuple, hi, &w.out) })
	if p == nil {
		return
	}
	for n, of := range p.channels {
		if of == peer {
			count("channel", p.until[n].After(w.now), func() { w.Handle(w.now, c.tuple, channelMessage(n, "hi"), &w.out) })
		}
	}
	if a := w.byTuple[c.tuple]; peer != own && !p.tcp && permitted {
		if r, ok := a.relayOf(peer.Addr().Is4()); ok {
			count("packet of the peer", true, func() { w.FromPeer(w.now, r.ID, peer, []byte("hi"), &w.out) })
		}
	}
}

// streams has something happen to a stream, of a client or of a peer.
func (w *world) streams(c *client) {
	id := uint32(w.script.next() % 8)
	w.out.Reset()
	switch w.script.next() % 4 {
	case 0:
		w.Dialed(w.now, id, w.script.next()%2 == 0, &w.out)
	case 1:
		w.Accepted(w.now, RelayID(id), pick(w.script, fuzzPeers...), &w.out)
	case 2:
		w.Closed(id)
	case 3:
		w.Gone(c.tuple.Conn, c.tuple, &w.out)
		for _, p := range w.model {
			if p.tuple == c.tuple && c.tuple.Conn != 0 && len(p.tickets) == 0 {
				w.model = slices.DeleteFunc(w.model, func(q *plain) bool { return p == q })
				break
			}
		}
	}
}

// compare fails unless the server has what the model has.
func (w *world) compare() {
	users := 0
	for _, n := range w.perUser {
		users += n
	}
	if n := len(w.model); len(w.byID) != n || len(w.byTuple) != n || len(w.expiring) != n || users != n {
		w.t.Fatalf("%d, %d, %d and %d allocations, want %d", len(w.byID), len(w.byTuple), len(w.expiring), users, n)
	}
	for _, p := range w.model {
		a := w.byTuple[p.tuple]
		if a == nil || a.username != p.user || a.expires != p.expires {
			w.t.Fatalf("%v is %+v, want %+v", p.tuple, a, p)
		}
		for _, peer := range fuzzPeers {
			if a.permits(w.now, peer.Addr()) != p.permitted[peer.Addr()].After(w.now) {
				w.t.Fatalf("whether %v is permitted differs", peer)
			}
		}
	}
}

// Whatever strangers send, nobody but who shows good credentials changes a thing,
// and what the server then has and relays is what a plain model has.
func FuzzHandle(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 0, 1})                                                 // an allocation,
	f.Add([]byte{0, 0, 0, 1, 0, 1, 0, 0, 2, 1, 0, 1, 0, 9, 0, 0, 0, 3, 1, 0, 0, 1}) // then a permission, data and a channel
	f.Add([]byte{0, 0, 0, 1, 1, 1, 1, 0, 1, 1, 2, 0, 0, 1})                         // a move
	f.Add([]byte{3, 0, 0, 1, 2, 1, 3, 0, 4, 1, 0, 1, 3, 10, 1, 0, 0})               // a dial
	f.Add([]byte{0, 5, 1, 0, 0, 0, 8, 20, 0, 3, 0, 0, 0x21, 0x12, 0xa4, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) { play(t, b) })
}

// The same with scripts by chance, so that every run of the tests has some.
func TestServerIsAsThePlainModel(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 2))
	relayed, moved := uint64(0), uint64(0)
	for range 200 {
		b := make([]byte, 2000)
		for i := range b {
			b[i] = byte(chance.Uint32())
		}
		stats := play(t, b)
		relayed += stats.Up + stats.Down
		moved += stats.Moved
	}
	if relayed < 100 || moved < 10 {
		t.Errorf("%d packets and %d moves: the scripts do too little", relayed, moved)
	}
}

// maxSteps bounds a script, lest the fuzzer looks for ever longer ones.
const maxSteps = 200

// play has a new server and its clients do what a script says.
func play(t *testing.T, b []byte) Stats {
	s := newStory(t, func(o *Options, _ *ports) { o.Challenges = 1 << 20 })
	w := &world{story: s, script: (*script)(&b)}
	for i, name := range []string{"alice", "alice", "mallory", "alice", "mallory"} {
		c := s.client(netip.AddrPortFrom(home.Addr(), uint16(5000+i)))
		if c.name = name; name == "mallory" {
			c.password = "malice"
		}
		if i > 2 {
			c.tuple.Transport, c.tuple.Conn = TCP, uint64(i)
		}
		w.clients = append(w.clients, c)
	}
	neighbour := *w.clients[2] // who has the address of another
	neighbour.tuple = w.clients[0].tuple
	w.clients = append(w.clients, &neighbour)
	for n := 0; len(b) > 0 && n < maxSteps; n++ {
		w.step()
	}
	s.after(24 * time.Hour)
	s.empty()
	return s.Stats()
}

// An address is read as the library reads it.
func FuzzPeerAddress(f *testing.F) {
	f.Add([]byte{0, 1, 0x12, 0x34, 1, 2, 3, 4})
	f.Add(append([]byte{0, 2, 0x12, 0x34}, bytes.Repeat([]byte{7}, 16)...))
	f.Fuzz(func(t *testing.T, value []byte) {
		s := New(Options{})
		s.req.TransactionID = [stun.TransactionIDSize]byte{1, 2, 3}
		if len(value) > 0 {
			value = bytes.Clone(value)
			value[0] = 0 // receivers ignore it (RFC 8489 §14.1), the library does not
		}
		a := stun.RawAttribute{Type: stun.AttrXORPeerAddress, Value: value}
		got, ok := s.peerOf(a)
		var want stun.XORMappedAddress
		err := want.GetFromAs(&stun.Message{TransactionID: s.req.TransactionID, Attributes: stun.Attributes{a}}, a.Type)
		if ok && err != nil {
			t.Fatalf("%x is %v, to the library %v", value, got, err)
		}
		if ip, _ := netip.AddrFromSlice(want.IP); ok && got != netip.AddrPortFrom(ip.Unmap(), uint16(want.Port)) {
			t.Fatalf("%x is %v, want %v", value, got, want)
		}
	})
}
