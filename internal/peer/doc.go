// Package peer is the WebRTC side of the server: one Peer per session with a
// client, all on one port number. A Peer answers the client's offers, follows
// it by ICE-lite, keys SRTP by DTLS, takes what it publishes (Receiver) and
// sends it what its slots show (Sender), with RTCP both ways and data channels.
//
// It is not the SFU: it knows nothing of rooms, tracks or who sees whom. It
// hands packets up as media.Packets and takes them down as Outgoing.
//
// # Goroutines
//
// A Server owns one goroutine that reads the UDP socket and one Loop per core.
// A Loop owns its peers: all their state but the DTLS and SCTP handshakes is
// touched by it alone, so the packet path takes no lock. The loop's turn is
//
//  1. take what has queued up: calls, datagrams, packets of tracks,
//  2. run calls, feed datagrams to their peers, fan packets out,
//  3. run the timers that are due,
//  4. send everything in as few system calls as possible.
//
// What queues up during a turn is the next one; nothing waits for a timer to
// fill a batch. DTLS and SCTP run on the goroutines of their libraries, two to
// five per peer, which Peer.Close ends.
package peer
