package load

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// The payload types that viewers offer.
const (
	opusType  = 111
	vp8Type   = 96
	vp8Resend = 97
)

// description writes an SDP description: transport once per section, all in one
// bundle.
type description struct {
	strings.Builder
	transport string
	mids      []string
}

func newDescription(ufrag, pwd, fingerprint, setup string) *description {
	return &description{transport: "c=IN IP4 0.0.0.0\r\na=rtcp-mux\r\na=rtcp-rsize\r\n" +
		"a=ice-ufrag:" + ufrag + "\r\na=ice-pwd:" + pwd + "\r\n" +
		"a=fingerprint:sha-256 " + fingerprint + "\r\na=setup:" + setup + "\r\n"}
}

// section adds a receiving section.
func (d *description) section(kind, mid, formats string, lines ...string) {
	d.mids = append(d.mids, mid)
	fmt.Fprintf(d, "m=%s 9 UDP/TLS/RTP/SAVPF %s\r\n%sa=mid:%s\r\na=recvonly\r\n", kind, formats, d.transport, mid)
	for _, line := range lines {
		d.WriteString("a=" + line + "\r\n")
	}
}

func (d *description) text() string {
	return "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n" +
		"a=group:BUNDLE " + strings.Join(d.mids, " ") + "\r\n" + d.String()
}

// offer describes what a viewer would receive: audio and then video slots, with
// the section's index as mid.
func (d *description) offer(audio, video int) string {
	const mid = "extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid"
	for i := range audio + video {
		name := strconv.Itoa(i)
		if i < audio {
			d.section("audio", name, "111", mid, "rtpmap:111 opus/48000/2", "fmtp:111 minptime=10;useinbandfec=1")
			continue
		}
		d.section("video", name, "96 97", mid, "rtpmap:96 VP8/90000", "rtcp-fb:96 nack", "rtcp-fb:96 nack pli",
			"rtcp-fb:96 ccm fir", "rtpmap:97 rtx/90000", "fmtp:97 apt=96")
	}
	return d.text()
}

// parseRemote reads the transport of an offer or answer.
func parseRemote(text string) (remote, *sdp.SessionDescription, error) {
	var parsed sdp.SessionDescription
	if err := parsed.UnmarshalString(text); err != nil {
		return remote{}, nil, fmt.Errorf("read the server's description: %w", err)
	}
	var r remote
	take := func(attributes []sdp.Attribute) {
		for _, a := range attributes {
			switch a.Key {
			case "ice-ufrag":
				r.ufrag = a.Value
			case "ice-pwd":
				r.pwd = a.Value
			case "candidate":
				if ap, ok := hostCandidate(a.Value); ok && better(ap, r.address) {
					r.address = ap
				}
			}
		}
	}
	take(parsed.Attributes)
	for _, m := range parsed.MediaDescriptions {
		if m.MediaName.Port.Value != 0 {
			take(m.Attributes)
		}
	}
	if r.ufrag == "" || !r.address.IsValid() {
		return r, &parsed, errors.New("the server's description has no UDP candidate")
	}
	return r, &parsed, nil
}

// hostCandidate reads a=candidate (RFC 8839 §5.1).
func hostCandidate(value string) (netip.AddrPort, bool) {
	fields := strings.Fields(value)
	if len(fields) < 8 || !strings.EqualFold(fields[2], "udp") {
		return netip.AddrPort{}, false
	}
	ip, err := netip.ParseAddr(fields[4])
	if err != nil {
		return netip.AddrPort{}, false
	}
	port, err := strconv.ParseUint(fields[5], 10, 16)
	return netip.AddrPortFrom(ip.Unmap(), uint16(port)), err == nil
}

// better prefers loopback, where a load usually runs, then IPv4.
func better(candidate, known netip.AddrPort) bool {
	rank := func(ap netip.AddrPort) int {
		switch {
		case !ap.IsValid():
			return 0
		case ap.Addr().IsLoopback() && ap.Addr().Is4():
			return 4
		case ap.Addr().IsLoopback():
			return 3
		case ap.Addr().Is4():
			return 2
		}
		return 1
	}
	return rank(candidate) > rank(known)
}
