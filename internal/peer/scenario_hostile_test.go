package peer_test

import (
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
	"github.com/pion/stun/v4"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer"
	"github.com/tutti-rtc/tutti/internal/peer/peertest"
)

// refused returns what the server refused of the client.
func (c *call) refused() (n uint64) {
	c.t.Helper()
	c.onLoop(func(media.Time) { n = c.peer.UpStats().Refused })
	return n
}

// undisturbed lets the call go on while attack is called again and again, and
// fails if it notices.
func (c *call) undisturbed(what string, attack func(i int)) {
	c.t.Helper()
	c.up.count()
	c.down.count()
	refused := c.refused()
	const packets = 100
	for i := range packets {
		c.show(c.shoot())
		attack(i)
		time.Sleep(20 * time.Millisecond)
	}
	synctest.Wait()
	up, _ := c.up.count()
	down, _ := c.down.count()
	if up < packets || down < packets {
		c.t.Errorf("%s: %d and %d packets of %d came through", what, up, down, packets)
	}
	if n := c.refused(); n != refused {
		c.t.Errorf("%s: %d packets of somebody who did nothing were refused", what, n-refused)
	}
	select {
	case <-c.seen.lost:
		c.t.Fatalf("%s: the call ended", what)
	default:
	}
}

// noise returns n random bytes that begin like a packet of some kind.
func noise(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	if n > 0 { // RFC 7983: STUN, DTLS, TURN, RTP, RTCP, nothing
		b[0] = []byte{0, 1, 20, 22, 23, 64, 128, 144, 191, 255}[rng.IntN(10)]
	}
	if n > 1 && rng.IntN(2) == 0 {
		b[1] = 200 + byte(rng.IntN(8))
	}
	return b
}

func TestAFloodFromStrangersIsCountedAndNothingElse(t *testing.T) {
	story(t, 1, func(t *testing.T, w *peertest.World) {
		anna := newCall(t, w, "anna", peertest.ClientOptions{})
		anna.connect()
		anna.talk(100 * time.Millisecond)
		stranger, err := w.Net.Listen(w.Net.AddHost(nil, "stranger", w.NextAddr()), 0)
		if err != nil {
			t.Fatal(err)
		}
		server := net.UDPAddrFromAddrPort(w.Addr)
		rng := rand.New(rand.NewPCG(1, 1))
		before := w.Server.Stats()
		anna.undisturbed("a flood", func(int) {
			for range 50 {
				if _, err := stranger.WriteTo(noise(rng, rng.IntN(1600)), server); err != nil {
					t.Fatal(err)
				}
			}
		})
		after := w.Server.Stats()
		if n := after.Strays - before.Strays; n != 5000 {
			t.Errorf("%d packets of strangers were counted, want 5000", n)
		}
		if after.Dropped != before.Dropped || after.Peers != 1 {
			t.Errorf("%d packets were dropped, there are %d peers", after.Dropped-before.Dropped, after.Peers)
		}
	})
}

func TestAGuessedFragmentOpensNothing(t *testing.T) {
	story(t, 2, func(t *testing.T, w *peertest.World) {
		anna := newCall(t, w, "anna", peertest.ClientOptions{})
		session := anna.negotiate(nil)
		await(t, "the connection", anna.seen.connected)
		anna.onLoop(func(media.Time) { anna.peer.Receiver("0").SetSink(anna) })
		anna.talk(100 * time.Millisecond)
		// A stranger has read the fragments somewhere, but not the password: its
		// checks are refused in words shorter than twice the question's, and it
		// gets none of the media.
		thief, err := w.Net.Listen(w.Net.AddHost(nil, "thief", w.NextAddr()), 0)
		if err != nil {
			t.Fatal(err)
		}
		_, ufrag, _ := strings.Cut(session.SDP, "a=ice-ufrag:")
		ufrag, _, _ = strings.Cut(ufrag, "\r\n")
		check, err := stun.Build(stun.BindingRequest, stun.TransactionID,
			stun.NewUsername(ufrag+":"+session.RemoteUfrag),
			stun.RawAttribute{Type: stun.AttrUseCandidate},
			stun.NewShortTermIntegrity("a password of 22 chars"), stun.Fingerprint)
		if err != nil {
			t.Fatal(err)
		}
		answers, size := 0, 0
		go func() {
			b := make([]byte, 1500)
			for {
				n, _, err := thief.ReadFrom(b)
				if err != nil {
					return
				}
				answers++
				size = max(size, n)
			}
		}()
		anna.undisturbed("a thief", func(int) {
			for _, b := range [][]byte{check.Raw, {0x80, 96, 0, 1, 0, 0, 0, 0}, {22, 254, 253, 0, 0}} {
				if _, err := thief.WriteTo(b, net.UDPAddrFromAddrPort(w.Addr)); err != nil {
					t.Fatal(err)
				}
			}
		})
		if answers > 100 || size > 2*len(check.Raw) {
			t.Errorf("a stranger got %d packets of up to %d bytes for its checks of %d", answers, size, len(check.Raw))
		}
	})
}

