package peer

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer/ice"
	"github.com/tutti-rtc/tutti/internal/udp"
	"github.com/tutti-rtc/tutti/internal/wire"
)

// readBatch is how many datagrams the reader takes from the kernel at once.
const readBatch = 128

// Options configure a Server. The zero value listens on a free port of
// 127.0.0.1.
type Options struct {
	// Listen is the UDP address; an unspecified address means all of the
	// machine's. The port is that of ICE-TCP as well.
	Listen netip.AddrPort
	// Advertise lists addresses by which clients reach this server beside
	// its own, such as the public one of a 1:1 NAT. A zero port means the
	// listening one.
	Advertise []netip.AddrPort
	// TCP says that somebody accepts TCP on the same number and hands
	// ICE-TCP connections to ServeTCP; only then is it advertised.
	TCP bool
	// Loops is the number of shards; 0 means one per core.
	Loops int
	// MaxPeers bounds the peers of the server; 0 means 10 000.
	MaxPeers int
	// UDP configures the socket.
	UDP udp.Options
	// Conn is a port to use instead of opening one at Listen; the server
	// owns it.
	Conn *udp.Conn
	// Strangers takes the datagrams of the UDP socket that are for no peer
	// and may be for a STUN or TURN server: STUN that is no check of a
	// client, ChannelData, and DTLS from an address that is no peer's. It is
	// called by the goroutine that reads the socket, and borrows the batch
	// for the call. Nil drops and counts them.
	Strangers func([]udp.Datagram)
	// Log takes what an operator should know; nil discards it.
	Log *slog.Logger
}

// ErrClosed is returned by a Server that was closed.
var ErrClosed = errors.New("the media server is closed")

// ErrEnded is returned by Negotiate for an offer that continues a session which
// is over: what DTLS has agreed on is gone, so the client must connect anew.
var ErrEnded = errors.New("the media connection has ended; the client must make another one")

// ErrFull is returned by NewPeer at Options.MaxPeers.
var ErrFull = errors.New("the media server has as many peers as it may")

// Server answers WebRTC peers on one port number. Its methods may be called
// from any goroutine.
type Server struct {
	// Constant.
	opts     Options
	clock    media.Clock
	conn     *udp.Conn
	loops    []*Loop
	identity *identity
	log      *slog.Logger
	packets  media.PacketPool
	closing  chan struct{}

	datagrams sync.Pool // of *datagram
	running   sync.WaitGroup
	strays    atomic.Uint64 // datagrams of nobody
	drops     drops

	mu      sync.RWMutex // guards what follows
	closed  bool
	byUfrag map[string]*Peer
	byAddr  map[netip.AddrPort]*Peer
	peers   map[*Peer]struct{}
	conns   map[uint64]carrier // by ice.Address.Conn
	// tcpConns and tunnels are how many of each are in conns.
	tcpConns, tunnels int
	lastConn          uint64

	own struct { // what Owns remembers
		sync.Mutex
		list []netip.AddrPort
		read media.Time
	}

	direct struct { // for what DTLS and SCTP send from their own goroutines
		sync.Mutex
		writer *udp.Writer
	}
}

// Listen opens the UDP port and starts the loops.
func Listen(o Options) (*Server, error) {
	if !o.Listen.IsValid() {
		o.Listen = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0)
	}
	if o.Loops == 0 {
		o.Loops = runtime.GOMAXPROCS(0)
	}
	if o.MaxPeers == 0 {
		o.MaxPeers = 10000
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	id, err := newIdentity()
	if err != nil {
		return nil, fmt.Errorf("make the DTLS certificate: %w", err)
	}
	conn := o.Conn
	if conn == nil {
		if conn, err = udp.Listen(o.Listen, o.UDP); err != nil {
			return nil, err
		}
	}
	s := &Server{
		opts: o, clock: media.NewClock(), conn: conn, identity: id, log: o.Log,
		closing: make(chan struct{}),
		byUfrag: make(map[string]*Peer), byAddr: make(map[netip.AddrPort]*Peer),
		peers: make(map[*Peer]struct{}), conns: make(map[uint64]carrier),
	}
	s.datagrams.New = func() any { return new(datagram) }
	s.direct.writer = conn.NewWriter()
	for i := range o.Loops {
		l := &Loop{
			index: i, clock: s.clock, server: s,
			wake: make(chan struct{}, 1), done: make(chan struct{}),
			out: outbox{server: s, writer: conn.NewWriter(), arena: make([]byte, 0, arenaSize)},
		}
		s.loops = append(s.loops, l)
		go l.run()
	}
	s.running.Add(1)
	go s.read()
	return s, nil
}

