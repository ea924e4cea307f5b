package link

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	// MaxMessage is the largest JSON body, in bytes.
	MaxMessage = 1 << 20
	// MaxPayload is the largest payload of a packet, in bytes.
	MaxPayload = media.MaxPacketSize

	lengthSize = 4
	// packetHeader is what a packet's body has before the payload.
	packetHeader = 4 + 4*8 + 8
)

// Flags of a packet.
const (
	flagMarker byte = 1 << iota
	flagKeyFrame
	flagFrameStart
	flagFrameEnd
	flagLayerSync
	flagVoice
)

// ErrRecord says that the other end broke the rules of records.
var ErrRecord = errors.New("link: broken record")

// AppendPacket appends the record of a packet of the track or output with this
// number to dst. It leaves the packet's Dependency out, which tells nothing to
// those who decode. The payload must not be longer than MaxPayload.
func AppendPacket(dst []byte, number uint32, p *media.Packet) []byte {
	if len(p.Payload) > MaxPayload {
		panic("BUG: packet is larger than packets are")
	}
	be := binary.BigEndian
	dst = be.AppendUint32(dst, uint32(1+packetHeader+len(p.Payload)))
	dst = append(dst, recordPacket)
	dst = be.AppendUint32(dst, number)
	dst = be.AppendUint64(dst, uint64(p.Arrival))
	dst = be.AppendUint64(dst, uint64(p.Captured))
	dst = be.AppendUint64(dst, uint64(p.Seq))
	dst = be.AppendUint64(dst, uint64(p.Timestamp))
	flags := flag(p.Marker, flagMarker) | flag(p.KeyFrame, flagKeyFrame) |
		flag(p.FrameStart, flagFrameStart) | flag(p.FrameEnd, flagFrameEnd) |
		flag(p.LayerSync, flagLayerSync) | flag(p.Voice, flagVoice)
	dst = append(dst, byte(p.Codec), flags, p.AudioLevel, p.Orientation,
		p.Layer.Stream, p.Layer.Spatial, p.Layer.Temporal, 0)
	return append(dst, p.Payload...)
}

func flag(set bool, bit byte) byte {
	if set {
		return bit
	}
	return 0
}

// ParsePacket reads a packet's body into p, which has a buffer of its own: the
// payload is copied into it, behind the headroom.
func ParsePacket(body []byte, p *media.Packet) (number uint32, err error) {
	if len(body) < packetHeader || len(body) > packetHeader+MaxPayload {
		return 0, fmt.Errorf("%w: a packet's body of %d bytes", ErrRecord, len(body))
	}
	be := binary.BigEndian
	number = be.Uint32(body)
	p.Arrival = media.Time(be.Uint64(body[4:]))
	p.Captured = media.Time(be.Uint64(body[12:]))
	p.Seq = media.Seq(be.Uint64(body[20:]))
	p.Timestamp = media.Ticks(be.Uint64(body[28:]))
	rest := body[36:packetHeader]
	p.Codec = media.Codec(rest[0])
	if p.Codec < media.Opus || p.Codec > media.AV1 {
		return 0, fmt.Errorf("%w: codec %d", ErrRecord, p.Codec)
	}
	flags := rest[1]
	p.Marker, p.KeyFrame = flags&flagMarker != 0, flags&flagKeyFrame != 0
	p.FrameStart, p.FrameEnd = flags&flagFrameStart != 0, flags&flagFrameEnd != 0
	p.LayerSync, p.Voice = flags&flagLayerSync != 0, flags&flagVoice != 0
	p.AudioLevel, p.Orientation = rest[2], rest[3]
	p.Layer = media.Layer{Stream: rest[4], Spatial: rest[5], Temporal: rest[6]}
	payload := p.Buffer()[media.Headroom:][:len(body)-packetHeader]
	copy(payload, body[packetHeader:])
	p.Payload = payload
	return number, nil
}

// AppendMessage appends the record of a message to dst. It fails if the message
// is larger than MaxMessage, and then dst is returned as it was.
func AppendMessage(dst []byte, m Message) ([]byte, error) {
	body, err := json.Marshal(m)
	if err != nil {
		return dst, fmt.Errorf("link: %T: %w", m, err)
	}
	if len(body) > MaxMessage {
		return dst, fmt.Errorf("link: %T has %d bytes, more than %d", m, len(body), MaxMessage)
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(1+len(body)))
	dst = append(dst, m.record())
	return append(dst, body...), nil
}

// ParseMessage makes a message of a record's type and body, which it does not
// keep.
func ParseMessage(record byte, body []byte) (Message, error) {
	parse, ok := decoders[record]
	if !ok {
		return nil, fmt.Errorf("%w: type %d", ErrRecord, record)
	}
	m, err := parse(body)
	if err != nil {
		return nil, fmt.Errorf("%w: type %d: %w", ErrRecord, record, err)
	}
	return m, nil
}

// ParseLength reads a record's first five bytes and returns its type and the
// length of its body, which is within bounds.
func ParseLength(head []byte) (record byte, body int, err error) {
	if len(head) < lengthSize+1 {
		return 0, 0, fmt.Errorf("%w: %d bytes", ErrRecord, len(head))
	}
	record = head[lengthSize]
	limit := uint32(MaxMessage)
	if record == recordPacket {
		limit = packetHeader + MaxPayload
	}
	n := binary.BigEndian.Uint32(head)
	if n < 1 || n-1 > limit {
		return 0, 0, fmt.Errorf("%w: type %d with a length of %d", ErrRecord, record, n)
	}
	return record, int(n - 1), nil
}
