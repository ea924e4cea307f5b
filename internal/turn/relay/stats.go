package relay

// Stats counts since the start; Allocations is a gauge.
type Stats struct {
	Allocations int
	// Opened, Refused, Expired and Moved are allocations that began, that
	// were refused for lack of room or by quota, that were not refreshed in
	// time, and that followed their client to another address.
	Opened, Refused, Expired, Moved uint64
	Bindings                        uint64 // answered
	// Malformed are messages that are none, Challenged requests without
	// credentials or with an old nonce, Unauthorized those whose credentials
	// are wrong, Silenced those not answered because their source asked too
	// often.
	Malformed, Challenged, Unauthorized, Silenced uint64
	// Forbidden are peers that the policy refused.
	Forbidden uint64
	// Up and Down are packets relayed from and to clients, UpBytes and
	// DownBytes their payload.
	Up, Down, UpBytes, DownBytes uint64
	// Unpermitted are packets without a permission or channel, Limited those
	// above Options.Bandwidth, Ambiguous those that came to a shared port
	// from a peer whom several clients expect.
	Unpermitted, Limited, Ambiguous uint64
}

// Stats returns the counters so far.
func (s *Server) Stats() Stats {
	st := s.stats
	st.Allocations = len(s.byID)
	return st
}
