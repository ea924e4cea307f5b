package load

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
	"github.com/pion/stun/v4"
	"github.com/pion/transport/v4/packetio"
)

const (
	// checkEvery is the pace of connectivity checks until one is answered.
	checkEvery = 20 * time.Millisecond
	// sampleEvery is of how many packets one is decrypted.
	sampleEvery = 20
	// maxStreams bounds the streams that are counted for one viewer.
	maxStreams = 256
	// socketBuffer is asked for each socket, in bytes: a second of a stream.
	socketBuffer = 512 << 10
	srtpTag      = 16 // the longest authentication tag
)

// remote is the other end of a connection, as its description says.
type remote struct {
	ufrag, pwd string
	address    netip.AddrPort
}

// connection is the receiving end of one WebRTC connection. open starts its
// reader, which owns what is not atomic; close ends it.
type connection struct {
	// Constant after open.
	socket      *net.UDPConn
	remote      remote
	ufrag, pwd  string
	controlling bool
	types       payloadTypes
	identity    tls.Certificate
	handshake   *packetio.Buffer // DTLS records for the library
	checked     chan struct{}    // closed at the first answered check
	done        chan struct{}    // closed when the reader has ended
	latency     *histogram
	begin       time.Time

	checkedOnce sync.Once
	dtls        *dtls.Conn // owned by the caller of secure

	// Owned by the reader.
	count    int
	last     *stream // the stream of the last packet
	header   rtp.Header
	plain    []byte
	incoming stun.Message

	keys    atomic.Pointer[keys]
	mu      sync.Mutex
	streams []*stream // guarded by mu for writing; appended by the reader
	arrivals
}

// payloadTypes are those of VP8 and of its resends (RFC 4588), which are not
// counted.
type payloadTypes struct{ video, resends uint8 }

// arrivals are counted by the reader and read by anybody.
type arrivals struct {
	first      atomic.Int64 // when the first media packet came, in ns since begin
	firstVideo atomic.Int64 // when the first of video came
	stray      atomic.Int64 // packets that could not be decrypted
}

// keys are the SRTP contexts of both directions.
type keys struct {
	in, out *srtp.Context
	profile srtp.ProtectionProfile
}

// open connects the socket and starts reading.
func (c *connection) open(r remote) error {
	socket, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(r.address))
	if err != nil {
		return fmt.Errorf("open a socket to %v: %w", r.address, err)
	}
	_ = socket.SetReadBuffer(socketBuffer) // the system may allow less
	receiveBursts(socket)
	c.socket, c.remote = socket, r
	c.handshake = packetio.NewBuffer()
	c.checked, c.done = make(chan struct{}), make(chan struct{})
	c.plain = make([]byte, 0, 2048)
	go c.read()
	return nil
}

func (c *connection) localAddress() netip.AddrPort {
	return c.socket.LocalAddr().(*net.UDPAddr).AddrPort()
}

// connect checks the path, shakes hands and derives the keys.
func (c *connection) connect(ctx context.Context) error {
	tick := time.NewTicker(checkEvery)
	defer tick.Stop()
	for connected := false; !connected; {
		if err := c.check(); err != nil {
			return err
		}
		select {
		case <-c.checked:
			connected = true
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("no answer to connectivity checks of %v: %w", c.remote.address, ctx.Err())
		}
	}
	return c.secure(ctx)
}

