package main

import (
	"context"
	"encoding/binary"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtp"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/client"
	"github.com/tutti-rtc/tutti/internal/netsim"
)

// behind joins a room by a simulated network: the client is a host behind a
// home router, whose lines the test can spoil.
func behind(t *testing.T, link, room string, o client.Options) (*client.Room, *home) {
	t.Helper()
	h := &home{network: netsim.New(1)}
	t.Cleanup(h.network.Close)
	h.network.OpenGateway()
	h.router = h.network.AddNAT(nil, "router", netip.MustParseAddr("198.51.100.1"), netsim.NATOptions{Kind: netsim.PortRestricted})
	h.host = h.network.AddHost(h.router, "host", netip.MustParseAddr("192.168.1.2"))
	conn, err := h.network.Listen(h.host, 0)
	if err != nil {
		t.Fatal(err)
	}
	if o.Engine, err = client.NewEngine(client.EngineOptions{Conn: conn}); err != nil {
		t.Fatal(err)
	}
	return enter(t, link, room, o), h
}

type home struct {
	network      *netsim.Network
	router, host *netsim.Node
}

func enter(t *testing.T, link, room string, o client.Options) *client.Room {
	t.Helper()
	o.Room = room
	r, err := client.Join(within(t), link, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// within bounds a step that would otherwise hang a broken test.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// counter publishes VP8 frames that carry a running number, until the test
// ends; watch returns the options of a member who receives it.
type counter struct {
	sent atomic.Uint32
	// first and received are the earliest and latest number that came, missing
	// how many of those between have not come, the last second aside.
	first, received, missing atomic.Uint32
}

func (c *counter) publish(t *testing.T, r *client.Room) {
	t.Helper()
	if err := r.Connected(within(t)); err != nil {
		t.Fatal(err)
	}
	track, err := r.Publish(within(t), client.TrackOptions{Codec: client.VP8, Origin: api.OriginCamera, Width: 640, Height: 360})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	stop := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-stop:
				return
			}
			n := c.sent.Add(1)
			// Every frame is a key frame of one packet (RFC 6386 §9.1).
			frame := append([]byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 2, 0x68, 1}, 0, 0, 0, 0)
			binary.BigEndian.PutUint32(frame[10:], n)
			if track.WriteSample(client.Sample{Data: frame, Duration: 10 * time.Millisecond}) != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { close(stop); <-done })
}

// watch returns the options of a member who receives what is counted.
func (c *counter) watch() client.Options {
	return client.Options{VideoSlots: 1, AutoView: true, Handlers: client.Handlers{Track: func(track *client.RemoteTrack) {
		go c.read(track)
	}}}
}

func (c *counter) read(track *client.RemoteTrack) {
	seen := map[uint32]bool{}
	for {
		packet, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		n, ok := number(packet)
		if !ok {
			continue
		}
		seen[n] = true
		if c.first.CompareAndSwap(0, n) || n > c.received.Load() {
			c.received.Store(n)
		}
		// What came so far, less the last second: resends take a while.
		missing := uint32(0)
		for i := c.first.Load(); i+100 < n; i++ {
			if !seen[i] {
				missing++
			}
		}
		c.missing.Store(missing)
	}
}

func number(p *rtp.Packet) (uint32, bool) {
	if len(p.Payload) < 4 {
		return 0, false
	}
	return binary.BigEndian.Uint32(p.Payload[len(p.Payload)-4:]), true
}

// progress waits until n more frames came than now.
func (c *counter) progress(t *testing.T, what string, n uint32) {
	t.Helper()
	from := c.received.Load()
	until(t, what, func() bool { return c.received.Load() >= from+n })
}

func TestLossIsMadeGood(t *testing.T) {
	link := serve(t)
	c := &counter{}
	viewer, bad := behind(t, link, "loss", c.watch())
	publisher, worse := behind(t, link, "loss", client.Options{VideoSenders: 1})
	if err := viewer.Connected(within(t)); err != nil {
		t.Fatal(err)
	}
	c.publish(t, publisher)
	c.progress(t, "the first picture", 1)

	// One in ten packets is lost on each of the four ways.
	lossy := netsim.LinkOptions{Loss: 0.1, Delay: 5 * time.Millisecond}
	for _, h := range []*home{bad, worse} {
		h.network.Change(func(*netsim.Fabric) {
			h.host.Up().SetOptions(lossy)
			h.host.Down().SetOptions(lossy)
		})
	}
	c.progress(t, "five seconds of video", 500)
	lost := 0
	bad.network.Change(func(*netsim.Fabric) { lost = bad.host.Down().Stats().Lost })
	if missing := c.missing.Load(); missing > 5 || lost < 20 {
		t.Errorf("%d of %d frames are missing, after %d packets were lost on the viewer's way", missing, c.received.Load()-c.first.Load(), lost)
	}
}

func TestRouterRestart(t *testing.T) {
	link := serve(t)
	for _, who := range []string{"viewer", "publisher"} {
		t.Run(who, func(t *testing.T) {
			c := &counter{}
			viewer, near := behind(t, link, who, c.watch())
			publisher, far := behind(t, link, who, client.Options{VideoSenders: 1})
			if err := viewer.Connected(within(t)); err != nil {
				t.Fatal(err)
			}
			c.publish(t, publisher)
			c.progress(t, "the first picture", 10)
			h := near
			if who == "publisher" {
				h = far
			}
			h.network.Change(func(*netsim.Fabric) { h.router.NAT().Reset() })
			c.progress(t, "video by the new mapping", 200)
		})
	}
}

func TestMoveToAnotherNetwork(t *testing.T) {
	link := serve(t)
	c := &counter{}
	viewer, h := behind(t, link, "move", c.watch())
	publisher := enter(t, link, "move", client.Options{VideoSenders: 1})
	if err := viewer.Connected(within(t)); err != nil {
		t.Fatal(err)
	}
	c.publish(t, publisher)
	c.progress(t, "the first picture", 10)
	// From Wi-Fi to mobile: another carrier's NAT, another address.
	h.network.Change(func(f *netsim.Fabric) {
		carrier := f.AddNAT(f.Internet(), "carrier", netip.MustParseAddr("203.0.113.1"), netsim.NATOptions{Kind: netsim.Symmetric})
		f.Move(h.host, carrier, netip.MustParseAddr("100.64.0.7"))
	})
	c.progress(t, "video in the new network", 200)
}

func TestMediaOverTCP(t *testing.T) {
	link := serve(t)
	engine, err := client.NewEngine(client.EngineOptions{Loopback: true, Only: api.CandidateTCP})
	if err != nil {
		t.Fatal(err)
	}
	c := &counter{}
	o := c.watch()
	o.Engine = engine
	viewer := enter(t, link, "tcp", o)
	publisher := enter(t, link, "tcp", client.Options{VideoSenders: 1, Engine: engine})
	if err := viewer.Connected(within(t)); err != nil {
		t.Fatal(err)
	}
	c.publish(t, publisher)
	c.progress(t, "video over TCP", 100)
}
