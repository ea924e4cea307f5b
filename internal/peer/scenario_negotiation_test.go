package peer_test

import (
	"errors"
	"net/netip"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer"
	"github.com/tutti-rtc/tutti/internal/peer/answer"
	"github.com/tutti-rtc/tutti/internal/peer/peertest"
)

func TestBrowsersOffersBecomeReceiversAndSlots(t *testing.T) {
	for _, c := range []struct {
		file                   string
		audio, video           int // that the client sends
		audioSlots, videoSlots int
		layers                 int // of its first camera
	}{
		{"chromium.sdp", 2, 2, 3, 9, 3},
		{"firefox.sdp", 2, 2, 3, 9, 3},
		{"safari.sdp", 1, 2, 1, 1, 3},
		{"obs.sdp", 1, 1, 0, 0, 1},
	} {
		offer, err := os.ReadFile("answer/testdata/" + c.file)
		if err != nil {
			t.Fatal(err)
		}
		story(t, 1, func(t *testing.T, w *peertest.World) {
			p, err := w.Server.NewPeer(newEvents())
			if err != nil {
				t.Fatal(err)
			}
			session, err := p.Negotiate(string(offer))
			if err != nil {
				t.Fatalf("%s: %v", c.file, err)
			}
			p.Loop().Do(func(media.Time) {
				var audioSlots, videoSlots, audio, video, layers int
				for _, s := range p.Senders() {
					pt, ok := s.PayloadType(map[media.Kind]media.Codec{media.Audio: media.Opus, media.Video: media.VP8}[s.Kind()], "")
					if !ok || pt == 0 || s.Ready() {
						t.Errorf("%s: slot %s is ready (%v) for payload type %d (%v)", c.file, s.MID(), s.Ready(), pt, ok)
					}
					if s.Kind() == media.Audio {
						audioSlots++
					} else {
						videoSlots++
					}
				}
				for i := range session.Media {
					m := &session.Media[i]
					r := p.Receiver(m.MID)
					if (r != nil) != (m.Role == answer.Receive) {
						t.Errorf("%s: section %s is %v, but has a receiver: %v", c.file, m.MID, m.Role, r != nil)
					}
					switch {
					case r == nil:
					case r.Kind() == media.Audio:
						audio++
					default:
						if video++; video == 1 {
							layers = len(r.RIDs())
						}
						if _, ok := r.Stats(0); ok {
							t.Errorf("%s: there are figures of a stream that did not come", c.file)
						}
					}
					if r != nil && (r.MID() != m.MID || r.Format(m.Codecs[0].Codec) != m.Codecs[0].Fmtp) {
						t.Errorf("%s: section %s is called %s", c.file, m.MID, r.MID())
					}
				}
				if audio != c.audio || video != c.video || audioSlots != c.audioSlots || videoSlots != c.videoSlots || layers != c.layers {
					t.Errorf("%s: receives %d audio, %d video (%d layers), sends %d and %d", c.file, audio, video, layers, audioSlots, videoSlots)
				}
			})
			p.Close()
			synctest.Wait()
			if _, err := p.Negotiate(string(offer)); err == nil {
				t.Error("a closed peer answers")
			}
		})
	}
}

func TestAnOfferThatCannotBeAnsweredHurtsNobody(t *testing.T) {
	story(t, 2, func(t *testing.T, w *peertest.World) {
		anna := newCall(t, w, "anna", peertest.ClientOptions{})
		anna.connect()
		anna.talk(time.Second)
		good, err := anna.CreateOffer(nil)
		if err != nil {
			t.Fatal(err)
		}
		for what, c := range map[string]struct {
			offer string
			code  answer.Code
		}{
			"no SDP":            {"hello", answer.BadSDP},
			"a section removed": {good.SDP[:strings.LastIndex(good.SDP, "m=video")], answer.MediaChanged},
			"another kind":      {strings.Replace(good.SDP, "m=video", "m=audio", 1), answer.MediaChanged},
		} {
			var refused *answer.Error
			if _, err := anna.peer.Negotiate(c.offer); !errors.As(err, &refused) || refused.Code != c.code || refused.Text == "" {
				t.Errorf("%s got %v", what, err)
			}
		}
		anna.flows("after refused offers", time.Second)
	})
}

func TestTheAnswerSaysWhereToFindTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := peertest.New(t, 3, peer.Options{Loops: 1, TCP: true, Advertise: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.77:0")}})
		anna := newCall(t, w, "anna", peertest.ClientOptions{})
		// The first address is of no use here: ICE finds the other.
		session := anna.negotiate(nil)
		for _, want := range []string{" udp ", " 192.0.2.77 443 typ host", " 198.51.100.1 443 typ host", " tcp ", "tcptype passive", "a=ice-lite"} {
			if !strings.Contains(session.SDP, want) {
				t.Errorf("the answer does not say %q", want)
			}
		}
		await(t, "the connection", anna.seen.connected)
		if a := w.Server.LocalAddr(); a != w.Addr {
			t.Errorf("the server says it listens at %v", a)
		}
	})
}

func TestACameraThatIsTurnedOffAndOnIsOneStream(t *testing.T) {
	story(t, 4, func(t *testing.T, w *peertest.World) {
		anna := newCall(t, w, "anna", peertest.ClientOptions{})
		anna.connect()
		anna.talk(time.Second)
		// The section rests (inactive), and is taken up again later.
		camera := anna.GetTransceivers()[0]
		if err := anna.RemoveTrack(camera.Sender()); err != nil {
			t.Fatal(err)
		}
		if s := anna.negotiate(nil); s.Media[0].Role == answer.Receive {
			t.Errorf("a section without a track is %v", s.Media[0].Role)
		}
		anna.up.count()
		for range 50 {
			anna.show(anna.shoot())
			time.Sleep(20 * time.Millisecond)
		}
		synctest.Wait()
		if n, _ := anna.down.count(); n < 45 {
			t.Errorf("while the camera rested, %d packets of 50 came down", n)
		}
		if _, err := anna.AddTrack(anna.camera); err != nil {
			t.Fatal(err)
		}
		if s := anna.negotiate(nil); s.Media[0].Role != answer.Receive {
			t.Errorf("the section of a camera is %v", s.Media[0].Role)
		}
		anna.onLoop(func(media.Time) { anna.peer.Receiver("0").SetSink(anna) })
		anna.flows("with the camera on again", 2*time.Second)
	})
}
