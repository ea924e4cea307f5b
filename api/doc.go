// Package api is tutti's signalling protocol: the messages that a client and
// the server exchange as JSON over a WebSocket, the events of a room, and the
// error codes. The TypeScript types of the web client are generated from it.
//
// It holds values and their encoding only; it knows neither sockets nor media
// and uses the standard library alone, so that other programs can import it.
//
// # A call in short
//
// The client opens /api/ws and says Join. The server answers Welcome with a
// snapshot of the room, and from then on sends numbered Events without gaps.
// The client sends one Offer, with its sending media and a pool of receiving
// slots, and gets an Answer. It announces what it sends with Publish and what
// its page shows with View; the server says with Slots which track flows in
// which slot. Nothing of this needs another negotiation.
package api

//go:generate go run ../internal/check/tsgen -o ../web/src/protocol/api.gen.ts
//go:generate go test -run TestCausesPageIsCurrent -update .

// Version is the protocol's version. A server refuses clients of another one
// with CodeVersion.
const Version = 1
