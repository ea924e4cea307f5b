package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/mcu/codec/system"
	"github.com/tutti-rtc/tutti/internal/mcu/link"
	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	// mixTalkers talk all at once.
	mixTalkers = 3
	// programLayers is how many temporal layers the server asks the mixer for.
	programLayers = 1
	// settleTime is how long a mixer runs before it is measured: it decodes,
	// composes and encodes all of it by then. A still picture has to become
	// sharp, too, in the publisher's encoder and in ours.
	settleTime, stillTime = 3 * time.Second, 9 * time.Second
)

// mixReport is what mixing costs.
type mixReport struct {
	Sound    []soundFigures   `json:"sound"`
	Pictures []pictureFigures `json:"pictures"`
	Quality  []namedQuality   `json:"quality,omitempty"`
	Targets  []target         `json:"targets,omitempty"`
}

// soundFigures are those of talkers and a number of listeners.
type soundFigures struct {
	Listeners int            `json:"listeners"`
	Tutti     *mixFigures    `json:"tutti,omitempty"`
	Janus     *bridgeFigures `json:"janus,omitempty"`
}

// pictureFigures are those of one picture.
type pictureFigures struct {
	mixCase
	Tutti  *mixFigures    `json:"tutti,omitempty"`
	FFmpeg *ffmpegFigures `json:"ffmpeg,omitempty"`
}

type namedQuality struct {
	Name string `json:"name"`
	quality
}

// mixCase is a picture to be composed.
type mixCase struct {
	Name  string `json:"name"`
	Tiles int    `json:"tiles"`
	FPS   int    `json:"fps"` // of each camera
	layer layer
	still bool
	// rounds is how often it is measured, in turn with ffmpeg's work if that
	// is to be; the middle one counts.
	rounds int
	beside bool
}

// mixCases begin with the one that targets and quality are about.
var mixCases = []mixCase{
	{"9 tiles", 9, clipFPS, fullLayer, false, 3, true},
	{"4 tiles", 4, clipFPS, fullLayer, false, 1, true},
	{"16 tiles", 16, clipFPS, fullLayer, false, 1, true},
	{"9 tiles, layers of 426x240", 9, clipFPS, ninthLayer, false, 1, false},
	{"16 tiles, layers of 320x180", 16, clipFPS, smallLayer, false, 1, false},
	{"9 tiles, all still", 9, clipFPS, fullLayer, true, 1, false},
	{"9 tiles, all still, 5 pictures/s", 9, 5, fullLayer, true, 1, false},
}

// mixBench measures mixing.
type mixBench struct {
	options *options
	studio  *studio
	codecs  codec.Codecs
	dir     string // for files of this run
}

