package answer

import (
	"slices"
	"strings"
)

// transport is the ICE and DTLS side of a media section.
type transport struct {
	ufrag, pwd   string
	setup        string
	fingerprints []Fingerprint
}

// parseTransport reads from the section and, for what it lacks, the session.
func parseTransport(a, session attributes) transport {
	get := func(key string) string {
		v, ok := a.get(key)
		if !ok {
			v, _ = session.get(key)
		}
		return strings.TrimSpace(v)
	}
	lines := a.all("fingerprint")
	if len(lines) == 0 {
		lines = session.all("fingerprint")
	}
	return transport{
		ufrag:        get("ice-ufrag"),
		pwd:          get("ice-pwd"),
		setup:        get("setup"),
		fingerprints: parseFingerprints(lines),
	}
}

// check returns what keeps the server from connecting.
func (t *transport) check() error {
	if !isCredential(t.ufrag, 4) || !isCredential(t.pwd, 22) { // RFC 8839 §5.4
		return refuse(BadCredentials, "its a=ice-ufrag or a=ice-pwd is missing, too short or too long")
	}
	switch t.setup {
	case "actpass", "active", "": // RFC 8842 §5.2
	default:
		return refuse(SetupPassive, "it says a=setup:%.20s, but the server must be the DTLS server; offer a=setup:actpass", t.setup)
	}
	if len(t.fingerprints) == 0 {
		return refuse(BadFingerprint, "it has no a=fingerprint with sha-256, sha-384 or sha-512; the client's certificate could not be verified")
	}
	return nil
}

// isCredential reports whether s is an ICE credential of at least least bytes.
// Some clients use more than the ice-chars; what would break STUN's USERNAME
// or this SDP is refused.
func isCredential(s string, least int) bool {
	return len(s) >= least && len(s) <= 256 &&
		!strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == ':' })
}

// maxFingerprints bounds how many are read.
const maxFingerprints = 8

// parseFingerprints keeps those that can be verified (RFC 8122 §5).
func parseFingerprints(lines []string) []Fingerprint {
	var list []Fingerprint
	for _, line := range lines[:min(len(lines), maxFingerprints)] {
		algorithm, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		f := Fingerprint{strings.ToLower(algorithm), strings.ToUpper(strings.TrimSpace(value))}
		if f.wellFormed() && !slices.Contains(list, f) {
			list = append(list, f)
		}
	}
	return list
}

func (f Fingerprint) wellFormed() bool {
	var bytes int
	switch f.Algorithm {
	case "sha-256":
		bytes = 32
	case "sha-384":
		bytes = 48
	case "sha-512":
		bytes = 64
	default:
		return false
	}
	if len(f.Value) != 3*bytes-1 {
		return false
	}
	for i := range len(f.Value) {
		if c := f.Value[i]; i%3 == 2 && c != ':' ||
			i%3 != 2 && strings.IndexByte("0123456789ABCDEF", c) < 0 {
			return false
		}
	}
	return true
}
