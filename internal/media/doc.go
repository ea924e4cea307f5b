// Package media holds the values that every layer above speaks of: a packet of
// a published track, what a track is, its layers, and the two interfaces
// (Source, Sink) at which publishers, the fan-out, the mixer and recorders
// meet.
//
// It is not a pipeline and knows no transport: it starts no goroutine, holds no
// lock and reads no clock but through Clock.
package media
