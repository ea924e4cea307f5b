package netsim

import (
	"container/heap"
	"hash/fnv"
	"math/rand/v2"
	"net/netip"

	"github.com/tutti-rtc/tutti/internal/media"
)

// Fabric is a network: a tree whose root is the internet and whose branches are
// hosts and NATs, each joined to what is above it by a line. It is pure: Send
// puts a packet in, Advance gives those that have arrived. One seed and one
// sequence of calls make one run. It belongs to one goroutine.
type Fabric struct {
	seed   uint64
	root   *Node
	events events
	count  uint64
	lost   int
	open   bool // unknown addresses are delivered to the root
}

// Node is a host or a NAT in a Fabric.
type Node struct {
	name     string
	parent   *Node // nil for the internet
	addr     netip.Addr
	nat      *NAT // nil for a host
	children map[netip.Addr]*Node
	up, down *Link
}

// Packet is one datagram on its way, or arrived.
type Packet struct {
	From, To netip.AddrPort
	Data     []byte
}

// event is a packet that reaches a node at a time: going up it is about to be
// routed there, going down too.
type event struct {
	at     media.Time
	number uint64 // keeps those of one time in order
	node   *Node
	up     bool
	packet Packet
}

// NewFabric returns an internet without hosts.
func NewFabric(seed uint64) *Fabric {
	return &Fabric{seed: seed, root: &Node{name: "internet", children: map[netip.Addr]*Node{}}}
}

// Internet returns the root.
func (f *Fabric) Internet() *Node { return f.root }

// AddHost joins a host to parent, which is the internet or a NAT, by a perfect
// line. Names must be unique: a line's luck depends on its seed and name.
func (f *Fabric) AddHost(parent *Node, name string, addr netip.Addr) *Node {
	n := &Node{name: name, addr: addr}
	n.up = NewLink(LinkOptions{}, f.random(name+" up"))
	n.down = NewLink(LinkOptions{}, f.random(name+" down"))
	f.Move(n, parent, addr)
	return n
}

// AddNAT joins a NAT to parent. addr is its public address.
func (f *Fabric) AddNAT(parent *Node, name string, addr netip.Addr, o NATOptions) *Node {
	n := f.AddHost(parent, name, addr)
	n.nat, n.children = NewNAT(o, addr), map[netip.Addr]*Node{}
	return n
}

// Move takes n off its place in the tree and joins it to parent with another
// address, as a phone goes from one network to another. Packets on their way to
// the old address are lost.
func (f *Fabric) Move(n, parent *Node, addr netip.Addr) {
	if parent.children == nil {
		panic("BUG: a host has no network of its own to join")
	}
	if n.parent != nil {
		delete(n.parent.children, n.addr)
	}
	if parent.children[addr] != nil {
		panic("BUG: two nodes of one network with the address " + addr.String())
	}
	n.parent, n.addr = parent, addr
	if n.nat != nil {
		n.nat.public = addr
	}
	parent.children[addr] = n
}

// Addr returns the node's address in its parent's network.
func (n *Node) Addr() netip.Addr { return n.addr }

// Up and Down return the lines to and from the parent.
func (n *Node) Up() *Link { return n.up }

// Down returns the line from the parent.
func (n *Node) Down() *Link { return n.down }

// NAT returns the node's NAT, nil for a host.
func (n *Node) NAT() *NAT { return n.nat }

// Send sends data from a port of host. The Fabric keeps data.
func (f *Fabric) Send(now media.Time, host *Node, port uint16, to netip.AddrPort, data []byte) {
	f.climb(now, host, Packet{From: netip.AddrPortFrom(host.addr, port), To: to, Data: data})
}

// Inject puts a packet from beyond the Fabric into the internet.
func (f *Fabric) Inject(now media.Time, p Packet) {
	f.route(event{at: now, node: f.root, up: true, packet: p})
}

// climb puts p on the line from n to its parent.
func (f *Fabric) climb(now media.Time, n *Node, p Packet) {
	f.carry(now, n.up, n.parent, true, p)
}

func (f *Fabric) carry(now media.Time, line *Link, to *Node, up bool, p Packet) {
	var buffer [2]media.Time
	for _, at := range line.Send(buffer[:0], now, len(p.Data)+headerSize) {
		f.count++
		heap.Push(&f.events, event{at: at, number: f.count, node: to, up: up, packet: p})
	}
}

// headerSize is what IPv4 and UDP add to a packet on a line.
const headerSize = 28

// Deadline returns when the next packet gets on, zero if none is under way.
func (f *Fabric) Deadline() media.Time {
	if len(f.events) == 0 {
		return 0
	}
	return f.events[0].at
}

// Advance moves packets on until now and gives those that reach their host to
// deliver, in order.
func (f *Fabric) Advance(now media.Time, deliver func(at media.Time, host *Node, p Packet)) {
	for len(f.events) > 0 && !f.events[0].at.After(now) {
		ev, _ := heap.Pop(&f.events).(event)
		if ev.node.children == nil {
			if ev.packet.To.Addr() != ev.node.addr {
				f.lost++ // it has moved away meanwhile
				continue
			}
			deliver(ev.at, ev.node, ev.packet)
			continue
		}
		if f.open && ev.node == f.root && f.root.children[ev.packet.To.Addr()] == nil {
			deliver(ev.at, f.root, ev.packet)
			continue
		}
		f.route(ev)
	}
}

// route passes a packet that reached a network on: down to a node in it, or up
// through its NAT.
func (f *Fabric) route(ev event) {
	n, p := ev.node, ev.packet
	if !ev.up { // from outside, to the NAT's public address unless it has moved
		inside, ok := n.nat.Inbound(ev.at, p.From, p.To)
		if !ok || p.To.Addr() != n.addr {
			f.lost++
			return
		}
		p.To = inside
	} else if n.nat != nil && n.children[p.To.Addr()] == nil {
		p.From = n.nat.Outbound(ev.at, p.From, p.To)
		if p.To.Addr() != n.nat.public {
			f.climb(ev.at, n, p)
			return
		}
		inside, ok := n.nat.Inbound(ev.at, p.From, p.To)
		if !ok || !n.nat.options.Hairpin {
			f.lost++
			return
		}
		p.To = inside
	}
	child := n.children[p.To.Addr()]
	if child == nil {
		f.lost++
		return
	}
	f.carry(ev.at, child.down, child, false, p)
}

// Unroutable returns how many packets had nowhere to go or were refused by a
// NAT.
func (f *Fabric) Unroutable() int { return f.lost }

// random returns a source of luck for one line.
func (f *Fabric) random(name string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return rand.New(rand.NewPCG(f.seed, h.Sum64()))
}

// events is a heap by time and number.
type events []event

func (e events) Len() int { return len(e) }

func (e events) Less(i, j int) bool {
	if e[i].at != e[j].at {
		return e[i].at < e[j].at
	}
	return e[i].number < e[j].number
}

func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }

// Push is for container/heap.
func (e *events) Push(x any) {
	ev, _ := x.(event)
	*e = append(*e, ev)
}

// Pop is for container/heap.
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}
