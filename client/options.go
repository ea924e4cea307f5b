package client

import (
	"net/http"

	"github.com/tutti-rtc/tutti/api"
)

// Options say how to join a room. Room is needed, the rest has a use at zero.
type Options struct {
	// Room is the room's name.
	Room string
	// Name is shown to the others, 1 to 64 characters; "bot" if empty.
	Name string
	// Token is needed where the server runs with a secret.
	Token string

	// AudioSlots and VideoSlots are how many tracks can be received at once.
	// With none, nothing is received.
	AudioSlots, VideoSlots int
	// AudioSenders and VideoSenders are how many tracks without simulcast can
	// be published without a further negotiation. Publish asks for more when
	// it needs them.
	AudioSenders, VideoSenders int
	// Data opens the data channels, which Send and Handlers.Data need.
	Data bool
	// Viewer only watches: the server gives it the room's program, where it
	// can, and takes no tracks of it.
	Viewer bool
	// AutoView keeps the view by itself: every video track of the others gets
	// a slot while there are free ones, in the order of publishing; on PathMCU
	// the first slot gets the program's picture, and no other gets anything.
	// Do not call View with it.
	AutoView bool
	// Direct opens a direct connection to another member, when the server says
	// so: two who reach each other need not send by the server. What is
	// received so is told by Handlers.Track, too; see RemoteTrack.InUse.
	Direct bool
	// NoReconnect ends the room when its socket is lost.
	NoReconnect bool

	// Handlers are told what happens.
	Handlers Handlers
	// Engine is shared by rooms of the same network settings; nil makes one,
	// which verifies relays as HTTPClient does the server.
	Engine *Engine
	// HTTPClient opens the WebSocket; nil for http.DefaultClient.
	HTTPClient *http.Client
}

// Handlers are called one at a time, in the order of what they tell, from a
// goroutine of the Room; they may call its methods. While one runs the others
// wait: a room that falls 4096 calls behind ends with ErrSlow. Nil ones are
// left out.
type Handlers struct {
	// State tells how the membership fares.
	State func(State)
	// Event is told every numbered event. Room.Snapshot may be ahead of it.
	Event func(*api.Event)
	// Track is told when media begins to arrive in a slot, once per slot and
	// connection; read it from a goroutine of your own. What a slot shows
	// changes later without a new call. With Options.Direct it is also told
	// what begins to arrive directly, once per origin and connection.
	Track func(*RemoteTrack)
	// Slots is told what flows in the slots that changed.
	Slots func([]api.SlotState)
	// Layers is told which simulcast layers of an own track are wanted, by the
	// server or directly.
	Layers func(*api.Layers)
	// Speakers is told who is heard, the loudest first.
	Speakers func([]api.Speaker)
	// Data is told each message of the data channels.
	Data func(Data)
	// MutedByHost is told when a host muted an own track.
	MutedByHost func(*api.MutedByHost)
}

// State is how a membership fares.
type State string

// The states of a membership. After StateRejoined the member has a new id, its
// tracks are published anew, and every other track has to be looked up again.
const (
	StateReconnecting State = "reconnecting" // the socket was lost
	StateResumed      State = "resumed"      // the same membership goes on
	StateRejoined     State = "rejoined"     // a new membership took its place
	StateEnded        State = "ended"        // see Room.Err
)

// ErrSlow ends a room whose handlers fall too far behind.
var ErrSlow = api.Errorf(api.CodeSlow, "The handlers of this room take too long: 4096 calls wait for them.")

// ErrClosed is returned by methods of a room that Close has ended.
var ErrClosed = api.Errorf(api.CodeLeft, "This room was closed by its own program.")

// handlerQueue bounds the calls that wait for the handlers.
const handlerQueue = 4096
