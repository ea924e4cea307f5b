package client

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/netsim"
)

// end is one end of a direct connection without a server: what it sends goes
// straight to the other end's mail.
type end struct {
	*directPeer
	mail   chan api.Message
	news   chan struct{}
	tracks chan *webrtc.TrackRemote
}

func newEnd(t *testing.T, engine *Engine, offers bool, stun string) *end {
	t.Helper()
	e := &end{mail: make(chan api.Message, directMail), news: make(chan struct{}, 1), tracks: make(chan *webrtc.TrackRemote, 8)}
	var servers []webrtc.ICEServer
	if stun != "" {
		servers = []webrtc.ICEServer{{URLs: []string{stun}}}
	}
	p, err := newDirectPeer(directPeerOptions{
		engine: engine, start: api.DirectStart{Session: "s1", Offer: offers}, stun: servers,
		send:    func(m api.Message) { e.mail <- m },
		changed: func() { offerTo(e.news, struct{}{}) },
		track:   func(_ *directLine, t *webrtc.TrackRemote) { e.tracks <- t },
	})
	if err != nil {
		t.Fatal(err)
	}
	e.directPeer = p
	return e
}

// converse takes mail between two ends until both are open, and reports whether
// that was so within a time.
func converse(t *testing.T, a, b *end, limit time.Duration) bool {
	t.Helper()
	if err := a.offer(); err != nil {
		t.Fatal(err)
	}
	late := time.After(limit)
	for !a.isOpen() || !b.isOpen() {
		var err error
		select {
		case m := <-a.mail:
			err = b.handle(m.(*api.Direct))
		case m := <-b.mail:
			err = a.handle(m.(*api.Direct))
		case <-a.news:
		case <-b.news:
		case <-late:
			return false
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return true
}

// Two behind NATs meet where RFC 4787's kinds let them, with the help of STUN
// and of nothing else.
func TestDirectThroughNATs(t *testing.T) {
	for _, test := range []struct {
		name string
		a, b netsim.NATKind
		meet bool
	}{
		{"full cone and symmetric", netsim.FullCone, netsim.Symmetric, true},
		{"address restricted and symmetric", netsim.AddressRestricted, netsim.Symmetric, true},
		{"port restricted both", netsim.PortRestricted, netsim.PortRestricted, true},
		{"port restricted and symmetric", netsim.PortRestricted, netsim.Symmetric, false},
		{"symmetric both", netsim.Symmetric, netsim.Symmetric, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			network := netsim.New(1)
			defer network.Close()
			serveSTUN(t, network, "203.0.113.1:3478")
			home := func(kind netsim.NATKind, router, host string, offers bool) *end {
				addr := netip.MustParseAddr(host)
				nat := network.AddNAT(nil, router, netip.MustParseAddr(router), netsim.NATOptions{Kind: kind})
				return newEnd(t, engineAt(t, network, network.AddHost(nat, host, addr), addr), offers, "stun:203.0.113.1:3478")
			}
			a, b := home(test.a, "198.51.100.1", "192.168.1.2", true), home(test.b, "198.51.100.2", "192.168.2.2", false)
			defer a.close()
			defer b.close()
			// What is up within 15 s at the worst is up in a moment here.
			limit := directReady
			if !test.meet {
				limit = 3 * time.Second
			}
			if met := converse(t, a, b, limit); met != test.meet {
				t.Fatalf("they met: %v, which ought to be %v", met, test.meet)
			}
			if c := connectionOf(a.pc); test.meet && c.Local.Type == api.CandidateRelay {
				t.Errorf("a direct connection is relayed: %+v", c)
			}
		})
	}
}

// A direct connection comes up, falls silent and is let go; the server is told
// of it each time.
func TestLifeOfADirectConnection(t *testing.T) {
	f := newFake(t)
	r := join(t, f, Options{Direct: true, VideoSenders: 1})
	if !f.joins[0].Direct {
		t.Error("the server was not told that this client can go direct")
	}
	other := newEnd(t, r.engine, false, "")
	defer other.close()
	reported := func(want api.DirectStateKind) {
		t.Helper()
		for {
			var err error
			select {
			case m := <-f.direct:
				if state, ok := m.(*api.DirectState); ok {
					if state.State != want || state.Session != "s1" {
						t.Fatalf("the server was told %+v, not %s", state, want)
					}
					return
				}
				err = other.handle(m.(*api.Direct))
			case m := <-other.mail:
				f.say(m)
			case <-within(t).Done():
				t.Fatalf("the server was not told %s", want)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	start := &api.DirectStart{Session: "s1", Member: "m9", Offer: true}
	f.say(start)
	reported(api.DirectReady)
	f.say(start) // the server repeats itself when a membership was resumed
	if c, ok := r.DirectConnection(); !ok || c.State != webrtc.PeerConnectionStateConnected {
		t.Errorf("the direct connection is %+v, %v", c, ok)
	}
	// The room decides; since nothing has to come by the server first, this
	// end receives directly at once, and says so to both others.
	f.event(api.Event{Kind: api.EventMemberChanged, Member: &api.Member{ID: r.Member(), Path: api.PathP2P}})
	for other.othersPath() != api.PathP2P {
		receive(t, other.news, "word of the path")
	}
	f.waitForView(t, true)
	// The other end answers no more.
	other.channel.OnMessage(func(webrtc.DataChannelMessage) {})
	reported(api.DirectPoor)
	f.event(api.Event{Kind: api.EventMemberChanged, Member: &api.Member{ID: r.Member(), Path: api.PathSFU}})
	f.say(&api.DirectStop{Session: "s1", Reason: api.ReasonDirectPoor})
	f.waitForView(t, false)
	tick := time.NewTicker(directTick)
	defer tick.Stop()
	for there := true; there; _, there = r.DirectConnection() {
		receive(t, tick.C, "tick")
	}
}

// A track is sent by both ways at once, then directly alone; the server sees
// neither the direct packets' extensions nor a gap.
func TestTrackIsSentBothWays(t *testing.T) {
	f := newFake(t)
	r := join(t, f, Options{AudioSenders: 1})
	track, err := r.Publish(within(t), TrackOptions{Codec: Opus, Origin: api.OriginMicrophone})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Connected(within(t)); err != nil {
		t.Fatal(err)
	}
	a, b := newEnd(t, r.engine, true, ""), newEnd(t, r.engine, false, "")
	defer b.close()
	defer a.close()
	line := a.line(api.OriginMicrophone)
	if err := line.carry(track); err != nil {
		t.Fatal(err)
	}
	if !converse(t, a, b, directReady) {
		t.Fatal("the two have not met")
	}
	track.SetAudioLevel(30, true)
	number := uint16(0)
	speak := func() {
		p := &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: number}, Payload: []byte{0xf8, 1}}
		if err := track.WriteRTP("", p); err != nil {
			t.Fatal(err)
		}
		if p.SequenceNumber != number {
			t.Errorf("the program's packet %d was made %d", number, p.SequenceNumber)
		}
		number++
	}
	// Both ways work once packets have come by both.
	var direct, server *webrtc.TrackRemote
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for direct == nil || server == nil {
		select {
		case direct = <-b.tracks:
		case server = <-f.incoming:
		case <-tick.C:
			speak()
		case <-within(t).Done():
			t.Fatal("no media came by one of the ways")
		}
	}
	for _, way := range []*webrtc.TrackRemote{direct, server} {
		p, _, err := way.ReadRTP()
		if err != nil {
			t.Fatal(err)
		}
		levels := 0
		for _, id := range p.GetExtensionIDs() {
			if x := p.GetExtension(id); len(x) == 1 && x[0] == 30|0x80 {
				levels++
			}
		}
		if levels != 1 {
			t.Errorf("the audio level is there %d times, in %+v", levels, p.Extensions)
		}
	}
	// For a while the server gets nothing; then it goes on where it was.
	last := number - 1
	track.idle.Store(true)
	for range 100 {
		speak()
	}
	track.idle.Store(false)
	speak()
	for {
		p, _, err := server.ReadRTP()
		if err != nil {
			t.Fatal(err)
		}
		if p.SequenceNumber == last+1 {
			break
		}
		if p.SequenceNumber > last+1 {
			t.Fatalf("packet %d came after packet %d", p.SequenceNumber, last)
		}
	}
	if got := number - 1; got != last+101 {
		t.Errorf("the direct connection's last packet is %d", got)
	}
}

func TestMakeBeforeBreak(t *testing.T) {
	const p2p, sfu = api.PathP2P, api.PathSFU
	for _, test := range []struct {
		why  string
		c    choice
		want api.Path
	}{
		{"nothing comes", choice{preferred: sfu}, ""},
		{"the server's is there but does not flow", choice{preferred: sfu, forwarded: there}, ""},
		{"the first that flows", choice{preferred: p2p, forwarded: flowing, direct: there}, sfu},
		{"the direct one is waited for", choice{preferred: p2p, current: sfu, forwarded: flowing, direct: there}, sfu},
		{"and used once it flows", choice{preferred: p2p, current: sfu, forwarded: flowing, direct: flowing}, p2p},
		{"the server's is waited for", choice{preferred: sfu, current: p2p, forwarded: there, direct: flowing}, p2p},
		{"and used once it flows", choice{preferred: sfu, current: p2p, forwarded: flowing, direct: flowing}, sfu},
		{"a path that is gone is left", choice{preferred: sfu, current: p2p, forwarded: there}, ""},
	} {
		if got := test.c.path(); got != test.want {
			t.Errorf("%s: %q, want %q", test.why, got, test.want)
		}
	}
}

func TestDirectConnectionsAreNotRelayed(t *testing.T) {
	servers := stunOf([]api.ICEServer{
		{URLs: []string{"stun:192.0.2.1:443"}},
		{URLs: []string{"turn:192.0.2.1:443?transport=udp", "turns:192.0.2.1:443"}, Username: "u", Credential: "c"},
	})
	if len(servers) != 1 || len(servers[0].URLs) != 1 || servers[0].URLs[0] != "stun:192.0.2.1:443" {
		t.Errorf("direct connections ask %+v", servers)
	}
}

// A program that stops the layers nobody wants must not stop what goes
// directly.
func TestDirectLayerIsWanted(t *testing.T) {
	f := newFake(t)
	layers := make(chan *api.Layers, 8)
	r := join(t, f, Options{VideoSenders: 1, Handlers: Handlers{Layers: func(m *api.Layers) { layers <- m }}})
	track, err := r.Publish(within(t), TrackOptions{Codec: VP8, Origin: api.OriginCamera, Layers: []api.Layer{{RID: "q"}, {RID: "f"}}})
	if err != nil {
		t.Fatal(err)
	}
	wanted := func(want ...string) {
		t.Helper()
		if m := receive(t, layers, "word about layers"); m.Track != track.ID() || !slices.Equal(m.Active, want) {
			t.Errorf("wanted are %v of %s, which ought to be %v", m.Active, m.Track, want)
		}
	}
	f.say(&api.Layers{Track: track.ID(), Active: []string{"q"}})
	wanted("q")
	p := newEnd(t, r.engine, true, "")
	if err := p.line(api.OriginCamera).carry(track); err != nil {
		t.Fatal(err)
	}
	wanted("q", "f")
	f.say(&api.Layers{Track: track.ID(), Active: []string{}})
	wanted("f")
	p.close()
	wanted()
}
