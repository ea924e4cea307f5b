package engine

import (
	"image/color"
	"slices"
	"strconv"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/mcu/compose"
	"github.com/tutti-rtc/tutti/internal/mcu/layout"
	"github.com/tutti-rtc/tutti/internal/mcu/link"
	"github.com/tutti-rtc/tutti/internal/mcu/picture"
	"github.com/tutti-rtc/tutti/internal/media"
)

// cast is what a tile shows: a member's camera or screen.
type cast struct {
	member string
	name   string
	screen bool
	hand   bool
	muted  bool   // no microphone is heard
	off    bool   // there is no picture to be shown: a name takes its place
	note   string // what is wrong with the picture
	track  *track // nil if there is none
}

// cantShow is the note in the tile of a stream that can't be decoded.
const cantShow = "This picture can't be shown here"

// cast makes the items of the layout of what the server wants.
func (p *pictures) cast() {
	p.casts = make(map[string]*cast)
	p.items = p.items[:0]
	for i := range p.program.Members {
		m := &p.program.Members[i]
		camera := cast{member: m.ID, name: m.Name, hand: m.Hand, muted: silent(m), off: true}
		screen := camera
		screen.screen, screen.hand = true, false
		for j := range m.Tracks {
			t := &m.Tracks[j]
			switch {
			case t.Kind != media.Video:
			case t.Origin == media.ScreenVideo:
				c, id := screen, m.ID+"/screen"
				if p.casts[id] != nil { // a second one
					id += " " + strconv.FormatUint(uint64(t.Number), 10)
				}
				p.show(&c, t)
				p.add(id, c)
			default:
				p.show(&camera, t)
			}
		}
		p.add(m.ID, camera)
	}
}

// show puts a track into a cast.
func (p *pictures) show(c *cast, t *link.Track) {
	p.mu.Lock()
	c.track = p.tracks[t.Number]
	p.mu.Unlock()
	c.off = t.Muted || t.LeftOut
	if c.off && c.track != nil {
		p.forget(c.track)
	}
	if t.LeftOut || c.track != nil && c.track.failed {
		c.note = cantShow
	}
}

// forget drops what a track has shown: when it goes on, it does so with a new
// picture and not with an old one.
func (p *pictures) forget(t *track) {
	t.shown = nil
	p.mu.Lock()
	defer p.mu.Unlock()
	t.discard()
	if t.receiver != nil {
		t.receiver.Restart()
	}
}

func (p *pictures) add(id string, c cast) {
	p.casts[id] = &c
	item := layout.Item{ID: id, Member: c.member, Screen: c.screen, Picture: !c.off}
	if c.track != nil && c.track.shown != nil {
		item.Aspect = aspect(c.track)
	}
	p.items = append(p.items, item)
}

// aspect returns a picture's width by its height, as it is looked at.
func aspect(t *track) float64 {
	w, h := float64(t.shown.Width), float64(t.shown.Height)
	if t.turned != media.NoOrientation && t.turned&1 != 0 { // by a quarter or three
		w, h = h, w
	}
	return w / h
}

// silent reports whether a member has no microphone that is on.
func silent(m *link.Member) bool {
	return !slices.ContainsFunc(m.Tracks, func(t link.Track) bool {
		return t.Kind == media.Audio && t.Origin != media.ScreenAudio && !t.Muted
	})
}

// arrange lets the layout draw its conclusions, and tells the server which sizes
// are needed.
func (p *pictures) arrange(now media.Time) {
	for i := range p.items {
		if c := p.casts[p.items[i].ID]; c.track != nil && c.track.shown != nil {
			p.items[i].Aspect = aspect(c.track)
		}
	}
	var leader string
	if p.talkers = p.engine.sound.talkers(p.talkers[:0]); len(p.talkers) > 0 {
		leader = p.talkers[0]
	}
	kind := api.Layout(p.program.Layout)
	if kind == api.LayoutScene && p.scene == nil {
		kind = ""
	}
	p.stage.Update(now, layout.Input{
		Size:   media.Dimensions{Width: p.program.Width, Height: p.program.Height},
		Layout: kind, Scene: p.scene, Items: p.items, Talker: leader,
	})
	p.tellWants()
}

