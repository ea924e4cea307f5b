package e2e

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// mirror is a machine on the internet that tells those who ask it by which
// address it sees them. It has two addresses with two ports each, and may be
// asked to answer from another one than it was asked at: what a NAT does is
// found out as by RFC 5780, but with nothing of the server that this is to test.
type mirror struct {
	faces [2][2]*net.UDPConn // by address, by port
	plain netip.AddrPort     // says hello over TCP to those who say something first
	tls   netip.AddrPort     // the same, at 443
}

const (
	mirrorPort      = 3478
	mirrorPlainPort = 8443
	mirrorTLSPort   = 443
)

// newMirror makes one for the length of the test. Its addresses are of IPv6 for
// those who know nothing else.
func newMirror(t *testing.T, l *lab, only6 bool) *mirror {
	t.Helper()
	name, family := "mirror4", 0
	if only6 {
		name, family = "mirror6", 1
	}
	n := newNamespace(t, name)
	uplink := l.internet.only(family)
	first := uplink.attach(t, n, "wan")[0]
	second := uplink.at(uplink.nets[0], *uplink.next)
	*uplink.next++
	n.ip(t, assign(second, "wan"))
	m := &mirror{}
	for a, addr := range []netip.Addr{first, second.Addr()} {
		for p := range m.faces[a] {
			m.faces[a][p] = mustListen(t, n, func() (*net.UDPConn, error) {
				return net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, uint16(mirrorPort+p))))
			})
		}
	}
	for a := range m.faces {
		for p := range m.faces[a] {
			go m.reflect(a, p)
		}
	}
	for port, at := range map[uint16]*netip.AddrPort{mirrorPlainPort: &m.plain, mirrorTLSPort: &m.tls} {
		*at = netip.AddrPortFrom(first, port)
		go greet(mustListen(t, n, func() (*net.TCPListener, error) {
			return net.ListenTCP("tcp", net.TCPAddrFromAddrPort(*at))
		}))
	}
	return m
}

