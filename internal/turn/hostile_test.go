package turn

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"github.com/tutti-rtc/tutti/internal/turn/policy"
	"github.com/tutti-rtc/tutti/internal/turn/relay"
)

// eventually waits until f holds.
func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	tick, late := time.NewTicker(5*time.Millisecond), time.After(10*time.Second)
	defer tick.Stop()
	for !f() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// asks sends a Binding request with a CHANGE-REQUEST and returns from where the
// answer comes.
func asks(t *testing.T, at netip.AddrPort, flags byte) netip.AddrPort {
	t.Helper()
	c := plug(t)
	m := stun.MustBuild(stun.TransactionID, stun.BindingRequest)
	if flags != 0 {
		m = stun.MustBuild(stun.TransactionID, stun.BindingRequest, stun.RawAttribute{Type: stun.AttrChangeRequest, Value: []byte{0, 0, 0, flags}})
	}
	says(t, c, net.UDPAddrFromAddrPort(at), string(m.Raw))
	if err := c.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 200)
	n, from, err := c.ReadFrom(b)
	if err != nil {
		t.Fatal(err)
	}
	reply := &stun.Message{Raw: b[:n]}
	if err := reply.Decode(); err != nil || reply.Type != stun.BindingSuccess || reply.TransactionID != m.TransactionID {
		t.Fatalf("%v, %v", reply, err)
	}
	return from.(*net.UDPAddr).AddrPort()
}

// mallory has good credentials and writes her messages herself, over TCP.
type mallory struct {
	t     *testing.T
	conn  net.Conn
	realm stun.Realm
	nonce stun.Nonce
}

func (h *house) mallory() *mallory {
	c, err := net.Dial("tcp4", h.tcp.Addr().String())
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { c.Close() })
	return &mallory{t: h.t, conn: c}
}

// ask sends a request and returns the answer's code, 0 for success.
func (m *mallory) ask(method stun.Method, attributes ...stun.Setter) stun.ErrorCode {
	m.t.Helper()
	for range 2 {
		setters := append([]stun.Setter{stun.TransactionID, stun.NewType(method, stun.ClassRequest)}, attributes...)
		if m.nonce != nil {
			setters = append(setters, stun.NewUsername("alice"), m.realm, m.nonce, stun.NewLongTermIntegrity("alice", m.realm.String(), "wonderland"))
		}
		if _, err := m.conn.Write(stun.MustBuild(setters...).Raw); err != nil {
			m.t.Fatal(err)
		}
		head := make([]byte, 20)
		if _, err := io.ReadFull(m.conn, head); err != nil {
			m.t.Fatal(err)
		}
		rest := make([]byte, binary.BigEndian.Uint16(head[2:]))
		if _, err := io.ReadFull(m.conn, rest); err != nil {
			m.t.Fatal(err)
		}
		reply := &stun.Message{Raw: append(head, rest...)}
		if err := reply.Decode(); err != nil {
			m.t.Fatal(err)
		}
		if reply.Type.Class == stun.ClassSuccessResponse {
			return 0
		}
		var code stun.ErrorCodeAttribute
		if err := code.GetFrom(reply); err != nil {
			m.t.Fatal(err)
		}
		if code.Code != stun.CodeUnauthorized || m.nonce != nil {
			return code.Code
		}
		if m.realm.GetFrom(reply) != nil || m.nonce.GetFrom(reply) != nil {
			m.t.Fatal("a challenge without realm and nonce")
		}
	}
	return stun.CodeUnauthorized
}

func peerAttr(a netip.AddrPort) stun.Setter { return xorPeer{a} }

type xorPeer struct{ a netip.AddrPort }

// AddTo writes the address as it is spelled: the codec would unmap it.
func (x xorPeer) AddTo(m *stun.Message) error {
	v := []byte{0, 1}
	if x.a.Addr().Is6() {
		v[1] = 2
	}
	v = binary.BigEndian.AppendUint16(v, x.a.Port()^0x2112)
	var mask [16]byte
	binary.BigEndian.PutUint32(mask[:], 0x2112a442)
	copy(mask[4:], m.TransactionID[:])
	for i, b := range x.a.Addr().AsSlice() {
		v = append(v, b^mask[i])
	}
	m.Add(stun.AttrXORPeerAddress, v)
	return nil
}

