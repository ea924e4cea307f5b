package answer

import (
	"slices"
	"strings"
	"testing"
)

// next answers an offer that continues a session.
func next(t *testing.T, text string, previous *Session) *Session {
	t.Helper()
	l := local()
	l.NewSSRC = func() uint32 { return 7000 }
	l.Previous = previous
	return answerTo(t, text, l)
}

// moreSlots adds a slot to the simple offer.
func moreSlots(t *testing.T, mid string) string {
	section := simple[strings.Index(simple, "m=video"):strings.Index(simple, "m=application")]
	return edit(t, simple, "BUNDLE 0 1 2", "BUNDLE 0 1 2 "+mid) + edit(t, section, "a=mid:1", "a=mid:"+mid)
}

func TestMoreSlots(t *testing.T) {
	first := answerTo(t, simple, local())
	second := next(t, moreSlots(t, "3"), first)
	if was, is := byMID(t, first, "1"), byMID(t, second, "1"); was.SSRC != is.SSRC || was.RTXSSRC != is.RTXSSRC {
		t.Errorf("the slot's SSRCs were %d, %d and are %d, %d: its stream must not break", was.SSRC, was.RTXSSRC, is.SSRC, is.RTXSSRC)
	}
	if m := byMID(t, second, "3"); m.SSRC != 7000 || m.RTXSSRC != 7001 {
		t.Errorf("new slot: %+v", m)
	}
	if was, is := strings.Fields(first.SDP), strings.Fields(second.SDP); was[2] != is[2] || was[3] != "1" || is[3] != "2" {
		t.Errorf("o= lines %v, %v: the session stays, its version grows", was[1:4], is[1:4])
	}
}

func TestSlotThatSleepsKeepsItsSSRCs(t *testing.T) {
	first := answerTo(t, simple, local())
	asleep := next(t, edit(t, simple, "a=recvonly", "a=inactive"), first)
	if m := byMID(t, asleep, "1"); m.Role != Inactive || strings.Contains(asleep.SDP, "a=ssrc") {
		t.Errorf("%v in\n%s", m.Role, asleep.SDP)
	}
	awake := next(t, simple, asleep)
	if was, is := byMID(t, first, "1"), byMID(t, awake, "1"); is.Role != Send || was.SSRC != is.SSRC {
		t.Errorf("SSRC %d became %d", was.SSRC, is.SSRC)
	}
}

func TestCameraThatSleepsKeepsItsLayers(t *testing.T) {
	offer := edit(t, simple, "a=recvonly", lines("a=sendonly",
		"a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id", "a=rid:q send", "a=rid:f send", "a=simulcast:send q;f"))
	first := answerTo(t, offer, local())
	asleep := next(t, strings.ReplaceAll(offer, "a=sendonly", "a=inactive"), first)
	// Chromium refuses its own next offer if the answer dropped these.
	if m := byMID(t, asleep, "1"); !slices.Equal(m.RIDs, []string{"q", "f"}) || m.Extensions.RID != 10 {
		t.Errorf("%+v", m)
	}
}

func TestClosedSectionIsUsedAgain(t *testing.T) {
	first := answerTo(t, simple, local())
	closed := next(t, edit(t, simple, "m=video 9", "m=video 0", "BUNDLE 0 1 2", "BUNDLE 0 2"), first)
	if m := byMID(t, closed, "1"); m.Role != Rejected || closed.Refused != nil {
		t.Errorf("%+v; refused %v: the client closed it itself", m, closed.Refused)
	}
	if !strings.Contains(closed.SDP, "a=group:BUNDLE 0 2\r\n") {
		t.Error("a closed section is in no group")
	}
	reused := next(t, edit(t, simple, "a=mid:1", "a=mid:5", "BUNDLE 0 1 2", "BUNDLE 0 5 2"), closed)
	if m := byMID(t, reused, "5"); m.Role != Send || m.SSRC != 7000 {
		t.Errorf("%+v: another slot has another SSRC", m)
	}
}

func TestTaggedSectionCloses(t *testing.T) {
	// RFC 9143 §7.4.2: the next one of the group carries the transport.
	first := answerTo(t, simple, local())
	const transport = "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdefghijkl\r\n"
	s := next(t, edit(t, simple, "m=audio 9", "m=audio 0", "BUNDLE 0 1 2", "BUNDLE 1 2",
		"a=mid:1\r\n", "a=mid:1\r\n"+transport+"a=fingerprint:sha-256 "+hash+"\r\n"), first)
	video := s.SDP[strings.Index(s.SDP, "m=video"):strings.Index(s.SDP, "m=application")]
	if !strings.Contains(video, "a=candidate:1") || s.ICERestart {
		t.Errorf("restart %v; section\n%s", s.ICERestart, video)
	}
}

func TestOfferThatContinuesAnotherSession(t *testing.T) {
	first := answerTo(t, moreSlots(t, "3"), local())
	for name, text := range map[string]string{
		"a section is gone":          simple,
		"two sections changed place": edit(t, moreSlots(t, "3"), "a=mid:1", "a=mid:9", "a=mid:3", "a=mid:1", "a=mid:9", "a=mid:3"),
		"a section has a new mid":    moreSlots(t, "4"),
		"a section changed kind":     edit(t, moreSlots(t, "3"), "m=video", "m=audio"),
		// A page that was reloaded makes a connection of the very same shape.
		"the certificate is another": edit(t, moreSlots(t, "3"), "sha-256 5D:E2", "sha-256 5D:E3", "a=ice-ufrag:abcd", "a=ice-ufrag:efgh"),
	} {
		t.Run(name, func(t *testing.T) {
			offer, err := Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			l := local()
			l.Previous = first
			_, err = offer.Answer(l)
			refused(t, err, MediaChanged)
		})
	}
}

func TestICERestart(t *testing.T) {
	first := answerTo(t, simple, local())
	again := edit(t, simple, "a=ice-ufrag:abcd", "a=ice-ufrag:efgh")
	for text, want := range map[string]bool{simple: false, again: true} {
		offer, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if offer.ICERestart(first) != want || offer.ICERestart(nil) {
			t.Errorf("restart %v, want %v; and never in a first offer", !want, want)
		}
		if s := next(t, text, first); s.ICERestart != want {
			t.Errorf("session says restart %v, want %v", !want, want)
		}
	}
}
