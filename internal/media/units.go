package media

import "time"

// Time is a point on the server's clock in nanoseconds since the Unix epoch.
// It is read once per turn of a loop and passed down as "now"; it never steps
// back, because Clock derives it from the monotonic clock.
type Time int64

// Add returns t + d.
func (t Time) Add(d time.Duration) Time { return t + Time(d) }

// Sub returns t − u.
func (t Time) Sub(u Time) time.Duration { return time.Duration(t - u) }

// Before reports whether t is earlier than u.
func (t Time) Before(u Time) bool { return t < u }

// After reports whether t is later than u.
func (t Time) After(u Time) bool { return t > u }

// IsZero reports whether t is the zero Time, which stands for "never".
func (t Time) IsZero() bool { return t == 0 }

// ntpEpochOffset is the number of seconds from 1900-01-01 to 1970-01-01.
const ntpEpochOffset = 2208988800

// NTP returns t as a 64-bit NTP timestamp, 32.32 fixed point (RFC 3550 §4).
func (t Time) NTP() uint64 {
	secs := uint64(t)/1e9 + ntpEpochOffset
	frac := (uint64(t) % 1e9) << 32 / 1e9
	return secs<<32 | frac
}

// TimeFromNTP is the inverse of Time.NTP.
func TimeFromNTP(ntp uint64) Time {
	secs := ntp>>32 - ntpEpochOffset
	nanos := (ntp & 0xffffffff) * 1e9 >> 32
	return Time(secs*1e9 + nanos)
}

// Clock makes Times. Its zero value is not usable; see NewClock.
type Clock struct {
	start time.Time // constant; carries the monotonic reading
	wall  int64     // constant; start in Unix nanoseconds
}

// NewClock returns a clock that agrees with the wall clock now and runs with
// the monotonic clock from here on, so that a step of the wall clock never
// reaches the media path. Inside a testing/synctest bubble it runs on virtual
// time if it is made there.
func NewClock() Clock {
	now := time.Now()
	return Clock{start: now, wall: now.UnixNano()}
}

// Now returns the current time.
func (c Clock) Now() Time { return Time(c.wall + int64(time.Since(c.start))) }

// Until returns how long it is from now until t; it is negative in the past.
func (c Clock) Until(t Time) time.Duration { return t.Sub(c.Now()) }

// Seq is an RTP sequence number unwrapped to 64 bits, so that it only grows
// and can be compared with <. Its lower 16 bits are those on the wire.
type Seq int64

// Ticks is an RTP timestamp unwrapped to 64 bits, in units of the track's
// clock rate. Its lower 32 bits are those on the wire.
type Ticks int64

// Bitrate is in bits per second.
type Bitrate int64

// Dimensions is a picture's size in pixels.
type Dimensions struct {
	Width, Height int
}

// Area returns Width × Height in pixels.
func (d Dimensions) Area() int { return d.Width * d.Height }
