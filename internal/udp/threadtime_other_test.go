//go:build !linux

package udp

import "time"

// startThreadTime has no clock on this system.
func startThreadTime() func() time.Duration { return func() time.Duration { return 0 } }
