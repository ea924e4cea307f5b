package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/pion/stun/v4"
)

// relayClient is one client of a TURN server: an allocation, with one channel to
// one peer. It knows just enough of RFC 8656 to be cheaper than what it measures.
type relayClient struct {
	socket   *net.UDPConn
	server   netip.AddrPort
	relayed  netip.AddrPort
	username string
	password string
	realm    stun.Realm
	nonce    stun.Nonce
}

// relayChannel is the number of every client's one channel.
const relayChannel = 0x4001

// requestedUDP asks for a UDP allocation (RFC 8656 §18.7).
var requestedUDP = stun.RawAttribute{Type: stun.AttrRequestedTransport, Value: []byte{17, 0, 0, 0}}

func newRelayClient(server netip.AddrPort, username, password string) (*relayClient, error) {
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	return &relayClient{socket: socket, server: server, username: username, password: password}, nil
}

// allocate opens the allocation.
func (c *relayClient) allocate() error {
	reply, err := c.ask(stun.MethodAllocate, requestedUDP)
	if err != nil {
		return err
	}
	var relayed stun.XORMappedAddress
	if err := relayed.GetFromAs(reply, stun.AttrXORRelayedAddress); err != nil {
		return err
	}
	ip, _ := netip.AddrFromSlice(relayed.IP)
	c.relayed = netip.AddrPortFrom(ip.Unmap(), uint16(relayed.Port))
	return nil
}

// bind opens the channel to a peer (RFC 8656 §12).
func (c *relayClient) bind(peer netip.AddrPort) error {
	number := binary.BigEndian.AppendUint16(nil, relayChannel)
	_, err := c.ask(stun.MethodChannelBind,
		stun.RawAttribute{Type: stun.AttrChannelNumber, Value: append(number, 0, 0)},
		peerAddress{peer})
	return err
}

// peerAddress is an XOR-PEER-ADDRESS attribute.
type peerAddress struct{ addr netip.AddrPort }

// AddTo implements stun.Setter.
func (p peerAddress) AddTo(m *stun.Message) error {
	a := stun.XORMappedAddress{IP: p.addr.Addr().AsSlice(), Port: int(p.addr.Port())}
	return a.AddToAs(m, stun.AttrXORPeerAddress)
}

// ask sends a request and returns the success response; the first one of a
// client fetches realm and nonce.
func (c *relayClient) ask(method stun.Method, attributes ...stun.Setter) (*stun.Message, error) {
	for range 3 {
		setters := append([]stun.Setter{stun.TransactionID, stun.NewType(method, stun.ClassRequest)}, attributes...)
		if c.nonce != nil {
			setters = append(setters, stun.NewUsername(c.username), c.realm, c.nonce,
				stun.NewLongTermIntegrity(c.username, c.realm.String(), c.password))
		}
		reply, err := c.exchange(stun.MustBuild(setters...))
		if err != nil {
			return nil, err
		}
		if reply.Type.Class == stun.ClassSuccessResponse {
			return reply, nil
		}
		var code stun.ErrorCodeAttribute
		if err := code.GetFrom(reply); err != nil {
			return nil, err
		}
		if code.Code != stun.CodeUnauthorized && code.Code != stun.CodeStaleNonce {
			return nil, fmt.Errorf("the TURN server refuses %v: %v", method, code)
		}
		if err := errors.Join(c.realm.GetFrom(reply), c.nonce.GetFrom(reply)); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("the TURN server does not take the credentials")
}

// exchange sends a message until the answer comes.
func (c *relayClient) exchange(m *stun.Message) (*stun.Message, error) {
	buffer := make([]byte, 2048)
	for range 5 {
		if _, err := c.socket.WriteToUDPAddrPort(m.Raw, c.server); err != nil {
			return nil, err
		}
		if err := c.socket.SetReadDeadline(time.Now().Add(500 * time.Millisecond)); err != nil {
			return nil, err
		}
		for {
			n, _, err := c.socket.ReadFromUDPAddrPort(buffer)
			if err != nil {
				break // once more
			}
			reply := &stun.Message{Raw: append([]byte(nil), buffer[:n]...)}
			if reply.Decode() == nil && reply.TransactionID == m.TransactionID {
				return reply, c.socket.SetReadDeadline(time.Time{})
			}
		}
	}
	return nil, errors.New("the TURN server does not answer")
}
