package e2e

import (
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/client"
	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	i420 "github.com/tutti-rtc/tutti/internal/mcu/picture"
	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	// memory is how much is remembered of what was heard.
	memory = 3 * time.Second
	// hearTime is what is listened to for tones.
	hearTime = 300 * time.Millisecond
	// colourTolerance is how far a part of a colour may be off after encoding
	// it twice.
	colourTolerance = 20
	// askAgain is how long a key frame is waited for until it is asked for
	// once more.
	askAgain = 500 * time.Millisecond
)

// spectator is a Go client that sees and hears: what comes in its slots is
// decoded.
type spectator struct {
	*person
	codecs codec.Codecs

	senses  sync.Mutex
	news    chan struct{} // guarded by senses; closed and replaced when something is seen or heard
	picture *i420.Picture // guarded by senses; the newest, of any slot
	shown   int           // guarded by senses; how many there were
	pcm     []float32     // guarded by senses; of the newest sound, one channel
	heard   int           // guarded by senses; samples, in all
	look    func(glimpse) // guarded by senses; told each picture
	listen  func(earshot) // guarded by senses; told each packet of sound
}

// glimpse is a picture that came.
type glimpse struct {
	slot    string
	at      time.Time     // when its last packet came
	stamp   uint32        // of RTP
	picture *i420.Picture // lent for the call
}

// earshot is a packet of sound that came.
type earshot struct {
	slot  string
	at    time.Time
	stamp uint32    // of RTP
	pcm   []float32 // one channel; lent for the call
}

