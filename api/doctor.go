package api

// What the doctor of a server says of itself, as JSON over HTTP: see GET
// /api/doctor in docs/protocol.md. A client compares it with what it sees.

// DoctorInfo is the answer to GET /api/doctor.
type DoctorInfo struct {
	Version string `json:"version"` // the server's
	// Time is the server's clock, in milliseconds since the Unix epoch.
	Time   int64        `json:"time"`
	Client DoctorClient `json:"client"`
	Server DoctorServer `json:"server"`
	// ICEServers lead to this server alone; their credentials are good for
	// ten minutes and reach nothing but its own media.
	ICEServers []ICEServer `json:"ice_servers"`
	// Findings are what the server knows to be wrong with itself.
	Findings []Finding `json:"findings"`
}

// DoctorClient is who asks, as the server sees it.
type DoctorClient struct {
	// Address and port from which the request came.
	Address string `json:"address"`
	TLS     bool   `json:"tls"`
	// Proxied says that the request came through an HTTP proxy: Address is
	// the proxy's.
	Proxied bool `json:"proxied"`
}

// DoctorServer is where the server believes to be, and what it offers.
type DoctorServer struct {
	Host string `json:"host"` // by which the client calls it
	Port int    `json:"port"` // that it listens on, TCP and UDP
	// Addresses are those it tells in its answers to offers, with ports.
	Addresses []string `json:"addresses"`
	// BehindNAT is the address by which clients reach it though it is none
	// of its own and was not named by --public-ip.
	BehindNAT string `json:"behind_nat,omitempty"`
	TLS       bool   `json:"tls"`
	TURN      bool   `json:"turn"`
	// Relay says how TURN reaches other peers than this server: off, ports
	// or shared.
	Relay string `json:"relay"`
	// STUNAlternate is the second address for finding out about NATs (RFC
	// 5780).
	STUNAlternate string `json:"stun_alternate,omitempty"`
}

// DoctorProbeLabel is the data channel that POST /api/doctor/probe echoes.
const DoctorProbeLabel = "tutti-probe"
