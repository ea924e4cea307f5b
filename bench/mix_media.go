package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/pion/webrtc/v4/pkg/media/ivfreader"
	"github.com/pion/webrtc/v4/pkg/media/oggreader"

	"github.com/tutti-rtc/tutti/internal/mcu/codec"
	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	// clipSeconds is how long a clip is; it is played over and over. A still
	// one must not begin anew while it is measured.
	clipSeconds  = 10
	stillSeconds = 30
	clipFPS      = 30
	mostTiles    = 16
)

// clip is an encoded video in memory. Its first frame is a key frame.
type clip struct {
	size   media.Dimensions
	frames [][]byte
}

// voice is an encoded microphone in memory: a packet each 20 ms.
type voice struct {
	packets [][]byte
	levels  []uint8 // of each packet, in −dBov
}

// layer is a size in which publishers send, and its rate in kbit/s.
type layer struct {
	media.Dimensions
	kbps int
}

// The layers that are measured: the usual one, and those of the size of a tile
// where there are nine and sixteen.
var (
	fullLayer   = layer{media.Dimensions{Width: 640, Height: 360}, 500}
	ninthLayer  = layer{media.Dimensions{Width: 426, Height: 240}, 280}
	smallLayer  = layer{media.Dimensions{Width: 320, Height: 180}, 180}
	movingClips = []layer{fullLayer, ninthLayer, smallLayer}
)

// studio makes the media with ffmpeg and keeps it in a folder for the next run.
type studio struct{ dir string }

// openStudio returns the studio whose folder is named after how media is made.
func openStudio() (*studio, error) {
	recipe := sha256.New()
	for n := range mostTiles {
		fmt.Fprintln(recipe, clipArguments(n, false, "x"), clipArguments(n, true, "x"), voiceArguments(n, "x"))
	}
	s := &studio{filepath.Join(os.TempDir(), fmt.Sprintf("tutti-bench-media-%x", recipe.Sum(nil)[:6]))}
	return s, os.MkdirAll(s.dir, 0o755)
}

// clipName returns the file of the n-th picture in one layer.
func clipName(dir string, n int, still bool, l layer) string {
	kind := "moving"
	if still {
		kind = "still"
	}
	return filepath.Join(dir, fmt.Sprintf("%s-%02d-%d.ivf", kind, n, l.Height))
}

// clipArguments make the n-th picture as a hand-held camera would see it: a
// background that sways, somebody who moves in front of it, and noise. A still
// one is its first picture throughout.
func clipArguments(n int, still bool, dir string) []string {
	phase := float64(n) * 1.7
	at := fmt.Sprintf("start_x=%.4f:start_y=%.4f", -0.743+0.03*math.Cos(phase), -0.131+0.03*math.Sin(phase))
	hold := "trim=end_frame=1,gblur=sigma=2,format=yuv420p,loop=-1:1,setpts=N/30/TB"
	hue := fmt.Sprintf("hue=h=%d:s=0.5", n*40)
	graph := fmt.Sprintf("[0]%[1]s,%[2]s,crop=640:360:x='160+120*sin(t*0.6+%[4]d)':y='90+60*sin(t*0.9+%[4]d)'[b];"+
		"[1]%[1]s,%[3]s[f];[b][f]overlay=x='210+60*sin(t*1.3+%[4]d)':y='100+15*sin(t*2.9)',noise=alls=5:allf=t",
		hold, hue, fmt.Sprintf("hue=h=%d:s=0.5", n*40+90), n)
	layers, seconds := movingClips, clipSeconds
	if still {
		seconds = stillSeconds
		graph += "," + strings.Replace(hold, ",gblur=sigma=2", "", 1)
		layers = layers[:1]
	}
	graph += fmt.Sprintf(",split=%d", len(layers))
	for i := range layers {
		graph += fmt.Sprintf("[s%d]", i)
	}
	for i, l := range layers {
		graph += fmt.Sprintf(";[s%d]scale=%d:%d[v%d]", i, l.Width, l.Height, i)
	}
	arguments := []string{
		"-hide_banner", "-v", "error", "-y",
		"-f", "lavfi", "-i", "mandelbrot=size=960x540:rate=30:start_scale=0.05:end_scale=0.05:" + at,
		"-f", "lavfi", "-i", "mandelbrot=size=200x280:rate=30:start_scale=0.4:end_scale=0.4:start_x=-0.1:start_y=0.8",
		"-filter_complex", graph,
	}
	for i, l := range layers {
		arguments = append(arguments, "-map", fmt.Sprintf("[v%d]", i), "-frames:v", fmt.Sprint(seconds*clipFPS))
		arguments = append(arguments, vp8(l.kbps, "-6")...)
		arguments = append(arguments, clipName(dir, n, still, l))
	}
	return arguments
}

// vp8 are ffmpeg's options for VP8 as it is sent in calls: in real time, of
// constant rate, in one thread.
func vp8(kbps int, speed string) []string {
	rate := fmt.Sprintf("%dk", kbps)
	return []string{
		"-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", speed, "-threads", "1", "-lag-in-frames", "0",
		"-error-resilient", "1", "-g", "3000", "-b:v", rate, "-minrate", rate, "-maxrate", rate, "-bufsize", rate,
	}
}

func voiceName(dir string, n int) string { return filepath.Join(dir, fmt.Sprintf("voice-%d.ogg", n)) }

