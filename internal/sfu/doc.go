// Package sfu forwards the tracks of a room: each member sends once, and each
// other member is sent, slot by slot, the track and layer that it shows.
//
// A Router holds a room's Tracks and Endpoints. A packet goes from its Track,
// on the publisher's loop, once into each loop where somebody watches; there
// a fan hands it to the Slots, which number it anew, so that a slot is one
// unbroken stream whatever track or layer flows in it.
//
// It is not the room: it knows no permissions, names or paths, and does what
// it is told. It decodes nothing. It starts no goroutine: its code runs on the
// loops of package peer, and on its callers' goroutines for what is not about
// packets.
package sfu
