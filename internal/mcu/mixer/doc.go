// Package mixer makes a room's sound: it takes the Opus packets of everybody's
// tracks and gives, every 20 ms, one mix for all who are silent and one more
// for each who is heard, without themselves.
//
// Per track there is a jitter buffer that adapts its delay, conceals what was
// lost and follows the sender's clock; voices are brought to one loudness; only
// the loudest few are decoded and summed. Cost grows with talkers, not with
// listeners.
//
// It knows no codec (see Decoder and Encoder), no socket and no picture; RED is
// unwrapped by its caller. A Mixer is a plain state machine driven by the time
// that it is told. It belongs to the goroutine that calls it and starts none.
package mixer
