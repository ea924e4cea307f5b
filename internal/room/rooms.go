package room

import (
	"cmp"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/media"
)

// Options are the bounds and times of rooms. Zero fields take the default.
type Options struct {
	// Limits are told to clients. MessageBytes and MessageRate are kept by
	// whoever reads from them. Defaults: 256 KiB, 50 per second, 16
	// tracks, 1000 members, 4000 characters, 64 KiB.
	Limits api.Limits
	// Rooms is how many there may be at a time; default 1000.
	Rooms int
	// ChatLines and Events are how many a room keeps for those who join or
	// resume; defaults 200 and 256.
	ChatLines, Events int
	// AwayTime is how long a member whose signalling is lost may resume;
	// default 30 s. EmptyTime is how long a room outlives its last member;
	// default 60 s.
	AwayTime, EmptyTime time.Duration
	// HostsByToken reserves the role of a host to grants with RoomAdmin.
	// Otherwise a room without a host makes one of its longest member.
	HostsByToken bool
	// Server is the server's name and version.
	Server string
	// Log takes what an operator should know; nil for none.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	l := &o.Limits
	l.MessageBytes = cmp.Or(l.MessageBytes, 256<<10)
	l.MessageRate = cmp.Or(l.MessageRate, 50)
	l.Tracks = cmp.Or(l.Tracks, 16)
	l.Members = cmp.Or(l.Members, 1000)
	l.ChatChars = cmp.Or(l.ChatChars, 4000)
	l.DataBytes = cmp.Or(l.DataBytes, 64<<10)
	o.Rooms = cmp.Or(o.Rooms, 1000)
	o.ChatLines = cmp.Or(o.ChatLines, 200)
	o.Events = cmp.Or(o.Events, 256)
	o.AwayTime = cmp.Or(o.AwayTime, 30*time.Second)
	o.EmptyTime = cmp.Or(o.EmptyTime, time.Minute)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Stats is what the rooms have done and hold. The first group are the present
// numbers, the rest only grow.
type Stats struct {
	Rooms, Members, Tracks int64
	MembersDirect          int64 // on a direct path
	MembersMixed           int64 // who receive the program
	MembersAway            int64 // without signalling

	Joins, Resumes, Leaves int64
	Events                 int64
	ChatLines              int64
	DataMessages           int64 // that came from members
	DataDropped            int64 // by a full mailbox, or for want of a reader
	DirectStarts           int64 // direct connections tried
	DirectUps              int64 // that came up
	DirectFailures         int64 // that failed or became poor

	// Reports counts what clients told of their media, Selected the
	// candidates that they told of.
	Reports  map[api.Cause]int64
	Selected map[api.SelectedCandidate]int64
}

// counters is Stats as the rooms' loops write it.
type counters struct {
	members, tracks, direct, mixed, away    atomic.Int64
	joins, resumes, leaves, events, chat    atomic.Int64
	data, dataDropped                       atomic.Int64
	directStarts, directUps, directFailures atomic.Int64
}

// addDirect takes and resets what a room's paths have counted.
func (c *counters) addDirect(d *directCounts) {
	c.directStarts.Add(d.starts)
	c.directUps.Add(d.ups)
	c.directFailures.Add(d.failures)
	*d = directCounts{}
}

// Rooms holds the server's rooms by name. A room is made when the first member
// comes and removed some time after the last has left. Rooms may be used from
// any goroutine; each room's loop ends with the room, at the latest in Close.
type Rooms struct {
	plane    MediaPlane  // constant
	options  Options     // constant
	clock    media.Clock // constant
	counters counters
	reports  *mediaReports // constant

	loops sync.WaitGroup

	mu       sync.Mutex
	rooms    map[string]*Room // guarded by mu
	draining bool             // guarded by mu
}

// New returns an empty house.
func New(plane MediaPlane, o Options) *Rooms {
	return &Rooms{
		plane:   plane,
		options: o.withDefaults(),
		clock:   media.NewClock(),
		reports: newReports(),
		rooms:   make(map[string]*Room),
	}
}

// Arrival is what the door knows of a client that wants to come in.
type Arrival struct {
	// Grant says what the client may do.
	Grant Grant
	// ICEServers are told to the client: for direct connections, and for
	// one to this server where it can't be reached otherwise.
	ICEServers []api.ICEServer
	// Reached are addresses by which the client has come to this server,
	// where they can be told.
	Reached []netip.AddrPort
}

// Limits returns those in force.
func (rs *Rooms) Limits() api.Limits { return rs.options.Limits }

// Join lets a client into the room it names, or takes up its membership there,
// and sends it Welcome as the reply to request id. Errors are *api.Error. The
// caller must Detach the Session when the Conn is closed. The grant is not asked
// for again when a client resumes: the key is the proof.
func (rs *Rooms) Join(conn Conn, id uint32, m *api.Join, a Arrival) (*Session, error) {
	if a.ICEServers == nil {
		a.ICEServers = []api.ICEServer{} // a list in JSON, too
	}
	if m.Resume == nil {
		if err := checkName("member", cmp.Or(a.Grant.Name, m.Name)); err != nil {
			return nil, err
		}
	}
	for {
		r, err := rs.enter(m.Room, m.Resume != nil)
		if err != nil {
			return nil, err
		}
		reply := make(chan joined, 1)
		select {
		case r.commands <- &join{conn, id, m, a, reply}:
		case <-r.over:
			continue // it has just ended: the next turn makes a new one
		}
		select {
		case j := <-reply:
			return j.session, j.err
		case <-r.over:
		}
		select {
		case j := <-reply: // it was done before the end
			return j.session, j.err
		default:
		}
	}
}

// enter returns the room of that name; a new one if need be, unless the client
// wants to resume.
func (rs *Rooms) enter(name string, resume bool) (*Room, error) {
	if err := checkName("room", name); err != nil {
		return nil, err
	}
	rs.mu.Lock()
	defer rs.mu.Unlock()
	r := rs.rooms[name]
	switch {
	case resume && r == nil:
		return nil, errResumeLost()
	case resume:
		return r, nil
	case rs.draining:
		return nil, api.Errorf(api.CodeDraining, "This server is about to stop and lets nobody in. Try again in a moment.")
	case r != nil:
		return r, nil
	case len(rs.rooms) >= rs.options.Rooms:
		return nil, api.Errorf(api.CodeFull, "This server holds %d rooms, as many as it may. Enter one of them or try again later.", len(rs.rooms))
	}
	r = newRoom(rs, name)
	rs.rooms[name] = r
	rs.loops.Go(r.loop)
	return r, nil
}

// forget is called by a room's loop when it ends.
func (rs *Rooms) forget(r *Room) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	delete(rs.rooms, r.name)
}

