// Package dav1d decodes AV1 by libdav1d, on the caller's thread alone.
//
// It encodes nothing and knows no RTP. It starts no goroutine; a decoder belongs
// to the goroutine that uses it. Without cgo it is empty.
package dav1d
