package mixer

import (
	"time"

	"github.com/tutti-rtc/tutti/internal/algo/speaker"
	"github.com/tutti-rtc/tutti/internal/media"
)

const (
	// restartAfter is by how much a packet's timestamp must be off for its
	// stream to be a new one, and restartSeq by how much its number.
	restartAfter = 2 * sampleRate
	restartSeq   = 3000
	// fadeLoss is how long what is made up for a loss takes to fade out, and
	// fadePause what ends a sentence; fadeIn is for what comes after.
	fadeLoss, fadePause, fadeIn = 100 * millisecond, 20 * millisecond, 5 * millisecond
	// hurry is the excess of delay from which voices are shortened, and
	// overdue the one at which sound is skipped.
	hurry, overdue = 30 * millisecond, 250 * millisecond
	// lateStart is by how much a voice that begins to speak may lag at first,
	// so that its first syllable is heard.
	lateStart = 40 * time.Millisecond
	// insane is a sample that no sound has; what decoders make of broken
	// packets may, and a single NaN would stay in every filter.
	insane = 16
	// keepPlayer is how long a decoder is kept that isn't used.
	keepPlayer = 10 * time.Second
)

// stage is where a stream is on its way into the mix.
type stage uint8

const (
	out     stage = iota // not heard
	coming               // fades in with the next frame
	in                   // heard
	leaving              // fades out with the next frame
)

// stream is one source: its packets, its sound and its part in the mix.
type stream struct {
	source Source
	gone   bool // the source left: it is forgotten once it has faded out

	queue    queue
	arrivals arrivals
	lately   struct { // the last packet
		captured media.Time
		ts       media.Ticks
		arrival  media.Time
	}
	unlevelled bool // the last packet carried no level

	voice    *speaker.Voice // nil for what is no microphone
	presence presence
	onset    media.Ticks // where it began to deserve to be heard
	stage    stage
	soundAt  media.Time // when it was last heard in the mix

	play    *player // nil while not decoded for long
	playAt  media.Time
	retryAt media.Time // when to try again to make a decoder
	filled  bool       // in this Tick
	level   leveller

	stats *Stats
}

// arrived returns when p came to the server, if that can be.
func arrived(now media.Time, p *media.Packet) media.Time {
	if p.Arrival.After(now) || now.Sub(p.Arrival) > time.Second {
		return now
	}
	return p.Arrival
}

// write takes a packet.
func (s *stream) write(now media.Time, p *media.Packet) {
	arrival := arrived(now, p)
	length := 0
	if len(p.Payload) > 0 {
		if length = opusLength(p.Payload); length == 0 {
			s.stats.Broken++
			return
		}
	}
	if s.restarted(arrival, p) {
		s.stats.Restarts++
		s.restart(arrival, p)
	}
	switch {
	case s.queue.has(p.Seq):
		s.stats.Duplicates++
		return
	case s.play != nil && !s.play.fresh && p.Seq < s.play.seq, s.queue.put(p, length):
		s.stats.Late++
	}
	if length == 0 {
		return
	}
	s.arrivals.observe(arrival, p.Timestamp)
	if s.unlevelled = p.AudioLevel == media.NoLevel; !s.unlevelled && s.voice != nil {
		s.presence.packet(now, p.AudioLevel, p.Voice)
		if s.presence.since == now {
			s.onset = p.Timestamp
		}
		s.voice.Heard(now, p.AudioLevel, p.Voice)
	}
	if p.Timestamp >= s.lately.ts || s.lately.arrival.IsZero() {
		s.lately.captured, s.lately.ts, s.lately.arrival = captured(p), p.Timestamp, arrival
	}
}

// restarted reports whether p can't be of the stream so far.
func (s *stream) restarted(arrival media.Time, p *media.Packet) bool {
	if !s.arrivals.started {
		return false
	}
	off := s.arrivals.transit(arrival, p.Timestamp) - s.arrivals.base
	jump := p.Seq - s.queue.highest
	return off > restartAfter || off < -restartAfter || jump > restartSeq || jump < -restartSeq
}

