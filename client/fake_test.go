package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/pion/interceptor"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/api"
)

// fake is a server of one room with one member at a time, as plain as the
// protocol allows: Pion answers the offers, ICE-lite and DTLS passive as the
// real one does. Tests script it by its fields and say.
type fake struct {
	t   *testing.T
	url string

	mu       sync.Mutex // guards the following
	refuse   *api.Error // answers the next Join
	forget   bool       // resumes are refused
	hidden   bool       // answers have no candidates
	relays   []api.ICEServer
	conn     *websocket.Conn
	joins    []api.Join
	views    []api.View
	requests []api.Message
	number   uint64
	members  int
	pc       *webrtc.PeerConnection
	pcs      []*webrtc.PeerConnection
	slots    map[string]*webrtc.TrackLocalStaticRTP
	incoming chan *webrtc.TrackRemote
	channels chan *webrtc.DataChannel
	reports  chan *api.Report // constant; those too many are dropped
	tracks   int
	direct   chan api.Message // what is for the other end of a direct connection, and how that fares
}

// candidates are the lines of a description that say where its author is.
var candidates = regexp.MustCompile(`a=candidate:.*\r\n`)

func newFake(t *testing.T) *fake {
	f := &fake{
		t: t, incoming: make(chan *webrtc.TrackRemote, 16), channels: make(chan *webrtc.DataChannel, 4),
		reports: make(chan *api.Report, 8), direct: make(chan api.Message, 256),
	}
	server := httptest.NewServer(http.HandlerFunc(f.serve))
	f.url = server.URL
	t.Cleanup(func() {
		f.hangUp()
		server.Close()
		for _, pc := range f.pcs {
			if err := pc.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return f
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/api/ws" {
		http.NotFound(w, r)
		return
	}
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	conn.SetReadLimit(1 << 20)
	defer conn.CloseNow()
	for {
		_, b, err := conn.Read(r.Context())
		if err != nil {
			return
		}
		m, id, err := api.DecodeClient(b)
		if err != nil {
			f.t.Errorf("the client sent %s: %v", b, err)
			return
		}
		reply, leave := f.reply(conn, m)
		b, err = api.Encode(id, reply)
		if err != nil {
			f.t.Error(err)
		}
		if conn.Write(r.Context(), websocket.MessageText, b) != nil || leave {
			return
		}
	}
}

func (f *fake) reply(conn *websocket.Conn, m api.Message) (reply api.Message, leave bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests = append(f.requests, m)
	switch m := m.(type) {
	case *api.Join:
		return f.join(conn, m), false
	case *api.Leave:
		return &api.OK{}, true
	case *api.Offer:
		answer, err := f.answer(m.SDP)
		if err != nil {
			return api.Errorf(api.CodeBadSDP, "%v", err), false
		}
		return &api.Answer{SDP: answer}, false
	case *api.Publish:
		f.tracks++
		return &api.Published{Track: api.Track{ID: fmt.Sprintf("t%d", f.tracks), Member: "m1", Origin: m.Origin}}, false
	case *api.View:
		f.views = append(f.views, *m)
		slots := &api.Slots{}
		for _, s := range m.Slots {
			slots.Slots = append(slots.Slots, api.SlotState{Slot: s.Slot, Track: s.Track, Status: api.SlotLive})
		}
		return slots, false
	case *api.Report:
		offerTo(f.reports, m)
	case *api.Direct, *api.DirectState:
		f.direct <- m
	case *api.Ping:
		return &api.Pong{}, false
	}
	return &api.OK{}, false
}

func (f *fake) join(conn *websocket.Conn, m *api.Join) api.Message {
	f.joins = append(f.joins, *m)
	if f.refuse != nil {
		refusal := f.refuse
		f.refuse = nil
		return refusal
	}
	if m.Resume != nil && f.forget {
		return api.Errorf(api.CodeResumeLost, "That membership is over.")
	}
	f.conn = conn
	if m.Resume != nil {
		return &api.Welcome{Version: api.Version, Member: m.Resume.Member, Key: m.Resume.Key, Resumed: true}
	}
	f.members++
	f.pc, f.slots = nil, map[string]*webrtc.TrackLocalStaticRTP{}
	me := fmt.Sprintf("m%d", f.members)
	f.number++
	return &api.Welcome{
		Version: api.Version, Member: me, Key: "key-" + me, ICEServers: f.relays,
		Room: &api.Room{Name: m.Room, Number: f.number, Members: []api.Member{{ID: me, Name: m.Name, Role: api.RoleHost}}},
	}
}

// answer is what Pion says to an offer. The m-lines that the client receives on
// get a VP8 or Opus track each, by mid in slots.
func (f *fake) answer(offer string) (string, error) {
	if f.pc == nil {
		if err := f.newPeer(offer); err != nil {
			return "", err
		}
	}
	pc := f.pc
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return "", err
	}
	answer, err := pc.CreateAnswer(nil)
	if err != nil {
		return "", err
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(answer); err != nil {
		return "", err
	}
	<-gathered
	for _, t := range pc.GetTransceivers() {
		if sender := t.Sender(); sender != nil && sender.Track() != nil {
			f.slots[t.Mid()], _ = sender.Track().(*webrtc.TrackLocalStaticRTP)
		}
	}
	sdp := pc.LocalDescription().SDP
	if f.hidden {
		sdp = candidates.ReplaceAllString(sdp, "")
	}
	return sdp, nil
}

func (f *fake) newPeer(offer string) error {
	m := &webrtc.MediaEngine{}
	if err := m.RegisterDefaultCodecs(); err != nil {
		return err
	}
	if err := registerExtensions(m); err != nil {
		return err
	}
	var s webrtc.SettingEngine
	s.SetLite(true)
	s.SetIncludeLoopbackCandidate(true)
	s.SetIPFilter(net.IP.IsLoopback)
	if err := s.SetAnsweringDTLSRole(webrtc.DTLSRoleServer); err != nil {
		return err
	}
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithSettingEngine(s),
		webrtc.WithInterceptorRegistry(&interceptor.Registry{})).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return err
	}
	f.pc, f.pcs = pc, append(f.pcs, pc)
	pc.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { f.incoming <- t })
	pc.OnDataChannel(func(dc *webrtc.DataChannel) { f.channels <- dc })

	var parsed sdp.SessionDescription
	if err := parsed.UnmarshalString(offer); err != nil {
		return err
	}
	for _, media := range parsed.MediaDescriptions {
		if _, receives := media.Attribute("recvonly"); !receives {
			continue
		}
		mime := webrtc.MimeTypeOpus
		if media.MediaName.Media == "video" {
			mime = webrtc.MimeTypeVP8
		}
		track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, "slot", "tutti")
		if err != nil {
			return err
		}
		if _, err := pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
			return err
		}
	}
	return nil
}

