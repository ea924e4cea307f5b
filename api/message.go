package api

import (
	"encoding/json"
	"fmt"
)

// Message is the body of a message in either direction. Its type name on the
// wire is that of the Go type in snake_case, as MessageType says.
type Message interface {
	MessageType() string
}

// Envelope is what travels in one WebSocket text message.
type Envelope struct {
	// Type names the body's type, such as "join".
	Type string `json:"type"`
	// ID is chosen by the client for a request and never zero there. The
	// server sets it in its reply (OK, Error or the request's own reply
	// type) and leaves it out in what it says by itself.
	ID uint32 `json:"id,omitempty"`
	// Data is the body.
	Data json.RawMessage `json:"data,omitempty"`
}

// Encode returns m in its envelope as JSON.
func Encode(id uint32, m Message) ([]byte, error) {
	b, err := json.Marshal(struct { // an Envelope whose body is encoded in one go
		Type string  `json:"type"`
		ID   uint32  `json:"id,omitempty"`
		Data Message `json:"data"`
	}{m.MessageType(), id, m})
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", m.MessageType(), err)
	}
	return b, nil
}

// DecodeClient decodes a message that a client sent. Its errors are *Error
// with CodeBadMessage and speak to the client's developer.
func DecodeClient(b []byte) (Message, uint32, error) { return decode(b, newClientMessage) }

// DecodeServer decodes a message that the server sent. Messages of an unknown
// type are CodeUnknownType errors, which a client should ignore.
func DecodeServer(b []byte) (Message, uint32, error) { return decode(b, newServerMessage) }

func decode(b []byte, make func(string) Message) (Message, uint32, error) {
	var e Envelope
	if err := json.Unmarshal(b, &e); err != nil {
		return nil, 0, Errorf(CodeBadMessage, "This message is not a JSON object with type, id and data: %v.", err)
	}
	m := make(e.Type)
	if m == nil {
		return nil, e.ID, Errorf(CodeUnknownType, "There is no message type %q in version %d of the protocol.", e.Type, Version)
	}
	if len(e.Data) > 0 {
		if err := json.Unmarshal(e.Data, m); err != nil {
			return nil, e.ID, Errorf(CodeBadMessage, "The data of this %q message do not fit its type: %v.", e.Type, err)
		}
	}
	return m, e.ID, nil
}
