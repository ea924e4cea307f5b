package probe

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/api"
)

// What is sent to measure a path: a second of sound.
const (
	packets      = 50
	packetPeriod = 20 * time.Millisecond
	packetBytes  = 200
	// lastWait is how long the last packets may take.
	lastWait = time.Second
)

// Path is how one way of media to the server fares.
type Path struct {
	Kind string `json:"path"` // such as PathUDP
	// Offered is false where the server has no such way: no TURN, or no TLS.
	Offered bool `json:"offered"`
	Works   bool `json:"works"`
	// Setup is how long it took until packets could be sent, RoundTrip what
	// one takes there and back (the median), Loss how many of a hundred did
	// not come back.
	Setup     Milliseconds `json:"setup_ms,omitempty"`
	RoundTrip Milliseconds `json:"round_trip_ms,omitempty"`
	Loss      float64      `json:"loss_percent"`
	Error     string       `json:"error,omitempty"`

	busy bool // the server takes no more probes now
}

// Milliseconds is a time for programs that read JSON.
type Milliseconds float64

func milliseconds(d time.Duration) Milliseconds {
	return Milliseconds(d.Round(10*time.Microsecond).Seconds() * 1000)
}

// errBusy says that the server takes no more probes for a while.
var errBusy = errors.New("the server takes no more probes from here for now")

// tryPath connects to the server's echo by one path only, and measures it.
func (x *examiner) tryPath(ctx context.Context, s *sight, kind pathKind, p *Path) {
	config := webrtc.Configuration{}
	if kind.scheme != "" {
		server, ok := s.servers().of(kind)
		if !ok {
			return
		}
		config.ICETransportPolicy = webrtc.ICETransportPolicyRelay
		config.ICEServers = []webrtc.ICEServer{{URLs: []string{server.url}, Username: server.username, Credential: server.credential}}
	}
	p.Offered = true
	begun := time.Now()
	e, err := x.connect(ctx, s, kind, config)
	if err != nil {
		p.Error, p.busy = plainError(err), errors.Is(err, errBusy)
		return
	}
	defer e.close()
	p.Setup = milliseconds(time.Since(begun))
	trips := e.measure(ctx)
	if len(trips) == 0 {
		p.Error = errSilent.Error()
		return
	}
	slices.Sort(trips)
	p.Works, p.RoundTrip = true, milliseconds(trips[len(trips)/2])
	p.Loss = 100 * float64(packets-len(trips)) / packets
}

// echo is a connection to the server's echo.
type echo struct {
	connection *webrtc.PeerConnection
	channel    *webrtc.DataChannel

	mu    sync.Mutex
	trips map[uint32]time.Duration // guarded by mu; by number
	full  chan struct{}            // closed when all have come back
}

// connect makes the connection, and waits until it is open.
func (x *examiner) connect(ctx context.Context, s *sight, kind pathKind, config webrtc.Configuration) (_ *echo, err error) {
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings(ctx, s, kind))).NewPeerConnection(config)
	if err != nil {
		return nil, err
	}
	e := &echo{connection: pc, trips: make(map[uint32]time.Duration, packets), full: make(chan struct{})}
	defer func() {
		if err != nil {
			e.close()
		}
	}()
	ordered, resends := false, uint16(0) // as media: what is lost stays lost
	if e.channel, err = pc.CreateDataChannel(api.DoctorProbeLabel, &webrtc.DataChannelInit{Ordered: &ordered, MaxRetransmits: &resends}); err != nil {
		return nil, err
	}
	open, failed := make(chan struct{}), make(chan struct{}, 1)
	e.channel.OnOpen(func() { close(open) })
	e.channel.OnMessage(func(m webrtc.DataChannelMessage) { e.back(m.Data) })
	pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateFailed {
			select {
			case failed <- struct{}{}:
			default:
			}
		}
	})
	if err = x.negotiate(ctx, s, kind, pc); err != nil {
		return nil, err
	}
	select {
	case <-open:
		return e, nil
	case <-failed:
		return nil, errSilent
	case <-ctx.Done():
		return nil, errSilent
	}
}

