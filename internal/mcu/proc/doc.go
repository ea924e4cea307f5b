// Package proc runs a mixer in a process of its own: it starts it, watches it,
// starts it anew when it dies, and finds out which track brought it down. What
// the two say to each other is package link's; what the mixer does is the
// engine's, which is handed to Run.
//
// A Child is owned by one goroutine, and its process by two more: one that reads
// the link and one that waits for the end. Child.Close waits for all of them, and
// for the process.
//
// A crash costs the room's program less than a second, and nothing else. The
// process that does the decoding shares a page of memory with the server, the
// marks: each of its workers notes there the track whose bytes it is about to
// hand to C. After a crash, whatever is noted is suspected.
package proc

import "errors"

// ErrUnsupported says that this system has no way to run a mixer.
var ErrUnsupported = errors.New("mixing needs Unix sockets that processes inherit, which this system does not have: run the server on Linux, or do without the mix")

// The files that the mixer inherits beside the standard ones.
const (
	socketFile = 3
	marksFile  = 4
)
