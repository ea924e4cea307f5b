package api

// The messages that the server sends.

// Welcome answers Join.
type Welcome struct {
	Version int    `json:"version"`
	Server  string `json:"server"` // the server's name and version
	// Member is the client's own id, Key what it needs to Resume.
	Member string `json:"member"`
	Key    string `json:"key"`
	// Resumed says that the earlier membership goes on: media runs on, and
	// the missed events follow unless Room is set again.
	Resumed bool `json:"resumed"`
	// Room is the snapshot; nil when Resumed and all missed events follow.
	Room *Room `json:"room,omitempty"`
	// ICEServers are for direct connections; the server itself needs none.
	ICEServers []ICEServer `json:"ice_servers"`
	Limits     Limits      `json:"limits"`
}

// ICEServer is W3C's RTCIceServer.
type ICEServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
}

// Limits are the server's bounds that a client should know.
type Limits struct {
	MessageBytes int `json:"message_bytes"` // of one signalling message
	MessageRate  int `json:"message_rate"`  // messages per second
	Tracks       int `json:"tracks"`        // published by one member
	Members      int `json:"members"`       // in a room
	ChatChars    int `json:"chat_chars"`    // of one chat line
	DataBytes    int `json:"data_bytes"`    // of one data channel message
}

// Answer answers Offer.
type Answer struct {
	SDP string `json:"sdp"`
	// Refused lists m-lines that were answered with port 0, and why.
	Refused []RefusedMedia `json:"refused,omitempty"`
}

// RefusedMedia is an m-line that client and server can't agree on.
type RefusedMedia struct {
	MID  string `json:"mid"`
	Code Code   `json:"code"`
	Text string `json:"text"`
}

// Published answers Publish.
type Published struct {
	Track Track `json:"track"`
}

// SlotStatus is what a slot receives.
type SlotStatus string

// The states of a slot.
const (
	SlotEmpty       SlotStatus = "empty"       // nothing is wished for
	SlotWaiting     SlotStatus = "waiting"     // for a first key frame or packet
	SlotLive        SlotStatus = "live"        // media flows
	SlotMuted       SlotStatus = "muted"       // the publisher sends nothing
	SlotPaused      SlotStatus = "paused"      // the line to this client is too thin
	SlotUnsupported SlotStatus = "unsupported" // this client lacks the track's codec
	SlotGone        SlotStatus = "gone"        // the track has ended
)

// SlotState is one slot's state.
type SlotState struct {
	Slot   string     `json:"slot"`
	Track  string     `json:"track,omitempty"`
	Status SlotStatus `json:"status"`
	// RID is the simulcast stream that flows, if the track has several.
	RID string `json:"rid,omitempty"`
}

// Slots tells what flows in each slot. It answers View, and is sent again for
// slots that changed; slots that it leaves out are as before.
type Slots struct {
	Slots []SlotState `json:"slots"`
}

// Layers tells a publisher which simulcast streams somebody receives. It may
// stop encoding the others, and must start again when told.
type Layers struct {
	Track string `json:"track"`
	// Active are the rids that are wanted; a track without simulcast has
	// one with an empty name.
	Active []string `json:"active"`
}

// Speakers lists who is heard now, the loudest first. Sent when the list
// changes, at most five times a second.
type Speakers struct {
	Speakers []Speaker `json:"speakers"`
}

// Speaker is one talker.
type Speaker struct {
	Member string `json:"member"`
	Track  string `json:"track"`
	// Level is 0 (silence) to 1 (loudest), linear in decibels.
	Level float64 `json:"level"`
}

// DirectStart asks the client to open a direct connection to another member
// and to report DirectState. The one with Offer makes the offer.
type DirectStart struct {
	Session string `json:"session"`
	Member  string `json:"member"`
	Offer   bool   `json:"offer"`
}

// DirectStop ends a direct connection. The client closes it once what it shows
// comes by another path.
type DirectStop struct {
	Session string     `json:"session"`
	Reason  PathReason `json:"reason"`
}

// MutedByHost tells a member that a host has muted its track.
type MutedByHost struct {
	Track  string `json:"track"`
	Member string `json:"member"` // the host
}

// Pong answers Ping.
type Pong struct{}

// OK answers requests that have nothing else to say.
type OK struct{}

// Bye is the last message before the server closes the socket.
type Bye struct {
	Code Code   `json:"code"`
	Text string `json:"text"`
	// RetryAfter is in milliseconds; negative if there is no use in trying.
	RetryAfter int64 `json:"retry_after"`
}

// MessageType returns "welcome".
func (*Welcome) MessageType() string { return "welcome" }

// MessageType returns "answer".
func (*Answer) MessageType() string { return "answer" }

// MessageType returns "published".
func (*Published) MessageType() string { return "published" }

// MessageType returns "slots".
func (*Slots) MessageType() string { return "slots" }

// MessageType returns "layers".
func (*Layers) MessageType() string { return "layers" }

// MessageType returns "speakers".
func (*Speakers) MessageType() string { return "speakers" }

// MessageType returns "direct_start".
func (*DirectStart) MessageType() string { return "direct_start" }

// MessageType returns "direct_stop".
func (*DirectStop) MessageType() string { return "direct_stop" }

// MessageType returns "muted_by_host".
func (*MutedByHost) MessageType() string { return "muted_by_host" }

// MessageType returns "pong".
func (*Pong) MessageType() string { return "pong" }

// MessageType returns "ok".
func (*OK) MessageType() string { return "ok" }

// MessageType returns "bye".
func (*Bye) MessageType() string { return "bye" }

func newServerMessage(name string) Message {
	switch name {
	case "welcome":
		return new(Welcome)
	case "answer":
		return new(Answer)
	case "published":
		return new(Published)
	case "event":
		return new(Event)
	case "slots":
		return new(Slots)
	case "layers":
		return new(Layers)
	case "speakers":
		return new(Speakers)
	case "direct":
		return new(Direct)
	case "direct_start":
		return new(DirectStart)
	case "direct_stop":
		return new(DirectStop)
	case "muted_by_host":
		return new(MutedByHost)
	case "pong":
		return new(Pong)
	case "ok":
		return new(OK)
	case "error":
		return new(Error)
	case "bye":
		return new(Bye)
	}
	return nil
}
