package api

// The messages that a client sends. Each is answered by the reply named in its
// comment, or by Error.

// Join enters a room, and is the first message on a socket. Reply: Welcome.
type Join struct {
	Version int    `json:"version"`
	Room    string `json:"room"`
	// Name is shown to the others, 1 to 64 characters; a token's name wins.
	Name string `json:"name"`
	// Token is needed where the server runs with a secret.
	Token string `json:"token,omitempty"`
	// Direct says that this client can open a connection to another client.
	Direct bool `json:"direct"`
	// Viewer says that the client only watches: it gets the program under
	// PathAuto, publishes nothing, and counts as nobody where paths are chosen
	// for the others.
	Viewer bool `json:"viewer,omitempty"`
	// Resume takes up an earlier membership whose socket was lost.
	Resume *Resume `json:"resume,omitempty"`
}

// Resume names the membership to take up, as Welcome gave it.
type Resume struct {
	Member string `json:"member"`
	Key    string `json:"key"`
	// Number is that of the last event the client has seen.
	Number uint64 `json:"number"`
}

// Leave ends the membership at once. Reply: OK, then the socket closes.
type Leave struct{}

// Offer carries the SDP offer of the client's connection to the server.
// Reply: Answer.
type Offer struct {
	SDP string `json:"sdp"`
}

// Publish announces that a sending m-line of the last offer carries a track
// from now on. Reply: Published.
type Publish struct {
	// MID is the m-line's identification tag (RFC 5888).
	MID    string `json:"mid"`
	Origin Origin `json:"origin"`
	// Kind is needed with OriginOther; elsewhere the origin tells it.
	Kind   Kind    `json:"kind,omitempty"`
	Muted  bool    `json:"muted"`
	Width  int     `json:"width,omitempty"`
	Height int     `json:"height,omitempty"`
	Layers []Layer `json:"layers,omitempty"`
}

// Unpublish ends a track of this client. Reply: OK.
type Unpublish struct {
	Track string `json:"track"`
}

// Mute says that a track of this client sends silence or nothing. Reply: OK.
type Mute struct {
	Track string `json:"track"`
	Muted bool   `json:"muted"`
}

// View says what the client's page shows, and replaces what the last View
// said. Video slots left out receive nothing. Audio slots left out are filled
// by the server with the loudest talkers, on PathMCU the first of them with the
// program's sound. Reply: Slots.
type View struct {
	Slots []SlotView `json:"slots"`
	// Quiet says that the client hears the others directly, so that the
	// server need not fill audio slots. It counts on PathP2P only, and
	// ends with it.
	Quiet bool `json:"quiet,omitempty"`
}

// SlotView is one slot's wish.
type SlotView struct {
	// Slot is the m-line's identification tag of a receiving slot.
	Slot string `json:"slot"`
	// Track is empty for a slot that shall receive nothing; ProgramAudio and
	// ProgramVideo are the room's program, for members on PathMCU.
	Track string `json:"track"`
	// Width and Height are those shown, in device pixels; 0 × 0 for audio.
	Width  int `json:"width,omitempty"`
	Height int `json:"height,omitempty"`
}

// Direct carries a description or a candidate to another member, with whom a
// direct connection was started (DirectStart). Reply: OK.
type Direct struct {
	Session string `json:"session"`
	// SDPType is "offer" or "answer" where SDP is set.
	SDPType string `json:"sdp_type,omitempty"`
	SDP     string `json:"sdp,omitempty"`
	// Tracks tells which of the sender's tracks flows on which m-line of
	// the direct connection: track ids by mid.
	Tracks map[string]string `json:"tracks,omitempty"`
	// Candidate is an ICE candidate; one whose text is empty says that all
	// were sent.
	Candidate *Candidate `json:"candidate,omitempty"`
	// From is set by the server.
	From string `json:"from,omitempty"`
}

// Candidate is W3C's RTCIceCandidateInit.
type Candidate struct {
	Candidate        string  `json:"candidate"`
	SDPMid           *string `json:"sdpMid,omitempty"`
	SDPMLineIndex    *uint16 `json:"sdpMLineIndex,omitempty"`
	UsernameFragment *string `json:"usernameFragment,omitempty"`
}

// DirectStateKind is how a direct connection fares as one end sees it.
type DirectStateKind string

// The states of a direct connection. Ready says that it is up and that the
// client could switch to it at once.
const (
	DirectReady  DirectStateKind = "ready"
	DirectPoor   DirectStateKind = "poor"
	DirectFailed DirectStateKind = "failed"
)

// DirectState reports how the direct connection fares. Reply: OK.
type DirectState struct {
	Session string          `json:"session"`
	State   DirectStateKind `json:"state"`
}

// SetPath pins a member to a path, or frees it with PathAuto. An empty Member
// is oneself; naming another is for hosts. Reply: OK.
type SetPath struct {
	Member string `json:"member,omitempty"`
	Path   Path   `json:"path"`
}

// Say writes to the chat. Clients prefer the data channel (topic "chat") and
// fall back to this. Reply: OK.
type Say struct {
	Text string `json:"text"`
	To   string `json:"to,omitempty"`
}

