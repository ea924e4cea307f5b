package policy

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"
)

// spellings are all the ways to write an IPv4 address.
func spellings(v4 netip.Addr) map[string]netip.Addr {
	b := v4.As4()
	in := func(prefix string, at int) netip.Addr {
		a := netip.MustParseAddr(prefix).As16()
		copy(a[at:], b[:])
		return netip.AddrFrom16(a)
	}
	teredo := netip.MustParseAddr("2001::").As16()
	binary.BigEndian.PutUint32(teredo[12:], ^binary.BigEndian.Uint32(b[:]))
	return map[string]netip.Addr{
		"plain":         v4,
		"v4-mapped":     in("::ffff:0:0", 12),
		"v4-compatible": in("::", 12),
		"NAT64":         in("64:ff9b::", 12),
		"local NAT64":   in("64:ff9b:1::", 12),
		"6to4":          in("2002::", 2),
		"Teredo":        netip.AddrFrom16(teredo),
	}
}

func TestNoSpellingOfAForbiddenAddressIsRelayedTo(t *testing.T) {
	p := Policy{Relay: true, Local: func(a netip.Addr) bool { return a == netip.MustParseAddr("93.184.216.34") }}
	for _, addr := range []string{
		"0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254",
		"169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.1.1",
		"198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
		"255.255.255.255",
		"93.184.216.34", // this machine's own
	} {
		for name, a := range spellings(netip.MustParseAddr(addr)) {
			if v := p.Check(netip.AddrPortFrom(a, 80)); v != Denied {
				t.Errorf("%s, %s (%v): %d", addr, name, a, v)
			}
			if v := p.CheckAddr(a, nil); v != Denied {
				t.Errorf("a permission for %s, %s (%v): %d", addr, name, a, v)
			}
		}
	}
	for _, addr := range []string{
		"::", "::1", "fc00::1", "fd12::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "2001:db8::1", "100::1",
		"2001:10::1", "2606:2800::1%eth0", "::ffff:7f00:1", "3fff::1", "5f00::1",
	} {
		if v := p.Check(netip.AddrPortFrom(netip.MustParseAddr(addr), 80)); v != Denied {
			t.Errorf("%s: %d", addr, v)
		}
	}
	// What wraps a public address is a way around all that looks at it.
	for name, a := range spellings(netip.MustParseAddr("1.1.1.1")) {
		want := Denied
		if name == "plain" || name == "v4-mapped" {
			want = Allowed
		}
		if v := p.Check(netip.AddrPortFrom(a, 80)); v != want {
			t.Errorf("1.1.1.1, %s (%v): %d, want %d", name, a, v, want)
		}
	}
	if v := p.Check(netip.MustParseAddrPort("[2606:2800::1]:80")); v != Allowed {
		t.Errorf("a public IPv6 address: %d", v)
	}
	if v := p.Check(netip.MustParseAddrPort("1.1.1.1:0")); v != Denied {
		t.Errorf("port 0: %d", v)
	}
}

func TestByDefaultOnlyOwnMediaAreReached(t *testing.T) {
	media := netip.MustParseAddrPort("192.168.1.5:8080")
	p := Policy{Own: func(a netip.AddrPort) bool { return a == media }}
	for name, a := range spellings(media.Addr()) {
		if v := p.Check(netip.AddrPortFrom(a, 8080)); v != Own {
			t.Errorf("%s (%v): %d", name, a, v)
		}
		if v := p.Check(netip.AddrPortFrom(a, 22)); v != Denied {
			t.Errorf("another port, %s: %d", name, v)
		}
	}
	if v := p.Check(netip.MustParseAddrPort("1.1.1.1:8080")); v != Denied {
		t.Errorf("somebody else: %d", v)
	}
	if v := (&Policy{}).Check(media); v != Denied {
		t.Errorf("without a policy: %d", v)
	}
	own := func(a netip.Addr) bool { return a == media.Addr() }
	if p.CheckAddr(media.Addr(), own) != Own || p.CheckAddr(netip.MustParseAddr("1.1.1.1"), own) != Denied {
		t.Error("permissions differ from packets")
	}
}

func TestTheOperatorMayAllowANetwork(t *testing.T) {
	p := Policy{Relay: true, Allow: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}, Local: func(netip.Addr) bool { return true }}
	for addr, want := range map[string]Verdict{
		"10.1.2.3": Allowed, "10.2.0.1": Denied, "::ffff:10.1.2.3": Allowed,
		"2002:a01:203::": Denied, // a tunnel is not the network
	} {
		if v := p.Check(netip.AddrPortFrom(netip.MustParseAddr(addr), 80)); v != want {
			t.Errorf("%s: %d, want %d", addr, v, want)
		}
	}
}

// FuzzCheck compares with a slow, plain reading of the list.
func FuzzCheck(f *testing.F) {
	f.Add([]byte(netip.MustParseAddr("2002:7f00:1::").AsSlice()), uint16(80))
	f.Add([]byte{127, 0, 0, 1}, uint16(0))
	p := Policy{Relay: true}
	f.Fuzz(func(t *testing.T, b []byte, port uint16) {
		a, ok := netip.AddrFromSlice(b)
		if !ok {
			return
		}
		v := p.Check(netip.AddrPortFrom(a, port))
		c := Canonical(a)
		if c != Canonical(c) && !c.Is6() {
			t.Errorf("%v is %v, and that %v", a, c, Canonical(c))
		}
		bad := port == 0 || c.IsPrivate() || c.IsLoopback() || c.IsMulticast() || c.IsLinkLocalUnicast() || c.IsUnspecified()
		if bad && v != Denied {
			t.Errorf("%s is %d", fmt.Sprint(a, port), v)
		}
		if v == Allowed && a.Unmap().Is6() && c.Is4() {
			t.Errorf("%v wraps %v and is relayed to", a, c)
		}
	})
}
