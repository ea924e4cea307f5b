// Package wire reads and writes what travels inside an RTP packet: the header
// and its extensions, the payload descriptors of VP8, VP9, H.264 and AV1, the
// dependency descriptor, Opus, RED and RTX. It also tells the protocols that
// share one socket apart.
//
// It parses and appends, nothing else: it keeps no stream (but for what a
// Depacketizer must remember from one packet to the next), sends nothing,
// decodes no picture and no sound. Parsed values point into the bytes they were
// read from. Nothing here allocates per packet, and no input makes it panic.
//
// It starts no goroutine. No value may be used by two goroutines at a time.
package wire

// ParseError tells why bytes could not be read. It is a constant, so that
// refusing a packet costs no allocation, and can be compared with ==.
type ParseError string

// Error implements error.
func (e ParseError) Error() string { return string(e) }
