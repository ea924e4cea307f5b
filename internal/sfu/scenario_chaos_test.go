package sfu_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/netsim"
	"github.com/tutti-rtc/tutti/internal/peer/peertest"
)

// TestWhateverHappensASlotIsOneStream lets members do what members do, in random
// order: whatever flows in a slot must stay one stream for its decoder, and when
// everybody rests, everybody must see what he wants to see.
func TestWhateverHappensASlotIsOneStream(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			play(t, seed, func(t *testing.T, s *stage) {
				c := newChaos(s, seed, peertest.ClientOptions{})
				c.run(60, 5*time.Second)
				for _, v := range c.viewers {
					for i, shots := range c.shots[v] {
						unbroken(t, fmt.Sprintf("%s, slot %d", v.name, i), shots)
					}
				}
			})
		})
	}
}

// TestRoughLinesRecover does so on lines that lose, delay, and get thin. What is
// lost for good is lost; but when the lines are well again, everybody must see
// what he wants to see, in the layer that fits.
func TestRoughLinesRecover(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			play(t, seed, func(t *testing.T, s *stage) {
				c := newChaos(s, seed, peertest.ClientOptions{NACK: true, Reports: true, Arrivals: true})
				c.rough = true
				c.run(60, 30*time.Second)
			})
		})
	}
}

// chaos is a room in which a lot happens.
type chaos struct {
	*stage
	rng        *rand.Rand
	publishers []*guest
	viewers    []*guest
	rough      bool // the lines are bad
	wishes     map[*guest][]string
	shots      map[*guest][][]shot // by slot
}

const (
	chaosPublishers = 3
	chaosViewers    = 3
	chaosSlots      = 2
)

func newChaos(s *stage, seed uint64, o peertest.ClientOptions) *chaos {
	c := &chaos{stage: s, rng: rand.New(rand.NewPCG(seed, 7)), wishes: map[*guest][]string{}, shots: map[*guest][][]shot{}}
	for i := range chaosPublishers {
		c.publishers = append(c.publishers, s.enter(fmt.Sprint("publisher ", i), 0, o, c.camera(i)))
	}
	for i := range chaosViewers {
		v := s.enter(fmt.Sprint("viewer ", i), chaosSlots, o)
		c.viewers = append(c.viewers, v)
		c.shots[v] = make([][]shot, chaosSlots)
	}
	return c
}

// camera is the i-th publisher's; each take begins its numbers somewhere.
func (c *chaos) camera(i int) *film {
	f := newSimulcast(c.t, string(rune('a'+i)))
	for _, st := range f.streams {
		st.seq = uint16(c.rng.Uint32())
		st.first, st.ts, st.picture = st.seq, c.rng.Uint32(), uint16(c.rng.Uint32())&0x7fff
	}
	return f
}

// run lets a number of things happen, and then everybody rest for a while.
func (c *chaos) run(things int, rest time.Duration) {
	for range things {
		c.act()
		after(time.Duration(c.rng.IntN(400)) * time.Millisecond)
		c.collect()
	}
	c.rest(rest)
}

// act does one thing.
func (c *chaos) act() {
	if c.rough && c.rng.IntN(4) == 0 {
		c.spoil()
		return
	}
	p, v := c.publishers[c.rng.IntN(len(c.publishers))], c.viewers[c.rng.IntN(len(c.viewers))]
	film := p.films[0]
	switch c.rng.IntN(10) {
	case 0, 1, 2, 3: // another layout of a page
		c.show(v)
	case 4, 5: // a camera is covered or uncovered
		film.muted.Store(!film.muted.Load())
		p.publish()
	case 6: // a browser rests a layer, or takes it up
		n := c.rng.IntN(3)
		film.stops(n, !film.streams[n].broken.Load())
	case 7: // a track ends, or comes
		if c.rng.IntN(2) == 0 {
			p.endpoint.Publish(nil)
		} else {
			p.publish()
		}
	case 8: // a publisher's tab is reloaded
		film.cut()
		old := p.Client
		p.connect(0, c.camera(int(film.name-'a')))
		c.must(old.GracefulClose())
	case 9: // the client of a viewer can't decode
		v.pleads()
	}
}

