package mediafile

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/pion/webrtc/v4/pkg/media/ivfreader"

	"github.com/tutti-rtc/tutti/client"
)

// maxFrame bounds what a damaged header can ask for, in bytes.
const maxFrame = 16 << 20

// ivf reads frames one ahead, because a frame's duration is known from the next
// one's time.
type ivf struct {
	in     *bufio.Reader
	reader *ivfreader.IVFReader
	codec  client.Codec
	tick   time.Duration // of the header's rate: the duration where nothing else is known
	// unit is the duration of one unit of the reader's timestamps.
	unit float64

	ahead Frame
	at    time.Duration
	ready bool
}

func (r *Reader) beginIVF(in *bufio.Reader) error {
	reader, header, err := ivfreader.NewWith(in)
	if err != nil {
		return err
	}
	switch header.FourCC {
	case "VP80":
		r.codec = client.VP8
	case "VP90":
		r.codec = client.VP9
	case "AV01":
		r.codec = client.AV1
	default:
		return fmt.Errorf("IVF with %q: only VP8, VP9 and AV1 can be published", header.FourCC)
	}
	r.width, r.height = int(header.Width), int(header.Height)
	base := float64(header.TimebaseNumerator) / float64(header.TimebaseDenominator)
	r.frames = &ivf{
		in: in, reader: reader, codec: r.codec,
		tick: min(time.Duration(base*float64(time.Second)), time.Second),
		// The reader has multiplied the file's times by the base's inverse.
		unit: base * base * float64(time.Second),
	}
	return nil
}

func (v *ivf) next() (Frame, error) {
	if !v.ready {
		if err := v.read(); err != nil {
			return Frame{}, err
		}
	}
	frame, at := v.ahead, v.at
	frame.Duration = v.tick
	v.ready = false
	if err := v.read(); err == nil && v.at > at {
		frame.Duration = min(v.at-at, 10*time.Second)
		v.tick = frame.Duration
	}
	return frame, nil
}

func (v *ivf) read() error {
	if head, err := v.in.Peek(4); err == nil && binary.LittleEndian.Uint32(head) > maxFrame {
		return errors.New("a frame of more than 16 MB: the file is damaged")
	}
	data, header, err := v.reader.ParseNextFrame()
	if err != nil {
		return err
	}
	v.ahead = Frame{Data: data, KeyFrame: isKeyFrame(v.codec, data)}
	v.at = time.Duration(float64(header.Timestamp) * v.unit)
	v.ready = true
	return nil
}

// isKeyFrame tells it from a frame's first bytes.
func isKeyFrame(codec client.Codec, data []byte) bool {
	if len(data) == 0 {
		return false
	}
	switch codec {
	case client.VP8: // RFC 6386 §9.1
		return data[0]&1 == 0
	case client.VP9: // the uncompressed header, profiles 0 to 2: not show_existing_frame, frame_type 0
		return data[0]&0x0c == 0
	case client.AV1: // a sequence header OBU follows the temporal delimiter
		const temporalDelimiter, sequenceHeader = 2, 1
		if data[0]>>3&0xf == temporalDelimiter && len(data) > 2 {
			data = data[2:]
		}
		return data[0]>>3&0xf == sequenceHeader
	}
	return false
}
