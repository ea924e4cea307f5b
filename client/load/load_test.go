package load

import (
	"context"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"go.uber.org/goleak"

	"github.com/tutti-rtc/tutti/internal/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestHistogramAgreesWithSorting(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	var h histogram
	var all []time.Duration
	for range 10_000 {
		d := time.Duration(random.ExpFloat64() * float64(3*time.Millisecond))
		h.add(d)
		all = append(all, d)
	}
	slices.Sort(all)
	q := h.quantiles()
	for _, c := range []struct{ got, share float64 }{{q.P50, 0.5}, {q.P90, 0.9}, {q.P99, 0.99}, {q.Max, 1}} {
		want := all[int(c.share*float64(len(all)))-1].Seconds() * 1e3
		if c.got < want*0.93 || c.got > want*1.07 {
			t.Errorf("quantile %g is %g ms, want %g", c.share, c.got, want)
		}
	}
	if h.reset(); h.quantiles() != (Quantiles{}) {
		t.Error("a reset histogram is not empty")
	}
}

func TestBucketsAreInOrder(t *testing.T) {
	for i := 1; i < 900; i++ {
		if lower(i) <= lower(i-1) || bucket(lower(i)) != i || bucket(lower(i)-1) != i-1 {
			t.Fatalf("bucket %d begins at %d", i, lower(i))
		}
	}
}

func TestStreamCountsLossAcrossTheWrap(t *testing.T) {
	s := newStream(rtpHeader{sequence: 65530})
	for i := range uint16(100) {
		if i == 50 || i == 51 {
			continue
		}
		s.count(rtpHeader{sequence: 65530 + i})
	}
	if s.expected() != 100 || s.received.Load() != 98 {
		t.Errorf("%d of %d packets", s.received.Load(), s.expected())
	}
}

func TestSourceMakesVP8ThatAServerCanRead(t *testing.T) {
	s := NewSource(1_500_000)
	var header wire.VP8Descriptor
	packets, bytes := 0, 0
	for frame := range 300 {
		if frame == 100 {
			s.RequestKeyFrame()
		}
		first := true
		err := s.frame(func(p *rtp.Packet) error {
			if err := wire.ParseVP8(p.Payload, &header); err != nil {
				return err
			}
			if first != header.FrameStart() || header.KeyFrame != (first && (frame == 0 || frame == 100)) {
				t.Errorf("frame %d: %+v", frame, header)
			}
			if _, ok := stamped(p.Payload); !ok {
				t.Error("a packet has no stamp")
			}
			first = false
			packets++
			bytes += len(p.Payload)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if rate := bytes * 8 / 10; rate < 1_450_000 || rate > 1_550_000 || packets < 1650 || packets > 1850 {
		t.Errorf("10 s have %d packets and %d bit/s", packets, rate)
	}
}

func TestReadUsage(t *testing.T) {
	u, err := ReadUsage(os.Getpid())
	if err != nil || u.Memory < 1e6 {
		t.Errorf("this test uses %+v, %v", u, err)
	}
	if _, err := ReadUsage(-1); err == nil {
		t.Error("a process that can't be has its usage")
	}
}

// pionTarget is Pion's PeerConnection as the server, one per viewer.
type pionTarget struct{ t *testing.T }

func (p pionTarget) Publish(context.Context, int, *Source) (func(), error) { return func() {}, nil }

func (p pionTarget) Join(ctx context.Context, _ int, v *Viewer) (func(), error) {
	pc, audio, video := p.peer(v.Offer(1, 1))
	source := NewSource(500_000)
	running, stop := context.WithCancel(context.Background())
	var sending sync.WaitGroup
	sending.Go(func() { _ = source.Run(running, video.WriteRTP, audio.WriteRTP) })
	leave := func() {
		stop()
		sending.Wait()
		if err := pc.GracefulClose(); err != nil {
			p.t.Error(err)
		}
	}
	if err := v.Connect(ctx, pc.LocalDescription().SDP); err != nil {
		leave()
		return nil, err
	}
	return leave, nil
}

// peer answers an offer of one audio and one video slot.
func (p pionTarget) peer(offer string) (pc *webrtc.PeerConnection, audio, video *webrtc.TrackLocalStaticRTP) {
	check := func(err error) {
		if err != nil {
			p.t.Error(err)
		}
	}
	var s webrtc.SettingEngine
	s.SetLite(true)
	s.SetIncludeLoopbackCandidate(true)
	s.SetIPFilter(net.IP.IsLoopback)
	check(s.SetAnsweringDTLSRole(webrtc.DTLSRoleServer))
	m := &webrtc.MediaEngine{}
	check(m.RegisterDefaultCodecs())
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithSettingEngine(s)).NewPeerConnection(webrtc.Configuration{})
	check(err)
	track := func(mime string) *webrtc.TrackLocalStaticRTP {
		t, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, mime[:5], "test")
		check(err)
		_, err = pc.AddTransceiverFromTrack(t, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		check(err)
		return t
	}
	audio, video = track(webrtc.MimeTypeOpus), track(webrtc.MimeTypeVP8)
	check(pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}))
	answer, err := pc.CreateAnswer(nil)
	check(err)
	gathered := webrtc.GatheringCompletePromise(pc)
	check(pc.SetLocalDescription(answer))
	<-gathered
	return pc, audio, video
}

