package room

import (
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/api"
)

// direct brings two members onto a direct path and returns the session.
func (h *house) direct(a, b *client) string {
	h.t.Helper()
	start := told[*api.DirectStart](a)
	if start == nil {
		h.t.Fatal("no direct connection was started")
	}
	a.must(&api.DirectState{Session: start.Session, State: api.DirectReady})
	b.must(&api.DirectState{Session: start.Session, State: api.DirectReady})
	a.sees(api.PathP2P, api.ReasonTwo)
	b.sees(api.PathP2P, api.ReasonTwo)
	return start.Session
}

func TestTwoTalkDirectlyUntilAThirdComes(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		ann := h.connected("Ann")
		ann.sees(api.PathSFU, api.ReasonAlone)
		// Ben is there, but has not proven the way through the server.
		ben := h.join("Ben")
		ben.sees(api.PathSFU, api.ReasonMediaUnproven)
		ben.notify(Notice{Connected: true})
		ann.sees(api.PathSFU, api.ReasonProving)

		// Both are told of each other, and one of them shall offer.
		toAnn, toBen := told[*api.DirectStart](ann), told[*api.DirectStart](ben)
		if toAnn.Session != toBen.Session || toAnn.Member != ben.id || toBen.Member != ann.id || toAnn.Offer == toBen.Offer || toAnn.Offer != (ann.id < ben.id) {
			t.Fatalf("the starts are %+v and %+v", toAnn, toBen)
		}
		session := h.direct(ann, ben)
		if s := h.rooms.Stats(); s.MembersDirect != 2 || s.DirectStarts != 1 || s.DirectUps != 1 {
			t.Errorf("stats are %+v", s)
		}

		// A third comes. All are on the server at once; the two are told to
		// let go of each other.
		cat := h.connected("Cat")
		for _, c := range []*client{ann, ben, cat} {
			c.sees(api.PathSFU, api.ReasonMany)
			c.same()
		}
		if stop := told[*api.DirectStop](ann); stop == nil || stop.Session != session || stop.Reason != api.ReasonMany {
			t.Errorf("Ann was told %+v", stop)
		}
		if told[*api.DirectStop](cat) != nil {
			t.Error("Cat has nothing to stop")
		}

		// She leaves again: after five seconds the two try anew, by another
		// session.
		cat.must(&api.Leave{})
		ann.forget()
		h.after(4999 * time.Millisecond)
		if told[*api.DirectStart](ann) != nil {
			t.Error("too early")
		}
		h.after(time.Millisecond)
		if again := h.direct(ann, ben); again == session {
			t.Error("the session should be a new one")
		}
		ann.same()
	})
}

func TestTheServerIsSilentOnlyOnceTheClientSaysSo(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		ann, ben := h.connected("Ann"), h.connected("Ben")
		camera := ben.must(&api.Publish{MID: "0", Origin: api.OriginCamera}).(*api.Published).Track.ID
		view := &api.View{Slots: []api.SlotView{{Slot: "5", Track: camera, Width: 640, Height: 360}}}
		ann.must(view)

		// A View that says quiet too early, on the way while the path is
		// still the server's, must not silence anybody.
		ann.must(&api.View{Slots: view.Slots, Quiet: true})
		h.direct(ann, ben)
		if e := ann.endpoint(); e.fill != FillTalkers || len(e.wishes) != 1 {
			t.Error("the new path is decided, but Ann has not said that it flows: the server must go on")
		}
		// Now Ann sees and hears Ben directly, and says so.
		ann.must(&api.View{Quiet: true})
		if e := ann.endpoint(); e.fill != FillNothing || len(e.wishes) != 0 {
			t.Error("the server should be silent now")
		}
		// Ben says that he shows nothing, but not that he hears: he goes on
		// hearing.
		ben.must(&api.View{})
		if ben.endpoint().fill != FillTalkers {
			t.Error("Ben did not ask for silence")
		}
		// A third comes. Ann hears everybody by the server at once, without
		// having to ask; pictures come when her page says where.
		h.connected("Cat")
		if ann.endpoint().fill != FillTalkers {
			t.Error("the server must speak again by itself")
		}
		ann.must(view)
		if e := ann.endpoint(); e.fill != FillTalkers || len(e.wishes) != 1 || e.wishes[0].Size.Width != 640 {
			t.Errorf("Ann's endpoint shows %+v", e.wishes)
		}
	})
}

func TestADirectConnectionThatFailsIsTriedAgain(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		ann, ben := h.connected("Ann"), h.connected("Ben")
		// The first try ends in silence, as behind a strict firewall.
		h.after(15 * time.Second)
		ann.sees(api.PathSFU, api.ReasonDirectFailed)
		if stop := told[*api.DirectStop](ben); stop == nil || stop.Reason != api.ReasonDirectFailed {
			t.Errorf("Ben was told %+v", stop)
		}
		// The second works, 30 s later, but gets poor.
		ann.forget()
		h.after(30 * time.Second)
		session := h.direct(ann, ben)
		ben.must(&api.DirectState{Session: session, State: api.DirectPoor})
		ann.sees(api.PathSFU, api.ReasonDirectPoor)
		ben.sees(api.PathSFU, api.ReasonDirectPoor)
		// The report of the other end comes too late to count.
		ann.refused(api.CodeNotFound, &api.DirectState{Session: session, State: api.DirectPoor})
		// The third try is 2 min later.
		ann.forget()
		h.after(2*time.Minute - time.Millisecond)
		if told[*api.DirectStart](ann) != nil {
			t.Error("too early")
		}
		h.after(time.Millisecond)
		h.direct(ann, ben)
		if s := h.rooms.Stats(); s.DirectFailures != 2 {
			t.Errorf("%d failures were counted, want 2", s.DirectFailures)
		}
		ann.same()
	})
}

