//go:build !race

package e2e

// raceDetector tells that this test was built with -race.
const raceDetector = false
