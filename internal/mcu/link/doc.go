// Package link is what the server and a mixer's process say to each other over
// their socket: media packets in binary, everything else as JSON.
//
// It is not a network protocol: both ends are the same binary on one machine, so
// it has no versions. Yet neither end trusts the other, as the mixer decodes
// strangers' bitstreams: sizes are bounded, and a record that breaks the rules
// ends the connection.
//
// A record is a length of 4 bytes, big endian, that counts what follows; a type
// of one byte; and a body. A Conn has one goroutine that writes, ended by Close;
// reading is done by whoever calls Serve.
package link
