package mediafile

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"

	"github.com/tutti-rtc/tutti/client"
)

// all reads a file to its end.
func all(t *testing.T, r *Reader) []Frame {
	t.Helper()
	var frames []Frame
	for {
		f, err := r.Next()
		if errors.Is(err, io.EOF) {
			return frames
		}
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, f)
	}
}

func open(t *testing.T, name string) *Reader {
	t.Helper()
	r, err := Open(name, 10)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// Each file in testdata is one second of ffmpeg's test picture, 64×48 at 10
// frames per second with a key frame each 5, or of a tone.
func TestReadVideo(t *testing.T) {
	for name, codec := range map[string]client.Codec{
		"vp8.ivf": client.VP8, "vp9.ivf": client.VP9, "av1.ivf": client.AV1, "h264.h264": client.H264,
	} {
		t.Run(name, func(t *testing.T) {
			r := open(t, filepath.Join("testdata", name))
			if r.Codec() != codec {
				t.Errorf("the codec is %s", r.Codec())
			}
			if w, h := r.Size(); codec != client.H264 && (w != 64 || h != 48) {
				t.Errorf("the size is %d × %d", w, h)
			}
			frames := all(t, r)
			if len(frames) != 10 {
				t.Fatalf("the file has %d frames", len(frames))
			}
			for i, f := range frames {
				if f.KeyFrame != (i%5 == 0) {
					t.Errorf("frame %d is a key frame: %t", i, f.KeyFrame)
				}
				if d := f.Duration - 100*time.Millisecond; d.Abs() > time.Millisecond {
					t.Errorf("frame %d lasts %v", i, f.Duration)
				}
			}
			if err := r.Rewind(); err != nil {
				t.Fatal(err)
			}
			if again := all(t, r); len(again) != 10 || !bytes.Equal(again[0].Data, frames[0].Data) {
				t.Errorf("the second time the file has %d frames", len(again))
			}
		})
	}
}

func TestReadOpus(t *testing.T) {
	r := open(t, "testdata/opus.ogg")
	var sum time.Duration
	for _, f := range all(t, r) {
		sum += f.Duration
	}
	if r.Codec() != client.Opus || sum < time.Second || sum > 1040*time.Millisecond { // and what the decoder skips
		t.Errorf("%v of %s", sum, r.Codec())
	}
}

func TestOpenSaysWhatItCannotRead(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"video.mp4": "\x00\x00\x00\x18ftypmp42", "video.h265": "\x00\x00\x00\x01\x40\x01", "empty.ivf": "", "text": "hello",
		"odd.ivf": "DKIF\x00\x00\x20\x00H264", "bad.ivf": "DKIF\x00\x00\x20\x00VP80\x40\x00\x40\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path, 30); err == nil {
			t.Errorf("%s was opened", name)
		} else {
			t.Log(err)
		}
	}
}

func payloader(c client.Codec) rtp.Payloader {
	switch c {
	case client.VP8:
		return &codecs.VP8Payloader{EnablePictureID: true}
	case client.VP9:
		return &codecs.VP9Payloader{}
	case client.AV1:
		return &codecs.AV1Payloader{}
	case client.H264:
		return &codecs.H264Payloader{}
	}
	return &codecs.OpusPayloader{}
}

func TestWriteWhatWasRead(t *testing.T) {
	for _, name := range []string{"vp8.ivf", "vp9.ivf", "av1.ivf", "h264.h264", "opus.ogg"} {
		t.Run(name, func(t *testing.T) {
			r := open(t, filepath.Join("testdata", name))
			frames := all(t, r)
			w, h := r.Size()
			path := filepath.Join(t.TempDir(), "copy"+Extension(r.Codec()))
			out, err := Create(path, r.Codec(), w, h)
			if err != nil {
				t.Fatal(err)
			}
			clock := uint32(90000)
			if r.Codec() == client.Opus {
				clock = 48000
			}
			packetizer := rtp.NewPacketizer(200, 96, 1, payloader(r.Codec()), rtp.NewFixedSequencer(65530), clock)
			var packets []*rtp.Packet
			for _, f := range frames {
				packets = append(packets, packetizer.Packetize(f.Data, uint32(f.Duration*time.Duration(clock)/time.Second))...)
			}
			// Some come in the wrong order, and one comes twice.
			packets[3], packets[4] = packets[4], packets[3]
			packets = append(packets, packets[2])
			for _, p := range packets {
				if complete, err := out.WriteRTP(p); err != nil || !complete {
					t.Fatal(complete, err)
				}
			}
			if err := out.Close(); err != nil || out.Missing() != 0 {
				t.Fatalf("closed with %v, %d missing", err, out.Missing())
			}
			again := open(t, path)
			got := all(t, again)
			if len(got) != len(frames) {
				t.Fatalf("%d frames were written, %d were read", len(frames), len(got))
			}
			for i, f := range got {
				if r.Codec() == client.VP8 && !bytes.Equal(f.Data, frames[i].Data) {
					t.Errorf("frame %d is another one", i)
				}
				if d := f.Duration - frames[i].Duration; d.Abs() > 2*time.Millisecond {
					t.Errorf("frame %d lasts %v, not %v", i, f.Duration, frames[i].Duration)
				}
			}
		})
	}
}

func TestWriterGivesUpWhatIsLost(t *testing.T) {
	out, err := Create(filepath.Join(t.TempDir(), "lossy.ogg"), client.Opus, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	gaps := 0
	for i := range uint16(1000) {
		if i == 100 || i == 101 {
			continue
		}
		complete, err := out.WriteRTP(&rtp.Packet{Header: rtp.Header{SequenceNumber: i, Timestamp: 960 * uint32(i)}, Payload: []byte{0xf8, 0xff, 0xfe}})
		if err != nil {
			t.Fatal(err)
		}
		if !complete {
			gaps++
		}
	}
	if err := out.Close(); err != nil || out.Missing() != 2 || gaps != 1 {
		t.Errorf("%d packets were given up at %d gaps, %v", out.Missing(), gaps, err)
	}
}

func FuzzReader(f *testing.F) {
	for _, name := range []string{"vp8.ivf", "vp9.ivf", "av1.ivf", "h264.h264", "opus.ogg"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := &Reader{name: "fuzz", in: io.NopCloser(bytes.NewReader(b)), rate: 30}
		if r.begin() != nil {
			return
		}
		for range 10_000 {
			if _, err := r.Next(); err != nil {
				return
			}
		}
	})
}