// watches brings a spectator to the room. Options say what it is beside that.
func watches(t *testing.T, s *server, o client.Options) *spectator {
	t.Helper()
	o.AudioSlots, o.VideoSlots = max(o.AudioSlots, 1), max(o.VideoSlots, 4)
	v, err := tryWatch(t, s, o)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func tryWatch(t *testing.T, s *server, o client.Options) (*spectator, error) {
	t.Helper()
	v := &spectator{codecs: needCodecs(t), news: make(chan struct{})}
	o.Handlers.Track, o.AutoView = v.receive, true
	var err error
	v.person, err = tryEnter(t, s.url(), o)
	return v, err
}

// viewer brings one who only watches, and waits until it is given the program.
func viewer(t *testing.T, s *server, name string) *spectator {
	t.Helper()
	v := watches(t, s, client.Options{Name: name, Viewer: true})
	v.isOn(api.PathMCU)
	return v
}

// isOn waits for the path of a client's own.
func (p *person) isOn(path api.Path) {
	p.t.Helper()
	room, err := p.Wait(p.ctx(), func(room api.Room) bool { return memberOf(room, p.Member()).Path == path })
	if err != nil {
		p.t.Fatalf("not on %s: %v; %+v; %+v", path, err, memberOf(p.Snapshot(), p.Member()), p.Snapshot().Program)
	}
	_ = room
}

func memberOf(room api.Room, id string) api.Member {
	i := slices.IndexFunc(room.Members, func(m api.Member) bool { return m.ID == id })
	if i < 0 {
		return api.Member{}
	}
	return room.Members[i]
}

// receive is the client's handler of tracks. Its goroutine ends with the room.
func (v *spectator) receive(track *client.RemoteTrack) {
	if track.Kind().String() == string(api.KindVideo) {
		go v.watchTrack(track)
	} else {
		go v.listenTrack(track)
	}
}

func (v *spectator) watchTrack(track *client.RemoteTrack) {
	decoder, err := v.codecs.NewVideoDecoder(media.VP8)
	if err != nil {
		v.t.Error(err)
		return
	}
	defer decoder.Close()
	var whole assembly
	for {
		packet, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		now := time.Now()
		frame := whole.take(packet)
		if whole.lost && now.Sub(whole.asked) > askAgain {
			whole.asked = now
			_ = track.RequestKeyFrame() // asked again if it is not heard
		}
		if frame == nil {
			continue
		}
		picture, err := decoder.Decode(frame)
		if err != nil {
			whole.lost = true
			continue
		}
		if picture != nil {
			v.see(glimpse{track.Slot(), now, packet.Timestamp, picture})
		}
	}
}

// see takes a picture that is lent.
func (v *spectator) see(s glimpse) {
	v.senses.Lock()
	defer v.senses.Unlock()
	if v.picture == nil || v.picture.Size() != s.picture.Size() {
		v.picture = i420.New(s.picture.Width, s.picture.Height)
	}
	v.picture.Copy(s.picture)
	v.shown++
	if v.look != nil {
		v.look(s)
	}
	close(v.news)
	v.news = make(chan struct{})
}

func (v *spectator) listenTrack(track *client.RemoteTrack) {
	decoder, err := v.codecs.NewAudioDecoder()
	if err != nil {
		v.t.Error(err)
		return
	}
	defer decoder.Close()
	const longest = codec.SampleRate / 1000 * 120
	pcm := make([]float32, codec.Channels*longest)
	for {
		packet, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		if len(packet.Payload) == 0 {
			continue // padding
		}
		now := time.Now()
		samples, err := decoder.Decode(pcm, packet.Payload)
		if err != nil {
			v.t.Errorf("a sound that can't be decoded: %v", err)
			return
		}
		mono := pcm[:samples] // written behind what is read
		for i := range mono {
			mono[i] = (pcm[2*i] + pcm[2*i+1]) / 2
		}
		v.hear(earshot{track.Slot(), now, packet.Timestamp, mono})
	}
}

// hear takes sound that is lent.
func (v *spectator) hear(e earshot) {
	v.senses.Lock()
	defer v.senses.Unlock()
	v.pcm = append(v.pcm, e.pcm...)
	v.heard += len(e.pcm)
	if most := int(memory * codec.SampleRate / time.Second); len(v.pcm) > 2*most {
		v.pcm = append(v.pcm[:0], v.pcm[len(v.pcm)-most:]...)
	}
	if v.listen != nil {
		v.listen(e)
	}
	close(v.news)
	v.news = make(chan struct{})
}

// notes has functions called with all that is seen and heard from now on, one at
// a time; nil ends that.
func (v *spectator) notes(look func(glimpse), listen func(earshot)) {
	v.senses.Lock()
	defer v.senses.Unlock()
	v.look, v.listen = look, listen
}

// until waits until nothing is missing any more, as ok tells, which is asked after
// each picture and sound.
func (v *spectator) until(what string, ok func() string) {
	v.t.Helper()
	v.untilWithin(patience, what, ok)
}

func (v *spectator) untilWithin(patience time.Duration, what string, ok func() string) {
	v.t.Helper()
	late := time.After(patience)
	for {
		v.senses.Lock()
		news, missing, shown, heard := v.news, ok(), v.shown, v.heard
		v.senses.Unlock()
		if missing == "" {
			return
		}
		select {
		case <-news:
		case <-late:
			room := v.Snapshot()
			v.keep("last.png")
			v.t.Fatalf("%s: not within %v: %s; %d pictures, %d ms of sound; program %+v; %+v; slots %+v",
				what, patience, missing, shown, heard*1000/codec.SampleRate, room.Program, memberOf(room, v.Member()), v.Slots())
		}
	}
}

// keep leaves the newest picture among what the test leaves behind.
func (v *spectator) keep(name string) {
	v.senses.Lock()
	defer v.senses.Unlock()
	p := v.picture
	if p == nil {
		return
	}
	file, err := os.Create(filepath.Join(v.t.ArtifactDir(), name))
	if err != nil {
		v.t.Error(err)
		return
	}
	defer file.Close()
	if err := png.Encode(file, &image.YCbCr{
		Y: p.Y, Cb: p.U, Cr: p.V, YStride: p.StrideY, CStride: p.StrideUV,
		SubsampleRatio: image.YCbCrSubsampleRatio420, Rect: image.Rect(0, 0, p.Width, p.Height),
	}); err != nil {
		v.t.Error(err)
	}
}

// place is a part of the picture, in fractions of it.
type place struct{ x, y, width, height float64 }

func (p place) in(size media.Dimensions) image.Rectangle {
	x := func(f float64) int { return int(math.Round(f * float64(size.Width))) }
	y := func(f float64) int { return int(math.Round(f * float64(size.Height))) }
	return image.Rect(x(p.x), y(p.y), x(p.x+p.width), y(p.y+p.height))
}

// whole is all of the picture.
func whole() place { return place{0, 0, 1, 1} }

// grid returns n places of equal size in rows, the last of them centred.
func grid(columns, rows, n int) (list []place) {
	w := 1 / float64(columns)
	h := w // canvas and tiles are 16:9
	for i := range n {
		r := i / columns
		in := min(columns, n-r*columns)
		list = append(list, place{
			x: (1-float64(in)*w)/2 + float64(i%columns)*w, y: (1-float64(rows)*h)/2 + float64(r)*h, width: w, height: h,
		})
	}
	return list
}

// seesThere waits until each place shows the picture of whom it names, a source of
// browser/cast.js; an empty name wants a place where nobody's picture is.
func (v *spectator) seesThere(what string, places []place, who ...string) {
	v.t.Helper()
	v.until(what, func() string { return v.seated(places, who, func(there []string) []string { return there }) })
}

// seesAll waits until the places show all of these, in any order.
func (v *spectator) seesAll(what string, places []place, who ...string) {
	v.t.Helper()
	v.until(what, func() string {
		return v.seated(places, who, func(there []string) []string { return slices.Sorted(slices.Values(there)) })
	})
}

// seated says in which way those in the places, as order puts them, are not who is
// wanted. senses is held.
func (v *spectator) seated(places []place, who []string, order func([]string) []string) string {
	if v.picture == nil {
		return "no picture"
	}
	var there []string
	for _, p := range places {
		source, _ := read(v.picture, p)
		there = append(there, source)
	}
	if slices.Equal(order(there), who) {
		return ""
	}
	return fmt.Sprintf("%q are in the places of %q", there, who)
}

// read returns which source's picture is in a place, and its number; an empty one
// if it is nobody's, or not in their colour.
func read(p *i420.Picture, at place) (source string, number uint32) {
	source, number = sourceAt(p, at)
	if source == "" {
		return "", 0
	}
	name, screen := strings.CutSuffix(source, " screen")
	rgb := partOf(name).colour
	if screen {
		rgb = partOf(name).screen
	}
	if ground(p, at).off(toYUV(rgb)) > colourTolerance {
		return "", 0
	}
	return source, number
}

// sourceAt does as read does, whatever the colour.
func sourceAt(p *i420.Picture, at place) (source string, number uint32) {
	r := at.in(p.Size())
	var bits uint32
	for i := range 8 * bitRows {
		bits <<= 1
		if mean(p, block(r, i)).y > 128 {
			bits |= 1
		}
	}
	index, number := bits>>21, bits>>8&(numbers-1)
	if bits&0xff != check(index, number) {
		return "", 0
	}
	if source = cast()[index/2].name; index%2 != 0 {
		source += " screen"
	}
	return source, number
}

// ground returns the colour below the blocks, on the right: names are on the left.
func ground(p *i420.Picture, at place) yuv {
	return mean(p, block(at.in(p.Size()), 8*bitRows+6))
}

// mean returns the colour in the middle of a part of a picture.
func mean(p *i420.Picture, r image.Rectangle) yuv {
	c := image.Pt((r.Min.X+r.Max.X)/2, (r.Min.Y+r.Max.Y)/2)
	half := image.Pt(max(1, r.Dx()/6), max(1, r.Dy()/6))
	r = image.Rectangle{c.Sub(half), c.Add(half)}.Intersect(image.Rect(0, 0, p.Width, p.Height))
	var luma, u, w, n int
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			luma += int(p.Y[y*p.StrideY+x])
			u += int(p.U[y/2*p.StrideUV+x/2])
			w += int(p.V[y/2*p.StrideUV+x/2])
			n++
		}
	}
	if n == 0 {
		return yuv{}
	}
	return yuv{byte(luma / n), byte(u / n), byte(w / n)}
}

