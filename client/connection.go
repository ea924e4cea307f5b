package client

import (
	"context"

	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/api"
)

// Connection tells by which way media go.
type Connection struct {
	State webrtc.PeerConnectionState
	// Local and Remote are the candidates in use; zero when there are none.
	Local, Remote Candidate
}

// Candidate is one end of a connection.
type Candidate struct {
	Type     api.CandidateType
	Protocol api.CandidateProtocol
	// Relay is how the relay is reached; empty without one, and for the other
	// end's.
	Relay api.RelayProtocol
}

// Connection returns by which way the media connection to the server goes.
func (r *Room) Connection() Connection {
	r.mu.Lock()
	p := r.peer
	r.mu.Unlock()
	if p == nil {
		return Connection{State: webrtc.PeerConnectionStateNew}
	}
	return connectionOf(p.pc)
}

// connectionOf says by which way a connection goes.
func connectionOf(pc *webrtc.PeerConnection) Connection {
	c := Connection{State: pc.ConnectionState()}
	if c.State != webrtc.PeerConnectionStateConnected {
		return c
	}
	pair, err := pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	if err == nil && pair != nil {
		c.Local, c.Remote = candidateOf(pair.Local), candidateOf(pair.Remote)
	}
	if c.Local.Type == api.CandidateRelay {
		c.Local.Relay = relayOf(pair.Local.Priority)
	}
	return c
}

func candidateOf(c *webrtc.ICECandidate) Candidate {
	return Candidate{Type: api.CandidateType(c.Typ.String()), Protocol: api.CandidateProtocol(c.Protocol.String())}
}

// relayOf reads from the priority of an own relayed candidate how the relay is
// reached. Pion puts it there, as the local preference (RFC 8445 §5.1.2.1); its
// statistics have it in words, but can't be asked while a connection closes.
func relayOf(priority uint32) api.RelayProtocol {
	switch priority >> 8 & 0xffff {
	case 0:
		return api.RelayTLS
	case 1:
		return api.RelayTCP
	case 2:
		return api.RelayDTLS
	}
	return api.RelayUDP
}

// cause returns what a connection by this candidate is a sign of.
func (c Candidate) cause() api.Cause {
	switch {
	case c.Relay == api.RelayTLS:
		return api.CauseTURNTLSFallback
	case c.Relay == api.RelayTCP:
		return api.CauseTURNTCPFallback
	case c.Type == api.CandidateRelay:
		return api.CauseTURNUDPFallback
	case c.Protocol == api.CandidateTCP:
		return api.CauseTCPFallback
	}
	return api.CauseOK
}

// reportWay tells the server, for its operator, by which way the connection has
// come up, if that is not the way it was last time.
func (r *Room) reportWay(ctx context.Context, p *peer) {
	c := connectionOf(p.pc).Local
	if c == p.reported || c == (Candidate{}) {
		return
	}
	err := r.do(ctx, &api.Report{Cause: c.cause(), Candidate: &api.SelectedCandidate{
		LocalType: c.Type, Protocol: c.Protocol, RelayProtocol: c.Relay,
	}})
	if err == nil {
		p.reported = c
	}
}