func (s *stream) restart(arrival media.Time, p *media.Packet) {
	s.queue.clear()
	s.queue.highest = p.Seq
	s.arrivals.restart(arrival, p.Timestamp)
	s.lately.arrival = 0
	if s.play != nil {
		s.play.interrupt(p.Seq)
	}
}

// fill makes the next frame of the stream's sound in play.out.
func (s *stream) fill(now media.Time, kernel *interpolator) {
	p, at := s.play, s.arrivals.clock(now)
	s.hasten(at)
	rate := p.rate()
	for p.length() < p.needs(rate) {
		if !p.idle {
			s.more()
			continue
		}
		if !s.resume(now) {
			p.pad(p.needs(rate) - p.length())
		}
	}
	p.read(kernel, rate)
}

// hasten sees whether the delay is what it should be, and skips sound if it
// has grown beyond bearing.
func (s *stream) hasten(at int64) {
	p := s.play
	p.excess = 0
	if p.idle {
		return
	}
	p.excess = at - s.arrivals.position(p.played()) - s.arrivals.wait()
	if p.excess < overdue {
		return
	}
	if q := s.queue.from(p.seq); q != nil {
		if next := s.due(q, at+int64(p.length())); next != q {
			s.stats.Skipped += uint64(next.seq - q.seq)
			p.interrupt(next.seq)
		}
	}
}

// due returns the last packet from q on whose time has come, or q.
func (s *stream) due(q *queued, at int64) *queued {
	for {
		next := s.queue.from(q.seq + 1)
		if next == nil || s.arrivals.position(next.ts)+s.arrivals.wait() > at {
			return q
		}
		q = next
	}
}

// resume begins to play at the first packet when its time has come; it reports
// whether that is within the frame that is being filled.
func (s *stream) resume(now media.Time) bool {
	p, at := s.play, s.arrivals.clock(now)
	q := s.queue.from(p.seq)
	for ; q != nil && q.hush && !p.fresh; q = s.queue.from(p.seq) {
		// Noise now and then within a pause (DTX) sounds worse than silence.
		s.stats.Lost += uint64(q.seq - p.seq)
		p.seq = q.seq + 1
	}
	if q == nil {
		return false
	}
	end, lags := at+int64(p.length()), true
	if p.fresh {
		q, lags = s.first(now, q, end)
	}
	lead := s.arrivals.position(q.ts) + s.arrivals.wait() - end
	if lead+int64(p.length()) >= frame {
		return false
	}
	if p.length() == 0 {
		p.frac = 0
	}
	switch {
	case lead > 0:
		p.pad(int(lead))
	case lags:
		p.excess = -lead
	default:
		p.trim = int(-lead)
	}
	switch {
	case !p.fresh:
		s.stats.Lost += uint64(q.seq - p.seq)
	case p.length() == 0:
		p.gain = 1 // it fades into the mix
	}
	p.seq, p.next, p.idle, p.fresh, p.stalled = q.seq, q.ts, false, false, 0
	return true
}

// first returns the packet from q on to begin with, as far as it is due: the one
// whose time it is, or, if somebody just began to speak, the first of theirs,
// which may lag.
func (s *stream) first(now media.Time, q *queued, end int64) (_ *queued, lags bool) {
	due := s.due(q, end)
	if now.Sub(s.presence.since) > lateStart {
		return due, false
	}
	q = s.due(q, end-int64(lateStart/time.Millisecond*millisecond))
	for q.ts < s.onset && q != due {
		q = s.queue.from(q.seq + 1)
	}
	return q, q != due
}

// more decodes the next packet, or makes something up in its place.
func (s *stream) more() {
	p := s.play
	q := s.queue.from(p.seq)
	if q == nil {
		s.stall()
		return
	}
	missing := int(q.seq - p.seq)
	if q.length == 0 {
		s.stats.Lost += uint64(missing)
		p.seq = q.seq + 1
		return
	}
	if missing > 0 { // what was made up meanwhile was in the place of these
		covered := min(p.stalled, int(max(q.ts-p.next, 0)))
		p.next += media.Ticks(covered)
		p.stalled -= covered
	}
	gap := int(min(q.ts-p.next, restartAfter))
	switch {
	case gap < grain:
		s.decode(q)
	case missing == 0, gap > missing*longest:
		s.pause()
	case gap < q.length+grain:
		s.recover(q, gap/grain*grain)
	default:
		n := p.conceal(min(gap-q.length, frame), fadeLoss)
		p.next += media.Ticks(n)
		s.stats.Concealed += uint64(n)
	}
}

