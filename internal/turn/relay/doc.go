// Package relay is the core of a STUN and TURN server: Binding (RFC 8489), the
// discovery of NAT behaviour (RFC 5780), and allocations with their permissions
// and channels (RFC 8656, RFC 6062, RFC 8016).
//
// It does no input or output: whole messages of clients and packets of peers go
// in with the time, what is to be sent comes out in an Output. It has no
// goroutine, lock, clock, socket or logger. Sockets, streams and TLS are package
// turn's; which peers may be reached is package policy's.
//
// What a stranger can cause is bounded: no state is made before a request proves
// by its nonce that its sender receives our answers, and by its integrity that it
// has a password. Until then answers are hardly longer than requests.
package relay
