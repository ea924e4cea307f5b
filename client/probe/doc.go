// Package probe finds out how a client gets to a tutti server, and puts into words
// what is in the way: it calls the server as a browser would, opens its signalling,
// asks its STUN and TURN, and sends packets there and back on each path that media
// may take.
//
// What it sees (the files named after each part) and what that means (judge.go) are
// apart: judging is a pure function. Run starts a goroutine for each thing that is
// tried at the same time, and waits for all.
package probe