// SetHand raises or lowers one's hand. Reply: OK.
type SetHand struct {
	Raised bool `json:"raised"`
}

// Rename changes one's name, 1 to 64 characters. Reply: OK.
type Rename struct {
	Name string `json:"name"`
}

// ModerateAction is what a host does to a member or the room.
type ModerateAction string

// The actions of a host.
const (
	ActionMute      ModerateAction = "mute"       // Track: the server stops forwarding it until its owner unmutes
	ActionRemove    ModerateAction = "remove"     // Member
	ActionMakeHost  ModerateAction = "make_host"  // Member
	ActionLowerHand ModerateAction = "lower_hand" // Member
	ActionSettings  ModerateAction = "settings"   // Settings
	ActionEnd       ModerateAction = "end"        // the room, for everybody
)

// Moderate is a host's action. Reply: OK.
type Moderate struct {
	Action   ModerateAction `json:"action"`
	Member   string         `json:"member,omitempty"`
	Track    string         `json:"track,omitempty"`
	Settings *Settings      `json:"settings,omitempty"`
}

// Report tells how a client's media fares, for the operator's log and figures:
// why it does not flow or takes a detour, and what candidate was selected once it
// flows. Those above ten and one every ten seconds are not counted. Reply: OK.
type Report struct {
	// Cause is CauseOK for a connection that came up as it should.
	Cause Cause `json:"cause"`
	// Candidate is the client's own of the selected pair, if there is one.
	Candidate *SelectedCandidate `json:"candidate,omitempty"`
}

// SelectedCandidate is the local one of a connection, as W3C's statistics have
// it.
type SelectedCandidate struct {
	LocalType     CandidateType     `json:"local_type"`
	Protocol      CandidateProtocol `json:"protocol"`
	RelayProtocol RelayProtocol     `json:"relay_protocol,omitempty"`
}

// CandidateType is W3C's RTCIceCandidateType.
type CandidateType string

// The types of candidates.
const (
	CandidateHost  CandidateType = "host"
	CandidateSrflx CandidateType = "srflx"
	CandidatePrflx CandidateType = "prflx"
	CandidateRelay CandidateType = "relay"
)

// CandidateProtocol is W3C's RTCIceProtocol.
type CandidateProtocol string

// The protocols of candidates.
const (
	CandidateUDP CandidateProtocol = "udp"
	CandidateTCP CandidateProtocol = "tcp"
)

// RelayProtocol is W3C's RTCIceServerTransportProtocol, and DTLS: how the client
// reaches its relay.
type RelayProtocol string

// The protocols to a relay.
const (
	RelayUDP  RelayProtocol = "udp"
	RelayTCP  RelayProtocol = "tcp"
	RelayTLS  RelayProtocol = "tls"
	RelayDTLS RelayProtocol = "dtls"
)

// Ping asks whether the server is there. Reply: Pong.
type Ping struct{}

// MessageType returns "join".
func (*Join) MessageType() string { return "join" }

// MessageType returns "leave".
func (*Leave) MessageType() string { return "leave" }

// MessageType returns "offer".
func (*Offer) MessageType() string { return "offer" }

// MessageType returns "publish".
func (*Publish) MessageType() string { return "publish" }

// MessageType returns "unpublish".
func (*Unpublish) MessageType() string { return "unpublish" }

// MessageType returns "mute".
func (*Mute) MessageType() string { return "mute" }

// MessageType returns "view".
func (*View) MessageType() string { return "view" }

// MessageType returns "direct".
func (*Direct) MessageType() string { return "direct" }

// MessageType returns "direct_state".
func (*DirectState) MessageType() string { return "direct_state" }

// MessageType returns "set_path".
func (*SetPath) MessageType() string { return "set_path" }

// MessageType returns "say".
func (*Say) MessageType() string { return "say" }

// MessageType returns "set_hand".
func (*SetHand) MessageType() string { return "set_hand" }

// MessageType returns "rename".
func (*Rename) MessageType() string { return "rename" }

// MessageType returns "moderate".
func (*Moderate) MessageType() string { return "moderate" }

// MessageType returns "report".
func (*Report) MessageType() string { return "report" }

// MessageType returns "ping".
func (*Ping) MessageType() string { return "ping" }

func newClientMessage(name string) Message {
	switch name {
	case "join":
		return new(Join)
	case "leave":
		return new(Leave)
	case "offer":
		return new(Offer)
	case "publish":
		return new(Publish)
	case "unpublish":
		return new(Unpublish)
	case "mute":
		return new(Mute)
	case "view":
		return new(View)
	case "direct":
		return new(Direct)
	case "direct_state":
		return new(DirectState)
	case "set_path":
		return new(SetPath)
	case "say":
		return new(Say)
	case "set_hand":
		return new(SetHand)
	case "rename":
		return new(Rename)
	case "moderate":
		return new(Moderate)
	case "report":
		return new(Report)
	case "load":
		return new(Load)
	case "ping":
		return new(Ping)
	}
	return nil
}
