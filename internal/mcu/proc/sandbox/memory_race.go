//go:build race

package sandbox

// maxMemory bounds nothing: the race detector takes more than there is.
const maxMemory = 1<<64 - 1
