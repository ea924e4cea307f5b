// Package signal is the door by which clients reach rooms: package api's
// messages over WebSocket. It checks who comes in, keeps clients within bounds
// of size, rate and patience, and tells those that it drops why.
//
// It decides nothing about calls (internal/room does) and opens no listener
// (internal/httpd does). Each socket has the goroutine of its HTTP request,
// which reads, and one that writes; both end with the socket, and Shutdown
// waits for them.
package signal
