package answer

import (
	"slices"
	"strconv"

	"github.com/tutti-rtc/tutti/internal/media"
)

// Extensions are the ids of RTP header extensions (RFC 8285); 0: not agreed on.
type Extensions struct {
	MID                  uint8 // RFC 9143 §15
	RID, RepairedRID     uint8 // RFC 8852
	AudioLevel           uint8 // RFC 6464
	AbsSendTime          uint8
	TransportCC          uint8
	DependencyDescriptor uint8
	AbsCaptureTime       uint8
	PlayoutDelay         uint8
	VideoOrientation     uint8 // 3GPP TS 26.114 §7.4.5
}

// extension is a header extension that the server knows.
type extension struct {
	uri  string
	id   *uint8
	kind media.Kind // the only kind it is for; 0: both
	up   bool       // only for what the client sends
}

// all lists the extensions with where their ids are kept.
func (e *Extensions) all() []extension {
	const experiments = "http://www.webrtc.org/experiments/rtp-hdrext/"
	return []extension{
		{"urn:ietf:params:rtp-hdrext:sdes:mid", &e.MID, 0, false},
		{"urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id", &e.RID, media.Video, true},
		{"urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id", &e.RepairedRID, media.Video, true},
		{"urn:ietf:params:rtp-hdrext:ssrc-audio-level", &e.AudioLevel, media.Audio, false},
		{experiments + "abs-send-time", &e.AbsSendTime, 0, false},
		{"http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01", &e.TransportCC, 0, false},
		{"https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension",
			&e.DependencyDescriptor, media.Video, false},
		{experiments + "abs-capture-time", &e.AbsCaptureTime, 0, false},
		{experiments + "playout-delay", &e.PlayoutDelay, media.Video, false},
		{"urn:3gpp:video-orientation", &e.VideoOrientation, media.Video, false},
	}
}

// extmap is an offered header extension (RFC 8285 §5).
type extmap struct {
	id        uint8
	uri       string
	direction string // as offered; empty if none was given
}

// fits reports whether the extension may be used in the direction that packets
// take in a section of the role.
func (e *extmap) fits(role Role) bool {
	switch e.direction {
	case "inactive":
		return false
	case "sendonly":
		return role != Send
	case "recvonly":
		return role != Receive
	}
	return true
}

// answer returns the value of the answer's a=extmap line: the direction is
// turned around (RFC 8285 §6).
func (e *extmap) answer() string {
	id := strconv.Itoa(int(e.id))
	switch e.direction {
	case "sendonly":
		id += "/recvonly"
	case "recvonly":
		id += "/sendonly"
	}
	return id + " " + e.uri
}

// acceptExtensions picks what the server knows and has a use for: the ids, and
// the lines that say so.
func acceptExtensions(offered []extmap, kind media.Kind, role Role) (accepted Extensions, lines []string) {
	for _, known := range accepted.all() {
		if known.kind != 0 && known.kind != kind || known.up && role == Send {
			continue
		}
		i := slices.IndexFunc(offered, func(o extmap) bool { return o.uri == known.uri && o.fits(role) })
		if i >= 0 {
			*known.id = offered[i].id
			lines = append(lines, offered[i].answer())
		}
	}
	return accepted, lines
}

// merge adds the ids of another section.
func (e *Extensions) merge(other Extensions) {
	ids := other.all()
	for i, known := range e.all() {
		if *known.id == 0 {
			*known.id = *ids[i].id
		}
	}
}
