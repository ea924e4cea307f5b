// Package client joins rooms of a tutti server from Go: it publishes audio and
// video, receives what others publish, and takes part in events, chat and data
// messages. Bots, tests and load tools are made with it.
//
// A Room has one WebSocket for signalling (package api) and at most one WebRTC
// connection to the server. The client offers its sending media and a pool of
// receiving slots once; who is seen in which slot is told by View and needs no
// further negotiation. A lost socket is taken up again, the media connection
// runs on meanwhile; if the membership is over, the room is joined anew and the
// tracks are published again.
//
// The server is tried by UDP; beside it by TCP after half a second, and by the
// relays (TURN) that the server offers after one. Connection says which it was,
// and the server is told, for its operator; so it is when after ten seconds no
// media have come.
//
// It encodes and decodes no media: it takes and gives RTP packets or encoded
// frames. With Options.Direct two members send to each other, when the server
// says that they are to try and they reach each other.
//
// A room that mixes has a program: one picture and one sound of all. Who joins as
// a Viewer, or is set on api.PathMCU, receives that in its slots, as a track of
// nobody.
//
// A Room owns three goroutines (reading the socket, keeping it up, calling the
// Handlers), two more with Options.Direct, and those of its WebRTC connections;
// all end with Close.
package client
