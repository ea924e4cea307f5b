//go:build !race

package sandbox

// maxMemory bounds the process's memory, in bytes. A mixer of 25 pictures of
// 1080p takes less than a quarter.
const maxMemory = 4 << 30
