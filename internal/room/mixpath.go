package room

import (
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	// mixStay is how long a member that leaves the program may go on
	// receiving it, until what it shows comes forwarded.
	mixStay = 5 * time.Second

	// thinAfter is how long a line must have been short.
	thinAfter = 5 * time.Second
	// thinMargin is how much more than what was too much a line must carry,
	// in tenths.
	thinMargin = 13
	// thinLeast is how long a thin line is believed in at least.
	thinLeast = 30 * time.Second

	// loadPeriod is the time between two reports that count. Clients send
	// them every five seconds, of which some are shorter than others.
	loadPeriod = 4500 * time.Millisecond
	// loadGap ends a run of reports.
	loadGap = 15 * time.Second
	// A device is weak when it is this busy in so many reports running, and
	// has recovered when it was not more than idle for weakLeast.
	busyDecode, busyDropped = 0.8, 0.2
	busyReports             = 2
	idleDecode, idleDropped = 0.3, 0.02
	weakLeast               = time.Minute

	// relapse is how soon falling back counts as a sign that the way back
	// came too early, and retreatMost the longest stay that follows.
	relapse     = time.Minute
	retreatMost = 10 * time.Minute

	// crowdBack is how few pictures end a crowd.
	crowdBack = 12
)

// retreat is a reason to be spared all the pictures that comes and goes. How long
// it lasts at least is doubled for those who fall back soon.
type retreat struct {
	on    bool
	since media.Time    // when it came or went
	least time.Duration // of the last time that it was on
}

func (r *retreat) come(now media.Time, least time.Duration) {
	if r.least > 0 && now.Sub(r.since) < relapse {
		least = min(2*r.least, retreatMost)
	}
	r.on, r.since, r.least = true, now, least
}

func (r *retreat) goes(now media.Time) { r.on, r.since = false, now }

// thinLine knows whether the line to a member carries all that it views.
type thinLine struct {
	retreat
	line   Line          // as last told
	short  media.Time    // since when it has been short
	needed media.Bitrate // when it was found thin
}

// tell takes what the media plane tells of the line.
func (t *thinLine) tell(now media.Time, l Line) {
	if l.Short && !t.line.Short {
		t.short = now
	}
	t.line = l
}

// wide reports whether the line carries enough for a try. What is not known is
// worth one.
func (t *thinLine) wide() bool {
	return t.line.Estimate == 0 || 10*t.line.Estimate >= thinMargin*t.needed
}

// due returns when the judgement on a member's line changes if nothing else does;
// zero for never.
func (t *thinLine) due(m *pathMember) media.Time {
	switch {
	case t.on && t.wide():
		return t.since.Add(t.least)
	case !t.on && t.line.Short && m.path == api.PathSFU:
		return max(t.short, m.since).Add(thinAfter)
	}
	return 0
}

func (t *thinLine) judge(now media.Time, m *pathMember) {
	due := t.due(m)
	switch {
	case due.IsZero() || now.Before(due):
	case t.on:
		t.goes(now)
		t.short = now
	default:
		t.come(now, thinLeast)
		t.needed = t.line.Needed
	}
}

// weakDevice knows whether a member's device can show all that it views.
type weakDevice struct {
	retreat
	told media.Time // when the last report counted
	busy int        // reports running that were of too much, up to now
	hard media.Time // when the last of those came
	idle media.Time // since when all have been of little; zero if they have not
}

// report takes what a client on a path tells of its burden.
func (w *weakDevice) report(now media.Time, path api.Path, l *api.Load) {
	gap := now.Sub(w.told)
	if gap < loadPeriod {
		return
	}
	w.told = now
	if gap > loadGap {
		w.busy, w.idle = 0, 0
	}
	if path == api.PathSFU && (l.Decode > busyDecode || l.Dropped > busyDropped) {
		w.busy++
		w.hard = now
	} else {
		w.busy = 0
	}
	switch {
	case path != api.PathMCU || l.Decode >= idleDecode || l.Dropped >= idleDropped:
		w.idle = 0
	case w.idle.IsZero():
		w.idle = now
	}
	switch {
	case w.busy >= busyReports && !w.on:
		w.come(now, weakLeast)
	case w.on && !w.idle.IsZero() && now.Sub(w.idle) >= w.least:
		w.goes(now)
	}
}

// due returns when a weak device that was not given the program, so that it need
// not report what it finds easy, is taken for recovered; zero for never.
func (w *weakDevice) due(m *pathMember) media.Time {
	if !w.on || m.path == api.PathMCU {
		return 0
	}
	return max(w.hard, m.since).Add(weakLeast)
}

func (w *weakDevice) judge(now media.Time, m *pathMember) {
	if due := w.due(m); !due.IsZero() && !now.Before(due) {
		w.goes(now)
		w.busy = 0
	}
}

// judge draws the conclusions on what the member can receive.
func (m *pathMember) judge(now media.Time) {
	m.thin.judge(now, m)
	m.weak.judge(now, m)
	m.crowd = m.pictures > api.CrowdPictures || m.crowd && m.pictures > crowdBack
}

// spared returns why the member is spared all the pictures, or "".
func (m *pathMember) spared() api.PathReason {
	switch {
	case m.viewer:
		return api.ReasonViewer
	case m.thin.on:
		return api.ReasonThinLine
	case m.weak.on:
		return api.ReasonWeakDevice
	case m.crowd:
		return api.ReasonCrowd
	}
	return ""
}

// receives reports whether the program's tracks are the member's to view: it is
// to have them, or has left them a moment ago and shows them until others come.
func (m *pathMember) receives(now media.Time) bool {
	return m.mixed || now.Before(m.until)
}

// deadline returns when judge or receives may say something else at the latest;
// zero or past for never.
func (m *pathMember) deadline(now media.Time) media.Time {
	var next media.Time
	for _, t := range [...]media.Time{m.thin.due(m), m.weak.due(m), m.until} {
		if t.After(now) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	return next
}
