// Package jitter measures how a stream arrives, by the rules of RFC 3550:
// interarrival jitter and losses for the reception reports that go to its
// sender, and the round trip from those that come back.
//
// It is no jitter buffer, and it writes no RTCP. A Receiver is a plain state
// machine owned by the goroutine that calls it; it starts none.
package jitter
