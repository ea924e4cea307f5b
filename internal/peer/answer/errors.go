package answer

import "fmt"

// Code names a reason why an offer, or one media section of it, was refused.
// Codes are stable: clients may act on them.
type Code string

// The reasons for refusing a whole offer.
const (
	BadSDP         Code = "bad_sdp"         // not an SDP, or it contradicts itself
	TooLarge       Code = "too_large"       // longer than MaxSDP
	TooManyMedia   Code = "too_many_media"  // more than MaxMedia sections
	NoBundle       Code = "no_bundle"       // media outside the one transport
	NoRTCPMux      Code = "no_rtcp_mux"     // RTCP on a port of its own
	SetupPassive   Code = "setup_passive"   // the client wants to be the DTLS server
	BadFingerprint Code = "bad_fingerprint" // no usable DTLS fingerprint
	BadCredentials Code = "bad_credentials" // no usable ICE credentials
	ICELite        Code = "ice_lite"        // the client does not do checks either
	MediaChanged   Code = "media_changed"   // a new offer that does not continue the last
	NoMedia        Code = "no_media"        // nothing in the offer can be accepted
)

// The reasons for refusing one media section. NoBundle may be one too.
const (
	NoCommonCodec    Code = "no_common_codec"
	UnsupportedMedia Code = "unsupported_media" // kind, protocol or number of it
)

// Error is an offer refused: what failed, why, and what to do, for people.
type Error struct {
	Code Code
	Text string
}

// Error returns the text.
func (e *Error) Error() string { return "SDP offer refused: " + e.Text }

func refuse(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Text: fmt.Sprintf(format, args...)}
}