// spoil changes somebody's line.
func (c *chaos) spoil() {
	all := append(slices.Clone(c.publishers), c.viewers...)
	line := func() netsim.LinkOptions {
		return netsim.LinkOptions{
			Delay: time.Duration(c.rng.IntN(80)) * time.Millisecond, Jitter: 10 * time.Millisecond,
			Loss: []float64{0, 0.02, 0.2}[c.rng.IntN(3)], Burst: 3,
			Rate: []media.Bitrate{100_000, 600_000, 10_000_000}[c.rng.IntN(3)],
		}
	}
	all[c.rng.IntN(len(all))].lines(line(), line())
}

// show puts random tracks of a random size into a viewer's slots.
func (c *chaos) show(v *guest) {
	var tracks []string
	for range chaosSlots {
		tracks = append(tracks, string(rune('a'+c.rng.IntN(chaosPublishers))))
	}
	c.wishes[v] = tracks
	v.shows([]media.Dimensions{small, middle, large}[c.rng.IntN(3)], tracks...)
}

// collect keeps what came.
func (c *chaos) collect() {
	for _, v := range c.viewers {
		for i := range chaosSlots {
			c.shots[v][i] = append(c.shots[v][i], v.video(i).cut()...)
		}
	}
}

// rest lets everybody do what they shall, and looks whether all see it.
func (c *chaos) rest(d time.Duration) {
	for _, p := range c.publishers {
		p.lines(netsim.LinkOptions{}, netsim.LinkOptions{})
		for i := range p.films[0].streams {
			p.films[0].stops(i, false)
		}
		p.films[0].muted.Store(false)
		p.publish()
	}
	for _, v := range c.viewers {
		v.lines(netsim.LinkOptions{}, netsim.LinkOptions{})
		c.show(v)
	}
	after(d)
	c.collect()
	after(time.Second)
	for _, v := range c.viewers {
		for i, want := range c.wishes[v] {
			shots := v.video(i).cut()
			c.shots[v][i] = append(c.shots[v][i], shots...)
			if len(shots) < 20 || string(rune(shots[0].film)) != want {
				c.t.Errorf("%s: %d packets come in slot %d, which shall show %q", v.name, len(shots), i, want)
			}
			if st := v.state(v.slot(webrtc.RTPCodecTypeVideo, i)); st.Status != api.SlotLive || st.Track != want {
				c.t.Errorf("%s: slot %d is told to be %+v", v.name, i, st)
			}
		}
	}
	for _, p := range c.publishers {
		if n := c.Server.Stats().Peers; n != chaosPublishers+chaosViewers {
			c.t.Errorf("%d peers", n)
		}
		c.wantedBy(p)
	}
}

// wantedBy fails unless a publisher was told of exactly the layers that flow.
func (c *chaos) wantedBy(p *guest) {
	flowing := map[string]bool{}
	for _, v := range c.viewers {
		for i := range chaosSlots {
			if st := v.state(v.slot(webrtc.RTPCodecTypeVideo, i)); st.Track == p.films[0].id {
				flowing[st.RID] = true
			}
		}
	}
	told := p.wanted(p.films[0].id)
	for _, rid := range told {
		if !flowing[rid] {
			c.t.Errorf("%s is told to send %q, which nobody is sent", p.name, rid)
		}
	}
	if len(told) != len(flowing) {
		c.t.Errorf("%s is told to send %q, but %v flow", p.name, told, flowing)
	}
}

// pleads says that the client can't decode its first video slot.
func (g *guest) pleads() {
	for _, r := range g.GetReceivers() {
		if track := r.Track(); track != nil && track.Kind() == webrtc.RTPCodecTypeVideo && track.SSRC() != 0 {
			_ = g.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(track.SSRC())}})
			return
		}
	}
}