// voiceArguments make the n-th voice: it reads a text without much of a pause.
func voiceArguments(n int, dir string) []string {
	const text = "Everybody plays. People meet in a browser and talk directly when they can. " +
		"Through the server they talk when they must, and as one mixed stream when they are many or their line is thin. " +
		"A room is a loop that takes commands and tells what happened. Whoever lags behind takes a snapshot."
	speakers := []string{"slt", "rms", "awb", "kal"}
	return []string{
		"-hide_banner", "-v", "error", "-y", "-f", "lavfi", "-i", "flite=voice=" + speakers[n%len(speakers)] + ":text='" + text + "'",
		"-t", fmt.Sprint(clipSeconds), "-ac", "1", "-ar", "48000", "-c:a", "libopus", "-b:a", "48k", "-application", "voip",
		"-frame_duration", "20", "-page_duration", "1", voiceName(dir, n),
	}
}

// make makes a file's folder anew with ffmpeg, unless the file is there.
func (s *studio) make(ctx context.Context, name string, arguments func(dir string) []string) error {
	if _, err := os.Stat(name); err == nil {
		return nil
	}
	fresh, err := os.MkdirTemp(s.dir, "fresh-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(fresh)
	fmt.Fprintf(os.Stderr, "mix: making %s\n", filepath.Base(name))
	if output, err := exec.CommandContext(ctx, "ffmpeg", arguments(fresh)...).CombinedOutput(); err != nil {
		return fmt.Errorf("make media with ffmpeg: %w: %s", err, output)
	}
	files, err := os.ReadDir(fresh)
	for _, f := range files {
		err = errors.Join(err, os.Rename(filepath.Join(fresh, f.Name()), filepath.Join(s.dir, f.Name())))
	}
	return err
}

// names returns the files of the first n pictures in one layer, which are there.
func (s *studio) names(ctx context.Context, n int, still bool, l layer) ([]string, error) {
	var names []string
	for i := range n {
		name := clipName(s.dir, i, still, l)
		err := s.make(ctx, name, func(dir string) []string { return clipArguments(i, still, dir) })
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

// clips returns the first n pictures in one layer.
func (s *studio) clips(ctx context.Context, n int, still bool, l layer) ([]*clip, error) {
	names, err := s.names(ctx, n, still, l)
	if err != nil {
		return nil, err
	}
	var clips []*clip
	for _, name := range names {
		c, err := readClip(name)
		if err != nil {
			return nil, err
		}
		clips = append(clips, c)
	}
	return clips, nil
}

func readClip(name string) (*clip, error) {
	c := &clip{}
	err := readIVF(name, func(header *ivfreader.IVFFileHeader, _ uint64, frame []byte) error {
		c.size = media.Dimensions{Width: int(header.Width), Height: int(header.Height)}
		c.frames = append(c.frames, frame)
		return nil
	})
	if err == nil && len(c.frames) == 0 {
		err = fmt.Errorf("%s holds no frame", name)
	}
	return c, err
}

// readIVF hands the frames of a file to use, with their times.
func readIVF(name string, use func(header *ivfreader.IVFFileHeader, at uint64, frame []byte) error) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	r, header, err := ivfreader.NewWith(file)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for {
		frame, at, err := r.ParseNextFrame()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = use(header, at.Timestamp, frame)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
}

// voices returns n voices and how loud their packets are.
func (s *studio) voices(ctx context.Context, n int, codecs codec.Codecs) ([]*voice, error) {
	var voices []*voice
	for i := range n {
		name := voiceName(s.dir, i)
		if err := s.make(ctx, name, func(dir string) []string { return voiceArguments(i, dir) }); err != nil {
			return nil, err
		}
		v, err := readVoice(name, codecs)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		voices = append(voices, v)
	}
	return voices, nil
}

func readVoice(name string, codecs codec.Codecs) (*voice, error) {
	packets, err := readOgg(name)
	if err != nil {
		return nil, err
	}
	if len(packets) <= 2 {
		return nil, errors.New("there is no sound")
	}
	v := &voice{packets: packets[2:]} // behind the two headers
	decoder, err := codecs.NewAudioDecoder()
	if err != nil {
		return nil, err
	}
	defer decoder.Close()
	pcm := make([]float32, 6*codec.FrameSamples*codec.Channels)
	for _, packet := range v.packets {
		n, err := decoder.Decode(pcm, packet)
		if err != nil || n != codec.FrameSamples {
			return nil, fmt.Errorf("a packet of %d samples: %w", n, err)
		}
		v.levels = append(v.levels, level(pcm[:n*codec.Channels]))
	}
	return v, nil
}

// level returns how loud sound is, in −dBov (RFC 6464).
func level(pcm []float32) uint8 {
	sum := 0.0
	for _, x := range pcm {
		sum += float64(x) * float64(x)
	}
	return uint8(math.Round(min(max(-10*math.Log10(sum/float64(len(pcm))+1e-13), 0), 127)))
}

// readOgg returns the packets of an Ogg file of one stream, the headers too. Each
// has a page of its own.
func readOgg(name string) ([][]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	r, err := oggreader.NewWithOptions(file)
	if err != nil {
		return nil, err
	}
	var packets [][]byte
	for {
		packet, _, err := r.ParseNextPage()
		if errors.Is(err, io.EOF) {
			return packets, nil
		}
		if err != nil {
			return nil, err
		}
		packets = append(packets, packet)
	}
}