// TestNoForbiddenAddressIsReached tries every spelling of what leads into the
// operator's own network, by permission, channel, Send indication and TCP
// (server-side request forgery).
func TestNoForbiddenAddressIsReached(t *testing.T) {
	forbidden := []string{
		"127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1",
		"255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1",
		"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "::10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1",
		"2002:7f00:1::", "2002:a00:1::1", "2001:0:1:2:3:4:80ff:fffe", // 127.0.0.1, inverted
	}
	h := serve(t, func(o *Options) {
		o.Mode, o.OwnAddr = Ports, nil
		o.Core.Policy = policy.Policy{Local: func(a netip.Addr) bool { return a == netip.MustParseAddr("8.8.4.4") }}
		// The family must not be what refuses.
		o.RelayAddr = func(_ netip.Addr, ipv6 bool) netip.Addr {
			if ipv6 {
				return netip.MustParseAddr("2606:4700::1")
			}
			return netip.MustParseAddr("127.0.0.1")
		}
	})
	canary := listen(t) // nobody may knock here
	defer canary.Close()
	port := netip.MustParseAddrPort(canary.Addr().String()).Port()
	knocked := make(chan struct{}, 1)
	go func() {
		if c, err := canary.Accept(); err == nil {
			c.Close()
			knocked <- struct{}{}
		}
	}()
	bystander := plug(t)
	udpPort := bystander.LocalAddr().(*net.UDPAddr).AddrPort().Port()

	m, tcp := h.mallory(), h.mallory()
	both := stun.RawAttribute{Type: 0x8000, Value: []byte{2, 0, 0, 0}} // ADDITIONAL-ADDRESS-FAMILY
	if code := m.ask(stun.MethodAllocate, stun.RawAttribute{Type: stun.AttrRequestedTransport, Value: []byte{17, 0, 0, 0}}, both); code != 0 {
		t.Fatalf("allocate: %d", code)
	}
	if code := tcp.ask(stun.MethodAllocate, stun.RawAttribute{Type: stun.AttrRequestedTransport, Value: []byte{6, 0, 0, 0}}, both); code != 0 {
		t.Fatalf("allocate TCP: %d", code)
	}
	for i, s := range append(forbidden, "8.8.4.4") {
		peer := netip.AddrPortFrom(netip.MustParseAddr(s), udpPort)
		if code := m.ask(stun.MethodCreatePermission, peerAttr(peer)); code != stun.CodeForbidden {
			t.Errorf("a permission for %s: %d, want 403", s, code)
		}
		number := stun.RawAttribute{Type: stun.AttrChannelNumber, Value: []byte{0x40, byte(i), 0, 0}}
		if code := m.ask(stun.MethodChannelBind, number, peerAttr(peer)); code != stun.CodeForbidden {
			t.Errorf("a channel to %s: %d, want 403", s, code)
		}
		send := stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodSend, stun.ClassIndication), peerAttr(peer),
			stun.RawAttribute{Type: stun.AttrData, Value: []byte("knock")})
		if _, err := m.conn.Write(send.Raw); err != nil {
			t.Fatal(err)
		}
		if code := tcp.ask(stun.MethodConnect, peerAttr(netip.AddrPortFrom(peer.Addr(), port))); code != stun.CodeForbidden {
			t.Errorf("a connection to %s: %d, want 403", s, code)
		}
	}
	if st := h.Stats(); st.Up != 0 {
		t.Errorf("%d packets were relayed", st.Up)
	}
	select {
	case <-knocked:
		t.Error("the server has connected to a forbidden address")
	default:
	}
}

