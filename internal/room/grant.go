package room

import (
	"slices"

	"github.com/tutti-rtc/tutti/api"
)

// Grant is what a member may do in a room.
type Grant struct {
	// Name is the member's name if it is not its own to choose.
	Name string
	// CanPublish allows to publish tracks; of the origins in Sources only,
	// if there are any.
	CanPublish bool
	Sources    []api.Origin
	// CanSubscribe allows to receive the others' tracks.
	CanSubscribe bool
	// CanPublishData allows to chat and to send data messages.
	CanPublishData bool
	// RoomAdmin makes the member a host, and lets it into a locked room.
	RoomAdmin bool
}

// Everything is the grant of a member in a house without tokens.
func Everything() Grant {
	return Grant{CanPublish: true, CanSubscribe: true, CanPublishData: true}
}

func (g Grant) mayPublish(o api.Origin) bool {
	return g.CanPublish && (len(g.Sources) == 0 || slices.Contains(g.Sources, o))
}

// direct reports whether the member may connect directly to another. The server
// can't hold it to its grant there, so only those may who have nothing to hide.
func (g Grant) direct() bool {
	return g.CanPublish && len(g.Sources) == 0 && g.CanSubscribe
}
