package peer_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/netsim"
	"github.com/tutti-rtc/tutti/internal/peer"
	"github.com/tutti-rtc/tutti/internal/peer/peertest"
)

// flows fails unless nearly all packets of a time came both ways.
func (c *call) flows(when string, d time.Duration) {
	c.t.Helper()
	c.up.count()
	c.down.count()
	c.talk(d)
	want := int(d/(20*time.Millisecond)) - 5 // some are still under way
	if n, _ := c.up.count(); n < want {
		c.t.Errorf("%s: %d packets came up, want %d", when, n, want)
	}
	if n, _ := c.down.count(); n < want {
		c.t.Errorf("%s: %d packets came down, want %d", when, n, want)
	}
}

// recovers lets the call go on over a break of the line and fails if it is
// longer than bound either way.
func (c *call) recovers(what string, bound time.Duration) {
	c.t.Helper()
	c.up.count()
	c.down.count()
	c.talk(bound + 5*time.Second)
	_, up := c.up.count()
	_, down := c.down.count()
	c.t.Logf("%s: nothing came up for %v, nothing down for %v", what, up, down)
	if up > bound || down > bound {
		c.t.Errorf("%s: nothing came up for %v, nothing down for %v, want at most %v", what, up, down, bound)
	}
	c.flows("after "+what, 2*time.Second)
}

func TestANATThatForgetsItsMappingsIsFollowed(t *testing.T) {
	for kind, name := range map[netsim.NATKind]string{netsim.FullCone: "full cone", netsim.PortRestricted: "port-restricted", netsim.Symmetric: "symmetric"} {
		t.Run(name, func(t *testing.T) {
			story(t, 1, func(t *testing.T, w *peertest.World) {
				home := w.NewNAT("home", kind)
				anna := newCall(t, w, "anna", peertest.ClientOptions{Behind: home})
				anna.connect()
				anna.flows("at first", 5*time.Second)
				// The router restarts: from now on the client comes from another
				// port, and does not know. It checks its connection every 2 s.
				w.Net.Change(func(*netsim.Fabric) { home.NAT().Reset() })
				anna.recovers("a rebinding", 9*time.Second)
				if n := w.Server.Stats().Peers; n != 1 {
					t.Errorf("%d peers, want the same one", n)
				}
			})
		})
	}
}

func TestAPhoneThatLeavesTheHouseIsFollowed(t *testing.T) {
	story(t, 2, func(t *testing.T, w *peertest.World) {
		home, cell := w.NewNAT("home", netsim.PortRestricted), w.NewNAT("cell", netsim.Symmetric)
		anna := newCall(t, w, "anna", peertest.ClientOptions{Behind: home})
		anna.connect()
		anna.flows("at home", 5*time.Second)
		w.Net.Change(func(f *netsim.Fabric) {
			f.Move(anna.Host, cell, anna.Host.Addr())
			anna.Host.Up().SetOptions(netsim.LinkOptions{Delay: 50 * time.Millisecond})
		})
		anna.recovers("leaving the house", 9*time.Second)

		// A browser notices, and restarts ICE by its signalling: that needs no
		// waiting for checks to fail, in either direction.
		w.Net.Change(func(f *netsim.Fabric) { f.Move(anna.Host, home, anna.Host.Addr()) })
		if s := anna.negotiate(&webrtc.OfferOptions{ICERestart: true}); !s.ICERestart {
			t.Error("the offer was not taken as a restart")
		}
		anna.recovers("coming home, with an ICE restart", time.Second)
		select {
		case <-anna.seen.connected:
			t.Error("the restart has begun a new session")
		case <-anna.seen.lost:
			t.Error("the server has lost the client")
		default:
		}
	})
}

func TestAClientThatFallsSilentIsLostAfterHalfAMinute(t *testing.T) {
	story(t, 3, func(t *testing.T, w *peertest.World) {
		anna, bela := newCall(t, w, "anna", peertest.ClientOptions{}), newCall(t, w, "bela", peertest.ClientOptions{})
		anna.connect()
		bela.connect()
		anna.talk(time.Second)
		w.Net.Change(func(*netsim.Fabric) { anna.Host.Up().SetOptions(netsim.LinkOptions{Loss: 1}) })
		cut := time.Now()

		// What the server sends goes on for as long as it has consent (RFC
		// 7675 §5.1): thirty seconds from the last check.
		for waiting := true; waiting; {
			select {
			case <-anna.seen.lost:
				waiting = false
			default:
				anna.talk(100 * time.Millisecond)
			}
			if time.Since(cut) > time.Minute {
				t.Fatal("a minute without a check, and the server still sends")
			}
		}
		if d := time.Since(cut); d < 27*time.Second || d > 31*time.Second {
			t.Errorf("the client was lost after %v", d)
		}
		_, before := w.Net, w.Server.Stats().UDP.SentDatagrams
		anna.talk(time.Second)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if after := w.Server.Stats(); after.Peers != 1 || after.UDP.SentDatagrams > before+20 {
			t.Errorf("%d peers are left, and %d packets were sent to somebody who has left", after.Peers, after.UDP.SentDatagrams-before)
		}
		bela.flows("the other one", time.Second)
		if n := w.Server.Stats().Packets; n != 0 {
			t.Errorf("%d packets were not given back", n)
		}
	})
}

func TestAClientThatNeverComesIsForgotten(t *testing.T) {
	story(t, 4, func(t *testing.T, w *peertest.World) {
		// One has made an offer, the other not even that.
		anna := newCall(t, w, "anna", peertest.ClientOptions{})
		w.Net.Change(func(*netsim.Fabric) { anna.Host.Up().SetOptions(netsim.LinkOptions{Loss: 1}) })
		anna.negotiate(nil)
		idle := newEvents()
		if _, err := w.Server.NewPeer(idle); err != nil {
			t.Fatal(err)
		}
		time.Sleep(29 * time.Second)
		if n := w.Server.Stats().Peers; n != 2 {
			t.Errorf("%d peers wait for their client, want 2", n)
		}
		time.Sleep(2 * time.Second)
		await(t, "the end of the one with an offer", anna.seen.lost)
		await(t, "the end of the one without", idle.lost)
		if s := w.Server.Stats(); s.Peers != 0 || s.Packets != 0 {
			t.Errorf("%d peers and %d packets are left", s.Peers, s.Packets)
		}
		if _, err := anna.peer.Negotiate("v=0\r\n"); err == nil {
			t.Error("a lost peer answers")
		}
		var closed bool
		anna.peer.Loop().Do(func(media.Time) { closed = anna.peer.Sender("1") != nil && !anna.peer.Sender("1").Ready() })
		if !closed {
			t.Error("a lost peer's slot is ready")
		}
	})
}

func TestAServerThatIsFullOfGhostsHasRoomAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := peertest.New(t, 5, peer.Options{Loops: 1, MaxPeers: 3})
		for range 3 {
			if _, err := w.Server.NewPeer(newEvents()); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.Server.NewPeer(newEvents()); !errors.Is(err, peer.ErrFull) {
			t.Fatalf("the fourth peer got %v", err)
		}
		time.Sleep(31 * time.Second)
		if _, err := w.Server.NewPeer(newEvents()); err != nil {
			t.Errorf("after all three were forgotten: %v", err)
		}
	})
}
