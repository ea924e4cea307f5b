package video

import (
	"cmp"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/wire"
)

const (
	// maxFrame is the size of the largest frame that is put together, in bytes.
	maxFrame = 2 << 20
	// askAgain is how long a key frame is waited for before it is asked for
	// once more.
	askAgain = 500 * time.Millisecond
	// lead is how many packets before the first one that came may follow it.
	lead = 16
	// farBehind is how many packets in a row must be from long ago until they
	// are taken for those of a publisher who counts anew.
	farBehind = 32
)

// Options shape a Receiver. The zero value works.
type Options struct {
	// Wait is how long a missing packet is waited for; 0 stands for 150 ms.
	Wait time.Duration
}

// Frame is a whole picture, ready for a decoder: see wire.Assembler for its
// format.
type Frame struct {
	// Data is lent until the Receiver's next call of Next.
	Data      []byte
	Codec     media.Codec
	Timestamp media.Ticks
	// Captured is when the picture was captured, Arrival when the last of its
	// packets reached the server.
	Captured, Arrival media.Time
	KeyFrame          bool
	// Orientation is the last one told (3GPP TS 26.114 §7.4.5), 0 before.
	Orientation uint8
}

// Stats counts what became of a stream's packets and pictures.
type Stats struct {
	Frames    uint64 // given out
	KeyFrames uint64 // of these
	// Dropped counts pictures of which packets were lost, or that can't be
	// decoded because of such ones. Those of which nothing came are not known.
	Dropped uint64
	Limited uint64 // pictures that are above the temporal limit

	Lost       uint64 // packets that were waited for in vain
	Late       uint64 // packets that came after that, or after the second time
	Duplicates uint64
	Refused    uint64 // packets that are none of video, or too large
	Overflows  uint64 // times that all was thrown away and begun anew
}

// Receiver puts the frames of one stream together. See the package comment for
// how it is used.
type Receiver struct {
	opt Options // constant

	started bool
	next    media.Seq // the first one that was not taken yet
	highest media.Seq
	window  window
	behind  int // packets from long ago, in a row

	picture   picture
	assembler wire.Assembler
	frame     []byte // of picture
	ready     bool   // picture is whole and waits for Next
	order     continuity
	gap       bool // packets were lost since the last picture that order knows

	orientation uint8
	asked       media.Time // for a key frame
	heard       bool       // packets came since

	out   Frame
	lent  []byte // out.Data, and the room for the frame after the next
	stats Stats
}

// picture is the one that is being put together.
type picture struct {
	open      bool // more packets are expected
	fate      verdict
	key       bool
	temporal  uint8
	codec     media.Codec
	timestamp media.Ticks
	captured  media.Time
	arrival   media.Time
}

// NewReceiver returns a receiver that waits for a first key frame.
func NewReceiver(o Options) *Receiver {
	o.Wait = cmp.Or(o.Wait, 150*time.Millisecond)
	return &Receiver{opt: o, order: newContinuity()}
}

// Stats returns the counts so far.
func (r *Receiver) Stats() Stats { return r.stats }

// Limit leaves out the spatial and temporal layers above those of highest; its
// Stream is not looked at. Where the limit rises, temporal layers come as soon as
// the stream allows it, spatial ones with the next key frame.
func (r *Receiver) Limit(highest media.Layer) { r.order.limit = highest }

// WritePacket takes a packet of the stream: those of padding too, in the order
// of their arrival. It copies what it keeps.
func (r *Receiver) WritePacket(now media.Time, p *media.Packet) {
	if p.Codec.Kind() != media.Video || len(p.Payload)+len(p.Dependency) > maxStored {
		r.stats.Refused++
		return
	}
	r.heard = true
	switch {
	case !r.started:
		r.begin(now, p.Seq)
	case p.Seq < r.next:
		if !r.countsAnew(p.Seq) {
			r.stats.Late++
			return
		}
		r.startOver(now, p.Seq)
	case p.Seq >= r.next+windowSize:
		r.startOver(now, p.Seq)
	}
	r.behind = 0
	if r.window.holds(p.Seq, r.highest) {
		r.stats.Duplicates++
		return
	}
	r.window.reach(now, r.highest+1, p.Seq)
	r.highest = max(r.highest, p.Seq)
	e := entryOf(p)
	if p.Seq == r.next && !r.ready && r.take(&e) { // in order: no need to keep it
		r.next++
		return
	}
	r.window.store(p.Seq, &e)
}

