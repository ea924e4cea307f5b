package answer

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tutti-rtc/tutti/internal/media"
)

func TestAnswerInFull(t *testing.T) {
	l := local()
	l.MaxMessageSize = 1 << 20
	want := lines(
		"v=0", "o=- ID 1 IN IP4 0.0.0.0", "s=-", "t=0 0",
		"a=ice-lite", "a=ice-options:ice2 trickle", "a=group:BUNDLE 0 1 2", "a=msid-semantic: WMS *",
		"a=ice-ufrag:serverUfrag", "a=ice-pwd:serverPasswordOf32Characters++++",
		"a=fingerprint:sha-256 "+hash,

		"m=audio 9 UDP/TLS/RTP/SAVPF 111", "c=IN IP4 0.0.0.0", "a=mid:0", "a=recvonly", "a=rtcp-mux",
		// No transport-cc: its header extension was not offered here.
		"a=rtpmap:111 opus/48000/2", "a=fmtp:111 minptime=10;useinbandfec=1",
		"a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid", "a=setup:passive",
		"a=candidate:1 1 udp 2130706431 192.0.2.1 8080 typ host",
		"a=candidate:2 1 udp 2130706175 2001:db8::1 8080 typ host",
		"a=candidate:3 1 tcp 1520434687 192.0.2.1 8080 typ host tcptype passive",
		"a=end-of-candidates",

		"m=video 9 UDP/TLS/RTP/SAVPF 96 97", "c=IN IP4 0.0.0.0", "a=mid:1", "a=sendonly", "a=rtcp-mux", "a=rtcp-rsize",
		"a=rtpmap:96 VP8/90000", "a=rtcp-fb:96 transport-cc", "a=rtcp-fb:96 nack", "a=rtcp-fb:96 nack pli",
		"a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=96",
		"a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
		"a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
		"a=msid:slot-1 slot-1", "a=ssrc-group:FID 1000 1001", "a=ssrc:1000 cname:tutti", "a=ssrc:1001 cname:tutti",
		"a=setup:passive",

		"m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0", "a=mid:2",
		"a=sctp-port:5000", "a=max-message-size:1048576", "a=setup:passive",
	)
	got := answerTo(t, simple, l)
	// The o= line takes its number from the same source as the SSRCs.
	want = edit(t, want, "o=- ID", "o=- "+strings.Fields(got.SDP)[2])
	if got.SDP != want {
		t.Errorf("answer\n%s\nwant\n%s", got.SDP, want)
	}
	if got.RemoteUfrag != "abcd" || got.RemotePwd != "0123456789abcdefghijkl" || got.ICERestart {
		t.Errorf("ICE: %q, %q, restart %v", got.RemoteUfrag, got.RemotePwd, got.ICERestart)
	}
	if !slices.Equal(got.Fingerprints, []Fingerprint{{"sha-256", hash}}) || got.Refused != nil {
		t.Errorf("fingerprints %v, refused %v", got.Fingerprints, got.Refused)
	}
	data := byMID(t, got, "2")
	if data.Role != Data || data.Kind != 0 || data.SCTPPort != 5000 || data.MaxMessageSize != 262144 {
		t.Errorf("data section %+v", data)
	}
}

func TestChromium(t *testing.T) {
	s := answerTo(t, offerFile(t, "chromium.sdp"), local())
	roles := map[Role]int{}
	for _, m := range s.Media {
		roles[m.Role]++
	}
	if want := map[Role]int{Receive: 4, Send: 12, Data: 1}; !reflect.DeepEqual(roles, want) || s.Refused != nil {
		t.Fatalf("roles %v, want %v; refused %v", roles, want, s.Refused)
	}

	mic := byMID(t, s, "0")
	if got := codecsOf(mic); !slices.Equal(got, []media.Codec{media.Opus, media.RED}) {
		t.Errorf("microphone: %v", got)
	}
	if opus := codec(t, mic, 111); opus != (Codec{
		PayloadType: 111, Codec: media.Opus, Fmtp: "minptime=10;useinbandfec=1", Channels: 2, TransportCC: true,
	}) {
		t.Errorf("microphone: %+v", opus)
	}
	if red := codec(t, mic, 63); red.Fmtp != "111/111" || mic.Extensions.AudioLevel == 0 {
		t.Errorf("microphone: %+v, %+v", red, mic.Extensions)
	}

	camera := byMID(t, s, "2")
	if !slices.Equal(camera.RIDs, []string{"q", "h", "f"}) {
		t.Errorf("camera sends %v", camera.RIDs)
	}
	if vp8 := camera.Codecs[0]; vp8 != (Codec{
		PayloadType: 96, Codec: media.VP8, RTX: 97, NACK: true, PLI: true, FIR: true, TransportCC: true,
	}) {
		t.Errorf("camera: the client's first choice became %+v", vp8)
	}
	for _, c := range camera.Codecs {
		if c.RTX == 0 || !c.NACK || !c.PLI || c.Codec == media.H264 && !strings.Contains(c.Fmtp, "packetization-mode=1") {
			t.Errorf("camera: %+v", c)
		}
	}
	for _, want := range []media.Codec{media.VP8, media.VP9, media.H264, media.AV1} {
		if !slices.Contains(codecsOf(camera), want) {
			t.Errorf("camera: no %v in %v", want, codecsOf(camera))
		}
	}
	if e := camera.Extensions; e.MID == 0 || e.RID == 0 || e.RepairedRID == 0 || e.TransportCC == 0 ||
		e.AbsSendTime == 0 || e.DependencyDescriptor == 0 || e.VideoOrientation == 0 || e.AudioLevel != 0 {
		t.Errorf("camera: extensions %+v", e)
	}

	slot := byMID(t, s, "7")
	if slot.RIDs != nil || slot.SSRC == 0 || slot.RTXSSRC == 0 || slot.Extensions.RID != 0 {
		t.Errorf("slot: %+v", slot)
	}
	if s.Extensions.RID != camera.Extensions.RID || s.Extensions.AudioLevel != mic.Extensions.AudioLevel {
		t.Errorf("ids of the whole transport: %+v", s.Extensions)
	}
	if !slot.ExtmapAllowMixed || !slot.ReducedSize {
		t.Error("offered for the session, and not taken")
	}
}

