package answer

import (
	"fmt"
	"strings"
	"testing"
)

func TestRefusedOffers(t *testing.T) {
	for name, c := range map[string]struct {
		old, new string
		want     Code
	}{
		"not in one transport":    {"a=group:BUNDLE 0 1 2\r\n", "", NoBundle},
		"RTCP on its own port":    {"a=rtcp-mux\r\n", "", NoRTCPMux},
		"wants to be DTLS server": {"a=setup:actpass", "a=setup:passive", SetupPassive},
		"holds the connection":    {"a=setup:actpass", "a=setup:holdconn", SetupPassive},
		"no fingerprint":          {"a=fingerprint:sha-256 " + hash, "a=x", BadFingerprint},
		"weak fingerprint":        {"a=fingerprint:sha-256 " + hash, "a=fingerprint:sha-1 " + hash[:59], BadFingerprint},
		"short fingerprint":       {hash, hash[:95-3], BadFingerprint},
		"broken fingerprint":      {hash, "XX" + hash[2:], BadFingerprint},
		"no ICE password":         {"a=ice-pwd:0123456789abcdefghijkl", "a=x", BadCredentials},
		"short ICE password":      {"a=ice-pwd:0123456789abcdefghijkl", "a=ice-pwd:tooshort", BadCredentials},
		"colon in the ufrag":      {"a=ice-ufrag:abcd", "a=ice-ufrag:ab:cd", BadCredentials},
		"another lite agent":      {"a=group", "a=ice-lite\r\na=group", ICELite},
		"one mid twice":           {"a=mid:1", "a=mid:0", BadSDP},
		"no mid":                  {"a=mid:1\r\n", "", BadSDP},
		"mid that is no token":    {"a=mid:1", "a=mid:1 2", BadSDP},
		"extension in two senses": {"a=extmap:3 http", "a=extmap:4 http", BadSDP},
		"extension without id":    {"a=extmap:3 http", "a=extmap:x http", BadSDP},
		"extension without URI":   {"a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid", "a=extmap:4", BadSDP},
		"no SDP":                  {"v=0", "<html>", BadSDP},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(edit(t, simple, c.old, c.new))
			refused(t, err, c.want)
		})
	}
}

func TestBounds(t *testing.T) {
	_, err := Parse(simple + strings.Repeat("a=x\r\n", MaxSDP/5))
	refused(t, err, TooLarge)

	many := simple
	for i := range MaxMedia {
		many += fmt.Sprintf("m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:x%d\r\n", i)
	}
	_, err = Parse(many)
	refused(t, err, TooManyMedia)

	_, err = Parse(lines("v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0"))
	refused(t, err, NoMedia)
}

func TestNothingInCommon(t *testing.T) {
	offer, err := Parse(edit(t, simple, "opus", "mp3", "VP8", "theora", "webrtc-datachannel", "5000"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = offer.Answer(local())
	refused(t, err, NoCommonCodec)
}

func TestAllClosed(t *testing.T) {
	_, err := Parse(edit(t, simple, "m=audio 9", "m=audio 0", "m=video 9", "m=video 0", "m=application 9", "m=application 0"))
	refused(t, err, NoMedia)
}

func TestClientThatIsOnlyDTLSClient(t *testing.T) {
	// RFC 9725 §4.4: such a client offers setup:active, which suits us.
	answerTo(t, edit(t, simple, "a=setup:actpass", "a=setup:active"), local())
}
