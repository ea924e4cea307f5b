package httpd

import "strings"

// kind is what a connection speaks.
type kind uint8

const (
	undecided kind = iota // more bytes are needed
	stranger              // nothing we know
	speaksHTTP
	speaksTLS
	speaksTURN
	speaksICE
)

// decisive is how many bytes suffice to know every kind.
const decisive = 10

// The bytes that tell.
const (
	tlsHandshake = 0x16               // ContentType of a ClientHello (RFC 8446 §5.1)
	magicCookie  = "\x21\x12\xA4\x42" // RFC 8489 §5
	maxHigh      = 1500 >> 8          // no STUN request is longer than a packet
	maxTypeHigh  = 0x01               // requests and indications of the methods there are
	proxyLine    = "PROXY "           // how the PROXY protocol starts in its version 1
)

// classify tells from the first bytes of a connection what it speaks. HTTP
// starts with the capital letters of a method and TLS with a handshake record;
// TURN over TCP with a STUN header (RFC 8656 §2.1, RFC 8489 §5), and ICE-TCP
// with the length of a STUN message (RFC 4571) before that. The cookie, which
// can't be at both places, tells these two apart.
//
// A PROXY header is that of a stranger: those of proxies that we trust were
// taken off before.
func classify(first []byte) kind {
	if len(first) == 0 {
		return undecided
	}
	switch b := first[0]; {
	case b == tlsHandshake:
		return speaksTLS
	case 'A' <= b && b <= 'Z':
		return classifyLine(first)
	}
	turn, ice := headsSTUN(first), first[0] <= maxHigh && headsSTUN(first[min(2, len(first)):])
	switch {
	case turn && len(first) >= decisive-2:
		return speaksTURN
	case ice && len(first) >= decisive:
		return speaksICE
	case turn || ice:
		return undecided
	}
	return stranger
}

// classifyLine tells HTTP from the PROXY protocol. What is no HTTP either gets
// its answer from the HTTP server.
func classifyLine(first []byte) kind {
	begin := string(first[:min(len(first), len(proxyLine))])
	switch {
	case begin == proxyLine:
		return stranger
	case strings.HasPrefix(proxyLine, begin):
		return undecided
	}
	return speaksHTTP
}

// headsSTUN reports whether b, or its first 8 bytes, can be the beginning of a
// STUN request: type, length, magic cookie (RFC 8489 §5).
func headsSTUN(b []byte) bool {
	if len(b) > 0 && b[0] > maxTypeHigh || len(b) > 2 && b[2] > maxHigh || len(b) > 3 && b[3]%4 != 0 {
		return false
	}
	return len(b) < 4 || strings.HasPrefix(magicCookie, string(b[4:min(len(b), 8)]))
}
