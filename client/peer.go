package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/api"
)

// peer is one WebRTC connection to the server: what is sent, the pool of
// receiving slots, the data channels.
type peer struct {
	pc      *webrtc.PeerConnection   // constant
	slots   []*webrtc.RTPTransceiver // guarded by Room.media
	senders []*sender                // guarded by Room.media
	data    *channels                // constant; nil without data
	// Owned by the keeper.
	shown    map[string]api.SlotView // by slot, for the automatic view
	reported Candidate               // by which the server was told that media come

	approach approach // guarded by Room.mu
}

// lockMedia takes Room.media; the returned function gives it back.
func (r *Room) lockMedia(ctx context.Context) (func(), error) { return r.lock(ctx, r.media) }

// lock takes a lock of one while the room lives.
func (r *Room) lock(ctx context.Context, lock chan struct{}) (func(), error) {
	select {
	case lock <- struct{}{}:
		return func() { <-lock }, nil
	case <-r.ctx.Done():
		return nil, context.Cause(r.ctx)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// connectMedia makes the connection to the server, in the place of an earlier
// one, and publishes anew what was published on that.
func (r *Room) connectMedia(ctx context.Context) error {
	unlock, err := r.lockMedia(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	p, err := r.newPeer()
	if err != nil {
		return fmt.Errorf("make the media connection: %w", err)
	}
	r.mu.Lock()
	old := r.peer
	r.peer = p
	tracks := append([]*LocalTrack(nil), r.tracks...)
	r.mu.Unlock()
	if old != nil {
		old.close()
		r.state.forgetSlots()
	}
	for _, t := range tracks {
		if _, err := p.place(t); err != nil {
			return fmt.Errorf("publish %s again: %w", t.options.Codec, err)
		}
	}
	if len(p.pc.GetTransceivers()) > 0 || p.data != nil {
		if err := r.negotiate(ctx, p, nil); err != nil {
			return err
		}
	}
	for _, t := range tracks {
		if err := r.announce(ctx, p, t); err != nil {
			return err
		}
	}
	r.nudge()
	return nil
}

func (r *Room) newPeer() (*peer, error) {
	pc, err := r.engine.api.NewPeerConnection(webrtc.Configuration{BundlePolicy: webrtc.BundlePolicyMaxBundle})
	if err != nil {
		return nil, err
	}
	p := &peer{pc: pc}
	if err := r.furnish(p); err != nil {
		return nil, errors.Join(err, pc.Close())
	}
	pc.OnConnectionStateChange(func(webrtc.PeerConnectionState) {
		r.state.touch()
		r.nudge()
	})
	pc.OnTrack(func(t *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
		if !r.engine.lean {
			go drain(receiver)
		}
		if h := r.opts.Handlers.Track; h != nil {
			r.call(func() { h(&RemoteTrack{TrackRemote: t, room: r, pc: pc, slot: p.mid(receiver)}) })
		}
	})
	return p, nil
}

// furnish adds what the options ask for, in a fixed order: senders, slots,
// data.
func (r *Room) furnish(p *peer) error {
	for range r.opts.AudioSenders {
		if err := p.addSender(webrtc.RTPCodecTypeAudio); err != nil {
			return err
		}
	}
	for range r.opts.VideoSenders {
		if err := p.addSender(webrtc.RTPCodecTypeVideo); err != nil {
			return err
		}
	}
	if err := p.addSlots(r.opts.AudioSlots, r.opts.VideoSlots); err != nil {
		return err
	}
	if r.opts.Data {
		return r.openChannels(p)
	}
	return nil
}

func (p *peer) addSlots(audio, video int) error {
	for i := range audio + video {
		kind := webrtc.RTPCodecTypeAudio
		if i >= audio {
			kind = webrtc.RTPCodecTypeVideo
		}
		t, err := p.pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
		if err != nil {
			return err
		}
		p.slots = append(p.slots, t)
	}
	return nil
}

// negotiate sends an offer and takes the answer. If the answer does not come,
// the offer is taken back, so that a later one can be made.
func (r *Room) negotiate(ctx context.Context, p *peer, o *webrtc.OfferOptions) error {
	offer, err := p.pc.CreateOffer(o)
	if err != nil {
		return fmt.Errorf("make an offer: %w", err)
	}
	if err := p.pc.SetLocalDescription(offer); err != nil {
		return fmt.Errorf("take the own offer: %w", err)
	}
	// The server is ICE-lite and has all candidates in its answer, so the offer
	// need not wait for those of the client.
	reply, err := r.request(ctx, &api.Offer{SDP: p.pc.LocalDescription().SDP})
	if err != nil {
		return p.rollback(fmt.Errorf("negotiate the media connection: %w", err))
	}
	answer, ok := reply.(*api.Answer)
	if !ok {
		return p.rollback(fmt.Errorf("the server answered an offer with %s", reply.MessageType()))
	}
	for _, s := range p.senders {
		s.refused = nil
		for _, refusal := range answer.Refused {
			if refusal.MID == s.transceiver.Mid() {
				s.refused = api.Errorf(refusal.Code, "%s", refusal.Text)
			}
		}
	}
	if err := r.take(p, answer.SDP); err != nil {
		return fmt.Errorf("take the server's answer: %w", err)
	}
	for _, s := range p.senders {
		s.start()
	}
	return nil
}

// take takes the server's answer.
func (r *Room) take(p *peer, sdp string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var tcp []webrtc.ICECandidateInit
	if !p.approach.relayed && r.engine.only == "" {
		sdp, tcp = holdTCP(sdp)
	}
	err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: sdp})
	if err != nil {
		return err
	}
	p.approach.answered, p.approach.tcp = time.Now(), tcp
	if p.approach.begun.IsZero() && p.pc.ConnectionState() != webrtc.PeerConnectionStateConnected {
		p.approach.begun = p.approach.answered
	}
	r.nudge()
	return nil
}

func (p *peer) rollback(cause error) error {
	return errors.Join(cause, p.pc.SetLocalDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeRollback}))
}