// hears waits until exactly these are heard, all of the cast being listened for.
func (v *spectator) hearsOnly(what string, names ...string) {
	v.t.Helper()
	began := v.now()
	v.until(what, func() string {
		levels := v.levels(began)
		if levels == nil {
			return "no sound"
		}
		var there []string
		for i, p := range cast() {
			if levels[i] > audible {
				there = append(there, p.name)
			}
		}
		if slices.Equal(there, names) {
			return ""
		}
		return fmt.Sprintf("%q are heard in the place of %q", there, names)
	})
}

// audible is a level, in dB of a full tone, above which somebody is heard: what is
// left of others in a mix is far below.
const audible = -50

// now returns how many samples were heard.
func (v *spectator) now() int {
	v.senses.Lock()
	defer v.senses.Unlock()
	return v.heard
}

// levels returns how loud each of the cast is in the last hearTime, in dB of a
// full tone; nil if less was heard since began. senses is held.
func (v *spectator) levels(began int) []float64 {
	n := int(hearTime * codec.SampleRate / time.Second)
	if v.heard-began < n || len(v.pcm) < n {
		return nil
	}
	var levels []float64
	for _, p := range cast() {
		levels = append(levels, toneLevel(v.pcm[len(v.pcm)-n:], float64(p.tone)))
	}
	return levels
}