func measureMix(ctx context.Context, o *options) (*mixReport, error) {
	codecs, err := system.New()
	if err != nil {
		return nil, err
	}
	studio, err := openStudio()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	b := &mixBench{o, studio, codecs, dir}
	r := &mixReport{}
	if o.picture == "" {
		if r.Sound, err = b.sound(ctx); err != nil {
			return nil, err
		}
	}
	for _, c := range mixCases {
		if !strings.Contains(c.Name, o.picture) || !b.measures("tutti") && !(b.measures("ffmpeg") && c.beside) {
			continue
		}
		f, err := b.picture(ctx, c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
		r.Pictures = append(r.Pictures, f)
	}
	if o.only == "" && o.picture == "" {
		if r.Quality, err = b.quality(ctx); err != nil {
			return nil, err
		}
	}
	r.Targets = targets(r)
	return r, nil
}

// measures reports whether a server is to be measured.
func (b *mixBench) measures(name string) bool { return b.options.only == "" || b.options.only == name }

func (b *mixBench) sound(ctx context.Context) ([]soundFigures, error) {
	voices, err := b.studio.voices(ctx, mixTalkers, b.codecs)
	if err != nil {
		return nil, err
	}
	var figures []soundFigures
	if !b.measures("tutti") && !b.measures("janus") {
		return nil, nil
	}
	for _, listeners := range []int{10, 50, 100, 1000} {
		f := soundFigures{Listeners: listeners}
		if b.measures("tutti") {
			fmt.Fprintf(os.Stderr, "tutti: the sound of %d talkers for %d listeners\n", mixTalkers, listeners)
			program, feeds := soundProgram(voices, listeners)
			m, err := measureMixer(ctx, b.options, program, feeds, settleTime)
			if err != nil {
				return nil, err
			}
			f.Tutti = &m
		}
		if b.measures("janus") && listeners <= 100 {
			fmt.Fprintf(os.Stderr, "janus: the sound of %d talkers for %d listeners\n", mixTalkers, listeners)
			m, err := measureBridge(ctx, b.options, voices, listeners)
			if err != nil {
				return nil, fmt.Errorf("janus: %w", err)
			}
			f.Janus = &m
		}
		figures = append(figures, f)
	}
	return figures, nil
}

// soundProgram is one in which everybody has a microphone and hears the mix, and
// some talk.
func soundProgram(voices []*voice, listeners int) (link.Program, []*feed) {
	p := link.Program{Levelling: true, Sound: true, Width: programSize.Width, Height: programSize.Height, FPS: clipFPS}
	var feeds []*feed
	for i := range len(voices) + listeners {
		number := uint32(i + 1)
		m := member(number, media.Audio, media.Microphone)
		m.Tracks[0].Muted = i >= len(voices)
		p.Members = append(p.Members, m)
		p.Listeners = append(p.Listeners, m.ID)
		if i < len(voices) {
			feeds = append(feeds, playVoice(number, voices[i]))
		}
	}
	return p, feeds
}

func member(number uint32, kind media.Kind, origin media.Origin) link.Member {
	return link.Member{ID: fmt.Sprint("m", number), Name: fmt.Sprint("Member ", number), Tracks: []link.Track{
		{Number: number, ID: media.TrackID(fmt.Sprint("t", number)), Kind: kind, Origin: origin},
	}}
}

// picture measures one picture, ours and ffmpeg's in turn.
func (b *mixBench) picture(ctx context.Context, c mixCase) (pictureFigures, error) {
	f := pictureFigures{mixCase: c}
	clips, err := b.studio.clips(ctx, c.Tiles, c.still, c.layer)
	if err != nil {
		return f, err
	}
	names, err := b.studio.names(ctx, c.Tiles, c.still, c.layer)
	if err != nil {
		return f, err
	}
	settle := settleTime
	if c.still {
		settle = stillTime
	}
	var ours []mixFigures
	var theirs []ffmpegFigures
	for range c.rounds {
		if b.measures("tutti") {
			fmt.Fprintf(os.Stderr, "tutti: %s\n", c.Name)
			m, err := measureMixer(ctx, b.options, pictureProgram(c), playClips(clips, c.FPS), settle)
			if err != nil {
				return f, err
			}
			ours = append(ours, m)
		}
		if b.measures("ffmpeg") && c.beside {
			fmt.Fprintf(os.Stderr, "ffmpeg: %s\n", c.Name)
			m, err := measureFFmpeg(ctx, names, b.encoded(c))
			if err != nil {
				return f, err
			}
			theirs = append(theirs, m)
		}
	}
	f.Tutti = middle(ours, func(m mixFigures) float64 { return m.CPU })
	f.FFmpeg = middle(theirs, func(m ffmpegFigures) float64 { return m.CPU })
	return f, nil
}

// encoded is the file with ffmpeg's last encoding of a picture.
func (b *mixBench) encoded(c mixCase) string {
	return filepath.Join(b.dir, fmt.Sprintf("ffmpeg-%d.ivf", c.Tiles))
}

// middle returns the one in the middle, nil if there is none.
func middle[T any](list []T, by func(T) float64) *T {
	if len(list) == 0 {
		return nil
	}
	slices.SortFunc(list, func(a, b T) int { return cmp.Compare(by(a), by(b)) })
	return &list[len(list)/2]
}

// pictureProgram is one of cameras alone.
func pictureProgram(c mixCase) link.Program {
	p := link.Program{
		Width: programSize.Width, Height: programSize.Height, FPS: clipFPS,
		Video: []link.Rendition{{
			Output: programOutput, Codec: media.VP8, Width: programSize.Width, Height: programSize.Height,
			Rate: programRate * 1000, TemporalLayers: programLayers,
		}},
	}
	for i := range c.Tiles {
		m := member(uint32(i+1), media.Video, media.Camera)
		m.Tracks[0].Streams = []media.Dimensions{c.layer.Dimensions}
		p.Members = append(p.Members, m)
	}
	return p
}

func playClips(clips []*clip, fps int) []*feed {
	var feeds []*feed
	for i, c := range clips {
		feeds = append(feeds, playClip(uint32(i+1), c, fps))
	}
	return feeds
}

// quality compares how well the encoders keep nine tiles.
func (b *mixBench) quality(ctx context.Context) ([]namedQuality, error) {
	c := mixCases[0]
	names, err := b.studio.names(ctx, c.Tiles, c.still, c.layer)
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(os.Stderr, "quality: 9 tiles")
	ours, theirs, err := judgeEncoders(ctx, b.codecs, names, b.encoded(c))
	if err != nil {
		return nil, err
	}
	clips, err := b.studio.clips(ctx, c.Tiles, c.still, c.layer)
	if err != nil {
		return nil, err
	}
	whole, err := judgeEngine(ctx, b.codecs, pictureProgram(c), playClips(clips, c.FPS))
	return []namedQuality{{"tutti", ours}, {"ffmpeg", theirs}, {"tutti, of what it composes, live", whole}}, err
}