func TestAClientThatMisbehavesHurtsItselfAtMost(t *testing.T) {
	story(t, 3, func(t *testing.T, w *peertest.World) {
		anna := newCall(t, w, "anna", peertest.ClientOptions{Reports: true})
		mallory := newCall(t, w, "mallory", peertest.ClientOptions{})
		anna.connect()
		mallory.connect()
		anna.talk(100 * time.Millisecond)
		mallory.talk(100 * time.Millisecond)
		rng := rand.New(rand.NewPCG(3, 3))

		// Noise of all kinds from an address that is known.
		anna.undisturbed("noise", func(int) {
			for range 20 {
				mallory.Send(noise(rng, rng.IntN(1500)))
			}
		})
		if n := mallory.refused(); n < 300 {
			t.Errorf("%d packets of noise were counted", n)
		}

		// SRTP and SRTCP sealed with keys of its own making, and cut short.
		keys, err := srtp.CreateContext(make([]byte, 16), make([]byte, 12), srtp.ProtectionProfileAeadAes128Gcm)
		if err != nil {
			t.Fatal(err)
		}
		before := mallory.refused()
		anna.undisturbed("wrong keys", func(i int) {
			plain, err := (&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 96, SequenceNumber: uint16(i), SSRC: 1}, Payload: vp8()}).Marshal()
			if err != nil {
				t.Fatal(err)
			}
			sealed, err := keys.EncryptRTP(nil, plain, nil)
			if err != nil {
				t.Fatal(err)
			}
			mallory.Send(sealed)
			mallory.Send(sealed[:rng.IntN(len(sealed))])
			report, err := rtcp.Marshal([]rtcp.Packet{&rtcp.ReceiverReport{SSRC: 1}})
			if err != nil {
				t.Fatal(err)
			}
			if report, err = keys.EncryptRTCP(nil, report, nil); err != nil {
				t.Fatal(err)
			}
			mallory.Send(report)
			mallory.Send(report[:rng.IntN(len(report))])
		})
		if n := mallory.refused() - before; n < 200 {
			t.Errorf("%d packets with wrong keys were counted", n)
		}

		// Honest SRTCP about what is not its own: anna's slot and camera.
		pleas := &library{call: anna}
		anna.onLoop(func(media.Time) { anna.peer.Sender("1").SetFeedback(pleas) })
		camera, slot := anna.agreed.Media[0].SSRCs[0].Media, anna.agreed.Media[1].SSRC
		anna.undisturbed("RTCP about others", func(i int) {
			var all []uint16
			for j := range 17 {
				all = append(all, uint16(i-j))
			}
			_ = mallory.WriteRTCP([]rtcp.Packet{
				&rtcp.TransportLayerNack{MediaSSRC: slot, Nacks: rtcp.NackPairsFromSequenceNumbers(all)},
				&rtcp.PictureLossIndication{MediaSSRC: slot},
				&rtcp.FullIntraRequest{FIR: []rtcp.FIREntry{{SSRC: slot, SequenceNumber: uint8(i)}}},
				&rtcp.ReceiverReport{Reports: []rtcp.ReceptionReport{{SSRC: slot, FractionLost: 255, LastSenderReport: 1, Delay: 1}}},
				&rtcp.SenderReport{SSRC: camera, NTPTime: 1, RTPTime: 1},
				&rtcp.Goodbye{Sources: []uint32{slot, camera}},
			})
		})
		var s peer.DownStats
		anna.onLoop(func(media.Time) { s = anna.peer.DownStats() })
		if pleas.asked != 0 || pleas.pleas != 0 || s.Lost > 0.1 {
			t.Errorf("%d resends and %d key frames were made for somebody else's wish; a loss of %v is believed", pleas.asked, pleas.pleas, s.Lost)
		}
		if n := w.Server.Stats().Packets; n != 0 {
			t.Errorf("%d packets were not given back", n)
		}
		// After all that, the one who did it is still served.
		mallory.flows("mallory's own call", time.Second)
	})
}

func TestAPacketIsTakenOnce(t *testing.T) {
	story(t, 4, func(t *testing.T, w *peertest.World) {
		anna := newCall(t, w, "anna", peertest.ClientOptions{})
		anna.connect()
		anna.talk(100 * time.Millisecond)
		// Somebody on the way copies every packet, and sends the copies again
		// later, with the client's own address.
		stop := anna.Conn.Record()
		anna.talk(time.Second)
		copies := stop()
		anna.up.count()
		before := anna.received()
		for range 3 {
			for _, b := range copies {
				anna.Send(b)
			}
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if n, _ := anna.up.count(); n != 0 {
			t.Errorf("%d packets were taken again", n)
		}
		if after := anna.received(); after.Packets != before.Packets {
			t.Errorf("%d repeated packets were counted as the camera's", after.Packets-before.Packets)
		}
		anna.flows("afterwards", time.Second)
	})
}
