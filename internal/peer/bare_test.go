package peer

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/srtp/v3"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer/answer"
	"github.com/tutti-rtc/tutti/internal/peer/ice"
	"github.com/tutti-rtc/tutti/internal/udp"
)

// epoch is when the stories of bare peers begin.
const epoch = media.Time(1_700_000_000_000_000_000)

// nowhere is a socket that takes everything and gives nothing.
type nowhere struct {
	net.PacketConn
	sent [][]byte
}

func (n *nowhere) WriteTo(b []byte, _ net.Addr) (int, error) {
	n.sent = append(n.sent, append([]byte(nil), b...))
	return len(b), nil
}

func (n *nowhere) LocalAddr() net.Addr {
	return &net.UDPAddr{IP: net.IPv4(198, 51, 100, 1), Port: 443}
}

// bareLoop is a loop without a goroutine: a test takes its turns, at times of
// its own choice. It drops what is sent.
func bareLoop(o Options) (*Loop, *nowhere) {
	socket := &nowhere{}
	s := &Server{
		opts: o, clock: media.NewClock(), conn: udp.Wrap(socket),
		byUfrag: make(map[string]*Peer), byAddr: make(map[netip.AddrPort]*Peer),
		peers: make(map[*Peer]struct{}), conns: make(map[uint64]carrier),
	}
	s.opts.MaxPeers = 10
	s.datagrams.New = func() any { return new(datagram) }
	l := &Loop{
		clock: s.clock, server: s, wake: make(chan struct{}, 1), done: make(chan struct{}),
		out: outbox{server: s, writer: s.conn.NewWriter(), arena: make([]byte, 0, arenaSize)},
	}
	s.loops = []*Loop{l}
	return l, socket
}

// clientAddr is where the client of a bare peer is.
var clientAddr = ice.Address{
	Proto: ice.UDP, Remote: netip.MustParseAddrPort("203.0.113.1:5000"), Local: netip.MustParseAddr("198.51.100.1"),
}

// barePeer is a peer that has negotiated the offer and got its keys, on a bare
// loop.
func barePeer(t testing.TB, l *Loop, offer string) *Peer {
	t.Helper()
	p, err := l.server.NewPeer(silent{})
	if err != nil {
		t.Fatal(err)
	}
	o, err := answer.Parse(offer)
	if err != nil {
		t.Fatal(err)
	}
	ssrc := uint32(0) // its slots are 1, 2, … and each one's RTX follows
	session, err := o.Answer(answer.Local{
		Ufrag: p.creds.Ufrag, Pwd: p.creds.Pwd, Fingerprint: "00", CNAME: "c",
		NewSSRC: func() uint32 { ssrc++; return ssrc },
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := srtp.CreateContext(make([]byte, 16), make([]byte, 12), srtp.ProtectionProfileAeadAes128Gcm)
	if err != nil {
		t.Fatal(err)
	}
	l.turn(&l.queued)
	p.adopt(epoch, session, p.creds, false)
	p.keys = &srtpKeys{out: out}
	at := clientAddr
	p.selected.Store(&at)
	p.expires = 0
	return p
}

// lines of an offer as browsers make them, but for their length: a simulcast
// camera, a microphone, a slot each, data channels.
const (
	offerHead = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1 2 3 4\r\na=extmap-allow-mixed\r\n"
	offerLink = "c=IN IP4 0.0.0.0\r\na=rtcp-mux\r\na=rtcp-rsize\r\na=ice-ufrag:anna\r\na=ice-pwd:0123456789012345678901\r\na=ice-options:trickle\r\n" +
		"a=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\na=setup:actpass\r\n"
	offerExt = "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid\r\n" +
		"a=extmap:2 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n"
	offerAudio = "m=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\n" + offerLink + offerExt +
		"a=extmap:3 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n" +
		"a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\na=rtcp-fb:111 transport-cc\r\na=rtcp-fb:111 nack\r\n" +
		"a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n"
	offerVideo = "m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99 102 103 45 46\r\n" + offerLink + offerExt +
		"a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\na=extmap:5 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id\r\n" +
		"a=extmap:6 https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension\r\n" +
		"a=extmap:7 urn:3gpp:video-orientation\r\n" +
		"a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\na=rtcp-fb:96 ccm fir\r\na=rtcp-fb:96 transport-cc\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n" +
		"a=rtpmap:98 VP9/90000\r\na=fmtp:98 profile-id=0\r\na=rtcp-fb:98 nack\r\na=rtcp-fb:98 nack pli\r\na=rtpmap:99 rtx/90000\r\na=fmtp:99 apt=98\r\n" +
		"a=rtpmap:102 H264/90000\r\na=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\na=rtcp-fb:102 nack\r\na=rtcp-fb:102 nack pli\r\na=rtpmap:103 rtx/90000\r\na=fmtp:103 apt=102\r\n" +
		"a=rtpmap:45 AV1/90000\r\na=rtcp-fb:45 nack\r\na=rtcp-fb:45 nack pli\r\na=rtpmap:46 rtx/90000\r\na=fmtp:46 apt=45\r\n"
	offerAll = offerHead +
		offerAudio + "a=mid:0\r\na=sendonly\r\na=ssrc:1000 cname:anna\r\n" +
		offerVideo + "a=mid:1\r\na=sendonly\r\na=rid:q send\r\na=rid:h send\r\na=rid:f send\r\na=simulcast:send q;h;f\r\n" +
		offerAudio + "a=mid:2\r\na=recvonly\r\n" +
		offerVideo + "a=mid:3\r\na=recvonly\r\n" +
		"m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n" + offerLink + "a=mid:4\r\na=sctp-port:5000\r\n"
)

// after lets a bare peer's timer run until d has passed, and fails if it does
// not come to rest.
func after(t testing.TB, p *Peer, now media.Time, d time.Duration) media.Time {
	t.Helper()
	end := now.Add(d)
	for turns := 0; p.timer.index >= 0 && !p.timer.at.After(end); turns++ {
		if turns > 20000 {
			t.Fatal("the timer does not come to rest")
		}
		now = max(now, p.timer.at)
		p.timer.Stop()
		p.advance(now)
		p.loop.out.flush()
	}
	return end
}
