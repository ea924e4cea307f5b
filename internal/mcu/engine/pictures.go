package engine

import (
	"encoding/json"
	"image/color"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/mcu/compose"
	"github.com/tutti-rtc/tutti/internal/mcu/layout"
	"github.com/tutti-rtc/tutti/internal/mcu/link"
	"github.com/tutti-rtc/tutti/internal/mcu/picture"
	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	// idleTurn is how often the loop turns at least.
	idleTurn = link.HeartbeatInterval / 2
	// stillInterval is how often a picture that does not change is encoded:
	// it gets finer, and who waits for a picture sees that it flows.
	stillInterval = 400 * time.Millisecond
	// syncInterval is how often voices are matched with their pictures.
	syncInterval = 250 * time.Millisecond
	// rest is what part of the loop's time is left to others, so that a
	// machine that is too slow makes fewer pictures and not later ones.
	rest = 5
)

// pictures composes the program's picture. Packets and wishes come from the link;
// the rest belongs to the pictures' goroutine.
type pictures struct {
	engine *Engine       // constant
	wake   chan struct{} // constant; of capacity 1
	turned atomic.Bool   // the loop has turned since this was reset

	figures atomic.Pointer[link.Stats] // as of the last picture

	mu     sync.Mutex
	tracks map[uint32]*track // guarded by mu
	wish   *link.Program     // guarded by mu; the latest; nil if it was taken
	keys   map[uint32]bool   // guarded by mu; outputs of which a key frame is wanted
	gone   []*track          // guarded by mu; to be closed

	program link.Program
	scene   *api.Scene
	stage   layout.Stage
	items   []layout.Item
	casts   map[string]*cast // by item
	wants   []link.Want
	frames  []frame // scratch
	drawing
	encoding
	composed media.Time    // when the last picture was begun, see keepStep
	synced   media.Time    // when voices were last made to wait for their pictures
	cost     time.Duration // of the last picture
	stats    link.Stats
}

// drawing is what the canvas needs.
type drawing struct {
	canvas  *compose.Canvas
	tiles   []compose.Tile
	talkers []string
	boxes   map[color.RGBA]*picture.Picture // of scenes, by colour
	scaled  time.Duration                   // since it was last taken into the stats
}

// encoding is what the renditions share.
type encoding struct {
	renditions []*rendition
	counts     map[uint32]*counts // of each output that ever was
	encoded    media.Time         // when one was last encoded
}

func newPictures(e *Engine) *pictures {
	p := &pictures{
		engine: e, wake: make(chan struct{}, 1), tracks: make(map[uint32]*track), keys: make(map[uint32]bool),
		encoding: encoding{counts: make(map[uint32]*counts)},
	}
	p.figures.Store(&link.Stats{})
	return p
}

// set takes what the server wants.
func (p *pictures) set(w *link.Program) {
	p.mu.Lock()
	p.wish = w
	known := make(map[uint32]bool)
	for _, m := range w.Members {
		for _, t := range m.Tracks {
			if t.Kind != media.Video || t.LeftOut {
				continue
			}
			known[t.Number] = true
			if p.tracks[t.Number] == nil {
				p.tracks[t.Number] = &track{number: t.Number}
			}
		}
	}
	for number, t := range p.tracks {
		if !known[number] {
			delete(p.tracks, number)
			p.gone = append(p.gone, t)
		}
	}
	p.mu.Unlock()
	p.rouse()
}

// take takes a member's packet.
func (p *pictures) take(now media.Time, number uint32, packet *media.Packet) {
	p.mu.Lock()
	t := p.tracks[number]
	whole := t != nil && t.take(now, packet)
	p.mu.Unlock()
	if whole {
		p.rouse()
	}
}

func (p *pictures) wantKeyFrame(output uint32) {
	p.mu.Lock()
	p.keys[output] = true
	p.mu.Unlock()
	p.rouse()
}

// rouse lets the loop turn.
func (p *pictures) rouse() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// runPictures composes until the engine ends. It keeps its thread: it is in C most
// of the time, and what its parts cost is told by the thread's clock.
func (e *Engine) runPictures() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p := e.pictures
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-p.wake:
		case <-e.done:
			return
		}
		p.turned.Store(true)
		next := p.turn(e.opt.Clock.Now())
		timer.Reset(min(max(e.opt.Clock.Until(next), 0), idleTurn))
	}
}

// turn takes news in, composes a picture if one is due, and returns when the next
// one is.
func (p *pictures) turn(now media.Time) media.Time {
	fresh := p.takeWish(now)
	p.collect(now)
	if len(p.renditions) == 0 {
		return now.Add(idleTurn)
	}
	due := p.due(now)
	if fresh {
		due = now // what is new is worth a picture
	}
	if earliest := p.composed.Add(max(p.interval(), p.cost*rest/(rest-1))); due.Before(earliest) {
		due = earliest
	}
	if due.After(now) {
		return due
	}
	begin := p.engine.opt.Clock.Now()
	p.compose(now)
	p.keepStep(now)
	p.cost = p.engine.opt.Clock.Now().Sub(begin)
	return p.composed.Add(p.interval())
}

