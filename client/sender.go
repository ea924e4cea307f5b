package client

import (
	"sync/atomic"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

// sender is one sending m-line.
type sender struct {
	transceiver *webrtc.RTPTransceiver // constant
	rids        []string               // constant; one empty string without simulcast

	track   *LocalTrack // guarded by Room.media; nil when free
	started bool        // guarded by Room.media
	refused error       // guarded by Room.media

	carried atomic.Pointer[LocalTrack] // track, for the RTCP goroutines
}

// addSender prepares a sending m-line.
func (p *peer) addSender(kind webrtc.RTPCodecType) error {
	t, err := p.pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		return err
	}
	p.senders = append(p.senders, &sender{transceiver: t, rids: []string{""}})
	return nil
}

// place gives t a sender and reports whether an offer must follow.
func (p *peer) place(t *LocalTrack) (bool, error) {
	first := t.layers[0].track
	if len(t.options.Layers) == 0 {
		for _, s := range p.senders {
			if s.track != nil || s.refused != nil || s.rids[0] != "" || s.transceiver.Kind() != first.Kind() {
				continue
			}
			if err := s.transceiver.Sender().ReplaceTrack(first); err != nil {
				return false, err
			}
			s.carry(t)
			return s.transceiver.Mid() == "", nil
		}
	}
	transceiver, err := p.pc.AddTransceiverFromTrack(first, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		return false, err
	}
	s := &sender{transceiver: transceiver}
	for i, l := range t.layers {
		s.rids = append(s.rids, l.rid)
		if i == 0 {
			continue
		}
		if err := transceiver.Sender().AddEncoding(l.track); err != nil {
			return false, err
		}
	}
	s.carry(t)
	p.senders = append(p.senders, s)
	return true, nil
}

// release frees the sender of t. One with simulcast can't be used again.
func (p *peer) release(t *LocalTrack) {
	if s := p.senderOf(t); s != nil {
		s.carry(nil)
		_ = s.transceiver.Sender().ReplaceTrack(nil)
	}
}

func (p *peer) senderOf(t *LocalTrack) *sender {
	for _, s := range p.senders {
		if s.track == t {
			return s
		}
	}
	return nil
}

func (s *sender) carry(t *LocalTrack) {
	s.track = t
	s.carried.Store(t)
}

// start reads the sender's RTCP once it was negotiated, until the connection
// closes.
func (s *sender) start() {
	if s.started || s.refused != nil {
		return
	}
	s.started = true
	for _, rid := range s.rids {
		go s.readRTCP(rid)
	}
}

func (s *sender) readRTCP(rid string) {
	read := s.transceiver.Sender().Read
	if rid != "" {
		read = func(b []byte) (int, interceptor.Attributes, error) {
			return s.transceiver.Sender().ReadSimulcast(b, rid)
		}
	}
	b := make([]byte, 1500)
	for {
		n, _, err := read(b)
		if err != nil {
			return
		}
		packets, err := rtcp.Unmarshal(b[:n])
		if err != nil {
			continue
		}
		for _, p := range packets {
			if t := s.carried.Load(); asksForKeyFrame(p) && t != nil && t.options.KeyFrame != nil {
				t.options.KeyFrame(rid)
			}
		}
	}
}

func asksForKeyFrame(p rtcp.Packet) bool {
	switch p.(type) {
	case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
		return true
	}
	return false
}

// extensions returns the ids negotiated for the sender's header extensions.
func (s *sender) extensions() *extensionIDs { return extensionsOf(s.transceiver.Sender()) }

func extensionsOf(s *webrtc.RTPSender) *extensionIDs {
	x := &extensionIDs{}
	for _, e := range s.GetParameters().HeaderExtensions {
		switch e.URI {
		case sdp.SDESMidURI:
			x.mid = uint8(e.ID)
		case sdp.SDESRTPStreamIDURI:
			x.rid = uint8(e.ID)
		case sdp.AudioLevelURI:
			x.level = uint8(e.ID)
		}
	}
	return x
}
