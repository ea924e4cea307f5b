package relay

import (
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// FuzzStranger gives the server anything from somebody without a password. It
// leaves nothing, and gets little.
func FuzzStranger(f *testing.F) {
	f.Add(stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw)
	f.Add(stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest), overUDP).Raw)
	f.Add(stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodSend, stun.ClassIndication), to(bob), raw(stun.AttrData, 1)).Raw)
	f.Add(channelMessage(0x4000, "x"))
	f.Add([]byte{0, 1, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0, 3, 0, 4, 0, 0, 0, 6})
	f.Fuzz(func(t *testing.T, b []byte) {
		s := newStory(t, nil)
		s.Handle(s.now, Tuple{Remote: home, Local: here}, b, &s.out)
		for _, m := range s.out.Clients {
			if len(m.Data) > 84 { // 76, and a fingerprint if asked for
				t.Errorf("%d bytes to %d", len(m.Data), len(b))
			}
		}
		if len(s.out.Peers)+len(s.out.Own)+len(s.out.Streams) != 0 {
			t.Error("something is relayed")
		}
		s.empty()
	})
}

// FuzzRequests lets clients with passwords do what a tape says, in any order, and
// looks whether the lists agree.
func FuzzRequests(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})
	f.Add([]byte{0x80, 0x40, 0xc0, 7, 7, 7, 1, 2, 11, 10})
	f.Fuzz(func(t *testing.T, tape []byte) {
		s := newStory(t, func(o *Options, p *ports) { p.shared, o.Quota = len(tape)%2 == 0, 3 })
		clients := []*client{s.client(home), s.client(mobile), s.client(netip.AddrPortFrom(home.Addr(), 9))}
		clients[2].tuple.Transport, clients[2].tuple.Conn = TCP, 5
		peers := []netip.AddrPort{bob, carol, own, private}
		for _, step := range tape[:min(len(tape), 100)] {
			c, peer := clients[int(step>>6)%3], peers[step>>4&3]
			switch step & 15 {
			case 0:
				c.ask(stun.MethodAllocate, overUDP)
			case 1:
				c.ask(stun.MethodAllocate, overUDP, raw(attrMobilityTicket))
			case 2:
				c.ask(stun.MethodCreatePermission, to(peer))
			case 3:
				c.ask(stun.MethodChannelBind, number(0x4000+uint16(step>>4&1)), to(peer))
			case 4:
				c.sends(peer, "data")
			case 5:
				c.send(channelMessage(0x4000+uint16(step>>4&1), "data"))
			case 6:
				s.after(time.Duration(step) * time.Second)
			case 7:
				c.ask(stun.MethodRefresh)
			case 8:
				c.ask(stun.MethodRefresh, lifetime(0))
			case 9:
				c.ask(stun.MethodAllocate, overTCP)
			case 10:
				c.ask(stun.MethodConnect, to(peer))
			case 11:
				s.FromPeer(s.now, 1, peer, []byte("data"), &s.out)
			case 12:
				s.Gone(c.tuple.Conn, c.tuple, &s.out)
			case 13:
				s.Accepted(s.now, 1, peer, &s.out)
			}
			if len(s.byTuple) != len(s.byID) || len(s.byID) != len(s.expiring) || len(s.byID) > 3 {
				t.Fatalf("%d tuples, %d allocations, %d will expire", len(s.byTuple), len(s.byID), len(s.expiring))
			}
			for _, p := range s.out.Peers {
				if p.Peer == private || p.Peer == own {
					t.Fatalf("a packet goes to %v", p.Peer)
				}
			}
		}
		s.after(3 * time.Hour)
		s.empty()
	})
}
