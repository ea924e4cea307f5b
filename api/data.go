package api

import (
	"encoding/binary"
	"encoding/json"
)

// The data channels of a member's connection to the server. What is sent on
// one reaches the other members on their channel of the same label.
const (
	// LabelReliable is ordered and complete.
	LabelReliable = "tutti-reliable"
	// LabelLossy is unordered and never resent.
	LabelLossy = "tutti-lossy"
)

// Topics that have a meaning to the server or to all clients.
const (
	// TopicChat carries chat lines in UTF-8. The server makes a numbered
	// chat Event of each instead of relaying it.
	TopicChat = "chat"
	// TopicFile carries files between web clients.
	TopicFile = "file"
)

// DataHeader opens each message on a data channel.
type DataHeader struct {
	// To is a member's id, empty for everybody else in the room.
	To string `json:"to,omitempty"`
	// From is the sender's id; the server sets it.
	From  string `json:"from,omitempty"`
	Topic string `json:"topic"`
}

// MaxDataHeader is the largest header in bytes.
const MaxDataHeader = 1024

// AppendData appends a data channel message to dst: the header's length as two
// bytes, big endian, the header as JSON, the payload as it is.
func AppendData(dst []byte, h DataHeader, payload []byte) ([]byte, error) {
	head, err := json.Marshal(h)
	if err != nil {
		return dst, err
	}
	if len(head) > MaxDataHeader {
		return dst, Errorf(CodeTooLarge, "A data header may have %d bytes, this one has %d.", MaxDataHeader, len(head))
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(head)))
	dst = append(dst, head...)
	return append(dst, payload...), nil
}

// ParseData is the inverse of AppendData. The payload points into b.
func ParseData(b []byte) (h DataHeader, payload []byte, err error) {
	if len(b) < 2 {
		return h, nil, Errorf(CodeBadMessage, "A data message opens with its header's length in two bytes; this one has %d bytes in all.", len(b))
	}
	n := int(binary.BigEndian.Uint16(b))
	if n > MaxDataHeader || len(b) < 2+n {
		return h, nil, Errorf(CodeBadMessage, "The data header's length is given as %d bytes; at most %d are allowed, and %d follow.", n, MaxDataHeader, len(b)-2)
	}
	if err := json.Unmarshal(b[2:2+n], &h); err != nil {
		return h, nil, Errorf(CodeBadMessage, "The data header is not a JSON object with to and topic: %v.", err)
	}
	return h, b[2+n:], nil
}
