// Package turn is the STUN and TURN server on the one port: the sockets, streams
// and timers around the protocol core in package relay.
//
// Datagrams come from whoever reads the shared UDP socket, TCP and TLS streams
// from whoever accepts them. By default clients reach this server's own media,
// by function calls; with Options.Relay relay sockets are opened for other peers.
//
// It knows no rooms and no WebRTC. A Server owns a goroutine per relay socket and
// alternate socket, two per stream and DTLS association, one per TCP connection
// to a peer, and a timer. Close ends them all.
package turn
