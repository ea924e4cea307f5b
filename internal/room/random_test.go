package room

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
)

// FuzzRoom lets a small crowd do at random what clients, the media plane and
// networks do, and holds the room to its promises after each step.
func FuzzRoom(f *testing.F) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 2))
		program := make([]byte, 300)
		for i := range program {
			program[i] = byte(r.UintN(256))
		}
		f.Add(program)
	}
	f.Fuzz(func(t *testing.T, program []byte) {
		synctest.Test(t, func(t *testing.T) {
			h := newHouse(t, Options{Events: 16, ChatLines: 5, Limits: api.Limits{Members: 4, Tracks: 3}})
			defer h.rooms.Close()
			c := &crowd{h: h, program: program}
			for len(c.program) > 0 && !t.Failed() {
				c.act()
				c.check()
			}
		})
	})
}

// crowd is a few clients that do what a program of bytes says.
type crowd struct {
	h       *house
	program []byte
	here    []*client // with a connection
	away    []*client // without, perhaps members still
}

// pick takes a number below n from the program.
func (c *crowd) pick(n int) int {
	if len(c.program) == 0 || n == 0 {
		return 0
	}
	b := c.program[0]
	c.program = c.program[1:]
	return int(b) % n
}

// someone takes an id out of the room's members, or a wrong one.
func (c *crowd) someone(me *client) string {
	if i := c.pick(len(me.room.Members) + 1); i < len(me.room.Members) {
		return me.room.Members[i].ID
	}
	return "nobody"
}

// something takes a track's id, or a wrong one.
func (c *crowd) something(me *client) string {
	for _, m := range me.room.Members {
		for _, t := range m.Tracks {
			if c.pick(2) == 0 {
				return t.ID
			}
		}
	}
	return "t0"
}

func (c *crowd) act() {
	switch what := c.pick(19); {
	case len(c.here) == 0 || what == 0:
		v := c.h.visitor()
		g := Everything()
		g.CanPublishData, g.CanSubscribe = c.pick(4) != 0, c.pick(8) != 0
		if err := v.enter(&api.Join{Room: "stage", Name: "N" + strconv.Itoa(c.pick(9)), Direct: c.pick(4) != 0, Viewer: c.pick(5) == 0}, g); err == nil {
			c.here = append(c.here, v)
		}
	case what == 1:
		c.h.after([]time.Duration{time.Millisecond, time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, 2 * time.Minute}[c.pick(6)])
	case what == 2 && len(c.away) > 0:
		i := c.pick(len(c.away))
		if again, _, err := c.away[i].resume(); err == nil {
			c.here = append(c.here, again)
		}
		c.away = append(c.away[:i], c.away[i+1:]...)
	case what == 3:
		i := c.pick(len(c.here))
		c.here[i].lose()
		c.away = append(c.away, c.here[i])
		c.here = append(c.here[:i], c.here[i+1:]...)
	case what == 4:
		c.mix()
	case what == 5:
		c.meet()
	case what < 10:
		c.here[c.pick(len(c.here))].notify(c.notice(c.here[0]))
	default:
		me := c.here[c.pick(len(c.here))]
		if me.ask(c.request(me)) == nil && me.bye == nil {
			c.h.t.Error("a request was not answered")
		}
	}
	// Those to whom the server has said good-bye are gone.
	kept := c.here[:0]
	for _, one := range c.here {
		if one.bye == nil {
			kept = append(kept, one)
		}
	}
	c.here = kept
}

