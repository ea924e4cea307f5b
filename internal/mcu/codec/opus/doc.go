// Package opus decodes and encodes Opus by libopus: 48 kHz stereo, floating
// point.
//
// It keeps no jitter buffer and knows no RTP. It starts no goroutine; a decoder
// or encoder belongs to the goroutine that uses it. Without cgo it is empty.
package opus
