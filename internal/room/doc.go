// Package room is the heart of a call: a room's members, permissions, tracks,
// paths and chat, kept by one loop per room that takes commands and emits
// numbered events without gaps.
//
// It imports no transport, codec or HTTP: media is reached through MediaPlane,
// clients through what internal/signal gives it. Each Room owns one goroutine,
// which ends with the room.
package room
