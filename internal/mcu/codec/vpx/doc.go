// Package vpx decodes VP8 and VP9 and encodes VP8 by libvpx, on the caller's
// thread alone.
//
// It knows no RTP. It starts no goroutine; a decoder or encoder belongs to the
// goroutine that uses it. Without cgo it decodes and encodes nothing.
package vpx
