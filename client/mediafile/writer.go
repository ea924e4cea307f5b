package mediafile

import (
	"fmt"
	"strings"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4/pkg/media/h264writer"
	"github.com/pion/webrtc/v4/pkg/media/ivfwriter"
	"github.com/pion/webrtc/v4/pkg/media/oggwriter"

	"github.com/tutti-rtc/tutti/client"
)

// reorderDepth is how many packets may wait for a missing one: a resend's round
// trip at a few Mbit/s.
const reorderDepth = 200

// Writer writes the packets of one track to a file, in order. It belongs to one
// goroutine.
type Writer struct {
	out interface {
		WriteRTP(*rtp.Packet) error
		Close() error
	}
	started bool
	next    uint16 // the sequence number that is due
	waiting map[uint16]*rtp.Packet
	missing int
}

// Extension returns a file name's ending for a codec.
func Extension(c client.Codec) string {
	switch {
	case c.Kind() == "audio":
		return ".ogg"
	case strings.EqualFold(string(c), string(client.H264)):
		return ".h264"
	}
	return ".ivf"
}

// Create makes a file for a track of a codec. The picture's size goes into the
// header of an IVF file.
func Create(name string, c client.Codec, width, height int) (*Writer, error) {
	w := &Writer{waiting: map[uint16]*rtp.Packet{}}
	var err error
	switch Extension(c) {
	case ".ogg":
		w.out, err = oggwriter.New(name, 48000, 2)
	case ".h264":
		w.out, err = h264writer.New(name)
	default:
		w.out, err = ivfwriter.New(name,
			ivfwriter.WithCodec("video/"+strings.ToUpper(string(c))),
			ivfwriter.WithWidthAndHeight(uint16(width), uint16(height)),
			ivfwriter.WithFrameRate(1, 90000), ivfwriter.WithDirectPTS())
	}
	if err != nil {
		return nil, fmt.Errorf("make %s for %s: %w", name, c, err)
	}
	return w, nil
}

// WriteRTP takes the next packet as it came; the Writer keeps it. One that
// overtook others waits for them, until so many wait that they are given up.
// complete is false if some were: the pictures that follow are damaged until
// the next key frame.
func (w *Writer) WriteRTP(p *rtp.Packet) (complete bool, err error) {
	if !w.started {
		w.started, w.next = true, p.SequenceNumber
	}
	if int16(p.SequenceNumber-w.next) < 0 {
		return true, nil // came too late, or twice
	}
	w.waiting[p.SequenceNumber] = p
	complete = true
	if len(w.waiting) > reorderDepth {
		complete = false
		for w.waiting[w.next] == nil {
			w.next++
			w.missing++
		}
	}
	return complete, w.flush()
}

// flush writes what is in order.
func (w *Writer) flush() error {
	for p := w.waiting[w.next]; p != nil; p = w.waiting[w.next] {
		delete(w.waiting, w.next)
		w.next++
		if err := w.out.WriteRTP(p); err != nil {
			return fmt.Errorf("write packet %d: %w", p.SequenceNumber, err)
		}
	}
	return nil
}

// Missing returns how many packets were given up.
func (w *Writer) Missing() int { return w.missing }

// Close writes what still waits and closes the file.
func (w *Writer) Close() error {
	for len(w.waiting) > 0 {
		if w.waiting[w.next] == nil {
			w.next++
			w.missing++
			continue
		}
		if err := w.flush(); err != nil {
			return err
		}
	}
	return w.out.Close()
}
