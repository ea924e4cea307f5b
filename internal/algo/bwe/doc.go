// Package bwe estimates how many bits per second a path carries, at the
// sender, from the fate of each packet that transport-wide feedback tells:
// Google congestion control as in draft-ietf-rmcat-gcc and libwebrtc.
//
//   - Delay: packets are joined to groups (groups.go); a growing delay from
//     group to group (trendline.go) means that a queue builds up, and the rate
//     falls below what gets through (aimd.go, throughput.go).
//   - Loss: above 10 % the rate falls as well (loss.go).
//   - Probes: a server rarely sends all that a path could carry, and what is
//     not tried is not known. The estimate never grows beyond one and a half
//     times what gets through, but by a short faster burst (probe.go), asked
//     for only if more is wanted than estimated.
//
// It sends nothing and knows no tracks: see packages pacer and layers for those
// who act upon the estimate. An Estimator is a plain state machine owned by the
// goroutine that calls it; it starts none.
package bwe