// check sends a connectivity check; it is consent too (RFC 7675).
func (c *connection) check() error {
	role := stun.AttrType(stun.AttrICEControlled)
	setters := []stun.Setter{stun.BindingRequest, stun.TransactionID, stun.NewUsername(c.remote.ufrag + ":" + c.ufrag)}
	if c.controlling {
		role = stun.AttrICEControlling
		setters = append(setters, stun.RawAttribute{Type: stun.AttrUseCandidate})
	}
	setters = append(setters,
		stun.RawAttribute{Type: role, Value: []byte(c.pwd)[:8]},
		stun.RawAttribute{Type: stun.AttrPriority, Value: []byte{0x6e, 0, 0xff, 0xff}}, // a peer-reflexive candidate's
		stun.NewShortTermIntegrity(c.remote.pwd), stun.Fingerprint)
	m, err := stun.Build(setters...)
	if err != nil {
		return fmt.Errorf("build a connectivity check: %w", err)
	}
	_, err = c.socket.Write(m.Raw)
	if err != nil && !isRefused(err) {
		return fmt.Errorf("send a connectivity check: %w", err)
	}
	return nil
}

// isRefused tells the echo of an earlier datagram (ICMP) from a failure.
func isRefused(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && !errors.Is(err, net.ErrClosed)
}

// secure makes the DTLS association as its client. Whom it is made with is not
// checked: a load tool measures.
func (c *connection) secure(ctx context.Context) error {
	conn, err := dtls.ClientWithOptions(handshakeConn{c}, c.socket.RemoteAddr(),
		dtls.WithCertificates(c.identity),
		dtls.WithInsecureSkipVerify(true),
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80),
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
		dtls.WithFlightInterval(100*time.Millisecond),
	)
	if err != nil {
		return fmt.Errorf("prepare DTLS: %w", err)
	}
	c.dtls = conn
	if err := conn.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("DTLS handshake: %w", err)
	}
	profile, _ := conn.SelectedSRTPProtectionProfile()
	state, ok := conn.ConnectionState()
	if !ok {
		return errors.New("the DTLS handshake left no state")
	}
	config := srtp.Config{Profile: srtp.ProtectionProfile(profile)}
	if err := config.ExtractSessionKeysFromDTLS(&state, true); err != nil {
		return fmt.Errorf("derive the SRTP keys: %w", err)
	}
	in, err := srtp.CreateContext(config.Keys.RemoteMasterKey, config.Keys.RemoteMasterSalt, config.Profile)
	if err != nil {
		return fmt.Errorf("take the SRTP keys: %w", err)
	}
	out, err := srtp.CreateContext(config.Keys.LocalMasterKey, config.Keys.LocalMasterSalt, config.Profile)
	if err != nil {
		return fmt.Errorf("take the SRTP keys: %w", err)
	}
	c.keys.Store(&keys{in: in, out: out, profile: config.Profile})
	return nil
}

// read takes bursts until the socket closes.
func (c *connection) read() {
	defer close(c.done)
	buffer, control := make([]byte, 65536), make([]byte, 64)
	for {
		n, oob, _, _, err := c.socket.ReadMsgUDPAddrPort(buffer, control)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // the echo of a refused datagram
		}
		now, burst := time.Time{}, buffer[:n]
		size := segmentSize(control[:oob])
		if size == 0 {
			size = max(n, 1)
		}
		for datagram := range slices.Chunk(burst, size) {
			c.handle(&now, datagram)
		}
	}
}

// handle takes one datagram. now is read when first needed, once a burst.
func (c *connection) handle(now *time.Time, b []byte) {
	switch { // RFC 7983
	case len(b) < headerSize:
	case b[0] < 4:
		c.handleSTUN(b)
	case b[0] >= 20 && b[0] < 64:
		_, _ = c.handshake.Write(b) // full: a resend will follow
	case b[0] >= 128 && (b[1] < 192 || b[1] >= 224): // not RTCP (RFC 5761 §4)
		c.handleRTP(now, b)
	}
}

func (c *connection) handleSTUN(b []byte) {
	m := &c.incoming
	m.Raw = append(m.Raw[:0], b...)
	if m.Decode() != nil {
		return
	}
	switch m.Type {
	case stun.BindingSuccess:
		c.checkedOnce.Do(func() { close(c.checked) })
	case stun.BindingRequest: // of a server with a full ICE agent
		addr := c.remote.address
		reply, err := stun.Build(m, stun.BindingSuccess,
			&stun.XORMappedAddress{IP: addr.Addr().AsSlice(), Port: int(addr.Port())},
			stun.NewShortTermIntegrity(c.pwd), stun.Fingerprint)
		if err == nil {
			_, _ = c.socket.Write(reply.Raw) // lost is lost: it asks again
		}
	}
}

