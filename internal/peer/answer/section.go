package answer

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	"github.com/tutti-rtc/tutti/internal/media"
)

// maxMID is the longest media identifier that is taken, in bytes.
const maxMID = 32

// section is an offered media section.
type section struct {
	mid        string
	kind       string   // of the m= line
	protos     []string // of the m= line
	firstFmt   string
	disabled   bool // closed by the client: port 0 and not a=bundle-only
	bundled    bool // in the BUNDLE group
	direction  string
	rtcpMux    bool
	rtcpRsize  bool
	formats    []format
	mixed      bool // a=extmap-allow-mixed, here or for the session
	extensions []extmap
	rids       []string // simulcast streams that the client sends
	ssrcs      []SSRC
	transport  transport
	sctpPort   uint16
	maxMessage uint32
}

// isRTP reports whether the section is audio or video.
func (s *section) isRTP() bool { return s.mediaKind() != 0 }

func (s *section) mediaKind() media.Kind {
	switch s.kind {
	case "audio":
		return media.Audio
	case "video":
		return media.Video
	}
	return 0
}

// supported reports whether kind and protocol are ones that the server speaks.
func (s *section) supported() bool {
	switch strings.Join(s.protos, "/") {
	case "UDP/TLS/RTP/SAVPF", "TCP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "TCP/TLS/RTP/SAVP", "RTP/SAVPF", "RTP/SAVP":
		return s.isRTP() // RFC 9429 §5.1.2
	case "UDP/DTLS/SCTP", "TCP/DTLS/SCTP":
		return s.kind == "application" && s.firstFmt == "webrtc-datachannel" && s.sctpPort != 0 // RFC 8841
	}
	return false
}

func parseSection(md *sdp.MediaDescription, session attributes) (section, error) {
	a := attributes(md.Attributes)
	mid, _ := a.get("mid")
	_, bundleOnly := a.get("bundle-only")
	s := section{
		mid:       mid,
		kind:      md.MediaName.Media,
		protos:    md.MediaName.Protos,
		disabled:  md.MediaName.Port.Value == 0 && !bundleOnly,
		direction: direction(a, session),
		transport: parseTransport(a, session),
	}
	if len(md.MediaName.Formats) > 0 {
		s.firstFmt = md.MediaName.Formats[0]
	}
	if s.disabled {
		return s, nil
	}
	_, s.rtcpMux = a.get("rtcp-mux")
	_, s.rtcpRsize = a.get("rtcp-rsize")
	s.sctpPort, s.maxMessage = parseSCTP(a)
	if !s.isRTP() {
		return s, nil
	}
	_, mixedHere := a.get("extmap-allow-mixed")
	_, mixedAll := session.get("extmap-allow-mixed")
	s.mixed = mixedHere || mixedAll
	s.formats = parseFormats(md.MediaName.Formats, a)
	s.rids = parseSimulcast(a)
	s.ssrcs = parseSSRCs(a)
	var err error
	s.extensions, err = parseExtmaps(slices.Concat(session.all("extmap"), a.all("extmap")))
	return s, err
}

// direction returns the section's direction; sendrecv is the default
// (RFC 8866 §6.7).
func direction(a, session attributes) string {
	for _, from := range []attributes{a, session} {
		for _, d := range []string{"sendrecv", "sendonly", "recvonly", "inactive"} {
			if _, ok := from.get(d); ok {
				return d
			}
		}
	}
	return "sendrecv"
}

// parseSCTP reads the port and the message size of RFC 8841. The port is 0 if
// it is missing.
func parseSCTP(a attributes) (port uint16, maxMessage uint32) {
	if v, ok := a.get("sctp-port"); ok {
		n, _ := strconv.ParseUint(strings.TrimSpace(v), 10, 16)
		port = uint16(n)
	}
	v, ok := a.get("max-message-size")
	if !ok {
		return port, defaultMaxMessageSize
	}
	n, err := strconv.ParseUint(strings.TrimSpace(v), 10, 64)
	switch {
	case err != nil:
		return port, defaultMaxMessageSize
	case n == 0 || n > math.MaxUint32: // 0: of any size
		return port, math.MaxUint32
	}
	return port, uint32(n)
}

// defaultMaxMessageSize is that of an endpoint that does not say (RFC 8841
// §6.1).
const defaultMaxMessageSize = 65536

// maxExtmaps bounds the header extensions that are read of one section.
const maxExtmaps = 64

// parseExtmaps reads a=extmap lines: id, optionally "/direction", and URI.
func parseExtmaps(lines []string) ([]extmap, error) {
	var list []extmap
	for _, line := range lines[:min(len(lines), maxExtmaps)] {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			return nil, refuse(BadSDP, "a=extmap:%q has no URI", line)
		}
		id, dir, _ := strings.Cut(fields[0], "/")
		n, err := strconv.ParseUint(id, 10, 16)
		if err != nil {
			return nil, refuse(BadSDP, "a=extmap:%q has no number", line)
		}
		if n == 0 || n == 15 || n > 255 {
			continue // packets can't carry it (RFC 8285 §4.2, §4.3)
		}
		list = append(list, extmap{id: uint8(n), uri: fields[1], direction: dir})
	}
	return list, nil
}

// attributes are the a= lines of a session or media section.
type attributes []sdp.Attribute

func (a attributes) get(key string) (string, bool) {
	for i := range a {
		if a[i].Key == key {
			return a[i].Value, true
		}
	}
	return "", false
}

func (a attributes) all(key string) []string {
	var values []string
	for i := range a {
		if a[i].Key == key {
			values = append(values, a[i].Value)
		}
	}
	return values
}

// isToken reports whether s is a token of RFC 8866 §9, so that it can stand in
// the answer as it is.
func isToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]`, c) >= 0 {
			return false
		}
	}
	return s != ""
}
