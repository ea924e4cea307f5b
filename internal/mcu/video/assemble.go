package video

import "github.com/tutti-rtc/tutti/internal/media"

// take takes the next packet. It is false if the picture before is found to be
// whole, with e the first of another: e is to be given again.
func (r *Receiver) take(e *entry) bool {
	if len(e.payload) == 0 { // padding: it only fills a place
		return true
	}
	p := &r.picture
	if p.open && (p.timestamp != e.timestamp || p.codec != e.codec) && r.finish() {
		return false
	}
	if !p.open || p.fate != admitted && !r.order.synced && e.hasParameters() {
		r.beginPicture(e)
	}
	if e.orientation != media.NoOrientation {
		r.orientation = e.orientation
	}
	if p.fate == admitted && e.spatial <= r.order.spatial {
		r.append(e)
	}
	if e.marker {
		r.finish()
	}
	return true
}

func (r *Receiver) append(e *entry) {
	p := &r.picture
	p.key = p.key || e.key
	p.arrival = max(p.arrival, e.arrival)
	if e.start && e.spatial > 0 && !r.order.extend(e) {
		r.drop()
		return
	}
	var err error
	r.frame, err = r.assembler.Append(r.frame, e.payload)
	if err != nil || len(r.frame) > maxFrame {
		r.drop()
	}
}

// beginPicture decides whether the picture that begins with e can be decoded.
func (r *Receiver) beginPicture(e *entry) {
	r.picture = picture{
		open: true, key: e.key, temporal: e.temporal,
		codec: e.codec, timestamp: e.timestamp, captured: e.captured, arrival: e.arrival,
	}
	r.frame = r.frame[:0]
	if r.gap && !e.startsPicture() { // the rest of one that is lost
		return
	}
	r.picture.fate = r.order.admit(e, r.gap)
	r.gap = false
	r.assembler.Begin(e.codec)
}

// finish ends the picture, and reports whether it is whole.
func (r *Receiver) finish() bool {
	if r.picture.fate == admitted && !r.assembler.Whole() {
		r.drop()
	}
	r.closePicture()
	r.ready = r.picture.fate == admitted
	return r.ready
}

// closePicture expects no more of the picture, and counts it if nothing comes
// of it.
func (r *Receiver) closePicture() {
	p := &r.picture
	switch {
	case !p.open:
	case p.fate == limited:
		r.stats.Limited++
	case p.fate == undecodable:
		r.stats.Dropped++
	}
	p.open = false
}

// drop gives the picture up, which was thought to be decodable.
func (r *Receiver) drop() {
	r.picture.fate = undecodable
	r.gap = true
	r.frame = r.frame[:0]
	r.order.lose(r.picture.temporal, r.picture.key)
}