func (c *crowd) request(me *client) api.Message {
	paths := []api.Path{api.PathAuto, api.PathP2P, api.PathSFU, api.PathMCU}
	session := "none"
	if s := told[*api.DirectStart](me); s != nil {
		session = s.Session
	}
	switch c.pick(15) {
	case 0:
		return &api.Publish{MID: strconv.Itoa(c.pick(4)), Origin: []api.Origin{api.OriginCamera, api.OriginMicrophone, "?"}[c.pick(3)], Muted: c.pick(2) == 0, Width: c.pick(2000)}
	case 1:
		return &api.Unpublish{Track: c.something(me)}
	case 2:
		return &api.Mute{Track: c.something(me), Muted: c.pick(2) == 0}
	case 3:
		track := []string{c.something(me), api.ProgramVideo}[c.pick(2)]
		return &api.View{Quiet: c.pick(2) == 0, Slots: []api.SlotView{{Slot: strconv.Itoa(c.pick(3)), Track: track}}}
	case 4:
		return &api.Direct{Session: session, SDP: "v=0"}
	case 5, 6, 7:
		return &api.DirectState{Session: session, State: []api.DirectStateKind{api.DirectReady, api.DirectReady, api.DirectReady, api.DirectPoor, api.DirectFailed, "?"}[c.pick(6)]}
	case 8:
		return &api.SetPath{Member: []string{"", c.someone(me)}[c.pick(2)], Path: paths[c.pick(4)]}
	case 9:
		return &api.Say{Text: strconv.Itoa(c.pick(256)), To: []string{"", c.someone(me)}[c.pick(2)]}
	case 10:
		return &api.SetHand{Raised: c.pick(2) == 0}
	case 11:
		return &api.Rename{Name: "R" + strconv.Itoa(c.pick(3))}
	case 12:
		return &api.Load{Decode: float64(c.pick(12)) / 10, Dropped: float64(c.pick(5)) / 10}
	case 13:
		if c.pick(8) == 0 {
			return &api.Leave{}
		}
		return &api.Ping{}
	}
	actions := []api.ModerateAction{api.ActionMute, api.ActionRemove, api.ActionMakeHost, api.ActionLowerHand, api.ActionSettings, "?"}
	return &api.Moderate{
		Action: actions[c.pick(len(actions))], Member: c.someone(me), Track: c.something(me),
		Settings: &api.Settings{Locked: c.pick(8) == 0, Path: paths[c.pick(4)], Program: []*api.ProgramSettings{nil, {FPS: c.pick(40)}}[c.pick(2)]},
	}
}

// meet lets all who are asked to connect directly succeed.
func (c *crowd) meet() {
	for _, one := range c.here {
		one.notify(Notice{Connected: true})
	}
	for _, one := range c.here {
		if s := told[*api.DirectStart](one); s != nil {
			one.ask(&api.DirectState{Session: s.Session, State: api.DirectReady})
		}
	}
}

// mix lets the media plane say how the program fares.
func (c *crowd) mix() {
	states := []api.ProgramState{api.ProgramMixing, api.ProgramForwarding, api.ProgramStarting, api.ProgramMixing, api.ProgramFailed}
	c.h.plane.tellProgram(api.Program{State: states[c.pick(len(states))], Width: 2 * c.pick(2)})
}

func (c *crowd) notice(me *client) Notice {
	switch c.pick(10) {
	case 8, 9:
		return Notice{Line: &Line{Estimate: media.Bitrate(c.pick(20)), Needed: media.Bitrate(c.pick(20)), Short: c.pick(2) == 0}}
	case 0:
		return Notice{Lost: true}
	case 1:
		return Notice{Arrived: &media.TrackInfo{ID: media.TrackID(c.something(me)), Codec: media.VP8, Layers: []media.LayerInfo{{Size: media.Dimensions{Width: 1 + c.pick(9), Height: 2}}}}}
	case 2:
		return Notice{Slots: []api.SlotState{{Slot: strconv.Itoa(c.pick(3)), Track: c.something(me), Status: api.SlotLive}}}
	case 3:
		b, err := api.AppendData(nil, api.DataHeader{Topic: []string{api.TopicChat, api.TopicFile}[c.pick(2)], To: c.someone(me)}, []byte("data"))
		if err != nil {
			panic(err)
		}
		return Notice{Data: &Data{Message: b[:len(b)-c.pick(8)]}}
	}
	return Notice{Connected: true}
}

