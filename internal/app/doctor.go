package app

import (
	"cmp"
	"net/http"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/doctor"
)

// doctorLife is how long credentials open allocations that were given to somebody
// without a token.
const doctorLife = 10 * time.Minute

// place tells the doctor of this server as a client sees it (doctor.Options.Look).
func (s *Server) place(r *http.Request) doctor.Place {
	relay := s.config.Relay
	p := doctor.Place{Server: api.DoctorServer{
		Port: int(s.addr.Port()), TLS: s.where.tls, TURN: relay.Enabled(), Relay: cmp.Or(relay.Peers, "off"), Addresses: []string{},
	}}
	for _, a := range s.media.Addresses() {
		p.Server.Addresses = append(p.Server.Addresses, a.String())
	}
	if relay.STUNAlternate.IsValid() {
		_, alternate := s.mainAndAlternate(relay.STUNAlternate)
		p.Server.STUNAlternate = alternate.String()
	}
	if !relay.Enabled() {
		p.Findings = append(p.Findings, api.CauseTURNOff.Find())
	}
	c, ok := s.where.callOf(r)
	if !ok {
		return p
	}
	s.where.look(c)
	p.Server.Host, p.Proxied = c.host, c.proxied
	p.ICEServers, p.Reached = s.where.credited(c, doctorLife), c.ways()
	if _, behind := s.where.nat(); behind {
		// Only what this client itself called it by: another may have made
		// something up. Who called it by a name knows the address behind it.
		address := unknownAddress
		if c.reached.IsValid() {
			address = c.reached.Addr().String()
		}
		p.Server.BehindNAT = address
		p.Findings = append(p.Findings, api.CauseServerBehindNAT.Find("address", address, "port", s.addr.Port()))
	}
	return p
}

// unknownAddress stands in a finding for one that the client has to fill in.
const unknownAddress = "ADDRESS"
