// Package openh264 decodes H.264 and encodes its constrained baseline by
// libopenh264, on the caller's thread alone. Frames are access units with start
// codes (Annex B).
//
// It knows no RTP. It starts no goroutine; a decoder or encoder belongs to the
// goroutine that uses it. Without cgo it is empty.
package openh264