// toneLevel returns how loud a tone is, in dB of a full one (Goertzel's algorithm
// behind a Hann window).
func toneLevel(pcm []float32, frequency float64) float64 {
	step := 2 * math.Pi * frequency / codec.SampleRate
	k := 2 * math.Cos(step)
	var s1, s2 float64
	for i, x := range pcm {
		hann := 1 - math.Cos(2*math.Pi*float64(i)/float64(len(pcm)))
		s1, s2 = float64(x)*hann+k*s1-s2, s1
	}
	power := s1*s1 + s2*s2 - k*s1*s2
	amplitude := 2 * math.Sqrt(max(power, 0)) / float64(len(pcm))
	return 20 * math.Log10(max(amplitude, 1e-7))
}

// assembly puts the packets of a stream together to frames.
type assembly struct {
	frame   []byte
	open    bool // a frame has begun and none of it is missing
	started bool
	next    uint16
	lost    bool // something is missing: only a key frame helps
	asked   time.Time
}

// take returns a frame that became whole and can be decoded, lent until the next
// call.
func (a *assembly) take(p *rtp.Packet) []byte {
	switch ahead := int16(p.SequenceNumber - a.next); {
	case !a.started:
		a.started, a.lost = true, true
	case ahead < 0:
		return nil // too late
	case ahead > 0:
		a.lost, a.open = true, false
	}
	a.next = p.SequenceNumber + 1
	var vp8 codecs.VP8Packet
	payload, err := vp8.Unmarshal(p.Payload)
	if err != nil {
		return nil // padding
	}
	if vp8.S == 1 && vp8.PID == 0 {
		a.frame, a.open = a.frame[:0], true
	}
	if !a.open {
		return nil
	}
	a.frame = append(a.frame, payload...)
	if !p.Marker {
		return nil
	}
	a.open = false
	if key := len(a.frame) > 0 && a.frame[0]&1 == 0; a.lost && !key {
		return nil
	}
	a.lost = false
	return a.frame
}