func TestRunAgainstPion(t *testing.T) {
	report, err := Run(t.Context(), "pion", Options{
		Target: pionTarget{t}, Publishers: 1, Bitrate: 500_000, Viewers: 2,
		Duration: time.Second, ServerPID: os.Getpid(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if report.Joined != 2 || report.Packets == 0 || report.Latency.Count == 0 || report.Undecryptable != 0 || report.FirstPacket.Count != 2 {
		t.Errorf("%+v", *report)
	}
}

// deafTarget never answers.
type deafTarget struct{}

func (deafTarget) Publish(context.Context, int, *Source) (func(), error) { return func() {}, nil }

func (deafTarget) Join(ctx context.Context, _ int, v *Viewer) (func(), error) {
	ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	v.ufrag = "deaf"
	if err := v.open(remote{ufrag: "x", pwd: "y", address: netip.MustParseAddrPort("127.0.0.1:9")}); err != nil {
		return nil, err
	}
	return nil, v.connect(ctx)
}

func TestRunReportsThoseWhoCouldNotJoin(t *testing.T) {
	report, err := Run(t.Context(), "deaf", Options{Target: deafTarget{}, Viewers: 3, JoinRate: 1000, Duration: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if report.Joined != 0 || len(report.Failures) != 1 {
		t.Errorf("%+v", *report)
	}
}

func TestParseRemote(t *testing.T) {
	head := "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=ice-ufrag:u\r\na=ice-pwd:p\r\n"
	for text, want := range map[string]string{
		head + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=candidate:1 1 udp 1 10.0.0.1 5000 typ host\r\na=candidate:2 1 udp 1 127.0.0.1 5000 typ host\r\n": "127.0.0.1:5000",
		head + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=candidate:1 1 tcp 1 127.0.0.1 5000 typ host tcptype passive\r\n":                                 "",
		head + "m=audio 0 UDP/TLS/RTP/SAVPF 111\r\na=candidate:1 1 udp 1 127.0.0.1 5000 typ host\r\n":                                                 "",
		"nonsense": "",
	} {
		r, _, err := parseRemote(text)
		if (err == nil) != (want != "") || err == nil && r.address.String() != want {
			t.Errorf("%q leads to %v, %v", text, r, err)
		}
	}
}

// BenchmarkViewer is what one forwarded packet costs the load tool beyond the
// kernel.
func BenchmarkViewer(b *testing.B) {
	v := newViewer(identity{}, 1, new(histogram))
	packet := make([]byte, 1200)
	packet[0], packet[1] = 0x80, vp8Type
	now := time.Now()
	for i := 0; b.Loop(); i++ {
		packet[2], packet[3] = byte(i>>8), byte(i)
		v.handle(&now, packet)
	}
}
