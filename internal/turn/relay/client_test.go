package relay

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/turn/policy"
)

// start is when the stories begin.
var start = media.Time(1_800_000_000e9)

// The addresses of the stories.
var (
	here    = netip.MustParseAddrPort("198.51.100.1:3478") // the server
	own     = netip.MustParseAddrPort("198.51.100.1:443")  // its media
	home    = netip.MustParseAddrPort("192.0.2.7:5000")    // a client
	mobile  = netip.MustParseAddrPort("192.0.2.99:6000")   // the same, later
	bob     = netip.MustParseAddrPort("9.9.9.9:7000")      // a peer
	carol   = netip.MustParseAddrPort("9.9.9.10:7000")     // another
	bobV6   = netip.MustParseAddrPort("[2606:4700::9]:7000")
	private = netip.MustParseAddrPort("10.0.0.1:80")
)

// book is who may use the relay (Users).
type book struct {
	expired bool
	ownOnly bool
}

func (book) Password(name string) (string, bool) {
	password, ok := map[string]string{"alice": "wonderland", "mallory": "malice"}[name]
	return password, ok
}
func (b *book) Expired(string, media.Time) bool    { return b.expired }
func (b *book) Account(name string) (string, bool) { return name, b.ownOnly }

// ports is where relay sockets come from (Relays): one port after the other, or
// one for all.
type ports struct {
	shared   bool
	noIPv6   bool
	full     bool
	fullIPv6 bool
	last     RelayID
	open     map[RelayID]int
	tokens   map[[8]byte]bool
	asked    []Opening
}

func (p *ports) Open(o Opening) (Relay, error) {
	p.asked = append(p.asked, o)
	switch {
	case p.full, o.IPv6 && p.fullIPv6:
		return Relay{}, fmt.Errorf("full")
	case o.IPv6 && p.noIPv6:
		return Relay{}, ErrFamily
	case o.Token != [8]byte{} && !p.tokens[o.Token]:
		return Relay{}, fmt.Errorf("no such reservation")
	}
	if !p.shared || p.last == 0 {
		p.last++
	}
	p.open[p.last]++
	r := Relay{ID: p.last, Addr: netip.AddrPortFrom(here.Addr(), 49152+2*uint16(p.last)), Shared: p.shared}
	if o.IPv6 {
		r.Addr = netip.AddrPortFrom(netip.MustParseAddr("2001:db8::1"), r.Addr.Port())
	}
	if o.Reserve {
		r.Token = [8]byte{byte(p.last)}
		p.tokens[r.Token] = true
	}
	return r, nil
}

func (p *ports) Close(id RelayID) {
	if p.open[id]--; p.open[id] == 0 {
		delete(p.open, id)
	}
}

// story is a server and the time.
type story struct {
	*Server
	t     *testing.T
	now   media.Time
	out   Output
	users *book
	ports *ports
}

func newStory(t *testing.T, edit func(*Options, *ports)) *story {
	s := &story{t: t, now: start, users: &book{}, ports: &ports{open: map[RelayID]int{}, tokens: map[[8]byte]bool{}}}
	o := Options{
		Users: s.users, Relays: s.ports, Main: here, Key: [32]byte{1},
		Policy:  policy.Policy{Relay: true, Own: func(a netip.AddrPort) bool { return a == own }},
		OwnAddr: func(a netip.Addr) bool { return a == own.Addr() },
	}
	if edit != nil {
		edit(&o, s.ports)
	}
	if o.Relays == nil {
		o.Policy.Relay = false
	}
	s.Server = New(o)
	return s
}

func (s *story) after(d time.Duration) {
	s.now = s.now.Add(d)
	s.Advance(s.now, &s.out)
}

// client is a client with credentials, at an address.
type client struct {
	s        *story
	tuple    Tuple
	name     string
	password string
	realm    string
	nonce    []byte
	sha256   bool // with PASSWORD-ALGORITHMS, SHA-256 and USERHASH
	last     *stun.Message
}

func (s *story) client(at netip.AddrPort) *client {
	return &client{s: s, tuple: Tuple{Remote: at, Local: here}, name: "alice", password: "wonderland"}
}

// send gives the server a message and returns the answer to this client, or nil.
func (c *client) send(raw []byte) *stun.Message {
	c.s.t.Helper()
	c.s.out.Reset()
	c.s.Handle(c.s.now, c.tuple, raw, &c.s.out)
	for _, m := range c.s.out.Clients {
		reply := &stun.Message{Raw: bytes.Clone(m.Data)}
		if m.To.Remote == c.tuple.Remote && reply.Decode() == nil {
			return reply
		}
	}
	return nil
}

