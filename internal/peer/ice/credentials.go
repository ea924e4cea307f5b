package ice

import (
	"fmt"
	"io"
)

// Lengths of generated credentials in ice-chars of 6 bits each. RFC 8445 §5.3
// asks for at least 24 bits and 128 bits. The ufrag is longer because it also
// finds the peer of a first packet and must not be guessed.
const (
	ufragLen = 12
	pwdLen   = 32
)

// iceChars are the ice-char of RFC 8839 §5.4.
const iceChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// Credentials are the username fragment and password of one side
// (RFC 8445 §5.3).
type Credentials struct{ Ufrag, Pwd string }

// NewCredentials makes credentials from random bytes, usually
// crypto/rand.Reader. It fails only if random does.
func NewCredentials(random io.Reader) (Credentials, error) {
	var b [ufragLen + pwdLen]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return Credentials{}, fmt.Errorf("ice: no random bytes for credentials: %w", err)
	}
	for i := range b {
		b[i] = iceChars[b[i]%64] // 256 is a multiple of 64: no bias
	}
	return Credentials{Ufrag: string(b[:ufragLen]), Pwd: string(b[ufragLen:])}, nil
}
