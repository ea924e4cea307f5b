// Package auth says who may do what: it mints and verifies access tokens, which
// are JWTs (RFC 7519) signed with HS256, their claims named as LiveKit's are, so
// that tools which make those make ours.
//
// It is not a user database and keeps no state: whoever holds the secret makes
// the rules. It starts no goroutine and takes the time as an argument.
package auth

import (
	"maps"
	"slices"

	"github.com/tutti-rtc/tutti/api"
)

// Grant is what a token allows its bearer. The zero Grant allows nothing.
type Grant struct {
	// Identity names the member for programs: one of an identity is in a
	// room at a time. It is never empty in a verified grant that may join.
	Identity string
	// Name is shown to people; empty lets the member choose.
	Name string
	// Metadata is passed on to everybody in the room.
	Metadata string
	// Room is the one room the token is for; empty means every room.
	Room string
	// Join lets the bearer enter.
	Join bool
	// Admin lets the bearer moderate: mute, remove, lock, end.
	Admin bool
	// Publish, Subscribe and PublishData let the bearer send media, receive
	// media and send data.
	Publish, Subscribe, PublishData bool
	// Origins are those of the tracks the bearer may publish; empty means
	// all.
	Origins []api.Origin
}

// Admit returns nil when the bearer may enter the room, else an *api.Error.
func (g Grant) Admit(room string) error {
	switch {
	case g.Room != "" && g.Room != room:
		return api.Errorf(api.CodeTokenRoom, "your access token is for the room %q, not for %q: ask for a link to this room", g.Room, room)
	case !g.Join:
		return api.Errorf(api.CodeForbidden, "your access token does not allow joining a room (roomJoin): ask for another one")
	}
	return nil
}

// sources are LiveKit's names of what we call origins.
var sources = map[string]api.Origin{
	"camera":             api.OriginCamera,
	"microphone":         api.OriginMicrophone,
	"screen_share":       api.OriginScreen,
	"screen_share_audio": api.OriginScreenAudio,
}

// videoClaims are LiveKit's "video" claims. Where it takes a missing permission
// for granted, so do we: publish and subscribe are allowed unless denied, and
// data follows publish.
type videoClaims struct {
	Room           string   `json:"room,omitempty"`
	RoomJoin       bool     `json:"roomJoin,omitempty"`
	RoomAdmin      bool     `json:"roomAdmin,omitempty"`
	CanPublish     *bool    `json:"canPublish,omitempty"`
	CanSubscribe   *bool    `json:"canSubscribe,omitempty"`
	CanPublishData *bool    `json:"canPublishData,omitempty"`
	Sources        []string `json:"canPublishSources,omitempty"`
}

// claims is the part of a token's body that is not registered by RFC 7519 §4.1.
type claims struct {
	Name     string      `json:"name,omitempty"`
	Metadata string      `json:"metadata,omitempty"`
	Video    videoClaims `json:"video"`
}

func (g Grant) claims() claims {
	return claims{
		Name:     g.Name,
		Metadata: g.Metadata,
		Video: videoClaims{
			Room:           g.Room,
			RoomJoin:       g.Join,
			RoomAdmin:      g.Admin,
			CanPublish:     &g.Publish,
			CanSubscribe:   &g.Subscribe,
			CanPublishData: &g.PublishData,
			Sources:        sourceNames(g.Origins),
		},
	}
}

func (c claims) grant(identity string) Grant {
	or := func(p *bool, otherwise bool) bool {
		if p == nil {
			return otherwise
		}
		return *p
	}
	publish := or(c.Video.CanPublish, true)
	return Grant{
		Identity:    identity,
		Name:        c.Name,
		Metadata:    c.Metadata,
		Room:        c.Video.Room,
		Join:        c.Video.RoomJoin,
		Admin:       c.Video.RoomAdmin,
		Publish:     publish,
		Subscribe:   or(c.Video.CanSubscribe, true),
		PublishData: or(c.Video.CanPublishData, publish),
		Origins:     origins(c.Video.Sources),
	}
}

// origins translates LiveKit's names. One that we do not know stays in the list
// as it is and allows nothing: it must not turn the list into "all".
func origins(names []string) []api.Origin {
	var list []api.Origin
	for _, name := range names {
		origin, ok := sources[name]
		if !ok {
			origin = api.Origin(name)
		}
		list = append(list, origin)
	}
	return list
}

func sourceNames(list []api.Origin) []string {
	var names []string
	for _, origin := range list {
		name := string(origin)
		for _, source := range slices.Sorted(maps.Keys(sources)) {
			if sources[source] == origin {
				name = source
			}
		}
		names = append(names, name)
	}
	return names
}
