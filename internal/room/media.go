package room

import (
	"net/netip"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
)

// MediaPlane makes the media side of rooms. The composition root gives one to
// the rooms; they know nothing else of transports and codecs.
type MediaPlane interface {
	// NewRouter returns the router of a new room. How the room's program
	// fares is told to notify, from any goroutine; notify does not block.
	NewRouter(room string, notify func(api.Program)) Router
}

// Router forwards the tracks of one room among its endpoints, and mixes them.
type Router interface {
	// Attach makes the media side of a member. What happens to it is told
	// to notify, from the media plane's goroutines, in order per endpoint;
	// notify must not block.
	Attach(member string, notify func(Notice)) (Endpoint, error)
	// Mix says what the room's program is made of, and for whom; it replaces
	// what was said before, and returns at once. nil ends the program: when
	// Mix has returned, nothing more is told of it. The program is not
	// changed afterwards and may be kept.
	Mix(p *Program)
	// Close ends all endpoints, and the program. It is idempotent.
	Close()
}

// Endpoint is the media side of one member: its connection to the server, what
// it publishes, what it is shown. Its methods may be called from any goroutine
// and return at once, but for Negotiate, which may take milliseconds.
type Endpoint interface {
	// Negotiate answers an SDP offer. reached are addresses by which the
	// member's client has come to the server. Its errors are *api.Error.
	Negotiate(offer string, reached ...netip.AddrPort) (*api.Answer, error)
	// Publish says which tracks the member sends on which m-lines; it
	// replaces what was said before. Tracks that are no longer named end.
	Publish(tracks []Publication)
	// View says which tracks the member's slots shall show; it replaces
	// what was said before. fill is for audio slots not named. Those who are
	// in the program may name its tracks, api.ProgramAudio and ProgramVideo.
	View(slots []SlotWish, fill Fill)
	// SendData sends a message on the member's data channel and reports
	// whether it was taken; it is dropped, and counted, when the channel
	// is not open or the member reads too slowly.
	SendData(reliable bool, msg []byte) bool
	// Close ends the connection. It is idempotent.
	Close()
}

// Fill says what the audio slots get that a view does not name.
type Fill uint8

// The kinds of Fill.
const (
	FillTalkers Fill = iota // the loudest talkers
	FillNothing             // the member hears the others by another path, or may not hear them
	FillProgram             // the first of them the program's sound, the others nothing
)

// Publication binds a track to the sending m-line that carries it.
type Publication struct {
	MID   string
	Track media.TrackInfo // Codec and Fmtp may be unset: they follow from what arrives
	// Muted tracks are not forwarded.
	Muted bool
}

// SlotWish is what one slot shall show.
type SlotWish struct {
	Slot  string // m-line identification tag
	Track media.TrackID
	Size  media.Dimensions // as shown, in device pixels; zero for audio
}

// Notice is what an endpoint tells the room. Exactly one field is set.
type Notice struct {
	// Connected and Lost tell whether media can flow between member and
	// server: set when the first packets came through, or when nothing was
	// heard for 30 s.
	Connected, Lost bool
	// Slots lists slots whose state changed.
	Slots []api.SlotState
	// Layers tells which simulcast streams of the member's track somebody
	// receives.
	Layers *api.Layers
	// Arrived tells that a published track's media came, with its codec
	// and largest picture.
	Arrived *media.TrackInfo
	// Data is a message that came on the member's data channel; it is the
	// receiver's to keep.
	Data *Data
	// Line tells how the line to the member fares: when that changes, at most
	// twice a second.
	Line *Line
	// Speakers is the room's list of talkers, not nil but empty when nobody
	// is heard; every endpoint is told.
	Speakers []Speaker
}

// Line is what is known of the line to a member.
type Line struct {
	// Estimate is what it carries, 0 if that is not known. Needed is what the
	// least quality of all that the member's view names takes.
	Estimate, Needed media.Bitrate
	// Short says that pictures are paused, or less than they should be at
	// least, because the line carries no more.
	Short bool
}

// Program is what a room's program is made of. It is not changed once made.
type Program struct {
	// Settings have no zero sizes or rate.
	Settings api.ProgramSettings
	// Members are those who publish something, in order of joining.
	Members []ProgramMember
	// Viewers are the ids of the members that receive the program or wait
	// for it, in order of joining.
	Viewers []string
}

// ProgramMember is one who is seen and heard in the program.
type ProgramMember struct {
	ID, Name string
	Hand     bool // is raised
	Tracks   []Publication
}

// Data is one data channel message.
type Data struct {
	Reliable bool
	Message  []byte
}

// Speaker is one talker, loudest first in a Notice.
type Speaker struct {
	Member string
	Track  media.TrackID
	Level  float64 // 0 to 1, linear in decibels
}