// negotiate offers the connection to the server and takes its answer, but for the
// candidates of other paths.
func (x *examiner) negotiate(ctx context.Context, s *sight, kind pathKind, pc *webrtc.PeerConnection) error {
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(offer); err != nil {
		return err
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return errSilent
	}
	local := pc.LocalDescription().SDP
	if kind.scheme != "" && !strings.Contains(local, "a=candidate:") {
		return errors.New("the relay gave no address")
	}
	answer, err := x.offer(ctx, s, local)
	if err != nil {
		return err
	}
	return pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: only(kind.candidates, answer)})
}

// offer sends an offer to the server's echo and returns its answer.
func (x *examiner) offer(ctx context.Context, s *sight, sdp string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url.JoinPath("/api/doctor/probe").String(), strings.NewReader(sdp))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/sdp")
	response, err := x.client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxInfo))
	switch {
	case err != nil:
		return "", err
	case response.StatusCode == http.StatusTooManyRequests, response.StatusCode == http.StatusServiceUnavailable:
		return "", errBusy
	case response.StatusCode != http.StatusCreated:
		return "", fmt.Errorf("the server refuses the probe: %s", strings.TrimSpace(string(body)))
	}
	return string(body), nil
}

// only leaves in an answer the candidates of one protocol.
func only(protocol, answer string) string {
	var kept strings.Builder
	for line := range strings.Lines(answer) {
		if fields := strings.Fields(line); strings.HasPrefix(line, "a=candidate:") && (len(fields) < 3 || !strings.EqualFold(fields[2], protocol)) {
			continue
		}
		kept.WriteString(line)
	}
	return kept.String()
}

// settings are those of a connection that takes one path only.
func settings(ctx context.Context, s *sight, kind pathKind) webrtc.SettingEngine {
	var e webrtc.SettingEngine
	e.LoggerFactory = silent()
	e.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	e.SetRelayAcceptanceMinWait(0) // no better path is to come
	if s.remote.Addr().IsLoopback() {
		e.SetIncludeLoopbackCandidate(true)
		e.SetIPFilter(net.IP.IsLoopback)
	}
	if kind.name == PathTCP {
		e.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6})
	} else {
		e.DisableActiveTCP(true)
	}
	if kind.transport == "tcp" {
		e.SetICEProxyDialer(streamDialer{ctx, kind.scheme == "turns"})
	}
	return e
}

func silent() logging.LoggerFactory {
	return &logging.DefaultLoggerFactory{Writer: io.Discard, DefaultLogLevel: logging.LogLevelDisabled}
}

// measure sends packets as a voice does, and returns how long those took that came
// back.
func (e *echo) measure(ctx context.Context) []time.Duration {
	tick := time.NewTicker(packetPeriod)
	defer tick.Stop()
	packet := make([]byte, packetBytes)
	for n := range uint32(packets) {
		binary.BigEndian.PutUint32(packet, n)
		binary.BigEndian.PutUint64(packet[4:], uint64(time.Now().UnixNano()))
		if e.channel.Send(packet) != nil {
			break
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	ctx, cancel := context.WithTimeout(ctx, lastWait)
	defer cancel()
	select {
	case <-e.full:
	case <-ctx.Done():
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	trips := make([]time.Duration, 0, len(e.trips))
	for _, trip := range e.trips {
		trips = append(trips, trip)
	}
	return trips
}

// back takes what comes back.
func (e *echo) back(packet []byte) {
	if len(packet) != packetBytes {
		return
	}
	trip := time.Duration(time.Now().UnixNano() - int64(binary.BigEndian.Uint64(packet[4:])))
	e.mu.Lock()
	defer e.mu.Unlock()
	n := binary.BigEndian.Uint32(packet)
	if _, twice := e.trips[n]; twice || n >= packets {
		return
	}
	e.trips[n] = trip
	if len(e.trips) == packets {
		close(e.full)
	}
}

func (e *echo) close() { _ = e.connection.GracefulClose() }
