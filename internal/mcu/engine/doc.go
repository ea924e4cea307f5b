// Package engine is what runs in a mixer's process: it joins the audio bus, the
// pictures' receivers and decoders, layout, canvas and encoders to the link with
// the server.
//
// It holds the loops and no craft: what sound is mixed how is in package mixer,
// where tiles are in layout, how they are drawn in compose. Codecs are given to
// it; it never calls C itself and opens no file and no socket.
//
// Run owns two goroutines, one for sound and one for pictures, and reads the link
// in its caller's; it waits for all.
package engine
