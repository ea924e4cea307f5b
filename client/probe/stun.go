package probe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"github.com/pion/stun/v4"
)

// A request is sent again after twice the time each (RFC 8489 §6.2.1), and given up
// after less than its 39.5 s: a person waits.
const (
	firstResend = 250 * time.Millisecond
	lastResend  = time.Second
	bindingTime = 3 * time.Second
)

// asker asks STUN servers, and waits for each answer at most for its time.
type asker struct{ time time.Duration }

// errSilent says that nothing came back.
var errSilent = errors.New("nothing came back")

// binding is what a STUN server says of a client.
type binding struct {
	local, mapped netip.AddrPort
	other         netip.AddrPort // the server's alternate; invalid without one
	err           error          // why it said nothing
}

// rejected tells whether somebody said that the port is closed, rather than
// nothing: an ICMP error.
func (b binding) rejected() bool { return errors.Is(b.err, syscall.ECONNREFUSED) }

// noRoute tells whether this machine has no way to an address, such as one of IPv6:
// that says nothing of the server.
func noRoute(err error) bool {
	return errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.EADDRNOTAVAIL)
}

// bindTo asks a STUN server from a socket of its own, which hears of ICMP errors
// because it is connected.
func (a asker) bindTo(ctx context.Context, address string) binding {
	conn, err := new(net.Dialer).DialContext(ctx, "udp", address)
	if err != nil {
		return binding{err: err}
	}
	defer conn.Close()
	message, err := a.ask(ctx, conn, func(b []byte) error { _, err := conn.Write(b); return err }, 0)
	if err != nil {
		return binding{local: addrOf(conn.LocalAddr()), err: err}
	}
	return read(message, addrOf(conn.LocalAddr()))
}

// deadliner is a socket that can be told how long to wait.
type deadliner interface {
	Read([]byte) (int, error)
	SetReadDeadline(time.Time) error
}

// ask sends a Binding request, with the flags of CHANGE-REQUEST (RFC 5780 §7.2) if
// there are any, and waits for its answer.
func (a asker) ask(ctx context.Context, conn deadliner, send func([]byte) error, flags byte) (*stun.Message, error) {
	setters := []stun.Setter{stun.TransactionID, stun.BindingRequest}
	if flags != 0 {
		setters = append(setters, stun.RawAttribute{Type: stun.AttrChangeRequest, Value: []byte{0, 0, 0, flags}})
	}
	request, err := stun.Build(setters...)
	if err != nil {
		return nil, err
	}
	end := time.Now().Add(a.time)
	buf := make([]byte, 1500)
	for wait := min(firstResend, a.time); time.Now().Before(end) && ctx.Err() == nil; wait = min(2*wait, lastResend, time.Until(end)) {
		if err := send(request.Raw); err != nil {
			return nil, err
		}
		if err := conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
			return nil, err
		}
		for {
			n, err := conn.Read(buf)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				return nil, err
			}
			answer := &stun.Message{Raw: append([]byte(nil), buf[:n]...)}
			if answer.Decode() == nil && answer.TransactionID == request.TransactionID && answer.Type == stun.BindingSuccess {
				return answer, nil
			}
		}
	}
	return nil, errSilent
}

// read takes what there is to know from an answer.
func read(m *stun.Message, local netip.AddrPort) binding {
	b := binding{local: local}
	var mapped stun.XORMappedAddress
	if err := mapped.GetFrom(m); err != nil {
		b.err = err
		return b
	}
	b.mapped = join(mapped.IP, mapped.Port)
	var other stun.OtherAddress
	if other.GetFrom(m) == nil {
		b.other = join(other.IP, other.Port)
	}
	return b
}

func join(ip net.IP, port int) netip.AddrPort {
	addr, _ := netip.AddrFromSlice(ip) // an invalid one stays so
	return netip.AddrPortFrom(addr.Unmap(), uint16(port))
}

func addrOf(a net.Addr) netip.AddrPort {
	u, ok := a.(*net.UDPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	return join(u.IP, u.Port)
}