func TestDirectMessagesAreForTheTwoEndsOfTheSession(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		ann, ben := h.connected("Ann"), h.connected("Ben")
		session := told[*api.DirectStart](ann).Session
		ann.must(&api.Direct{Session: session, SDPType: "offer", SDP: "v=0", Tracks: map[string]string{"0": "t1"}, From: "forged"})
		if d := told[*api.Direct](ben); d == nil || d.SDP != "v=0" || d.From != ann.id || d.Tracks["0"] != "t1" {
			t.Errorf("Ben got %+v", d)
		}
		if told[*api.Direct](ann) != nil {
			t.Error("Ann got her own message")
		}
		ann.refused(api.CodeNotFound, &api.Direct{Session: "forged"})
		ann.refused(api.CodeBadMessage, &api.DirectState{Session: session, State: "splendid"})

		// A third is no end of it, whatever it knows; and with it there is no
		// session any more.
		cat := h.connected("Cat")
		cat.refused(api.CodeNotFound, &api.Direct{Session: session, SDP: "v=0"})
		cat.refused(api.CodeNotFound, &api.DirectState{Session: session, State: api.DirectFailed})
		ben.refused(api.CodeNotFound, &api.Direct{Session: session, SDP: "v=0"})
	})
}

func TestDirectMessagesAreBounded(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		ann, ben := h.connected("Ann"), h.connected("Ben")
		session := h.direct(ann, ben)
		// Ben's signalling is lost; the call goes on. What Ann sends waits.
		ben.lose()
		for range maxDirectHeld {
			ann.must(&api.Direct{Session: session, Candidate: &api.Candidate{Candidate: "candidate:1"}})
		}
		ann.refused(api.CodeFull, &api.Direct{Session: session, SDP: "v=0"})
		ben, _, err := ben.resume()
		if err != nil {
			t.Fatal(err)
		}
		ben.sees(api.PathP2P, api.ReasonTwo)
		if start := told[*api.DirectStart](ben); start == nil || start.Session != session {
			t.Errorf("Ben should be told that session %s goes on, he was told %+v", session, start)
		}
		if d := told[*api.Direct](ben); d == nil || d.From != ann.id {
			t.Errorf("what waited for Ben did not come: %+v", d)
		}
		for range maxDirectMessages - maxDirectHeld - 1 {
			ann.must(&api.Direct{Session: session, SDP: "v=0"})
		}
		ann.refused(api.CodeTooFast, &api.Direct{Session: session, SDP: "v=0"})
	})
}

func TestAClientThatWasAwayLearnsThatItsSessionIsOver(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		ann, ben := h.connected("Ann"), h.connected("Ben")
		session := h.direct(ann, ben)
		ann.lose()
		h.connected("Cat")
		ann, _, err := ann.resume()
		if err != nil {
			t.Fatal(err)
		}
		ann.sees(api.PathSFU, api.ReasonMany)
		if stop := told[*api.DirectStop](ann); stop == nil || stop.Session != session {
			t.Errorf("Ann was told %+v, she still holds session %s", stop, session)
		}
		ann.same()
	})
}

func TestPinsAndWishes(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		ann, ben := h.connected("Ann"), h.connected("Ben")
		h.direct(ann, ben)
		// Ben would rather not tell Ann his address.
		ben.must(&api.SetPath{Path: api.PathSFU})
		ann.sees(api.PathSFU, api.ReasonWish)
		if ben.me().Pinned != api.PathSFU {
			t.Errorf("Ben is pinned to %s", ben.me().Pinned)
		}
		ben.must(&api.SetPath{Member: ben.id, Path: api.PathAuto})
		ann.sees(api.PathSFU, api.ReasonProving)
		// Pinning another is for hosts.
		ben.refused(api.CodeForbidden, &api.SetPath{Member: ann.id, Path: api.PathSFU})
		ann.must(&api.SetPath{Member: ben.id, Path: api.PathSFU})
		ben.sees(api.PathSFU, api.ReasonPinned)
		ben.must(&api.SetPath{Path: api.PathP2P})
		ben.sees(api.PathSFU, api.ReasonPinned)
		ann.refused(api.CodeNotFound, &api.SetPath{Member: "nobody", Path: api.PathSFU})
		ann.refused(api.CodeBadMessage, &api.SetPath{Path: "pigeon"})
		ann.same()
	})
}

func TestOnlyThoseWithNothingToHideGoDirectly(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		// The server can't hold a listener to its grant on a direct path.
		ann := h.connected("Ann")
		listener := Everything()
		listener.CanPublish = false
		ben := h.joinAs("Ben", listener)
		ben.notify(Notice{Connected: true})
		ann.sees(api.PathSFU, api.ReasonNotSupported)
		ben.sees(api.PathSFU, api.ReasonNotSupported)
	})
}
