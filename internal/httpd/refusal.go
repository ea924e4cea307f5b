package httpd

// Refusal is why a connection was closed without being served. Its text is a
// label of the metrics.
type Refusal uint8

// All the reasons there are.
const (
	// RefusedUnknown spoke nothing that we know, or what this server does
	// not speak.
	RefusedUnknown Refusal = iota
	// RefusedSlow did not say in time what it is.
	RefusedSlow
	// RefusedGone left before it said what it is, as port scanners do.
	RefusedGone
	// RefusedHandshake failed to agree on TLS, such as over a certificate
	// that the client does not trust.
	RefusedHandshake
	// RefusedProxy came from a trusted proxy without a PROXY header, or with
	// a broken one.
	RefusedProxy
	// RefusedCrowded came from an address that has too many connections open.
	RefusedCrowded

	refusals = iota
)

// String implements fmt.Stringer.
func (r Refusal) String() string {
	return [refusals]string{"unknown", "slow", "gone", "tls", "proxy", "crowded"}[r]
}
