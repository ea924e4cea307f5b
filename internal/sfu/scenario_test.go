package sfu_test

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/netsim"
	"github.com/tutti-rtc/tutti/internal/peer"
	"github.com/tutti-rtc/tutti/internal/peer/peertest"
	"github.com/tutti-rtc/tutti/internal/sfu"
)

// stage is a room of a server on a network in memory, in virtual time.
type stage struct {
	*peertest.World
	t      *testing.T
	router *sfu.Router
	data   bool // guests open a data channel
}

// play sets the stage and tells a story on it. After that nothing of the media
// may be left.
func play(t *testing.T, seed uint64, tell func(t *testing.T, s *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := peertest.New(t, seed, peer.Options{Loops: 2})
		s := &stage{World: w, t: t, router: sfu.NewRouter(w.Server)}
		t.Cleanup(func() {
			s.router.Close()
			synctest.Wait()
			if n := w.Server.Stats().Packets; n != 0 {
				t.Errorf("%d packets were not given back", n)
			}
		})
		tell(t, s)
	})
}

// after lets time go by.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// guest is a member: a client with its slots on one side, its endpoint on the
// other.
type guest struct {
	*peertest.Client
	t        *testing.T
	stage    *stage
	name     string
	options  peertest.ClientOptions
	endpoint *sfu.Endpoint
	films    []*film
	data     *webrtc.DataChannel

	mu      sync.Mutex
	notices []sfu.Notice     // guarded by mu
	reels   map[string]*reel // guarded by mu; by slot
}

// enter brings a guest on the stage who has some slots for audio and as many for
// video.
func (s *stage) enter(name string, slots int, o peertest.ClientOptions, films ...*film) *guest {
	s.t.Helper()
	g := &guest{t: s.t, stage: s, name: name, options: o}
	var err error
	g.endpoint, err = s.router.Attach(name, func(n sfu.Notice) {
		g.mu.Lock()
		g.notices = append(g.notices, n)
		g.mu.Unlock()
		for _, f := range g.films {
			f.obey(n.Layers)
		}
	})
	s.must(err)
	g.connect(slots, films...)
	return g
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// connect makes a connection, or a new one, and publishes the films.
func (g *guest) connect(slots int, films ...*film) {
	g.t.Helper()
	g.Client = g.stage.NewClient(g.name, g.options)
	g.films, g.reels, g.notices = films, map[string]*reel{}, nil
	for _, f := range films {
		f.mount(g)
	}
	g.addSlots(slots)
	g.OnTrack(func(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
		r := g.reel(receiver.RTPTransceiver().Mid())
		go r.listen(receiver)
		for {
			p, attributes, err := track.ReadRTP()
			if err != nil {
				return
			}
			r.add(p, attributes.Get(webrtc.AttributeRtxSequenceNumber) != nil)
		}
	})
	// As a rule without a data channel: when the server hangs up, Pion's SCTP
	// transport waits for a timer with its lock held, and a lock that somebody
	// waits for stops a bubble's clock.
	if g.stage.data {
		var err error
		g.data, err = g.CreateDataChannel("tutti-reliable", nil)
		g.stage.must(err)
	}
	g.negotiate()
	g.awaits("is connected", func(n sfu.Notice) bool { return n.Connected })
	for g.ConnectionState() != webrtc.PeerConnectionStateConnected {
		after(time.Millisecond)
	}
	g.publish()
	for _, f := range films {
		f.roll()
	}
}

// addSlots adds slots to the next offer.
func (g *guest) addSlots(n int) {
	for range n {
		for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
			_, err := g.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
			g.stage.must(err)
		}
	}
}

func (g *guest) negotiate() *api.Answer {
	g.t.Helper()
	var a *api.Answer
	err := g.Negotiate(nil, func(offer string) (_ string, err error) {
		if a, err = g.endpoint.Negotiate(offer); err != nil {
			return "", err
		}
		return a.SDP, nil
	})
	g.stage.must(err)
	return a
}

// publish says which tracks the guest sends.
func (g *guest) publish() {
	var list []sfu.Publication
	for _, f := range g.films {
		list = append(list, f.publication())
	}
	g.endpoint.Publish(list)
	synctest.Wait()
}

// slot returns the tag of the n-th slot of a kind.
func (g *guest) slot(kind webrtc.RTPCodecType, n int) string {
	g.t.Helper()
	for _, tr := range g.GetTransceivers() {
		if tr.Kind() == kind && tr.Direction() == webrtc.RTPTransceiverDirectionRecvonly {
			if n == 0 {
				return tr.Mid()
			}
			n--
		}
	}
	g.t.Fatal("no such slot")
	return ""
}

// shows puts tracks into the video slots, all of one size, and leaves the audio
// slots alone.
func (g *guest) shows(size media.Dimensions, tracks ...string) {
	var wishes []sfu.SlotWish
	for i, t := range tracks {
		wishes = append(wishes, sfu.SlotWish{Slot: g.slot(webrtc.RTPCodecTypeVideo, i), Track: media.TrackID(t), Size: size})
	}
	g.endpoint.View(wishes, sfu.FillTalkers)
	synctest.Wait()
}

// awaits waits for a notice, ten seconds at most.
func (g *guest) awaits(what string, is func(sfu.Notice) bool) {
	g.t.Helper()
	for begin := time.Now(); time.Since(begin) < 10*time.Second; after(time.Millisecond) {
		if slices.ContainsFunc(g.told(), is) {
			return
		}
	}
	g.t.Fatalf("%s waited in vain until it %s", g.name, what)
}