// check holds the room to its promises.
func (c *crowd) check() {
	for _, one := range c.here {
		one.same()
	}
	if len(c.here) == 0 {
		return
	}
	c.h.look(func(r *Room) {
		hosts, people, present := 0, 0, 0
		for _, m := range r.members {
			if m.role == api.RoleHost {
				hosts++
			}
			if m.session != nil {
				present++
			}
			if !m.path.viewer {
				people++
			}
			if e := c.h.plane.endpoint(m.id); e.closed || len(e.tracks) != len(m.tracks) {
				c.h.t.Errorf("the endpoint of member %s: closed %v, %d of %d tracks", m.id, e.closed, len(e.tracks), len(m.tracks))
			}
			if m.changed || m.joining || m.path.changed {
				c.h.t.Errorf("a change of member %s was not told", m.id)
			}
		}
		if hosts == 0 && people > 0 || present != len(c.here) || len(r.members) > 4 {
			c.h.t.Errorf("%d members, %d people, %d hosts, %d present of %d", len(r.members), people, hosts, present, len(c.here))
		}
		if len(r.feed.log) > 16 || len(r.chat) > 5 || len(r.changed) != 0 {
			c.h.t.Errorf("%d events and %d lines are kept", len(r.feed.log), len(r.chat))
		}
		direct, mixed := c.checkPaths(r, people)
		s := c.h.rooms.Stats()
		if s.Members != int64(len(r.members)) || s.MembersAway != int64(len(r.members)-present) ||
			s.MembersDirect != int64(direct) || s.MembersMixed != int64(mixed) {
			c.h.t.Errorf("stats are %+v of %d members", s, len(r.members))
		}
	})
}

// checkPaths holds the paths to what they promise, and returns how many members
// are on a direct path and how many receive the program.
func (c *crowd) checkPaths(r *Room, people int) (direct, mixed int) {
	var viewers []string
	for _, m := range r.members {
		fill := c.h.plane.endpoint(m.id).fill
		wants := FillTalkers
		switch p := m.path; {
		case p.path == api.PathP2P:
			direct++
			if p.viewer || m.quiet {
				wants = FillNothing
			}
		case p.path == api.PathMCU:
			mixed++
			wants = FillProgram
		case p.path != api.PathSFU || p.reason == "":
			c.h.t.Errorf("member %s is on %q for reason %q", m.id, p.path, p.reason)
		}
		if !m.grant.CanSubscribe {
			wants = FillNothing
		}
		if fill != wants {
			c.h.t.Errorf("member %s is on %s (%s), quiet %v, and its endpoint fills with %d", m.id, m.path.path, m.path.reason, m.quiet, fill)
		}
		// Who shall have the program is on it or told why not; who has left
		// it may show it for a moment.
		shall := m.path.path == api.PathMCU || m.path.reason == api.ReasonMixStarting || m.path.reason == api.ReasonMixFailed
		if shall || r.now.Before(m.path.until) && m.viewsProgram() {
			viewers = append(viewers, m.id)
		}
		if shall && (!m.grant.CanSubscribe || people < 1 || people == 1 && !m.path.viewer) {
			c.h.t.Errorf("member %s, one of %d people, has nothing to receive and shall have the program", m.id, people)
		}
	}
	p, _ := c.h.plane.mixing()
	if p != r.mixed || (p == nil) != (viewers == nil) || p != nil && !slices.Equal(p.Viewers, viewers) {
		c.h.t.Errorf("the program is %+v and should be for %v", p, viewers)
	}
	if (p == nil) != (r.program.State == api.ProgramOff) || mixed > 0 && !r.program.State.Flows() || r.program.State != r.paths.program {
		c.h.t.Errorf("the program is %+v, and %d receive it", r.program, mixed)
	}
	if direct != 0 && (direct != 2 || people != 2) {
		c.h.t.Errorf("%d of %d people are on a direct path", direct, people)
	}
	return direct, mixed
}