func (c *connection) handleRTP(now *time.Time, b []byte) {
	h := readHeader(b)
	s := c.last
	if s == nil || s.ssrc != h.ssrc {
		if s = c.stream(h); s == nil {
			return
		}
		c.last = s
	}
	s.count(h)
	if c.first.Load() == 0 {
		c.first.Store(int64(time.Since(c.begin)))
	}
	if h.payloadType == c.types.video && c.firstVideo.Load() == 0 {
		c.firstVideo.Store(int64(time.Since(c.begin)))
	}
	if c.count++; c.count%sampleEvery != 0 && s.opened {
		return
	}
	if now.IsZero() {
		*now = time.Now()
	}
	c.sample(*now, s, b)
}

// sample decrypts a packet and takes its age.
func (c *connection) sample(now time.Time, s *stream, b []byte) {
	k := c.keys.Load()
	if k == nil {
		return
	}
	plain, err := k.in.DecryptRTP(c.plain, b, &c.header)
	if err != nil {
		c.stray.Add(1)
		return
	}
	s.opened = true
	if at, ok := stamped(plain); ok {
		c.latency.add(now.Sub(at))
	}
}

// stream returns the stream of a packet, a new one if it is the first.
func (c *connection) stream(h rtpHeader) *stream {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.streams {
		if s.ssrc == h.ssrc {
			return s
		}
	}
	if len(c.streams) == maxStreams {
		return nil
	}
	s := newStream(h)
	c.streams = append(c.streams, s)
	return s
}

// all returns the streams so far.
func (c *connection) all() []*stream {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.streams)
}

// sendRTCP encrypts and sends a compound packet. Only the viewer's keeper may
// call it.
func (c *connection) sendRTCP(plain []byte) error {
	k := c.keys.Load()
	if k == nil {
		return nil
	}
	b, err := k.out.EncryptRTCP(make([]byte, 0, len(plain)+srtpTag+4), plain, nil)
	if err != nil {
		return fmt.Errorf("encrypt RTCP: %w", err)
	}
	_, _ = c.socket.Write(b) // like the network
	return nil
}

// close ends the connection and waits for its reader.
func (c *connection) close() {
	if c.socket == nil {
		return
	}
	if c.dtls != nil {
		_ = c.dtls.Close()
	}
	_ = c.handshake.Close()
	_ = c.socket.Close()
	<-c.done
}

// handshakeConn is what the DTLS library reads and writes.
type handshakeConn struct{ c *connection }

// ReadFrom returns the next DTLS datagram.
func (h handshakeConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := h.c.handshake.Read(b)
	return n, h.c.socket.RemoteAddr(), err
}

// WriteTo sends to the server.
func (h handshakeConn) WriteTo(b []byte, _ net.Addr) (int, error) { return h.c.socket.Write(b) }

// Close ends reading; the socket is the connection's.
func (h handshakeConn) Close() error { return h.c.handshake.Close() }

// LocalAddr returns the socket's address.
func (h handshakeConn) LocalAddr() net.Addr { return h.c.socket.LocalAddr() }

// SetDeadline sets the read deadline.
func (h handshakeConn) SetDeadline(t time.Time) error { return h.c.handshake.SetReadDeadline(t) }

// SetReadDeadline bounds ReadFrom.
func (h handshakeConn) SetReadDeadline(t time.Time) error { return h.c.handshake.SetReadDeadline(t) }

// SetWriteDeadline does nothing.
func (h handshakeConn) SetWriteDeadline(time.Time) error { return nil }