// mustListen opens a socket on a machine for the length of the test.
func mustListen[C io.Closer](t *testing.T, n *namespace, listen func() (C, error)) C {
	t.Helper()
	var conn C
	err := n.enter(func() (err error) {
		conn, err = listen()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// reflect answers at one address and port until its socket is closed. A question
// says, by two bytes, from which of them.
func (m *mirror) reflect(a, p int) {
	b := make([]byte, 2)
	for {
		n, from, err := m.faces[a][p].ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		if n == 2 && b[0] < 2 && b[1] < 2 {
			_, _ = m.faces[b[0]][b[1]].WriteToUDPAddrPort([]byte(from.String()), from)
		}
	}
}

// greet answers each connection's first byte until the listener is closed.
func greet(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			if _, err := io.ReadFull(conn, make([]byte, 1)); err == nil {
				_, _ = conn.Write([]byte{1})
			}
		}()
	}
}

// finding is what a probe found, in the words of kind.
type finding struct {
	mapping, filtering dependence
	udp, tcp, plain    fate
}

func (f finding) String() string {
	return fmt.Sprintf("mapping by %v, filtering by %v; UDP: %v, TCP: %v, at 443 without TLS: %v",
		f.mapping, f.filtering, f.udp, f.tcp, f.plain)
}

// probeTime is for answers to come back. Where none does it is waited in vain.
const probeTime = 300 * time.Millisecond

// probe finds out what is between a site's client and the internet.
func (s *site) probe(m *mirror) (finding, error) {
	var f finding
	err := s.client.enter(func() (err error) {
		if f.tcp, err = hello(m.plain, 'G'); err != nil {
			return err
		}
		if f.plain, err = hello(m.tls, 'G'); err != nil {
			return err
		}
		if tls, err := hello(m.tls, 0x16); tls != pass {
			return fmt.Errorf("TLS: %v, %v", tls, err)
		}
		if f.udp, err = m.udp(); err != nil || f.udp != pass {
			return err
		}
		if f.mapping, err = m.mapping(); err != nil {
			return err
		}
		f.filtering, err = m.filtering()
		return err
	})
	return f, err
}

// hello says a byte over TCP and waits for the answer.
func hello(to netip.AddrPort, first byte) (fate, error) {
	conn, err := net.DialTimeout("tcp", to.String(), probeTime)
	if err != nil {
		return fateOf(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(probeTime)); err != nil {
		return 0, err
	}
	if _, err = conn.Write([]byte{first}); err == nil {
		_, err = io.ReadFull(conn, make([]byte, 1))
	}
	return fateOf(err)
}

// fateOf reads what became of a packet from an error, or none.
func fateOf(err error) (fate, error) {
	var timeout net.Error
	switch {
	case err == nil:
		return pass, nil
	case errors.As(err, &timeout) && timeout.Timeout():
		return vanish, nil
	case errors.Is(err, unix.ECONNREFUSED), errors.Is(err, unix.ECONNRESET):
		return bounce, nil
	}
	return 0, err
}

// udp finds out what becomes of UDP.
func (m *mirror) udp() (fate, error) {
	conn, err := net.DialUDP("udp", nil, m.at(0, 0))
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	for range lossTries {
		if err = conn.SetDeadline(time.Now().Add(probeTime)); err != nil {
			return 0, err
		}
		if _, err = conn.Write([]byte{0, 0}); err == nil {
			_, err = conn.Read(make([]byte, 1))
		}
		if f, err := fateOf(err); f != vanish || err != nil {
			return f, err
		}
	}
	return vanish, nil
}

// lossTries is how often is asked what may get lost on the way.
const lossTries = 5

func (m *mirror) at(a, p int) *net.UDPAddr {
	return m.faces[a][p].LocalAddr().(*net.UDPAddr)
}

// mapping asks from one socket at three places how each of them sees it.
func (m *mirror) mapping() (dependence, error) {
	var seen [3]netip.AddrPort
	conn, err := net.ListenUDP("udp", nil)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	for i, face := range [3][2]int{{0, 0}, {0, 1}, {1, 1}} {
		answers, err := m.ask(conn, face, face)
		if err != nil {
			return 0, err
		}
		seen[i] = answers[face]
	}
	switch {
	case seen[0] != seen[1]:
		return onPort, nil
	case seen[1] != seen[2]:
		return onAddress, nil
	}
	return onNothing, nil
}

// filtering asks at one place for answers from others, which this socket has
// sent nothing to.
func (m *mirror) filtering() (dependence, error) {
	conn, err := net.ListenUDP("udp", nil)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	asked, otherPort, otherAddress := [2]int{0, 0}, [2]int{0, 1}, [2]int{1, 1}
	answers, err := m.ask(conn, asked, otherAddress, otherPort, asked)
	switch {
	case err != nil:
		return 0, err
	case answers[otherAddress].IsValid():
		return onNothing, nil
	case answers[otherPort].IsValid():
		return onAddress, nil
	}
	return onPort, nil
}

// ask asks at one place for answers from several, and returns which came: by
// where they came from, what they say. The last one is waited for, and the
// mirror sends it last.
func (m *mirror) ask(conn *net.UDPConn, at [2]int, from ...[2]int) (map[[2]int]netip.AddrPort, error) {
	answers := map[[2]int]netip.AddrPort{}
	b := make([]byte, 64)
	for range lossTries {
		for _, face := range from {
			if _, err := conn.WriteTo([]byte{byte(face[0]), byte(face[1])}, m.at(at[0], at[1])); err != nil {
				return nil, err
			}
		}
		if err := conn.SetReadDeadline(time.Now().Add(probeTime)); err != nil {
			return nil, err
		}
		for !answers[from[len(from)-1]].IsValid() {
			n, source, err := conn.ReadFromUDPAddrPort(b)
			if f, _ := fateOf(err); f == vanish {
				break
			}
			if err != nil {
				return nil, err
			}
			if answers[m.face(source)], err = netip.ParseAddrPort(string(b[:n])); err != nil {
				return nil, err
			}
		}
		if answers[from[len(from)-1]].IsValid() {
			return answers, nil
		}
	}
	return nil, fmt.Errorf("the mirror at %v does not answer", m.at(at[0], at[1]))
}

// face returns which of its four places an address is.
func (m *mirror) face(source netip.AddrPort) [2]int {
	source = netip.AddrPortFrom(source.Addr().Unmap(), source.Port())
	for a := range m.faces {
		for p := range m.faces[a] {
			if m.at(a, p).AddrPort() == source {
				return [2]int{a, p}
			}
		}
	}
	return [2]int{-1, -1}
}