// countsAnew reports whether packets from long ago keep coming.
func (r *Receiver) countsAnew(seq media.Seq) bool {
	if seq >= r.next-windowSize {
		return false
	}
	r.behind++
	return r.behind >= farBehind
}

// begin makes seq the first packet, but for some that it may have overtaken.
func (r *Receiver) begin(now media.Time, seq media.Seq) {
	r.started, r.next, r.highest = true, seq-lead, seq-1
	r.window.reach(now, r.next, seq)
}

// startOver forgets all packets, and goes on with a key frame from about seq.
func (r *Receiver) startOver(now media.Time, seq media.Seq) {
	r.stats.Overflows++
	r.window.clear(r.next, r.highest)
	r.closePicture()
	r.order.synced, r.gap = false, true
	r.begin(now, seq)
}

// Restart leaves out all before the next key frame: the decoder could not take
// the last frame.
func (r *Receiver) Restart() {
	p := &r.picture
	if pending := p.open && p.fate == admitted || r.ready; pending && p.key {
		return // this is the one
	} else if pending {
		r.drop()
	}
	r.order.synced = false
	if r.ready {
		r.ready = false
		r.stats.Dropped++
	}
}

// Next returns the next frame in the order of decoding, or false if there is
// none yet. The frame is lent until the next call.
func (r *Receiver) Next(now media.Time) (*Frame, bool) {
	r.advance(now)
	if !r.ready {
		return nil, false
	}
	r.ready = false
	r.frame, r.lent = r.lent[:0], r.frame
	p := &r.picture
	r.out = Frame{
		Data: r.lent, Codec: p.codec, Timestamp: p.timestamp, Captured: p.captured, Arrival: p.arrival,
		KeyFrame: p.key, Orientation: r.orientation,
	}
	r.stats.Frames++
	if p.key {
		r.stats.KeyFrames++
	}
	return &r.out, true
}

// KeyFrameWanted reports whether the publisher is to be asked for a key frame
// now: at the beginning, and when a loss can't be made good. It is true at most
// every 500 ms, and not again before something came.
func (r *Receiver) KeyFrameWanted(now media.Time) bool {
	if at := r.askAt(); at.IsZero() || now.Before(at) {
		return false
	}
	r.asked, r.heard = now, false
	return true
}

func (r *Receiver) askAt() media.Time {
	if r.order.synced || !r.asked.IsZero() && !r.heard {
		return 0
	}
	return r.asked.Add(askAgain)
}

// Deadline returns when Next and KeyFrameWanted are due without another packet,
// in the past if at once, or zero for never. It holds once Next has returned
// false.
func (r *Receiver) Deadline() media.Time {
	at := r.askAt()
	if r.started && r.next <= r.highest && !r.ready {
		if s := r.window.at(r.next); !s.present {
			if up := s.noticed.Add(r.opt.Wait); at.IsZero() || up.Before(at) {
				at = up
			}
		}
	}
	return at
}

// advance takes packets from the window until a picture is whole.
func (r *Receiver) advance(now media.Time) {
	for r.started && !r.ready && r.next <= r.highest {
		s := r.window.at(r.next)
		switch {
		case s.present:
			if r.take(&s.entry) {
				r.window.release(r.next)
				r.next++
			}
		case !r.order.synced && r.skipToKeyFrame():
		case now.Before(s.noticed.Add(r.opt.Wait)):
			return
		default:
			r.giveUp()
		}
	}
}

// giveUp goes on behind the packets that are missing next.
func (r *Receiver) giveUp() {
	for ; r.next <= r.highest && !r.window.at(r.next).present; r.next++ {
		r.stats.Lost++
	}
	r.gap = true
	if r.picture.open && r.picture.fate == admitted {
		r.drop()
	}
}

// skipToKeyFrame goes on at the first key frame that has begun to come, and
// reports whether there is one: nothing before it is of use.
func (r *Receiver) skipToKeyFrame() bool {
	for seq := r.next; seq <= r.highest; seq++ {
		s := r.window.at(seq)
		if !s.present || !s.startsKeyFrame() {
			continue
		}
		r.window.clear(r.next, seq-1)
		r.closePicture()
		r.next, r.gap = seq, true
		return true
	}
	return false
}