// LocalAddr returns the address of the UDP socket.
func (s *Server) LocalAddr() netip.AddrPort { return s.conn.LocalAddr() }

// Loops returns the server's shards. The slice is not to be changed.
func (s *Server) Loops() []*Loop { return s.loops }

// Clock returns the clock that all of the server's times are of.
func (s *Server) Clock() media.Clock { return s.clock }

// Close ends all peers and loops and closes the port. It is idempotent and
// returns when every goroutine of the server has ended.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	peers := make([]*Peer, 0, len(s.peers))
	for p := range s.peers {
		peers = append(peers, p)
	}
	conns := make([]carrier, 0, len(s.conns))
	for _, c := range s.conns {
		conns = append(conns, c)
	}
	s.mu.Unlock()
	close(s.closing)
	for _, p := range peers {
		p.Close()
	}
	for _, c := range conns {
		c.close()
	}
	for _, l := range s.loops {
		l.close()
	}
	err := s.conn.Close()
	s.running.Wait()
	return err
}

// read is the goroutine that empties the UDP socket into the loops.
func (s *Server) read() {
	defer s.running.Done()
	batch := make([]udp.Datagram, readBatch)
	queues := make([][]*datagram, len(s.loops))
	strangers := make([]udp.Datagram, 0, readBatch)
	for {
		n, err := s.conn.ReadBatch(batch)
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				s.log.Error("the UDP socket failed; no media can flow", "error", err)
			}
			return
		}
		s.mu.RLock()
		for i := range batch[:n] {
			b := &batch[i]
			known := s.byAddr[b.Addr]
			if s.opts.Strangers != nil && strange(b.Data, known) {
				strangers = append(strangers, *b)
				continue
			}
			from := ice.Address{Proto: ice.UDP, Remote: b.Addr, Local: b.Local}
			if p := s.peerOf(from, b.Data, known); p != nil {
				queues[p.loop.index] = append(queues[p.loop.index], s.newDatagram(p, from, b.Data))
			}
		}
		s.mu.RUnlock()
		if len(strangers) > 0 {
			s.opts.Strangers(strangers)
			strangers = strangers[:0]
		}
		for i, q := range queues {
			if len(q) > 0 {
				s.loops[i].receive(q)
				clear(q)
				queues[i] = q[:0]
			}
		}
	}
}

// strange tells whether a datagram is for a STUN or TURN server, given the peer
// whose address it comes from, if any. A client may use one socket for both: its
// checks name a peer, and its TURN messages and channels are none of a peer's.
func strange(b []byte, known *Peer) bool {
	switch wire.Classify(b) {
	case wire.ClassSTUN:
		_, check := ice.PeekUsername(b)
		return !check
	case wire.ClassTURNChannel:
		return true
	case wire.ClassQUIC: // channels of TURN before RFC 8656, up to 0x7fff
		return b[0] < 0x80
	case wire.ClassDTLS:
		return known == nil
	}
	return false
}

// peerOf finds whose a datagram is: known is the peer that its address belongs
// to, if any. A check names its peer itself, whatever address it comes from.
// s.mu must be held.
func (s *Server) peerOf(from ice.Address, b []byte, known *Peer) *Peer {
	if len(b) > media.MaxPacketSize {
		s.strays.Add(1)
		return nil
	}
	if wire.Classify(b) == wire.ClassSTUN {
		if ufrag, ok := ice.PeekUsername(b); ok {
			known = s.byUfrag[string(ufrag)]
		}
	}
	if known == nil {
		s.strays.Add(1)
	}
	return known
}

func (s *Server) newDatagram(p *Peer, from ice.Address, b []byte) *datagram {
	d := s.datagrams.Get().(*datagram)
	d.peer, d.from = p, from
	d.n = copy(d.buf[:], b)
	return d
}

