// Package load puts a media server under load and measures it: synthetic
// publishers, and viewers so lean that one core takes what hundreds of them are
// sent.
//
// A viewer is an ICE, DTLS and SRTP endpoint of its own, without a jitter
// buffer, without interceptors and without decoding: it reads sequence numbers
// from the plain RTP headers, and decrypts one packet in twenty to read the time
// that the publisher has stamped on it. Its socket takes whole bursts (UDP_GRO)
// where the system has that. Viewers can't share a socket: a server tells its
// peers apart by their addresses.
//
// How a server is spoken to is a Target's matter, so that different servers can
// be compared. Each viewer owns three goroutines, which end with it.
package load
