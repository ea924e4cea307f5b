package mixer

import "time"

// Hold makes a member's microphone wait for at least this long from when it
// would have arrived at the earliest to when it is mixed, whatever the network
// needs: so that its pictures, which come later, are of one time with it. The
// delay changes gently; 0 lets the network alone decide.
func (m *Mixer) Hold(member string, least time.Duration) {
	floor := min(int64(least)*3/62500, maxTarget)
	for _, s := range m.streams {
		if s.source.Member == member && s.voice != nil && s.arrivals.floor != floor {
			s.arrivals.floor = floor
			if s.arrivals.started {
				s.arrivals.aim()
			}
		}
	}
}
