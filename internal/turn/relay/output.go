package relay

import "net/netip"

// AllocationID names an allocation for the life of a Server. It is never 0.
type AllocationID uint64

// RelayID names a relay socket, as Relays gave it. Several allocations have the
// same one where they share a port. It is 0 where there is no socket.
type RelayID uint64

// Output collects what the shell has to do, in the order of each list. Data
// points into the Output or into the message that was handled: it is good until
// Reset, or until that message is given back.
type Output struct {
	Clients []ToClient
	Peers   []ToPeer
	Own     []ToOwn
	// Ended are allocations that are no more, after what they had to send.
	Ended []AllocationID
	// Streams is what TCP allocations ask for.
	Streams []StreamAction

	arena []byte
}

// ToClient is a message for a client.
type ToClient struct {
	To   Tuple
	Data []byte
}

// ToPeer is a datagram to send from a relay socket.
type ToPeer struct {
	From RelayID
	Peer netip.AddrPort
	Data []byte
}

// ToOwn is a datagram for this server's own media, by way of an allocation.
type ToOwn struct {
	Allocation AllocationID
	// Relayed is the address from which it comes, Over how the client
	// reaches the relay, Peer the address of ours that it goes to.
	Relayed netip.AddrPort
	Over    Transport
	Peer    netip.AddrPort
	Data    []byte
}

// Reset empties o and keeps its memory.
func (o *Output) Reset() {
	clear(o.Clients)
	clear(o.Peers)
	clear(o.Own)
	clear(o.Streams)
	o.Clients, o.Peers, o.Own, o.Ended, o.Streams = o.Clients[:0], o.Peers[:0], o.Own[:0], o.Ended[:0], o.Streams[:0]
	o.arena = o.arena[:0]
}

// Empty reports whether there is nothing to do.
func (o *Output) Empty() bool {
	return len(o.Clients)+len(o.Peers)+len(o.Own)+len(o.Ended)+len(o.Streams) == 0
}

// keep copies the parts into the arena, end to end, and returns the copy. Earlier
// copies stay good when the arena moves.
func (o *Output) keep(parts ...[]byte) []byte {
	n := len(o.arena)
	for _, p := range parts {
		o.arena = append(o.arena, p...)
	}
	return o.arena[n:len(o.arena):len(o.arena)]
}

// client queues a message, which is copied.
func (o *Output) client(to Tuple, parts ...[]byte) {
	o.Clients = append(o.Clients, ToClient{to, o.keep(parts...)})
}
