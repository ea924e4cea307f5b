package answer

import (
	"errors"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pion/sdp/v3"

	"github.com/tutti-rtc/tutti/internal/media"
)

const hash = "5D:E2:2E:0A:C1:5C:57:4F:26:5C:9B:3E:3D:DC:6E:3B:2E:0B:8D:FA:35:0F:45:0D:6B:58:22:4B:6A:24:9C:0E"

// simple is the smallest offer that has one of everything.
var simple = lines(
	"v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1 2",
	"m=audio 9 UDP/TLS/RTP/SAVPF 111 0", "c=IN IP4 0.0.0.0",
	"a=ice-ufrag:abcd", "a=ice-pwd:0123456789abcdefghijkl", "a=fingerprint:sha-256 "+hash, "a=setup:actpass",
	"a=mid:0", "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid", "a=sendonly", "a=rtcp-mux",
	"a=rtpmap:111 opus/48000/2", "a=fmtp:111 minptime=10;useinbandfec=1", "a=rtcp-fb:111 transport-cc",
	"a=rtpmap:0 PCMU/8000",
	"m=video 9 UDP/TLS/RTP/SAVPF 96 97 116", "c=IN IP4 0.0.0.0",
	"a=mid:1", "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
	"a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
	"a=recvonly", "a=rtcp-mux", "a=rtcp-rsize",
	"a=rtpmap:96 VP8/90000", "a=rtcp-fb:* nack", "a=rtcp-fb:96 nack pli", "a=rtcp-fb:96 goog-remb", "a=rtcp-fb:96 transport-cc",
	"a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=96", "a=rtpmap:116 ulpfec/90000",
	"m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0",
	"a=mid:2", "a=sctp-port:5000", "a=max-message-size:262144",
)

func lines(l ...string) string { return strings.Join(l, "\r\n") + "\r\n" }

// edit replaces pairs of old and new text; old has to be there.
func edit(t testing.TB, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("the offer has no %q to replace", pairs[i])
		}
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	return text
}

func offerFile(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// local is a server with SSRCs 1000, 1001, …
func local() Local {
	next := uint32(999)
	return Local{
		Ufrag: "serverUfrag", Pwd: "serverPasswordOf32Characters++++",
		Fingerprint: hash,
		Candidates: []Candidate{
			{Proto: UDP, Addr: netip.MustParseAddrPort("192.0.2.1:8080")},
			{Proto: UDP, Addr: netip.MustParseAddrPort("[2001:db8::1]:8080")},
			{Proto: TCP, Addr: netip.MustParseAddrPort("192.0.2.1:8080")},
		},
		CNAME:   "tutti",
		NewSSRC: func() uint32 { next++; return next },
	}
}

func answerTo(t testing.TB, text string, l Local) *Session {
	t.Helper()
	offer, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	s, err := offer.Answer(l)
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, offer, s)
	return s
}

// wellFormed checks what every answer must keep (RFC 3264 §6).
func wellFormed(t testing.TB, o *Offer, s *Session) {
	t.Helper()
	var d sdp.SessionDescription
	if err := d.UnmarshalString(s.SDP); err != nil {
		t.Fatalf("the answer cannot be read: %v\n%s", err, s.SDP)
	}
	if len(d.MediaDescriptions) != len(o.sections) || len(s.Media) != len(o.sections) {
		t.Fatalf("%d sections and %d values for an offer with %d", len(d.MediaDescriptions), len(s.Media), len(o.sections))
	}
	candidates := 0
	ssrcs := make(map[uint32]bool)
	for i, md := range d.MediaDescriptions {
		m, a := &s.Media[i], attributes(md.Attributes)
		if mid, _ := a.get("mid"); mid != m.MID || md.MediaName.Media != o.sections[i].kind {
			t.Errorf("section %d is %s %q, the offer has %s %q", i, md.MediaName.Media, mid, o.sections[i].kind, m.MID)
		}
		if (md.MediaName.Port.Value == 0) != (m.Role == Rejected) || len(md.MediaName.Formats) == 0 {
			t.Errorf("section %d is %v, but answered with %v", i, m.Role, md.MediaName)
		}
		if m.Role == Send && (m.SSRC == 0 || ssrcs[m.SSRC] || ssrcs[m.RTXSSRC]) {
			t.Errorf("section %d sends with SSRC %d, %d", i, m.SSRC, m.RTXSSRC)
		}
		if m.Role == Send {
			ssrcs[m.SSRC], ssrcs[m.RTXSSRC] = true, m.RTXSSRC != 0
		}
		candidates += len(a.all("end-of-candidates"))
	}
	if candidates != 1 {
		t.Errorf("candidates are in %d sections, want 1", candidates)
	}
}

// refused checks that an offer is refused for a reason that people understand.
func refused(t testing.TB, err error, want Code) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Code != want {
		t.Fatalf("error %v, want code %s", err, want)
	}
	if len(e.Text) < 20 || !strings.HasSuffix(e.Error(), e.Text) {
		t.Errorf("text %q does not help anybody", e.Text)
	}
}

func byMID(t testing.TB, s *Session, mid string) Media {
	t.Helper()
	i := slices.IndexFunc(s.Media, func(m Media) bool { return m.MID == mid })
	if i < 0 {
		t.Fatalf("no section %q", mid)
	}
	return s.Media[i]
}

// codecsOf lists the codecs of a section.
func codecsOf(m Media) []media.Codec {
	var list []media.Codec
	for _, c := range m.Codecs {
		list = append(list, c.Codec)
	}
	return list
}

func codec(t testing.TB, m Media, pt uint8) Codec {
	t.Helper()
	i := slices.IndexFunc(m.Codecs, func(c Codec) bool { return c.PayloadType == pt })
	if i < 0 {
		t.Fatalf("section %q has no payload type %d", m.MID, pt)
	}
	return m.Codecs[i]
}

func attribute(key, value string) sdp.Attribute { return sdp.NewAttribute(key, value) }