// told returns all notices so far.
func (g *guest) told() []sfu.Notice {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.notices)
}

// state returns what a slot's state is, as told.
func (g *guest) state(slot string) (st api.SlotState) {
	for _, n := range g.told() {
		for _, s := range n.Slots {
			if s.Slot == slot {
				st = s
			}
		}
	}
	return st
}

// wanted returns which layers of the track are wanted, as told; nil if nobody
// told.
func (g *guest) wanted(track string) (active []string) {
	for _, n := range g.told() {
		if n.Layers != nil && n.Layers.Track == track {
			active = n.Layers.Active
		}
	}
	return active
}

// lines sets the guest's lines.
func (g *guest) lines(up, down netsim.LinkOptions) {
	g.stage.Net.Change(func(*netsim.Fabric) {
		g.Host.Up().SetOptions(up)
		g.Host.Down().SetOptions(down)
	})
}

// video returns the reel of a video slot.
func (g *guest) video(n int) *reel { return g.reel(g.slot(webrtc.RTPCodecTypeVideo, n)) }

func (g *guest) reel(slot string) *reel {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.reels[slot]
	if r == nil {
		r = &reel{}
		g.reels[slot] = r
	}
	return r
}

// reel is all that came in a slot.
type reel struct {
	mu      sync.Mutex
	shots   []shot               // guarded by mu
	reports []*rtcp.SenderReport // guarded by mu
}

// listen collects sender reports.
func (r *reel) listen(receiver *webrtc.RTPReceiver) {
	for {
		packets, _, err := receiver.ReadRTCP()
		if err != nil {
			return
		}
		r.mu.Lock()
		for _, p := range packets {
			if sr, ok := p.(*rtcp.SenderReport); ok {
				r.reports = append(r.reports, sr)
			}
		}
		r.mu.Unlock()
	}
}

// said returns the sender reports so far.
func (r *reel) said() []*rtcp.SenderReport {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.reports)
}

// shot is one packet of a film, as it came in a slot.
type shot struct {
	at      time.Time
	seq     uint16
	ts      uint32
	ssrc    uint32
	picture uint16
	key     bool // of a key frame
	resent  bool
	scene
}

func (r *reel) add(p *rtp.Packet, resent bool) {
	s := shot{at: time.Now(), seq: p.SequenceNumber, ts: p.Timestamp, ssrc: p.SSRC, resent: resent}
	if len(p.Payload) > 4+sceneSize {
		s.picture, s.key = uint16(p.Payload[2]&0x7f)<<8|uint16(p.Payload[3]), p.Payload[4]&1 == 0
	}
	s.scene.read(p.Payload)
	r.mu.Lock()
	r.shots = append(r.shots, s)
	r.mu.Unlock()
}

// cut returns what came so far, in the order of the numbers, and forgets it. What
// was sent again may have come twice.
func (r *reel) cut() []shot {
	r.mu.Lock()
	defer r.mu.Unlock()
	shots := r.shots
	r.shots = nil
	slices.SortStableFunc(shots, func(a, b shot) int { return int(int16(a.seq - b.seq)) })
	return slices.CompactFunc(shots, func(a, b shot) bool { return a.seq == b.seq && (a.resent || b.resent) && a.scene == b.scene })
}

// gap returns the longest time between two shots.
func gap(shots []shot) (d time.Duration) {
	for i := 1; i < len(shots); i++ {
		d = max(d, shots[i].at.Sub(shots[i-1].at))
	}
	return d
}

// unbroken fails unless the shots are one stream for a decoder: no number left
// out, one SSRC, time and pictures going forward, each picture whole, and
// whatever is new beginning with a key frame.
func unbroken(t *testing.T, what string, shots []shot) {
	t.Helper()
	for i := 1; i < len(shots); i++ {
		a, b := &shots[i-1], &shots[i]
		begins := a.film != b.film || a.stream != b.stream
		next := a.picture
		if a.part == a.parts {
			next = (next + 1) & 0x7fff
		}
		switch {
		case b.seq != a.seq+1:
			t.Fatalf("%s: number %d follows %d", what, b.seq, a.seq)
		case b.ssrc != a.ssrc:
			t.Fatalf("%s: another SSRC", what)
		case b.picture != next:
			t.Fatalf("%s: picture %d follows %d (%+v, %+v)", what, b.picture, a.picture, a.scene, b.scene)
		case a.part == a.parts && int32(b.ts-a.ts) <= 0, a.part < a.parts && a.ts != b.ts:
			t.Fatalf("%s: timestamp %d follows %d", what, b.ts, a.ts)
		case begins && !b.key:
			t.Fatalf("%s: %+v begins in the middle", what, b.scene)
		}
		elapsed := b.at.Sub(a.at)
		if ticks := time.Duration(int32(b.ts-a.ts)) * time.Second / 90000; ticks > elapsed+time.Second || ticks < elapsed-time.Second {
			t.Fatalf("%s: the timestamp goes on by %v in %v", what, ticks, elapsed)
		}
	}
}

// streams lists which streams of which films came, in order.
func streams(shots []shot) (list []string) {
	for i := range shots {
		name := string(rune(shots[i].film)) + string(rune('0'+shots[i].stream))
		if len(list) == 0 || list[len(list)-1] != name {
			list = append(list, name)
		}
	}
	return list
}
