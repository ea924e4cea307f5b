// Package twcc is transport-wide congestion control feedback
// (draft-holmer-rmcat-transport-wide-cc-extensions-01), both ends:
//
//   - Recorder notes when packets came and makes the Feedback about them.
//   - History remembers what was sent and turns Feedback into a Result for each
//     packet.
//   - Feedback is the message, with its own encoding: that of the feedback
//     control information in an RTCP packet of type 205, format 15.
//
// It estimates no bandwidth (see package bwe) and writes no RTCP header.
// Everything here is a plain state machine owned by the goroutine that calls
// it; it starts none.
package twcc
