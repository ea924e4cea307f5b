package mcu

import (
	"github.com/tutti-rtc/tutti/internal/mcu/link"
	"github.com/tutti-rtc/tutti/internal/media"
)

// Router is what a Program needs of the room's fan-out. Its methods may be called
// from any goroutine.
type Router interface {
	// Tap lets a sink take a track's packets; false if there is no such
	// track. The sink sees one simulcast stream at a time, which changes at
	// a key frame; video flows once Aim has told a size.
	Tap(id media.TrackID, sink media.Sink) (Tap, bool)
	// Publish adds a track that is made here.
	Publish(info media.TrackInfo, o TrackOptions) Track
	// Offer makes name stand for the first of tracks that a member can be
	// shown; it replaces what the name stood for. Who sees that goes on
	// seeing it until the first picture of the new one.
	Offer(name media.TrackID, tracks ...media.TrackID)
}

// Tap is a track's packets on their way to the mixer.
type Tap interface {
	// Aim chooses the stream that fits a picture of this size; none for
	// 0 × 0. It wants to be called twice a second.
	Aim(now media.Time, size media.Dimensions)
	// RequestKeyFrame asks the publisher for a key frame of what flows.
	RequestKeyFrame(now media.Time)
	Close()
}

// TrackOptions shape a track that is made here.
type TrackOptions struct {
	// For is the one member that may be shown the track; empty for all.
	For string
	// KeyFrame is told that somebody needs a key frame of a stream, Wanted
	// which streams somebody receives, as bits. They are called from any
	// goroutine and must not block.
	KeyFrame func(stream uint8)
	Wanted   func(streams uint32)
}

// Track is a track that is made here. One goroutine at a time writes it.
type Track interface {
	media.Sink
	// Begin says that the packets to come are numbered anew.
	Begin()
	// Close ends the track.
	Close()
}

// Process is a mixer's process. It is begun anew by itself when it dies.
type Process interface {
	// WritePacket hands over a packet of the track with this number. It never
	// blocks and drops, and counts, what the process can't take.
	WritePacket(number uint32, p *media.Packet)
	// Write tells the process something; false while there is none.
	Write(m link.Message) bool
	// Stats returns what all processes so far have done.
	Stats() ProcessStats
	// Close ends the process and waits for it.
	Close()
}

// ProcessHandler is told of a process, from its goroutines, in order.
type ProcessHandler interface {
	// Up says that a process has begun and knows nothing yet.
	Up()
	// Packet takes what the process has made; it borrows p for the call.
	Packet(output uint32, p *media.Packet)
	// Message takes what the process says.
	Message(m link.Message)
	// Down says that the process has died; what the tracks are that it was
	// decoding at that time and that have brought it down before.
	Down(cause error, leftOut []uint32)
}
