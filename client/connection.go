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

// connectionOf reads what a connection's statistics say.
func connectionOf(pc *webrtc.PeerConnection) Connection {
	c := Connection{State: pc.ConnectionState()}
	if c.State != webrtc.PeerConnectionStateConnected {
		return c
	}
	if pair, ok := pc.SCTP().Transport().ICETransport().GetSelectedCandidatePairStats(); ok {
		report := pc.GetStats()
		c.Local, c.Remote = candidateOf(report, pair.LocalCandidateID), candidateOf(report, pair.RemoteCandidateID)
	}
	return c
}

func candidateOf(report webrtc.StatsReport, id string) Candidate {
	s, ok := report[id].(webrtc.ICECandidateStats)
	if !ok {
		return Candidate{}
	}
	return Candidate{
		Type:     api.CandidateType(s.CandidateType.String()),
		Protocol: api.CandidateProtocol(s.Protocol),
		Relay:    api.RelayProtocol(s.RelayProtocol),
	}
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
