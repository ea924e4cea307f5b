// Package video turns the RTP packets of a stream into whole frames for a
// decoder, and an encoder's frames into RTP payloads.
//
// A Receiver is for one stream (one simulcast layer of a track). It puts packets
// in order, waits for those that are sent again, leaves out what can't be
// decoded after a loss, and tells when only a key frame helps. Its owner calls,
// at any time and after each packet:
//
//  1. WritePacket, for each packet as it comes;
//  2. Next, until it has no more frames;
//  3. KeyFrameWanted, and asks the publisher if so;
//  4. all but the first again at Deadline.
//
// The package decodes nothing, sends nothing and asks nobody for lost packets:
// that was done where they came in. It starts no goroutine, and neither a
// Receiver nor a Packetizer may be used by two goroutines at a time.
package video