// request builds one with the client's credentials.
func (c *client) request(method stun.Method, attributes ...stun.Setter) *stun.Message {
	c.s.t.Helper()
	setters := append([]stun.Setter{stun.TransactionID, stun.NewType(method, stun.ClassRequest)}, attributes...)
	m := stun.MustBuild(setters...)
	if c.nonce == nil {
		return m
	}
	algorithm := uint16(algorithmMD5)
	if c.sha256 {
		algorithm = algorithmSHA256
		m.Add(stun.AttrUserhash, userhash(c.name, c.realm))
		m.Add(stun.AttrPasswordAlgorithms, passwordAlgorithms)
		m.Add(stun.AttrPasswordAlgorithm, []byte{0, algorithmSHA256, 0, 0})
	} else {
		m.Add(stun.AttrUsername, []byte(c.name))
	}
	m.Add(stun.AttrRealm, []byte(c.realm))
	m.Add(stun.AttrNonce, c.nonce)
	integrity{longTermKey(algorithm, c.name, c.realm, c.password), c.sha256}.addTo(m)
	return m
}

// ask sends a request, after a challenge if there was none, and returns the code
// of the answer: 0 for success, −1 for silence. The answer is in c.last.
func (c *client) ask(method stun.Method, attributes ...stun.Setter) stun.ErrorCode {
	c.s.t.Helper()
	if c.nonce == nil {
		if code := c.code(c.request(stun.MethodAllocate, overUDP)); code != stun.CodeUnauthorized {
			c.s.t.Fatalf("without credentials: %d, want 401", code)
		}
		c.learn()
	}
	return c.code(c.request(method, attributes...))
}

func (c *client) code(m *stun.Message) stun.ErrorCode {
	c.s.t.Helper()
	c.last = c.send(m.Raw)
	if c.last == nil {
		return -1
	}
	if c.last.TransactionID != m.TransactionID {
		c.s.t.Fatal("the answer is to another request")
	}
	if c.last.Type.Class == stun.ClassSuccessResponse {
		return 0
	}
	var code stun.ErrorCodeAttribute
	if err := code.GetFrom(c.last); err != nil {
		c.s.t.Fatal(err)
	}
	return code.Code
}

// learn takes realm and nonce from a challenge.
func (c *client) learn() {
	c.s.t.Helper()
	realm, err := c.last.Get(stun.AttrRealm)
	if err != nil {
		c.s.t.Fatal(err)
	}
	if c.nonce, err = c.last.Get(stun.AttrNonce); err != nil {
		c.s.t.Fatal(err)
	}
	c.realm = string(realm)
}

// wants fails unless the answer has the code.
func (c *client) wants(want stun.ErrorCode, method stun.Method, attributes ...stun.Setter) {
	c.s.t.Helper()
	if got := c.ask(method, attributes...); got != want {
		c.s.t.Errorf("%v is answered with %d, want %d", method, got, want)
	}
}

// Attributes of requests.
var (
	overUDP = stun.RawAttribute{Type: stun.AttrRequestedTransport, Value: []byte{protocolUDP, 0, 0, 0}}
	overTCP = stun.RawAttribute{Type: stun.AttrRequestedTransport, Value: []byte{protocolTCP, 0, 0, 0}}
)

func lifetime(seconds uint32) stun.Setter { return number32{stun.AttrLifetime, seconds} }

func to(peer netip.AddrPort) stun.Setter { return xorAddress{stun.AttrXORPeerAddress, peer} }

func number(n uint16) stun.Setter {
	return stun.RawAttribute{Type: stun.AttrChannelNumber, Value: append(binary.BigEndian.AppendUint16(nil, n), 0, 0)}
}

func raw(kind stun.AttrType, value ...byte) stun.Setter {
	return stun.RawAttribute{Type: kind, Value: value}
}

// allocated returns a client with an allocation.
func (s *story) allocated(at netip.AddrPort, attributes ...stun.Setter) *client {
	s.t.Helper()
	c := s.client(at)
	c.wants(0, stun.MethodAllocate, append([]stun.Setter{overUDP}, attributes...)...)
	return c
}

// relayed returns the address that the last answer tells.
func (c *client) relayed() netip.AddrPort {
	c.s.t.Helper()
	a, ok := c.last.Attributes.Get(stun.AttrXORRelayedAddress)
	if !ok {
		c.s.t.Fatal("no relayed address is told")
	}
	c.s.req.TransactionID = c.last.TransactionID
	addr, ok := c.s.peerOf(a)
	if !ok {
		c.s.t.Fatal("the relayed address is none")
	}
	return addr
}

// sends sends data to a peer by a Send indication.
func (c *client) sends(peer netip.AddrPort, data string) {
	c.s.t.Helper()
	c.send(stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodSend, stun.ClassIndication), to(peer), raw(stun.AttrData, []byte(data)...)).Raw)
}

func channelMessage(n uint16, data string) []byte {
	b := binary.BigEndian.AppendUint16(nil, n)
	b = binary.BigEndian.AppendUint16(b, uint16(len(data)))
	return append(b, data...)
}

// empty fails unless nothing is left of any allocation.
func (s *story) empty() {
	s.t.Helper()
	ends := len(s.ends)
	for _, e := range s.ends {
		if e.relay.Shared && len(e.peers)+len(e.permits) == 0 {
			ends-- // its socket stays, for the next
		}
	}
	if n := len(s.byTuple) + len(s.byID) + len(s.byTicket) + ends + len(s.perUser) + len(s.virtuals) + len(s.Server.streams) + len(s.pending) + len(s.expiring) + len(s.ports.open); n != 0 {
		s.t.Errorf("%d things are left", n)
	}
}
