//go:build !linux

package proc

// readTurns knows nothing of a process's threads here.
func readTurns(int) map[int]turn { return nil }
