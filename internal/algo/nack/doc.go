// Package nack decides which packets of a stream that comes in are missing, and
// when to ask for them again (RFC 4585 §6.2.1): first after a small tolerance
// for reordering, then once per round trip, until they come or are given up.
//
// It answers no NACKs (see seqmap.Munger.Resend) and writes no RTCP. A Tracker
// is a plain state machine owned by the goroutine that calls it; it starts none.
package nack
