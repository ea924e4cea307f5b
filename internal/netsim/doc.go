// Package netsim is a network in memory, for tests: links with loss, delay,
// jitter, reordering, a rate and a queue; NATs of the four classic kinds (RFC
// 3489 §5, in the words of RFC 4787: endpoint-independent or -dependent mapping
// and filtering); hosts with UDP sockets.
//
// Link, NAT and Fabric are pure: packets and the time go in, deliveries and the
// next deadline come out, and one seed replays one run. Network puts a Fabric
// on the clock, virtual in a testing/synctest bubble, and gives its hosts
// net.PacketConns; its gateway joins it to real sockets of this machine. Listener
// stands in for TCP.
//
// It is not a model of TCP, of routing or of a kernel's socket buffers. A
// Network owns one goroutine, and one for each real socket; they end with Close.
package netsim
