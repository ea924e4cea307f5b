package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/api"
)

// directLabel names the data channel on which two clients talk to each other.
const directLabel = "tutti-direct"

// maxEarly bounds the candidates that came before their description.
const maxEarly = 64

// directPeer is the connection to one other client: four m-lines both ways,
// candidates trickled through the server (RFC 8838), and a channel on which the
// two tell each other what they receive. It makes no judgement of itself;
// directLink does.
type directPeer struct {
	// Constant.
	options directPeerOptions
	pc      *webrtc.PeerConnection
	channel *webrtc.DataChannel
	lines   []*directLine

	// Owned by the link's loop.
	early   []webrtc.ICECandidateInit
	ownPath api.Path

	mu       sync.Mutex // guards the following
	open     bool       // a message went there and back
	heard    time.Time  // when the last answer to a ping came
	peerPath api.Path   // by which the other end receives
	broken   bool       // ICE or DTLS has failed
}

// directPeerOptions are what a directPeer needs. Its functions must not block.
type directPeerOptions struct {
	engine  *Engine
	start   api.DirectStart
	stun    []webrtc.ICEServer
	send    func(api.Message)                             // through the server
	changed func()                                        // something of the state did
	track   func(line *directLine, t *webrtc.TrackRemote) // media began to arrive
}

// channelMessage is what the two ends say to each other.
type channelMessage struct {
	Ping *float64 `json:"ping,omitempty"`
	Pong *float64 `json:"pong,omitempty"`
	Path api.Path `json:"path,omitempty"`
}

func newDirectPeer(o directPeerOptions) (*directPeer, error) {
	pc, err := o.engine.api.NewPeerConnection(webrtc.Configuration{
		BundlePolicy: webrtc.BundlePolicyMaxBundle,
		ICEServers:   o.stun,
	})
	if err != nil {
		return nil, err
	}
	p := &directPeer{options: o, pc: pc, ownPath: api.PathSFU, peerPath: api.PathSFU}
	if err := p.furnish(); err != nil {
		return nil, errors.Join(err, pc.Close())
	}
	pc.OnICECandidate(p.sendCandidate)
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateFailed || s == webrtc.PeerConnectionStateClosed {
			p.mu.Lock()
			p.broken = true
			p.mu.Unlock()
		}
		o.changed()
	})
	pc.OnTrack(p.took)
	p.channel.OnOpen(p.ping)
	p.channel.OnMessage(func(m webrtc.DataChannelMessage) {
		if m.IsString {
			p.receive(m.Data)
		}
	})
	return p, nil
}

// furnish makes the m-lines. One who answers has them ready, too, so that each
// meets the offer's of its kind in the same order (RFC 9429 §5.10).
func (p *directPeer) furnish() error {
	for _, origin := range directOrigins {
		t, err := p.pc.AddTransceiverFromKind(kindOf(origin), webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendrecv})
		if err != nil {
			return err
		}
		p.lines = append(p.lines, &directLine{origin: origin, transceiver: t})
	}
	negotiated, id := true, uint16(0)
	channel, err := p.pc.CreateDataChannel(directLabel, &webrtc.DataChannelInit{Negotiated: &negotiated, ID: &id})
	p.channel = channel
	return err
}

// took is called when media begin to arrive.
func (p *directPeer) took(t *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	if !p.options.engine.lean {
		go drain(receiver)
	}
	for _, line := range p.lines {
		if line.transceiver.Receiver() != receiver {
			continue
		}
		line.arrived.Store(true)
		if t.Kind() == webrtc.RTPCodecTypeVideo {
			// The stream has run before anybody looked.
			_ = p.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(t.SSRC())}})
		}
		p.options.track(line, t)
	}
	p.options.changed()
}

// line returns the m-line of an origin, or nil.
func (p *directPeer) line(origin api.Origin) *directLine {
	for _, line := range p.lines {
		if line.origin == origin {
			return line
		}
	}
	return nil
}

// offer makes the first description.
func (p *directPeer) offer() error {
	offer, err := p.pc.CreateOffer(nil)
	if err != nil {
		return fmt.Errorf("offer a direct connection: %w", err)
	}
	return p.describe(offer)
}

