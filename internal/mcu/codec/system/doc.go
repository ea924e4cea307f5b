// Package system has all codecs of this build, or says that it has none.
//
// It is the only place that imports them all. It starts no goroutine.
package system
