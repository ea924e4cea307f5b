// Package answer turns a client's SDP offer into the server's answer
// (RFC 3264, RFC 9429) and into plain values that say what was agreed on.
//
// The client always offers, the server always answers; one BUNDLE transport
// with rtcp-mux (RFC 9143), ICE-lite, and the server as DTLS server. The
// package makes no offers, trickles nothing and opens nothing: text in, text
// and values out. It starts no goroutine; its values belong to the caller.
package answer
