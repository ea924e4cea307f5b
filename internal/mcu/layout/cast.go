package layout

import (
	"cmp"
	"math"
	"slices"
)

// cast decides who is shown, and in which cell. Items are spoken of by their
// index, −1 being none.
type cast struct {
	in       Input
	previous []Tile
}

// camera returns the camera of a member.
func (c *cast) camera(member string) int {
	return slices.IndexFunc(c.in.Items, func(i Item) bool { return i.Member == member && !i.Screen })
}

// item returns the item with an ID.
func (c *cast) item(id string) int {
	return slices.IndexFunc(c.in.Items, func(i Item) bool { return i.ID == id })
}

// at returns what was in a cell, if it is still there.
func (c *cast) at(cell int) int {
	for i := range c.previous {
		if c.previous[i].Cell == cell {
			return c.item(c.previous[i].Item)
		}
	}
	return -1
}

// cell returns in which cell an item was.
func (c *cast) cell(item int) int {
	for i := range c.previous {
		if t := &c.previous[i]; t.Item == c.in.Items[item].ID && t.Copy == 0 {
			return t.Cell
		}
	}
	return -1
}

// leader returns the camera of whoever leads the conversation or did so last.
// There always is one if there are items; it is a screen if there are no cameras.
func (c *cast) leader() int { return c.leaderAfter(c.at(0)) }

// leaderAfter is leader, where held is who was shown as such.
func (c *cast) leaderAfter(held int) int {
	if i := c.camera(c.in.Talker); i >= 0 {
		return i
	}
	if held >= 0 && !c.in.Items[held].Screen {
		return held
	}
	for _, member := range c.in.Talked {
		if i := c.camera(member); i >= 0 {
			return i
		}
	}
	for _, wanted := range []func(Item) bool{
		func(i Item) bool { return i.Picture && !i.Screen },
		func(i Item) bool { return !i.Screen },
	} {
		if i := slices.IndexFunc(c.in.Items, wanted); i >= 0 {
			return i
		}
	}
	return min(0, len(c.in.Items)-1)
}

// screen returns the screen shown last, or without that knowledge the one held.
func (c *cast) screen(held int) int {
	for _, id := range c.in.Shared {
		if i := c.item(id); i >= 0 && c.in.Items[i].Screen {
			return i
		}
	}
	if held >= 0 && c.in.Items[held].Screen {
		return held
	}
	last := -1
	for i := range c.in.Items {
		if c.in.Items[i].Screen {
			last = i
		}
	}
	return last
}

// foremost returns what matters most: a screen, else the leader.
func (c *cast) foremost() int {
	if i := c.screen(c.at(0)); i >= 0 {
		return i
	}
	return c.leader()
}

// standing is what an item's claim to be shown rests on; the least is first.
type standing struct {
	item   int
	class  int // 0 what is shown large, 1 the talker, 2 screens, 3 pictures, 4 the rest
	hidden int // 1 if it was not shown before
	talked int // how many talked since it did
}

// choose returns up to n items: first, if there is one, then the others by
// their claim. Talkers come before those who were silent, pictures before
// members without; but who is shown does not make way for an equal.
func (c *cast) choose(first, n int) []int {
	all := make([]standing, len(c.in.Items))
	for i := range c.in.Items {
		all[i] = c.standing(i, first)
	}
	slices.SortStableFunc(all, func(a, b standing) int {
		return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.hidden, b.hidden), cmp.Compare(a.talked, b.talked))
	})
	chosen := make([]int, min(n, len(all)))
	for i := range chosen {
		chosen[i] = all[i].item
	}
	return chosen
}

func (c *cast) standing(i, first int) standing {
	item := &c.in.Items[i]
	s := standing{item: i, class: 4, talked: math.MaxInt}
	switch {
	case i == first:
		s.class = 0
	case item.Member == c.in.Talker && !item.Screen:
		s.class = 1
	case item.Screen:
		s.class = 2
	case item.Picture:
		s.class = 3
	}
	if c.cell(i) < 0 {
		s.hidden = 1
	}
	if at := slices.Index(c.in.Talked, item.Member); at >= 0 && !item.Screen {
		s.talked = at
	}
	return s
}

// seat returns which of the chosen is in each cell. Leads puts the first of
// them into cell 0. Who had a cell keeps it; who lost it, or is new, takes what
// is free, in order of joining.
func (c *cast) seat(chosen []int, leads bool) []int {
	seated := make([]int, len(chosen))
	for i := range seated {
		seated[i] = -1
	}
	if leads && len(chosen) > 0 {
		seated[0] = chosen[0]
		chosen = chosen[1:]
	}
	chosen = slices.Sorted(slices.Values(chosen))
	moving := chosen[:0]
	for _, i := range chosen {
		if cell := c.cell(i); cell >= 0 && cell < len(seated) && seated[cell] < 0 {
			seated[cell] = i
			continue
		}
		moving = append(moving, i)
	}
	for cell := range seated {
		if seated[cell] < 0 {
			seated[cell] = moving[0]
			moving = moving[1:]
		}
	}
	return seated
}
