package api

import "fmt"

// Code names an error for programs; it never changes its meaning. The text
// beside it is for people and may change.
type Code string

// The codes of errors, and of the causes in Event and Bye.
const (
	CodeBadMessage   Code = "bad_message"   // not JSON, or not of its type
	CodeUnknownType  Code = "unknown_type"  // no such message type
	CodeVersion      Code = "version"       // another version of the protocol
	CodeTooLarge     Code = "too_large"     // a message above Limits.MessageBytes
	CodeTooFast      Code = "too_fast"      // messages above Limits.MessageRate
	CodeNotJoined    Code = "not_joined"    // Join must come first
	CodeJoined       Code = "joined"        // Join came twice
	CodeBadName      Code = "bad_name"      // a room's or a person's name is empty or too long
	CodeFull         Code = "full"          // rooms, members or tracks are at their limit
	CodeLocked       Code = "locked"        // the host has locked the room
	CodeForbidden    Code = "forbidden"     // the token or role does not allow this
	CodeNotFound     Code = "not_found"     // no such member, track, slot or session
	CodeResumeLost   Code = "resume_lost"   // the membership is over: join anew
	CodeDraining     Code = "draining"      // the server is about to stop
	CodeTimeout      Code = "timeout"       // nothing was heard for too long
	CodeReplaced     Code = "replaced"      // the same membership came by another socket
	CodeRemoved      Code = "removed"       // a host removed the member
	CodeEnded        Code = "ended"         // a host ended the room
	CodeLeft         Code = "left"          // the member left by itself
	CodeConflict     Code = "conflict"      // the m-line carries another track already
	CodeSlow         Code = "slow"          // the client did not read fast enough
	CodeInternal     Code = "internal"      // a fault of the server; its log says more
	CodeBadSDP       Code = "bad_sdp"       // the offer can't be used; see the text
	CodeNoCodec      Code = "no_codec"      // client and server share no codec
	CodeTokenMissing Code = "token_missing" // the server wants a token
	CodeTokenInvalid Code = "token_invalid" // its signature or form is wrong
	CodeTokenExpired Code = "token_expired" // it is too old, or not valid yet
	CodeTokenRoom    Code = "token_room"    // it is for another room
)

// Error is a refused request, or what a client did wrong. It implements error.
type Error struct {
	Code Code   `json:"code"`
	Text string `json:"text"`
}

// Errorf makes an Error.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Text: fmt.Sprintf(format, args...)}
}

// Error returns the text with the code behind it.
func (e *Error) Error() string { return fmt.Sprintf("%s (%s)", e.Text, e.Code) }

// MessageType returns "error".
func (*Error) MessageType() string { return "error" }
