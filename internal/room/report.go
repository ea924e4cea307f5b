package room

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
)

// What a member may report: as many at once as a bad day has, then one now and
// then.
const (
	reportBurst  = 10
	reportPeriod = 10 * time.Second
)

// reportQuiet is how long one cause is not logged again, over all rooms: what
// happens to one member often happens to all.
const reportQuiet = 10 * time.Second

// allowance bounds the reports of a member that are counted.
type allowance struct {
	spent int
	since media.Time // when the last one came back
}

// take uses up one; false if there is none.
func (a *allowance) take(now media.Time) bool {
	if back := int(now.Sub(a.since) / reportPeriod); back > 0 {
		a.spent = max(0, a.spent-back)
		a.since = now
	}
	if a.spent >= reportBurst {
		return false
	}
	a.spent++
	return true
}

// mediaReports is what clients have told of their media, over all rooms. Both maps are
// bounded: they hold known words only.
type mediaReports struct {
	mu       sync.Mutex
	causes   map[api.Cause]int64             // guarded by mu
	selected map[api.SelectedCandidate]int64 // guarded by mu
	logged   map[api.Cause]*logLine          // guarded by mu
}

// logLine is when a cause was logged, and how often it was not since.
type logLine struct {
	at      media.Time
	skipped int
}

func newReports() *mediaReports {
	return &mediaReports{
		causes:   make(map[api.Cause]int64),
		selected: make(map[api.SelectedCandidate]int64),
		logged:   make(map[api.Cause]*logLine),
	}
}

// add counts a report. It tells whether to log it, and how many of its kind were
// not logged before.
func (r *mediaReports) add(now media.Time, q *api.Report) (skipped int, log bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.causes[q.Cause]++
	if q.Candidate != nil {
		r.selected[*q.Candidate]++
	}
	line := r.logged[q.Cause]
	switch {
	case line == nil:
		line = &logLine{}
		r.logged[q.Cause] = line
	case now.Before(line.at.Add(reportQuiet)):
		line.skipped++
		return 0, false
	}
	skipped = line.skipped
	line.at, line.skipped = now, 0
	return skipped, true
}

// stats copies the counters into s.
func (r *mediaReports) stats(s *Stats) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.Reports, s.Selected = maps.Clone(r.causes), maps.Clone(r.selected)
}

// report takes what a client tells of its media.
func (r *Room) report(m *member, q *api.Report) error {
	info, known := q.Cause.Info()
	switch {
	case !known:
		return api.Errorf(api.CodeBadMessage, "There is no cause %.32q in this version of the server.", q.Cause)
	case q.Candidate != nil && !knownCandidate(q.Candidate):
		return api.Errorf(api.CodeBadMessage, "A candidate has the words of W3C's statistics, not type %.16q, protocol %.16q and relay protocol %.16q.",
			q.Candidate.LocalType, q.Candidate.Protocol, q.Candidate.RelayProtocol)
	}
	// Who tells more than it may is thanked all the same.
	if !m.reports.take(r.now) {
		return nil
	}
	skipped, log := r.rooms.reports.add(r.now, q)
	if !log {
		return nil
	}
	attributes := []any{"code", q.Cause, "room", r.name, "member", m.id, "more", skipped}
	if c := q.Candidate; c != nil {
		attributes = append(attributes, "type", c.LocalType, "protocol", c.Protocol)
		if c.RelayProtocol != "" {
			attributes = append(attributes, "relay", c.RelayProtocol)
		}
	}
	r.options.Log.Log(context.Background(), levels[info.Severity], "a client tells how its media fares", attributes...)
	return nil
}

// levels are how loud a report is: one member's bad line is no fault of the
// server.
var levels = map[api.Severity]slog.Level{
	api.SeverityOK: slog.LevelDebug, api.SeverityWarn: slog.LevelInfo, api.SeverityFail: slog.LevelWarn,
}

// knownCandidate keeps the figures' labels to what there is: a relay's protocol
// goes with a relayed candidate only.
func knownCandidate(c *api.SelectedCandidate) bool {
	switch c.LocalType {
	case api.CandidateHost, api.CandidateSrflx, api.CandidatePrflx, api.CandidateRelay:
	default:
		return false
	}
	switch c.RelayProtocol {
	case "":
	case api.RelayUDP, api.RelayTCP, api.RelayTLS, api.RelayDTLS:
		if c.LocalType != api.CandidateRelay {
			return false
		}
	default:
		return false
	}
	return c.Protocol == api.CandidateUDP || c.Protocol == api.CandidateTCP
}