func (p *directPeer) describe(d webrtc.SessionDescription) error {
	if err := p.pc.SetLocalDescription(d); err != nil {
		return fmt.Errorf("take the own description of a direct connection: %w", err)
	}
	p.options.send(&api.Direct{
		Session: p.options.start.Session, SDPType: d.Type.String(), SDP: p.pc.LocalDescription().SDP,
	})
	return nil
}

// handle takes a message of the other end.
func (p *directPeer) handle(m *api.Direct) error {
	if m.SDP != "" {
		if err := p.takeDescription(webrtc.NewSDPType(m.SDPType), m.SDP); err != nil {
			return fmt.Errorf("take the other's description of a direct connection: %w", err)
		}
	}
	if c := m.Candidate; c != nil && c.Candidate != "" {
		p.takeCandidate(webrtc.ICECandidateInit{
			Candidate: c.Candidate, SDPMid: c.SDPMid, SDPMLineIndex: c.SDPMLineIndex, UsernameFragment: c.UsernameFragment,
		})
	}
	return nil
}

func (p *directPeer) takeDescription(kind webrtc.SDPType, sdp string) error {
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: kind, SDP: sdp}); err != nil {
		return err
	}
	early := p.early
	p.early = nil
	for _, c := range early {
		p.takeCandidate(c)
	}
	if kind == webrtc.SDPTypeOffer {
		answer, err := p.pc.CreateAnswer(nil)
		if err != nil {
			return err
		}
		if err := p.describe(answer); err != nil {
			return err
		}
	}
	for _, line := range p.lines {
		line.negotiated()
	}
	return nil
}

// takeCandidate takes a candidate. One that is of no use here, such as one with
// a name instead of an address, is no reason to give up.
func (p *directPeer) takeCandidate(c webrtc.ICECandidateInit) {
	if p.pc.RemoteDescription() != nil {
		_ = p.pc.AddICECandidate(c)
	} else if len(p.early) < maxEarly {
		p.early = append(p.early, c)
	}
}

func (p *directPeer) sendCandidate(c *webrtc.ICECandidate) {
	if c == nil {
		return
	}
	init := c.ToJSON()
	p.options.send(&api.Direct{Session: p.options.start.Session, Candidate: &api.Candidate{
		Candidate: init.Candidate, SDPMid: init.SDPMid, SDPMLineIndex: init.SDPMLineIndex, UsernameFragment: init.UsernameFragment,
	}})
}

// receive takes what the other end says on the channel.
func (p *directPeer) receive(b []byte) {
	var m channelMessage
	if json.Unmarshal(b, &m) != nil {
		return
	}
	switch {
	case m.Ping != nil:
		p.say(channelMessage{Pong: m.Ping})
		return
	case m.Pong != nil:
		p.mu.Lock()
		p.open, p.heard = true, time.Now()
		p.mu.Unlock()
	case m.Path == api.PathP2P || m.Path == api.PathSFU || m.Path == api.PathMCU:
		p.mu.Lock()
		p.peerPath = m.Path
		p.mu.Unlock()
	}
	p.options.changed()
}

// ping asks for an answer; what it says is of no meaning.
func (p *directPeer) ping() {
	now := float64(time.Now().UnixMilli())
	p.say(channelMessage{Ping: &now})
}

// say sends a message; one that the channel can't take is lost.
func (p *directPeer) say(m channelMessage) {
	if b, err := json.Marshal(m); err == nil {
		_ = p.channel.SendText(string(b))
	}
}

// setPath tells the other end by which path one receives, if that is news.
func (p *directPeer) setPath(path api.Path) {
	if p.isOpen() && p.ownPath != path {
		p.ownPath = path
		p.say(channelMessage{Path: path})
	}
}

// isOpen reports whether a message went there and back.
func (p *directPeer) isOpen() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open
}

// isBroken reports whether ICE or DTLS has failed.
func (p *directPeer) isBroken() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.broken
}

// othersPath returns by which path the other end receives.
func (p *directPeer) othersPath() api.Path {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.peerPath
}

// silence returns for how long no answer to a ping has come.
func (p *directPeer) silence() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Since(p.heard)
}

// close ends the connection and waits for its goroutines.
func (p *directPeer) close() {
	for _, line := range p.lines {
		if t := line.carried.Swap(nil); t != nil {
			t.leaveDirect()
		}
	}
	_ = p.pc.GracefulClose()
}
