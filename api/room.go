package api

// Path is the way by which a member receives the others.
type Path string

// The paths. PathAuto is a wish or a setting only, never a member's state.
const (
	PathAuto Path = "auto"
	PathP2P  Path = "p2p" // directly from the other browser
	PathSFU  Path = "sfu" // forwarded by the server
	PathMCU  Path = "mcu" // mixed by the server: the program
)

// PathReason says why a member is on its path; clients put it in words.
type PathReason string

// The reasons for a path.
const (
	ReasonAlone         PathReason = "alone"          // nobody else is here yet, viewers aside
	ReasonTwo           PathReason = "two"            // two people who reach each other directly
	ReasonProving       PathReason = "proving"        // two people; the direct connection is being tried
	ReasonMany          PathReason = "many"           // three or more people, viewers aside
	ReasonPinned        PathReason = "pinned"         // the room's setting, or a host for one of two
	ReasonWish          PathReason = "wish"           // one of two asked for it
	ReasonDirectFailed  PathReason = "direct_failed"  // the two could not reach each other
	ReasonDirectPoor    PathReason = "direct_poor"    // the direct connection had become poor
	ReasonNotSupported  PathReason = "not_supported"  // one of the two clients can't do it
	ReasonMediaUnproven PathReason = "media_unproven" // the path through the server isn't up yet
	ReasonViewer        PathReason = "viewer"         // mixed: the client only watches
	ReasonThinLine      PathReason = "thin_line"      // mixed: the line carries less than all the pictures need
	ReasonWeakDevice    PathReason = "weak_device"    // mixed: the device finds all the pictures too hard
	ReasonCrowd         PathReason = "crowd"          // mixed: there are more pictures than a page can show
	ReasonMixStarting   PathReason = "mix_starting"   // it shall be mixed; until that flows it is forwarded
	ReasonMixFailed     PathReason = "mix_failed"     // it should be mixed, but this server can't; see Program
)

// Role is what a member may do in the room.
type Role string

// The roles. A host may moderate.
const (
	RoleHost   Role = "host"
	RoleMember Role = "member"
)

// Origin is where a track's signal comes from.
type Origin string

// The origins of a track.
const (
	OriginMicrophone  Origin = "microphone"
	OriginCamera      Origin = "camera"
	OriginScreen      Origin = "screen"
	OriginScreenAudio Origin = "screen_audio"
	OriginOther       Origin = "other"
)

// Kind is "audio" or "video".
type Kind string

// The kinds of track.
const (
	KindAudio Kind = "audio"
	KindVideo Kind = "video"
)

// Layer describes one simulcast stream that a publisher sends.
type Layer struct {
	// RID is the stream's identifier in the offer (RFC 8851).
	RID string `json:"rid"`
	// Width and Height are the largest picture in pixels; 0 if not known.
	Width  int `json:"width"`
	Height int `json:"height"`
	// Bitrate is the stream's ceiling in bit/s; 0 if not known.
	Bitrate int64 `json:"bitrate,omitempty"`
}

// Track is a published track.
type Track struct {
	ID     string `json:"id"`
	Member string `json:"member"`
	Kind   Kind   `json:"kind"`
	Origin Origin `json:"origin"`
	// Codec is the encoding name, such as "VP8"; empty until media came.
	Codec string `json:"codec,omitempty"`
	Muted bool   `json:"muted"`
	// Width and Height are the picture's full size; 0 if not known.
	Width  int `json:"width,omitempty"`
	Height int `json:"height,omitempty"`
}

// Member is a person or program in a room.
type Member struct {
	ID     string     `json:"id"`
	Name   string     `json:"name"`
	Role   Role       `json:"role"`
	Path   Path       `json:"path"`
	Reason PathReason `json:"reason"`
	// Pinned is the path that this member is pinned to by its own wish or
	// a host; PathAuto for none.
	Pinned Path `json:"pinned"`
	Hand   bool `json:"hand"`
	// Viewer says that the member only watches; see Join.
	Viewer bool `json:"viewer,omitempty"`
	// Away is set while the member's signalling is lost and it may still
	// resume.
	Away   bool    `json:"away"`
	Tracks []Track `json:"tracks"`
	// Joined is in milliseconds since the Unix epoch.
	Joined int64 `json:"joined"`
}

// Settings are what a host may change about the room.
type Settings struct {
	// Locked rooms admit nobody new but bearers of a roomAdmin token.
	Locked bool `json:"locked"`
	// Path is PathAuto, or a path that everybody is pinned to.
	Path Path `json:"path"`
	// Program is always set in what the server says; a client may leave it
	// out, and the program's settings are as before.
	Program *ProgramSettings `json:"program,omitempty"`
}

// ChatLine is one message of the room's chat.
type ChatLine struct {
	From string `json:"from"` // member id
	Name string `json:"name"` // the sender's name at that time
	// To is a member's id for a private line, empty for all.
	To   string `json:"to,omitempty"`
	Text string `json:"text"`
	// Time is in milliseconds since the Unix epoch.
	Time int64 `json:"time"`
}

// Room is a snapshot of a room as of event Number.
type Room struct {
	Name     string     `json:"name"`
	Number   uint64     `json:"number"`
	Settings Settings   `json:"settings"`
	Program  Program    `json:"program"`
	Members  []Member   `json:"members"`
	Chat     []ChatLine `json:"chat"`
}

// EventKind tells what an event reports and so which of its fields are set.
type EventKind string

// The kinds of event.
const (
	EventMemberJoined     EventKind = "member_joined"     // Member
	EventMemberChanged    EventKind = "member_changed"    // Member: name, role, path, hand, away
	EventMemberLeft       EventKind = "member_left"       // MemberID, Cause
	EventTrackPublished   EventKind = "track_published"   // Track
	EventTrackChanged     EventKind = "track_changed"     // Track: muted, codec, size
	EventTrackUnpublished EventKind = "track_unpublished" // Track
	EventChat             EventKind = "chat"              // Chat
	EventSettings         EventKind = "settings"          // Settings
	EventProgram          EventKind = "program"           // Program
	EventEnded            EventKind = "ended"             // Cause: the room is over
)

// Event is one numbered change of a room. Numbers grow by one without gaps;
// private chat lines keep their number but lack their Chat for everybody whom
// they do not concern.
type Event struct {
	Number uint64 `json:"number"`
	// Time is in milliseconds since the Unix epoch.
	Time     int64     `json:"time"`
	Kind     EventKind `json:"kind"`
	MemberID string    `json:"member_id,omitempty"`
	Member   *Member   `json:"member,omitempty"`
	Track    *Track    `json:"track,omitempty"`
	Chat     *ChatLine `json:"chat,omitempty"`
	Settings *Settings `json:"settings,omitempty"`
	Program  *Program  `json:"program,omitempty"`
	Cause    Code      `json:"cause,omitempty"`
}

// MessageType returns "event".
func (*Event) MessageType() string { return "event" }