// A client's stream may be torn anywhere, and lie about lengths.
func TestStreamsAreTornAnywhere(t *testing.T) {
	h := serve(t, nil)
	binding := stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw
	for cut := range len(binding) {
		c, err := net.Dial("tcp4", h.tcp.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range [][]byte{binding[:cut], binding[cut:]} {
			if _, err := c.Write(part); err != nil {
				t.Fatal(err)
			}
		}
		reply := make([]byte, 32)
		if _, err := io.ReadFull(c, reply); err != nil {
			t.Errorf("cut at %d: %v", cut, err)
		}
		c.Close()
	}
	for name, b := range map[string]string{
		"HTTP":                         "GET / HTTP/1.1\r\n\r\n",
		"a STUN message of odd length": "\x00\x01\x00\x03\x21\x12\xa4\x42aaaaaaaaaaaabbb",
		"neither STUN nor a channel":   "\xff\xff\xff\xff",
	} {
		c, err := net.Dial("tcp4", h.tcp.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write([]byte(b)); err != nil {
			t.Fatal(err)
		}
		if err := c.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if name == "HTTP" { // its first byte could begin a channel's message, which waits for the rest
			c.Close()
			continue
		}
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Errorf("%s: the connection stays open", name)
		}
		c.Close()
	}
	eventually(t, "all streams to end", func() bool { return h.Stats().Streams == 0 })
}

func TestTooManyStreamsAreRefused(t *testing.T) {
	h := serve(t, func(o *Options) { o.MaxStreams = 2 })
	for range 2 {
		h.mallory()
	}
	eventually(t, "two streams", func() bool { return h.Stats().Streams == 2 })
	late := h.mallory()
	if err := late.conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := late.conn.Read(make([]byte, 1)); err == nil {
		t.Error("one stream too many is served")
	}
	if n := h.Stats().StreamsRefused; n != 1 {
		t.Errorf("%d refused, want 1", n)
	}
}

// Somebody who begins handshakes and never goes on keeps nobody else out.
func TestHalfOpenHandshakesAreBounded(t *testing.T) {
	h := serve(t, nil)
	hello := make([]byte, 60)
	copy(hello, []byte{22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 47, 1})
	for range 3 * maxSourceShakes {
		says(t, plug(t), net.UDPAddrFromAddrPort(h.at), string(hello))
	}
	eventually(t, "the flood to be refused", func() bool { return h.Stats().HandshakesRefused >= 2*maxSourceShakes })
	if n := h.Stats().Associations; n > maxSourceShakes {
		t.Errorf("%d associations of one source", n)
	}
	// TLS: a silent client costs its connection, and others are served.
	silent, err := net.Dial("tcp4", h.tls.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	c, err := tls.Dial("tcp4", h.tls.Addr().String(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	// And a datagram that is no hello makes nothing.
	before := h.Stats()
	says(t, plug(t), net.UDPAddrFromAddrPort(h.at), "\x17\xfe\xfd\x00\x01\x00\x00\x00\x00\x00\x01\x00\x04abcd")
	asks(t, h.at, 0) // by then it was read
	if after := h.Stats(); after.Associations > before.Associations {
		t.Error("a stray record made an association")
	}
}

// A client that reads nothing loses whole messages, and costs a bounded queue.
func TestSlowReadersLoseWholeMessages(t *testing.T) {
	h := serve(t, nil)
	near, far := net.Pipe() // takes nothing in that is not read
	defer near.Close()
	st := &stream{server: h.Server, conn: far, wake: make(chan struct{}, 1), done: make(chan struct{})}
	message := make([]byte, 1000)
	for range 2 * maxStreamQueue / len(message) {
		st.send(message)
	}
	if len(st.queue) > maxStreamQueue || len(st.queue)%len(message) != 0 {
		t.Errorf("%d bytes are queued", len(st.queue))
	}
	if n := h.Stats().StreamDropped; n == 0 {
		t.Error("nothing is counted as dropped")
	}
	far.Close()
}

func FuzzFrame(f *testing.F) {
	f.Add(stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw)
	f.Add([]byte{0x40, 0, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		n, size, ok := frame(b)
		switch {
		case !ok && n+size != 0, n > len(b), size > n && n != 0, n%4 != 0, n-size > 3 && n != 0:
			t.Errorf("frame of %d bytes: %d, %d, %v", len(b), n, size, ok)
		}
	})
}

// A client that has joined its stream with a peer's and reads nothing does not
// keep the server from closing.
func TestClosePastAClientThatDoesNotRead(t *testing.T) {
	h := serve(t, func(o *Options) { o.Mode = Ports })
	_, end := h.dialled()
	if err := end.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	var err error
	for b := make([]byte, 1<<20); err == nil; { // until nobody takes more
		_, err = end.Write(b)
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}

// Who reserves ports again and again, and gives the others back, is stopped.
func TestReservationsAreBounded(t *testing.T) {
	h := serve(t, func(o *Options) { o.Mode = Ports })
	h.mu.Lock()
	defer h.mu.Unlock()
	at := netip.MustParseAddrPort("127.0.0.1:1")
	for range 50 {
		r, err := h.pool.Open(relay.Opening{Client: relay.Tuple{Remote: at, Local: at}, Even: true, Reserve: true})
		if err != nil {
			t.Fatal(err)
		}
		h.pool.Close(r.ID)
	}
	if n := len(h.pool.reserved); n == 0 || n > maxSourceReserved {
		t.Errorf("%d ports are kept for one client", n)
	}
	h.pool.dropReservations(time.Now().Add(2 * reservationLife))
	if n := len(h.pool.reserved); n != 0 {
		t.Errorf("%d are kept for ever", n)
	}
}