// decode plays a packet.
func (s *stream) decode(q *queued) {
	p := s.play
	s.stats.Lost += uint64(q.seq - p.seq)
	pcm := p.room(2 * longest)
	n, err := p.decoder.Decode(pcm[:longest*channels], q.payload)
	if err != nil || n <= 0 || n > longest {
		s.stats.Broken++
		n = q.length
		if p.decoder.Conceal(pcm[:n*channels]) != nil {
			clear(pcm[:n*channels])
		}
	}
	s.stats.Decoded++
	p.seq, p.next, p.stalled, p.dtx = q.seq+1, q.ts+media.Ticks(n), 0, q.dtx
	p.captured, p.capturedTS = q.captured, q.ts
	if p.trim > 0 {
		cut := min(p.trim, n)
		n -= cut
		copy(pcm, pcm[cut*channels:(cut+n)*channels])
		p.trim = 0
	}
	p.append(s.fit(pcm, n), 1, 1.0/fadeIn)
}

// fit makes the first n samples of pcm shorter or longer if the delay needs it,
// and returns how many they are then.
func (s *stream) fit(pcm []float32, n int) int {
	p := s.play
	loudest := peak(pcm[:n*channels])
	if !(loudest < insane) {
		s.stats.Broken++
		clear(pcm[:n*channels])
		return n
	}
	quiet := loudest < hushed
	switch {
	case p.excess > hurry, quiet && p.excess > slack:
		cut := shorten(pcm[:n*channels], int(min(p.excess, longest)))
		p.excess -= int64(cut)
		s.stats.Shortened += uint64(cut)
		return n - cut
	case p.excess < -hurry, quiet && p.excess < -scarce:
		grown := lengthen(pcm, n, int(min(-p.excess, longest)))
		p.excess += int64(grown)
		s.stats.Lengthened += uint64(grown)
		return n + grown
	}
	return n
}

// recover plays what q tells about the packet before it.
func (s *stream) recover(q *queued, n int) {
	p := s.play
	pcm := p.room(n)
	if p.decoder.Recover(pcm, q.payload) != nil || !(peak(pcm) < insane) {
		clear(pcm)
	}
	p.append(n, 1, 1.0/fadeIn)
	p.next += media.Ticks(n)
	s.stats.Recovered++
}

// stall makes something up while nothing comes: what comes will be played
// later than it was to be.
func (s *stream) stall() {
	p := s.play
	if p.dtx || p.stalled >= fadeLoss {
		s.pause()
		return
	}
	n := p.conceal(frame/2, fadeLoss)
	p.stalled += n
	s.stats.Concealed += uint64(n)
}

// pause ends the sound until the next packet is due.
func (s *stream) pause() {
	s.play.interrupt(s.play.seq)
}

// interrupt lets the sound end softly, and begins anew from a packet on.
func (p *player) interrupt(next media.Seq) {
	if !p.idle && p.gain > 0 {
		p.conceal(fadePause, fadePause)
	}
	p.seq, p.idle, p.stalled, p.drive = next, true, 0, 0
}

// heard returns the capture time of what the last frame began with.
func (s *stream) heard(now media.Time) media.Time {
	if p := s.play; p != nil && !p.idle && !p.captured.IsZero() && s.playAt == now {
		return p.captured.Add(duration(int64(p.played()-p.capturedTS) - frame))
	}
	// Nothing of it is played: this would be.
	at := s.arrivals.clock(now) - s.arrivals.wait() - s.arrivals.position(s.lately.ts)
	return s.lately.captured.Add(duration(at))
}

// delay returns for how long what is played has waited.
func (s *stream) delay(now media.Time) time.Duration {
	if p := s.play; p != nil && !p.idle && s.playAt == now {
		return duration(s.arrivals.target + p.excess)
	}
	return duration(s.arrivals.target)
}