// Drain lets nobody in any more. Calls go on, and lost members may resume.
func (rs *Rooms) Drain() {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	rs.draining = true
}

// Close ends all rooms, tells their members to come back in a second, and waits
// until the loops have ended. It is idempotent.
func (rs *Rooms) Close() {
	rs.Drain()
	rs.mu.Lock()
	rooms := make([]*Room, 0, len(rs.rooms))
	for _, r := range rs.rooms {
		rooms = append(rooms, r)
	}
	rs.mu.Unlock()
	bye := &api.Bye{Code: api.CodeDraining, Text: "The server stops. If it is restarted, you can come back in a moment.", RetryAfter: 1000}
	for _, r := range rooms {
		select {
		case r.commands <- &end{bye}:
		case <-r.over:
		}
	}
	rs.loops.Wait()
}

// Stats returns the present numbers.
func (rs *Rooms) Stats() Stats {
	rs.mu.Lock()
	rooms := len(rs.rooms)
	rs.mu.Unlock()
	c := &rs.counters
	s := Stats{
		Rooms:          int64(rooms),
		Members:        c.members.Load(),
		Tracks:         c.tracks.Load(),
		MembersDirect:  c.direct.Load(),
		MembersMixed:   c.mixed.Load(),
		MembersAway:    c.away.Load(),
		Joins:          c.joins.Load(),
		Resumes:        c.resumes.Load(),
		Leaves:         c.leaves.Load(),
		Events:         c.events.Load(),
		ChatLines:      c.chat.Load(),
		DataMessages:   c.data.Load(),
		DataDropped:    c.dataDropped.Load(),
		DirectStarts:   c.directStarts.Load(),
		DirectUps:      c.directUps.Load(),
		DirectFailures: c.directFailures.Load(),
	}
	rs.reports.stats(&s)
	return s
}
