package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"net"

	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
)

// errRefused says that a TURN server does not take the credentials.
var errRefused = errors.New("the TURN server refuses the credentials")

// allocate asks a TURN server for an allocation and gives it back. Nil is also the
// answer where there is no such server.
func (x *examiner) allocate(ctx context.Context, s *sight, kind pathKind) error {
	server, ok := s.servers().of(kind)
	if !ok {
		return nil
	}
	conn, err := dialTURN(ctx, kind, server.address)
	if err != nil {
		return err
	}
	defer conn.Close()
	c, err := turn.NewClient(&turn.ClientConfig{
		STUNServerAddr: server.address, TURNServerAddr: server.address, Conn: conn,
		Username: server.username, Password: server.credential, LoggerFactory: silent(),
	})
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Listen(); err != nil {
		return err
	}
	// What waits for an answer ends with the client.
	stop := context.AfterFunc(ctx, c.Close)
	defer stop()
	relayed, err := c.Allocate()
	if err == nil {
		return relayed.Close()
	}
	var refusal *stun.TurnError
	switch {
	case errors.As(err, &refusal) && refusal.ErrorCodeAttr.Code == stun.CodeUnauthorized:
		return errRefused
	case ctx.Err() != nil:
		return errSilent
	}
	return err
}

// dialTURN opens the socket or stream to a TURN server.
func dialTURN(ctx context.Context, kind pathKind, address string) (net.PacketConn, error) {
	if kind.transport == "udp" {
		// From the address that leads there: an unspecified one tells the
		// client no family.
		way, err := new(net.Dialer).DialContext(ctx, "udp", address)
		if err != nil {
			return nil, err
		}
		local := addrOf(way.LocalAddr())
		_ = way.Close()
		return new(net.ListenConfig).ListenPacket(ctx, "udp", net.JoinHostPort(local.Addr().String(), "0"))
	}
	conn, err := streamDialer{ctx, kind.scheme == "turns"}.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return turn.NewSTUNConn(conn), nil
}

// streamDialer opens streams to TURN servers, in TLS or not. The certificate is
// judged with the page's, which is the same.
type streamDialer struct {
	ctx    context.Context
	secure bool
}

// Dial opens one (golang.org/x/net/proxy.Dialer).
func (d streamDialer) Dial(network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(d.ctx, network, address)
	if err != nil || !d.secure {
		return conn, err
	}
	host, _, _ := net.SplitHostPort(address)
	over := tls.Client(conn, &tls.Config{ServerName: host, InsecureSkipVerify: true, NextProtos: []string{"stun.turn"}})
	if err := over.HandshakeContext(d.ctx); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return over, nil
}