func TestFirefox(t *testing.T) {
	s := answerTo(t, offerFile(t, "firefox.sdp"), local())
	if s.Refused != nil {
		t.Fatalf("refused %v: a=bundle-only sections have port 0 and are open", s.Refused)
	}
	mic, camera := byMID(t, s, "0"), byMID(t, s, "2")
	if mic.Codecs[0].PayloadType != 109 || camera.Codecs[0].PayloadType != 120 || camera.Codecs[0].RTX != 124 {
		t.Errorf("payload types: %+v, %+v", mic.Codecs[0], camera.Codecs[0])
	}
	if !slices.Equal(camera.RIDs, []string{"q", "h", "f"}) || len(camera.SSRCs) != 3 || camera.SSRCs[2].RTX == 0 {
		t.Errorf("camera sends %v, %v", camera.RIDs, camera.SSRCs)
	}
	// It offers playout-delay for what it receives only, and the dependency
	// descriptor for what it sends only (RFC 8285 §6).
	if e := camera.Extensions; e.PlayoutDelay != 0 || e.DependencyDescriptor == 0 {
		t.Errorf("camera: %+v", e)
	}
	if !strings.Contains(s.SDP, "/recvonly urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n") {
		t.Error("the answer has to turn the direction around")
	}
	if !camera.ExtmapAllowMixed {
		t.Error("offered for the section, and not taken")
	}
	if data := byMID(t, s, "16"); data.MaxMessageSize != 1073741823 {
		t.Errorf("data: %+v", data)
	}
}

func TestSafari(t *testing.T) {
	s := answerTo(t, offerFile(t, "safari.sdp"), local())
	camera, screen := byMID(t, s, "1"), byMID(t, s, "2")
	want := []media.Codec{media.H264, media.H264, media.VP8, media.VP9, media.VP9}
	if got := codecsOf(camera); !slices.Equal(got, want) {
		t.Errorf("camera: %v, want %v: neither H.265 nor packetization mode 0", got, want)
	}
	if c := camera.Codecs[0]; c.Fmtp != "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=640c1f" {
		t.Errorf("camera: %+v", c)
	}
	if !slices.Equal(screen.SSRCs, []SSRC{{834503873, 969443895}}) || screen.RIDs != nil {
		t.Errorf("screen: %v, %v", screen.SSRCs, screen.RIDs)
	}
}

func TestOBS(t *testing.T) {
	s := answerTo(t, offerFile(t, "obs.sdp"), local())
	if got := byMID(t, s, "0").Codecs[0].Fmtp; got != "minptime=10;useinbandfec=1;stereo=1;maxaveragebitrate=160000" {
		t.Errorf("sound: %q", got)
	}
	picture := byMID(t, s, "1")
	if c := picture.Codecs[0]; c.Codec != media.H264 || c.RTX != 97 || c.TransportCC {
		t.Errorf("picture: %+v", c)
	}
	if !slices.Equal(picture.SSRCs, []SSRC{{2088630147, 2088630148}}) {
		t.Errorf("picture: %v", picture.SSRCs)
	}
}

func TestLineFeedsAlone(t *testing.T) {
	// Some encoders and many a curl command send them.
	answerTo(t, strings.ReplaceAll(simple, "\r\n", "\n"), local())
}

func TestSendRecvIsAnsweredAsReceive(t *testing.T) {
	s := answerTo(t, edit(t, simple, "a=sendonly", "a=sendrecv"), local())
	if m := byMID(t, s, "0"); m.Role != Receive || m.SSRC != 0 {
		t.Errorf("%+v", m)
	}
}

func TestSimulcastBySSRC(t *testing.T) {
	s := answerTo(t, edit(t, simple, "a=recvonly", lines("a=sendonly",
		"a=ssrc-group:SIM 30 20 10", "a=ssrc-group:FID 10 11", "a=ssrc-group:FID 20 21", "a=ssrc-group:FID 30 31",
		"a=ssrc:10 cname:x", "a=ssrc:11 cname:x", "a=ssrc:10 msid:x y")), local())
	if got := byMID(t, s, "1").SSRCs; !slices.Equal(got, []SSRC{{30, 31}, {20, 21}, {10, 11}}) {
		t.Errorf("layers %v, want the order of the SIM group", got)
	}
}