func (s *Server) freeDatagram(d *datagram) {
	d.peer = nil
	s.datagrams.Put(d)
}

// send sends one datagram at once, from any goroutine.
func (s *Server) send(to ice.Address, b []byte) {
	if to.Conn != 0 {
		s.sendByCarrier(to, b)
		return
	}
	s.direct.Lock()
	defer s.direct.Unlock()
	s.direct.writer.Write([]udp.Burst{{Addr: to.Remote, Local: to.Local, Data: b}})
}

// leastLoaded returns the loop with the fewest peers.
func (s *Server) leastLoaded() *Loop {
	best := s.loops[0]
	for _, l := range s.loops[1:] {
		if l.peers.Load() < best.peers.Load() {
			best = l
		}
	}
	return best
}

// addPeer makes the peer known by its first username fragment.
func (s *Server) addPeer(p *Peer, ufrag string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return ErrClosed
	case len(s.peers) >= s.opts.MaxPeers:
		return ErrFull
	}
	s.peers[p] = struct{}{}
	s.byUfrag[ufrag] = p
	p.loop.peers.Add(1)
	return nil
}

// route changes by which username fragments and UDP addresses a peer is found.
func (s *Server) route(p *Peer, add, drop routes) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range drop.ufrags {
		if s.byUfrag[u] == p {
			delete(s.byUfrag, u)
		}
	}
	for _, a := range drop.addrs {
		if s.byAddr[a.Remote] == p {
			delete(s.byAddr, a.Remote)
		}
	}
	if s.closed {
		return
	}
	for _, u := range add.ufrags {
		s.byUfrag[u] = p
	}
	for _, a := range add.addrs {
		s.byAddr[a.Remote] = p
	}
}

// leads reports whether what comes from an address goes to the peer.
func (s *Server) leads(a ice.Address, p *Peer) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.byAddr[a.Remote] == p
}

// routes are keys by which the demultiplexer finds a peer.
type routes struct {
	ufrags []string
	addrs  []ice.Address
}

func (s *Server) removePeer(p *Peer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.peers[p]; ok {
		delete(s.peers, p)
		p.loop.peers.Add(-1)
	}
}

// identity is the server's DTLS certificate, made anew at each start.
type identity struct {
	certificate tls.Certificate
	fingerprint string // SHA-256, upper-case hexadecimal with colons
}

// Stats are counters of a server since its start, and gauges.
type Stats struct {
	Peers   int    // now
	Packets int64  // media packets held now
	Strays  uint64 // datagrams that belong to no peer
	Dropped uint64 // datagrams and packets that met a full queue
	// Refused are packets of clients that could not be decrypted or read,
	// Unsent those to clients that could not be built.
	Refused, Unsent uint64
	// Overflowed are packets that had waited too long for a client's line.
	Overflowed uint64
	// DataDropped are data channel messages, TCPDropped ICE-TCP frames to
	// clients that read too slowly.
	DataDropped, TCPDropped uint64
	UDP                     udp.Stats
	// Selected counts the peers that media can be sent to, by the way that
	// their clients chose.
	Selected map[Way]int
}

// Way is how a client reaches the server.
type Way struct {
	Proto ice.Proto
	Relay ice.Relay // NoRelay: directly
}

// drops count what was given up, over all peers.
type drops struct{ refused, unsent, overflowed, data, tcp atomic.Uint64 }

// Stats returns the counters so far.
func (s *Server) Stats() Stats {
	s.mu.RLock()
	st := Stats{Peers: len(s.peers), Selected: make(map[Way]int)}
	for p := range s.peers {
		if to := p.selected.Load(); to != nil {
			st.Selected[Way{to.Proto, to.Relay}]++
		}
	}
	s.mu.RUnlock()
	st.Packets, st.Strays, st.UDP = s.packets.Lent(), s.strays.Load(), s.conn.Stats()
	d := &s.drops
	st.Refused, st.Unsent, st.Overflowed = d.refused.Load(), d.unsent.Load(), d.overflowed.Load()
	st.DataDropped, st.TCPDropped = d.data.Load(), d.tcp.Load()
	for _, l := range s.loops {
		st.Dropped += l.dropped.Load()
	}
	return st
}
