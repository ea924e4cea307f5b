package mediafile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tutti-rtc/tutti/client"
)

// Frame is one encoded frame of a file.
type Frame struct {
	Data     []byte
	Duration time.Duration
	// KeyFrame tells that it can be decoded without those before it; always
	// so for audio.
	KeyFrame bool
}

// frames is what reads one container.
type frames interface {
	// next returns io.EOF at the end.
	next() (Frame, error)
}

// Reader reads the frames of a file in order. It belongs to one goroutine.
type Reader struct {
	name   string
	in     io.ReadCloser
	rate   float64
	codec  client.Codec
	width  int
	height int
	frames frames
}

// Open opens a file; "-" is the standard input. What it is is told from its
// first bytes. rate is the frames per second of H.264, whose files do not say
// it.
func Open(name string, rate float64) (*Reader, error) {
	if rate <= 0 {
		return nil, fmt.Errorf("%s: %g frames per second make no video", name, rate)
	}
	r := &Reader{name: name, in: os.Stdin, rate: rate}
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		r.in = file
	}
	if err := r.begin(); err != nil {
		_ = r.in.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

// begin finds out what the input is and reads its header.
func (r *Reader) begin() error {
	in := bufio.NewReaderSize(r.in, 64<<10)
	head, err := in.Peek(4)
	if err != nil {
		return fmt.Errorf("read the first bytes: %w", err)
	}
	switch {
	case string(head) == "DKIF":
		return r.beginIVF(in)
	case string(head) == "OggS":
		r.codec, r.frames = client.Opus, newOgg(in)
		return nil
	case isHEVC(r.name):
		return errors.New("H.265 can't be published: the server forwards VP8, VP9, H.264 and AV1. Convert it, for example with ffmpeg -c:v libx264")
	case bytes.HasPrefix(head, []byte{0, 0, 1}), bytes.Equal(head, []byte{0, 0, 0, 1}):
		r.codec = client.H264
		r.frames, err = newAnnexB(in, r.rate)
		return err
	}
	return errors.New("this is neither IVF nor Ogg nor H.264 with start codes. MP4, WebM and others can be converted without loss, for example with ffmpeg -c copy out.ivf, out.ogg or out.h264")
}

func isHEVC(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".h265", ".265", ".hevc":
		return true
	}
	return false
}

// Codec returns the format of the frames.
func (r *Reader) Codec() client.Codec { return r.codec }

// Size returns the picture's size in pixels as the file's header says it; 0 × 0
// where it does not.
func (r *Reader) Size() (width, height int) { return r.width, r.height }

// Next returns the next frame, io.EOF after the last.
func (r *Reader) Next() (Frame, error) {
	f, err := r.frames.next()
	if err != nil && !errors.Is(err, io.EOF) {
		return f, fmt.Errorf("%s: %w", r.name, err)
	}
	return f, err
}

// Rewind begins anew with the first frame. A pipe can't.
func (r *Reader) Rewind() error {
	seeker, ok := r.in.(io.Seeker)
	if !ok {
		return fmt.Errorf("%s: can't go back to the start", r.name)
	}
	if _, err := seeker.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("%s: can't go back to the start: %w", r.name, err)
	}
	return r.begin()
}

// Close closes the file.
func (r *Reader) Close() error { return r.in.Close() }
