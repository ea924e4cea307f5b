package turn

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/turn/relay"
	"github.com/tutti-rtc/tutti/internal/udp"
)

const (
	// reservationLife is how long a reserved port is kept (RFC 8656 §7.2).
	reservationLife = 30 * time.Second
	// relayBuffer is what a relay port of its own asks of the kernel, in
	// bytes, for each direction.
	relayBuffer = 256 << 10
	// relayBatch is how many datagrams are taken from a relay socket at once.
	relayBatch = 64
	// openTries bounds the ports that are tried for one allocation.
	openTries = 64
	// maxReserved bounds the ports that are kept for somebody, in all and for
	// one client's address.
	maxReserved       = 64
	maxSourceReserved = 2
)

var errNoPort = errors.New("no port of the range is free: widen --turn-relay-ports")

// sockets are the relay sockets (relay.Relays). Server.mu guards them.
type sockets struct {
	server   *Server
	byID     map[relay.RelayID]*socket
	shared   [2][]*socket // of IPv4 and IPv6
	next     [2]int       // of them, for the next allocation
	reserved map[[8]byte]*socket
	gathers  [2]*udp.Gather // for ports of their own, one for each family
	last     relay.RelayID
	port     uint16 // tried last
}

// socket is one relay socket.
type socket struct {
	relay    relay.Relay
	conn     *udp.Conn        // of a UDP allocation, or shared
	gather   *udp.Gather      // of a shared one
	listener *net.TCPListener // of a TCP allocation
	uses     int
	until    time.Time // of a reservation, as the next two
	token    [8]byte
	source   netip.Addr
}

func newSockets(s *Server) *sockets {
	return &sockets{
		server: s, byID: make(map[relay.RelayID]*socket), reserved: make(map[[8]byte]*socket),
		port: s.opts.MinPort - 1,
	}
}

// Open returns a relayed address (relay.Relays).
func (p *sockets) Open(o relay.Opening) (relay.Relay, error) {
	p.dropReservations(time.Now())
	if a := p.told(o); !a.IsValid() || a.Is6() != o.IPv6 {
		return relay.Relay{}, relay.ErrFamily
	}
	switch {
	case o.Token != [8]byte{}:
		return p.claim(o)
	case o.TCP:
		return p.openTCP(o)
	case p.server.opts.Mode == Shared:
		if o.Even || o.Reserve {
			return relay.Relay{}, errors.New("shared ports are neither even nor reserved")
		}
		return p.share(o)
	}
	s, err := p.openUDP(o, udp.Options{Lean: true, ReceiveBuffer: relayBuffer, SendBuffer: relayBuffer})
	if err != nil {
		return relay.Relay{}, err
	}
	if o.Reserve {
		p.reserve(s, o)
	}
	return s.relay, nil
}

// Close gives one opening back (relay.Relays).
func (p *sockets) Close(id relay.RelayID) {
	s := p.byID[id]
	if s == nil {
		return
	}
	if s.uses--; s.uses > 0 || s.relay.Shared {
		return // shared sockets stay, for the next
	}
	delete(p.byID, id)
	s.close()
}

func (s *socket) close() {
	if s.conn != nil {
		_ = s.conn.Close()
	}
	if s.listener != nil {
		_ = s.listener.Close()
	}
}

// closeAll ends all sockets; the Server is closed, so nobody opens more.
func (p *sockets) closeAll() {
	for _, s := range p.byID {
		s.close()
	}
	for _, s := range p.reserved {
		s.close()
	}
}

// share returns a socket that has others on it, and opens what is missing.
func (p *sockets) share(o relay.Opening) (relay.Relay, error) {
	f := family(o.IPv6)
	if len(p.shared[f]) < max(2, runtime.GOMAXPROCS(0)) {
		s, err := p.openUDP(o, udp.Options{})
		if err != nil {
			return relay.Relay{}, err
		}
		s.relay.Shared, s.gather = true, s.conn.NewGather()
		p.shared[f] = append(p.shared[f], s)
		return s.relay, nil
	}
	s := p.shared[f][p.next[f]]
	p.next[f] = (p.next[f] + 1) % len(p.shared[f])
	s.uses++
	told := s.relay
	told.Addr = netip.AddrPortFrom(p.told(o), told.Addr.Port())
	return told, nil
}

// openUDP opens a UDP port of the range and reads it from now on.
func (p *sockets) openUDP(o relay.Opening, options udp.Options) (*socket, error) {
	for range openTries {
		port := p.nextPort(o.Even)
		conn, err := udp.Listen(netip.AddrPortFrom(p.bind(o), port), options)
		if err != nil {
			continue
		}
		s := &socket{conn: conn}
		p.add(s, netip.AddrPortFrom(p.told(o), port))
		p.server.running.Go(func() { p.server.readRelay(s.relay.ID, conn) })
		return s, nil
	}
	return nil, errNoPort
}

// openTCP listens for the peers of a TCP allocation.
func (p *sockets) openTCP(o relay.Opening) (relay.Relay, error) {
	for range openTries {
		port := p.nextPort(false)
		listener, err := listenTCP(netip.AddrPortFrom(p.bind(o), port))
		if err != nil {
			continue
		}
		s := &socket{listener: listener}
		p.add(s, netip.AddrPortFrom(p.told(o), port))
		p.server.running.Go(func() { p.server.acceptPeers(s.relay.ID, listener) })
		return s.relay, nil
	}
	return relay.Relay{}, errNoPort
}

