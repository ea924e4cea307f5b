// Package udp is the server's UDP socket: one port that is read and written in
// batches, for both address families.
//
// On Linux a batch is one system call: recvmmsg with UDP_GRO, which hands over
// a run of datagrams of one sender as one piece of memory, and sendmmsg with
// UDP_SEGMENT, which takes them so. Elsewhere, and with Options.Portable, the
// same interface stands on net.UDPConn, one datagram a call.
//
// It is not a demultiplexer, a pacer or a queue: it knows nothing of what the
// bytes mean, keeps nothing that the kernel did not take, and counts it.
//
// The package starts no goroutine. A Conn is read by one goroutine of its
// owner; each goroutine that sends makes a Writer of its own.
package udp
