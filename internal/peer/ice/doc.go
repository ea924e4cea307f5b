// Package ice is the ICE-lite agent of one peer (RFC 8445 §2.5): it answers the
// client's connectivity checks, keeps the addresses from which valid checks
// came, and says where to send.
//
// It never sends a check of its own, gathers no candidates and nominates
// nothing: the client is always controlling. Whoever owns the peer owns its
// Agent; the package has no goroutine, lock, clock or socket.
package ice
