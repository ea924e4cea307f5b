package client

import (
	"context"

	"github.com/tutti-rtc/tutti/api"
)

// Say writes a line to the chat; to is a member's id for a private line, empty
// for all.
func (r *Room) Say(ctx context.Context, text, to string) error {
	return r.do(ctx, &api.Say{Text: text, To: to})
}

// SetHand raises or lowers the own hand.
func (r *Room) SetHand(ctx context.Context, raised bool) error {
	return r.do(ctx, &api.SetHand{Raised: raised})
}

// Rename changes the own name. It is kept when the room is joined anew.
func (r *Room) Rename(ctx context.Context, name string) error {
	if err := r.do(ctx, &api.Rename{Name: name}); err != nil {
		return err
	}
	r.mu.Lock()
	r.name = name
	r.mu.Unlock()
	return nil
}

// SetPath pins oneself to a path, or frees it with api.PathAuto. Hosts may name
// another member; an empty one is oneself.
func (r *Room) SetPath(ctx context.Context, member string, path api.Path) error {
	return r.do(ctx, &api.SetPath{Member: member, Path: path})
}

// Load tells the server how hard it is to show what is received; see api.Load.
func (r *Room) Load(ctx context.Context, load api.Load) error { return r.do(ctx, &load) }

// Moderate does what only hosts may do.
func (r *Room) Moderate(ctx context.Context, m api.Moderate) error { return r.do(ctx, &m) }
