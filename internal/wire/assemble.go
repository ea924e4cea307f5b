package wire

import "github.com/tutti-rtc/tutti/internal/media"

// Assembler joins the payloads of a picture into what a decoder takes. It needs
// all of them, in order; one is used for picture after picture.
//
//   - VP8 and VP9: the payloads without their descriptors. The spatial layers of
//     a VP9 picture follow each other.
//   - H.264: an access unit with start codes (ITU-T H.264 annex B).
//   - AV1: a temporal unit with a delimiter, and a size in every OBU (the
//     low-overhead format, AV1 specification §5.2).
//
// It allocates nothing but what the frame needs to grow.
type Assembler struct {
	codec media.Codec
	open  bool // the last unit goes on in the next payload
	start int  // where it begins in the frame
}

const (
	errAssembleOrder ParseError = "assembler: a unit is cut off, or continued without its beginning"
	errAssembleCodec ParseError = "assembler: codec is not one of video"
)

// Begin forgets the picture before and begins one in this codec.
func (a *Assembler) Begin(c media.Codec) { *a = Assembler{codec: c} }

// Append appends what a payload holds to frame, which is what it has returned
// for the picture so far, and empty at its beginning. After an error the
// picture can't be completed.
func (a *Assembler) Append(frame, payload []byte) ([]byte, error) {
	switch a.codec {
	case media.VP8:
		var d VP8Descriptor
		if err := ParseVP8(payload, &d); err != nil {
			return frame, err
		}
		return append(frame, payload[d.HeaderLength:]...), nil
	case media.VP9:
		var d VP9Descriptor
		if err := ParseVP9(payload, &d); err != nil {
			return frame, err
		}
		return append(frame, payload[d.HeaderLength:]...), nil
	case media.H264:
		return a.appendH264(frame, payload)
	case media.AV1:
		return a.appendAV1(frame, payload)
	}
	return frame, errAssembleCodec
}

// Whole reports whether no unit of the frame is cut off.
func (a *Assembler) Whole() bool { return !a.open }