// keepStep notes when a picture was begun: in step with those before if it is only
// a bit late, since what timers waste would add up to whole pictures.
func (p *pictures) keepStep(now media.Time) {
	step := p.composed.Add(p.interval())
	if late := now.Sub(step); late >= 0 && late < p.interval()/2 {
		p.composed = step
	} else {
		p.composed = now
	}
}

// takeWish takes over what the server wants, and reports whether it is news.
func (p *pictures) takeWish(now media.Time) bool {
	p.mu.Lock()
	w, gone := p.wish, p.gone
	p.wish, p.gone = nil, nil
	p.mu.Unlock()
	for _, t := range gone {
		t.closeDecoder()
	}
	if w == nil {
		return false
	}
	if w.Scene == nil {
		p.scene = nil
	} else if string(w.Scene) != string(p.program.Scene) {
		p.scene = new(api.Scene)
		if json.Unmarshal(w.Scene, p.scene) != nil || p.scene.Validate() != nil {
			p.scene = nil
		}
	}
	p.program = *w
	size := media.Dimensions{Width: w.Width, Height: w.Height}
	if p.canvas == nil || p.canvas.Picture().Size() != size {
		p.fit(nil) // they are of the other size, or scaled from it
		p.canvas = compose.New(size, p.scale, p.engine.opt.Faces)
	}
	p.fit(w.Video)
	p.cast()
	p.arrange(now)
	return true
}

// interval returns the time between two pictures: not less than the fastest of
// those that are shown brings.
func (p *pictures) interval() time.Duration {
	least := time.Second / time.Duration(max(p.program.FPS, 1))
	if p.stage.Moving(p.engine.opt.Clock.Now()) {
		return least
	}
	fastest := time.Duration(0)
	for _, c := range p.casts {
		if t := c.track; t != nil && t.interval > 0 && (fastest == 0 || t.interval < fastest) {
			fastest = t.interval
		}
	}
	return max(least, fastest*9/10)
}

// due returns when the next picture has something new to show, at the latest when
// a still one is encoded again.
func (p *pictures) due(now media.Time) media.Time {
	due := p.encoded.Add(stillInterval)
	if p.stage.Moving(now) || !p.settled() {
		due = now
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.renditions {
		if p.keys[r.Output] {
			due = min(due, max(now, r.key.Add(keyInterval)))
		}
	}
	for _, c := range p.casts {
		if c.track == nil {
			continue
		}
		if d := c.track.due(p.lateness(c.member)); !d.IsZero() {
			due = min(due, d)
		}
	}
	return due
}

// collect looks after packets that were waited for, and after key frames.
func (p *pictures) collect(now media.Time) {
	var ask []link.KeyFrameWanted
	p.mu.Lock()
	for _, t := range p.tracks {
		if t.receiver == nil {
			continue
		}
		t.collect(now)
		if t.receiver.KeyFrameWanted(now) {
			ask = append(ask, link.KeyFrameWanted{Number: t.number, Stream: t.stream})
		}
	}
	p.mu.Unlock()
	for _, m := range ask {
		_ = p.engine.link.Write(m) // an ended link ends Run
	}
}

// lateness returns how long after its capture a member's picture is shown: when
// its sound is heard.
func (p *pictures) lateness(member string) time.Duration {
	d, _ := p.engine.sound.lateness(member)
	return d
}

// sync makes voices wait for pictures that come later than they do.
func (p *pictures) sync(now media.Time) {
	if now.Sub(p.synced) < syncInterval {
		return
	}
	p.synced = now
	for _, c := range p.casts {
		if c.screen {
			continue
		}
		var lag time.Duration
		if c.track != nil && !c.off {
			p.mu.Lock()
			lag = c.track.lag
			p.mu.Unlock()
		}
		p.engine.sound.wait(c.member, lag)
	}
}

// compose decodes what is due, draws and encodes.
func (p *pictures) compose(now media.Time) {
	clock := startStopwatch()
	for _, c := range p.casts {
		if c.track != nil {
			p.catchUp(now, c)
		}
	}
	p.stats.Decode += clock.lap()
	p.sync(now)
	p.arrange(now)
	p.draw(now)
	p.stats.Compose += clock.lap() - p.takeScale()
	p.encode(now)
	p.stats.Encode += clock.lap() - p.takeScale()
	p.stats.Composed++
	figures := p.stats
	p.figures.Store(&figures)
}

// catchUp decodes a track's frames up to the one that is to be seen now.
func (p *pictures) catchUp(now media.Time, c *cast) {
	lateness := p.lateness(c.member)
	p.mu.Lock()
	p.frames = c.track.ripe(p.frames[:0], now.Add(p.interval()/2), lateness)
	p.mu.Unlock()
	p.stats.Late += uint64(max(len(p.frames)-1, 0)) // all but the newest
	for i := range p.frames {
		p.decode(c.track, &p.frames[i])
	}
	p.mu.Lock()
	for _, f := range p.frames {
		c.track.recycle(f)
	}
	p.mu.Unlock()
}

func (p *pictures) close() {
	for _, t := range p.tracks {
		t.closeDecoder()
	}
	for _, t := range p.gone {
		t.closeDecoder()
	}
	for _, r := range p.renditions {
		r.close()
	}
}