func TestSimulcastByRID(t *testing.T) {
	const rids = "a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
	for name, c := range map[string]struct {
		lines []string
		want  []string
	}{
		"alternatives and pauses": {
			[]string{rids, "a=rid:a send", "a=rid:b send", "a=rid:c send", "a=simulcast:send a,b;~c recv x"}, []string{"a", "c"},
		},
		"not declared": {[]string{rids, "a=rid:a send", "a=simulcast:send a;b"}, []string{"a"}},
		"too many": {
			[]string{rids, "a=rid:1 send", "a=rid:2 send", "a=rid:3 send", "a=rid:4 send", "a=rid:5 send", "a=simulcast:send 1;2;3;4;5"},
			[]string{"1", "2", "3", "4"},
		},
		"the client receives":  {[]string{rids, "a=rid:a recv", "a=simulcast:recv a"}, nil},
		"packets can't say so": {[]string{"a=rid:a send", "a=simulcast:send a"}, nil},
		"no identifier":        {[]string{rids, "a=rid:a:b send", "a=simulcast:send a:b"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := answerTo(t, edit(t, simple, "a=recvonly\r\n", lines("a=sendonly")+lines(c.lines...)), local())
			if got := byMID(t, s, "1").RIDs; !slices.Equal(got, c.want) {
				t.Errorf("RIDs %v, want %v", got, c.want)
			}
		})
	}
}

func TestOneBadSectionDoesNotSpoilTheRest(t *testing.T) {
	for name, c := range map[string]struct {
		old, new string
		want     Code
	}{
		"no codec in common":    {"a=rtpmap:111 opus/48000/2", "a=rtpmap:111 mpeg4-generic/48000/2", NoCommonCodec},
		"not in the group":      {"BUNDLE 0 1 2", "BUNDLE 1 2", NoBundle},
		"another kind":          {"m=audio 9 UDP/TLS/RTP/SAVPF 111 0", "m=text 9 UDP/TLS/RTP/SAVPF 111 0", UnsupportedMedia},
		"without DTLS":          {"m=audio 9 UDP/TLS/RTP/SAVPF", "m=audio 9 RTP/AVP", UnsupportedMedia},
		"data of another kind":  {"SCTP webrtc-datachannel", "SCTP 5000", UnsupportedMedia},
		"data without its port": {"a=sctp-port:5000\r\n", "", UnsupportedMedia},
	} {
		t.Run(name, func(t *testing.T) {
			offer := edit(t, simple, "m=video", "m=video", c.old, c.new,
				"a=mid:1\r\n", "a=mid:1\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdefghijkl\r\na=fingerprint:sha-256 "+hash+"\r\n")
			s := answerTo(t, offer, local())
			if len(s.Refused) != 1 || s.Refused[0].Code != c.want || s.Refused[0].Text == "" {
				t.Fatalf("refused %v, want one %s", s.Refused, c.want)
			}
			if m := byMID(t, s, s.Refused[0].MID); m.Role != Rejected || m.Codecs != nil {
				t.Errorf("%+v", m)
			}
			if m := byMID(t, s, "1"); m.Role != Send {
				t.Errorf("the slot became %v", m.Role)
			}
		})
	}
}

func TestSecondDataSection(t *testing.T) {
	s := answerTo(t, edit(t, simple, "BUNDLE 0 1 2", "BUNDLE 0 1 2 3")+lines(
		"m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0", "a=mid:3", "a=sctp-port:5000"), local())
	if len(s.Refused) != 1 || s.Refused[0].MID != "3" {
		t.Errorf("refused %v, want the second", s.Refused)
	}
}

func TestMessageSizes(t *testing.T) {
	for offered, want := range map[string]uint32{
		"a=max-message-size:262144":      262144,
		"a=max-message-size:0":           math.MaxUint32, // any size (RFC 8841 §6.1)
		"a=max-message-size:99999999999": math.MaxUint32,
		"a=max-message-size:many":        65536,
		"a=x":                            65536,
	} {
		s := answerTo(t, edit(t, simple, "a=max-message-size:262144", offered), local())
		if got := byMID(t, s, "2").MaxMessageSize; got != want {
			t.Errorf("%s: %d, want %d", offered, got, want)
		}
	}
}

func TestOwnSSRCsAvoidTheClients(t *testing.T) {
	l := local()
	l.NewSSRC = func() uint32 { return 50 } // a poor source
	s := answerTo(t, edit(t, simple, "a=sendonly", "a=sendonly\r\na=ssrc:50 cname:x\r\na=ssrc:51 cname:x"), l)
	if m := byMID(t, s, "1"); m.SSRC != 52 || m.RTXSSRC != 53 {
		t.Errorf("SSRC %d, RTX %d; 50 and 51 are the client's", m.SSRC, m.RTXSSRC)
	}
}