// tellWants tells the server which sizes are needed, if that changed.
func (p *pictures) tellWants() {
	sizes := make(map[uint32]media.Dimensions)
	if len(p.renditions) > 0 {
		for _, tile := range p.stage.Settled() {
			c := p.casts[tile.Item]
			if c == nil || c.track == nil || c.off || c.track.failed {
				continue
			}
			size := media.Dimensions{Width: tile.Rect.Dx(), Height: tile.Rect.Dy()}
			if size.Area() > sizes[c.track.number].Area() {
				sizes[c.track.number] = size
			}
		}
	}
	var wants []link.Want
	for _, item := range p.items {
		if c := p.casts[item.ID]; c.track != nil {
			size := sizes[c.track.number]
			wants = append(wants, link.Want{Number: c.track.number, Width: size.Width, Height: size.Height})
		}
	}
	if slices.Equal(wants, p.wants) {
		return
	}
	p.wants = wants
	_ = p.engine.link.Write(link.Wants{Tracks: wants}) // an ended link ends Run
}

// draw brings the canvas up to date.
func (p *pictures) draw(now media.Time) {
	p.talkers = p.engine.sound.talkers(p.talkers[:0])
	p.tiles = p.tiles[:0]
	for _, at := range p.stage.Tiles(now) {
		t := compose.Tile{
			ID: at.Item, Rect: at.Rect, Opacity: at.Opacity, Orientation: media.NoOrientation,
		}
		if at.Fit == api.FitContain {
			t.Fit = compose.Contain
		}
		if at.Item == "" {
			c := colour(at.Background)
			t.ID, t.Picture = "box "+strconv.Itoa(at.Cell), p.box(c)
			t.Version = uint64(c.R)<<16 | uint64(c.G)<<8 | uint64(c.B)
		} else if c, ok := p.casts[at.Item]; ok {
			p.dress(&t, c)
		}
		if at.Copy > 0 {
			t.ID += " " + strconv.Itoa(at.Copy)
		}
		p.tiles = append(p.tiles, t)
	}
	p.canvas.Draw(p.background(), p.tiles)
}

// dress puts what is known of a member into a tile.
func (p *pictures) dress(t *compose.Tile, c *cast) {
	t.Name, t.Hand, t.Muted, t.Note = c.name, c.hand, c.muted && !c.screen, c.note
	t.Talking = !c.screen && slices.Contains(p.talkers, c.member)
	if c.track == nil || c.off {
		return
	}
	if c.track.failed {
		t.Note = cantShow
	} else if c.track.shown != nil {
		t.Picture, t.Version, t.Orientation = c.track.shown, c.track.version, c.track.turned
	}
}

// box returns a picture of one colour, for a scene's plain tile.
func (p *pictures) box(c color.RGBA) *picture.Picture {
	if box := p.boxes[c]; box != nil {
		return box
	}
	box := picture.New(block, block)
	box.Fill(compose.YUV(c))
	if p.boxes == nil || len(p.boxes) > api.MaxSceneTiles {
		p.boxes = make(map[color.RGBA]*picture.Picture)
	}
	p.boxes[c] = box
	return box
}

// background returns the colour behind the tiles: the scene's, or the server's.
func (p *pictures) background() color.RGBA {
	if api.Layout(p.program.Layout) == api.LayoutScene && p.scene != nil && p.scene.Background != "" {
		return colour(p.scene.Background)
	}
	return colour(p.program.Background)
}

// colour reads "#rrggbb"; the stage's own colour for anything else.
func colour(s string) color.RGBA {
	if r, g, b, ok := api.RGB(s); ok {
		return color.RGBA{r, g, b, 255}
	}
	return color.RGBA{0x10, 0x12, 0x14, 255}
}

// scale is what the canvas scales with; it is measured apart.
func (p *pictures) scale(dst, src *picture.Picture) {
	clock := startStopwatch()
	p.engine.opt.Codecs.Scale(dst, src)
	p.scaled += clock.lap()
}

// takeScale returns what scaling took since the last call.
func (p *pictures) takeScale() time.Duration {
	d := p.scaled
	p.stats.Scale += d
	p.scaled = 0
	return d
}