// say sends what the server says by itself.
func (f *fake) say(m api.Message) {
	f.t.Helper()
	b, err := api.Encode(0, m)
	if err != nil {
		f.t.Fatal(err)
	}
	f.mu.Lock()
	conn := f.conn
	f.mu.Unlock()
	if err := conn.Write(context.Background(), websocket.MessageText, b); err != nil {
		f.t.Fatal(err)
	}
}

// event says the next event.
func (f *fake) event(ev api.Event) {
	f.t.Helper()
	f.mu.Lock()
	f.number++
	ev.Number = f.number
	f.mu.Unlock()
	f.say(&ev)
}

// hangUp drops the socket without a word.
func (f *fake) hangUp() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.conn != nil {
		_ = f.conn.CloseNow()
	}
}

// asked lists the types of the requests so far.
func (f *fake) asked() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var types []string
	for _, m := range f.requests {
		if t := m.MessageType(); t != "ping" && t != "report" { // which come by themselves
			types = append(types, m.MessageType())
		}
	}
	return strings.Join(types, " ")
}

// waitForView waits until the last view is quiet, or not.
func (f *fake) waitForView(t *testing.T, quiet bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		f.mu.Lock()
		n := len(f.views)
		done := n > 0 && f.views[n-1].Quiet == quiet
		f.mu.Unlock()
		if done {
			return
		}
		receive(t, tick.C, "tick")
	}
}

func (f *fake) slot(mid string) *webrtc.TrackLocalStaticRTP {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.slots[mid]
}

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