// restartICE finds a new way to the server for the same connection (RFC 8445
// §9).
func (r *Room) restartICE(ctx context.Context) error {
	unlock, err := r.lockMedia(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	r.mu.Lock()
	p := r.peer
	r.mu.Unlock()
	return r.negotiate(ctx, p, &webrtc.OfferOptions{ICERestart: true})
}

// RestartICE finds a new way to the server for the running connection. The room
// does so by itself when the connection fails; a program that knows of a
// network change need not wait for that.
func (r *Room) RestartICE(ctx context.Context) error { return r.restartICE(ctx) }

// AddSlots makes the pool of receiving slots larger, by a negotiation.
func (r *Room) AddSlots(ctx context.Context, audio, video int) error {
	unlock, err := r.lockMedia(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	r.mu.Lock()
	p := r.peer
	r.mu.Unlock()
	if err := p.addSlots(audio, video); err != nil {
		return fmt.Errorf("add slots: %w", err)
	}
	if err := r.negotiate(ctx, p, nil); err != nil {
		return err
	}
	r.nudge()
	return nil
}

// Connected waits until media can flow between client and server.
func (r *Room) Connected(ctx context.Context) error {
	_, err := r.state.wait(ctx, r.done, func(api.Room) bool {
		return r.ConnectionState() == webrtc.PeerConnectionStateConnected
	})
	return err
}

// ConnectionState returns the state of the media connection.
func (r *Room) ConnectionState() webrtc.PeerConnectionState {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.peer == nil {
		return webrtc.PeerConnectionStateNew
	}
	return r.peer.pc.ConnectionState()
}

// mid returns the slot of a receiver.
func (p *peer) mid(receiver *webrtc.RTPReceiver) string {
	for _, t := range p.pc.GetTransceivers() {
		if t.Receiver() == receiver {
			return t.Mid()
		}
	}
	return ""
}

// drain reads a receiver's RTCP, which the interceptors see on the way.
func drain(receiver *webrtc.RTPReceiver) {
	b := make([]byte, 1500)
	for {
		if _, _, err := receiver.Read(b); err != nil {
			return
		}
	}
}

// close ends the connection and waits for its goroutines.
func (p *peer) close() { _ = p.pc.GracefulClose() }
