package udp

import (
	"encoding/binary"
	"net"
	"net/netip"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sockaddr has room for the kernel's socket address of either family.
type sockaddr unix.RawSockaddrInet6

// addrPort is the address that the kernel wrote into s.
func (s *sockaddr) addrPort() netip.AddrPort {
	if s.Family == unix.AF_INET {
		s4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(s))
		return netip.AddrPortFrom(netip.AddrFrom4(s4.Addr), swapped(s4.Port))
	}
	a := netip.AddrFrom16(s.Addr).Unmap()
	if s.Scope_id != 0 && a.Is6() {
		a = a.WithZone(strconv.Itoa(int(s.Scope_id)))
	}
	return netip.AddrPortFrom(a, swapped(s.Port))
}

// set writes a for a socket of the given family (IPv4 addresses v4-mapped on an
// IPv6 socket) and returns the length, or 0 if the socket cannot reach a.
func (s *sockaddr) set(a netip.AddrPort, is4 bool) uint32 {
	ip := a.Addr()
	if is4 {
		if ip = ip.Unmap(); !ip.Is4() {
			return 0
		}
		s4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(s))
		s4.Family, s4.Port, s4.Addr = unix.AF_INET, swapped(a.Port()), ip.As4()
		return unix.SizeofSockaddrInet4
	}
	if !ip.IsValid() {
		return 0
	}
	s.Family, s.Port, s.Addr, s.Scope_id = unix.AF_INET6, swapped(a.Port()), ip.As16(), 0
	if zone := ip.Zone(); zone != "" {
		s.Scope_id = scope(zone)
	}
	return unix.SizeofSockaddrInet6
}

// scope is the interface number of a zone, which is that number or a name.
func scope(zone string) uint32 {
	if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(n)
	}
	i, err := net.InterfaceByName(zone)
	if err != nil {
		return 0
	}
	return uint32(i.Index)
}

// swapped turns a port from the machine's byte order into the network's, or
// back.
func swapped(port uint16) uint16 {
	var b [2]byte
	binary.BigEndian.PutUint16(b[:], port)
	return binary.NativeEndian.Uint16(b[:])
}
