// Package mcu makes a room's program: one mixed sound and one composed picture
// that members receive in place of the others' tracks.
//
// It decides and joins; it decodes nothing. While there is one picture only, the
// program is that publisher's track, passed on as it is. Otherwise a child process
// (package proc) mixes: a Program sends it the members' packets and publishes what
// comes back as ordinary tracks. It meets the fan-out in the interfaces of
// router.go, media.Sink and media.Source; the room in Wish and State.
//
// A Program has one goroutine, ended by Close. The child's packets are handed on
// by the goroutine that reads them.
package mcu