func (p *sockets) add(s *socket, told netip.AddrPort) {
	p.last++
	s.relay, s.uses = relay.Relay{ID: p.last, Addr: told}, 1
	p.byID[s.relay.ID] = s
}

// nextPort goes round the range.
func (p *sockets) nextPort(even bool) uint16 {
	low, high := p.server.opts.MinPort, p.server.opts.MaxPort
	step := uint16(1)
	if even && p.port%2 == 0 {
		step = 2
	}
	if p.port >= high || p.port < low-1 || high-p.port < step {
		p.port = low
		if even && low%2 == 1 {
			p.port++
		}
		return p.port
	}
	p.port += step
	return p.port
}

// bind is the address to listen on: the one of the main socket, or all of a
// family.
func (p *sockets) bind(o relay.Opening) netip.Addr {
	if main := p.server.opts.Conn.LocalAddr().Addr(); !main.IsUnspecified() && main.Is6() == o.IPv6 {
		return main
	}
	if o.IPv6 {
		return netip.IPv6Unspecified()
	}
	return netip.IPv4Unspecified()
}

// told is the address that the client is told.
func (p *sockets) told(o relay.Opening) netip.Addr {
	local := o.Client.Local.Addr()
	if f := p.server.opts.RelayAddr; f != nil {
		if a := f(local, o.IPv6); a.IsValid() {
			return a
		}
	}
	return local
}

// reserve keeps the port behind a socket's for whoever brings the token. If that
// is taken, or too many are kept, there is no reservation, which the client sees.
func (p *sockets) reserve(s *socket, o relay.Opening) {
	source, n := o.Client.Remote.Addr(), 0
	for _, other := range p.reserved {
		if other.source == source {
			n++
		}
	}
	if len(p.reserved) >= maxReserved || n >= maxSourceReserved || s.relay.Addr.Port() >= p.server.opts.MaxPort {
		return
	}
	conn, err := udp.Listen(netip.AddrPortFrom(p.bind(o), s.relay.Addr.Port()+1), udp.Options{Lean: true, ReceiveBuffer: relayBuffer, SendBuffer: relayBuffer})
	if err != nil {
		return
	}
	next := &socket{conn: conn, source: source, until: time.Now().Add(reservationLife)}
	if _, err := rand.Read(next.token[:]); err != nil {
		_ = conn.Close()
		return
	}
	next.relay.Addr = netip.AddrPortFrom(s.relay.Addr.Addr(), conn.LocalAddr().Port())
	p.reserved[next.token] = next
	s.relay.Token = next.token
}

// claim takes a reserved port.
func (p *sockets) claim(o relay.Opening) (relay.Relay, error) {
	s := p.reserved[o.Token]
	if s == nil || s.relay.Addr.Addr().Is6() != o.IPv6 {
		return relay.Relay{}, errors.New("no port is reserved with this token")
	}
	delete(p.reserved, o.Token)
	p.add(s, s.relay.Addr)
	p.server.running.Go(func() { p.server.readRelay(s.relay.ID, s.conn) })
	return s.relay, nil
}

func (p *sockets) dropReservations(now time.Time) {
	for token, s := range p.reserved {
		if now.After(s.until) {
			delete(p.reserved, token)
			s.close()
		}
	}
}

// send queues a datagram to a peer.
func (p *sockets) send(from relay.RelayID, peer netip.AddrPort, data []byte) {
	s := p.byID[from]
	if s == nil || s.conn == nil {
		return
	}
	if s.gather != nil {
		s.gather.Add(peer, netip.Addr{}, data)
		return
	}
	f := family(s.conn.LocalAddr().Addr().Is6())
	if p.gathers[f] == nil {
		p.gathers[f] = s.conn.NewGather()
	}
	p.gathers[f].On(s.conn)
	p.gathers[f].Add(peer, netip.Addr{}, data)
}

func (p *sockets) flush() {
	for _, g := range p.gathers {
		if g != nil {
			g.Flush()
		}
	}
	for _, list := range p.shared {
		for _, s := range list {
			s.gather.Flush()
		}
	}
}

// family is 0 for IPv4 and 1 for IPv6.
func family(is6 bool) int {
	if is6 {
		return 1
	}
	return 0
}

// readRelay reads a relay socket until it is closed.
func (s *Server) readRelay(id relay.RelayID, conn *udp.Conn) {
	batch := make([]udp.Datagram, relayBatch)
	for {
		n, err := conn.ReadBatch(batch)
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				s.log.Error("a relay socket failed; its clients get nothing more", "error", err)
			}
			return
		}
		s.locked(func(now media.Time, out *relay.Output) {
			for i := range batch[:n] {
				s.core.FromPeer(now, id, batch[i].Addr, batch[i].Data, out)
			}
		})
	}
}

// listenTCP listens on exactly one family.
func listenTCP(at netip.AddrPort) (*net.TCPListener, error) {
	network := "tcp4"
	if at.Addr().Is6() {
		network = "tcp6"
	}
	l, err := net.ListenTCP(network, net.TCPAddrFromAddrPort(at))
	if err != nil {
		return nil, fmt.Errorf("listen for peers: %w", err)
	}
	return l, nil
}
