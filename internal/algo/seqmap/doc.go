// Package seqmap keeps the numbers of RTP streams in order: it unwraps those
// that come in, and gives a slot one unbroken outgoing stream whatever track or
// layer flows in it.
//
//   - Unwrapper and TicksUnwrapper extend 16-bit sequence numbers and 32-bit
//     timestamps at the door.
//   - Munger maps (source, sequence number, timestamp) to the slot's own
//     numbers and back, across switches, dropped layers and lost packets.
//   - Pictures does the same for VP8 and VP9 picture ids and AV1 frame numbers.
//
// It rewrites no bytes (see package wire) and keeps no payload. Everything here
// is a plain state machine owned by the goroutine that calls it; it starts
// none.
package seqmap
