// Package yuv scales pictures by libyuv.
//
// It holds nothing and starts no goroutine. Without cgo it is empty.
package yuv
