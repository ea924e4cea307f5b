package wire

// The limits of RFC 2198 §3's header fields, and how many redundant blocks of a
// packet are read.
const (
	maxREDOffset    = 1<<14 - 1
	maxREDLength    = 1<<10 - 1
	maxREDRedundant = 9
	redBlockHeader  = 4
)

// REDBlock is one encoding in a RED packet.
type REDBlock struct {
	PayloadType uint8 // 0 to 127
	// TimestampOffset is how much earlier than the packet's own timestamp
	// the block is, in ticks, up to 16383; 0 in the primary one.
	TimestampOffset uint16
	// Payload is up to 1023 bytes in a redundant block.
	Payload []byte
}

// RED is a packet with redundant audio (RFC 2198). It points into the payload it
// was read from.
type RED struct {
	Primary REDBlock

	redundant [maxREDRedundant]REDBlock
	count     int
}

const (
	errREDShort  ParseError = "red: payload ends inside its headers or blocks"
	errREDBlocks ParseError = "red: packet has more than 9 redundant blocks"
)

// Redundant returns the redundant blocks in the order of the packet: the oldest
// first.
func (r *RED) Redundant() []REDBlock { return r.redundant[:r.count] }

// ParseRED reads a RED payload into r. Blocks may be empty.
func ParseRED(payload []byte, r *RED) error {
	r.count = 0
	var lengths [maxREDRedundant]int
	rest := payload
	for {
		if len(rest) < 1 {
			return errREDShort
		}
		if rest[0]&0x80 == 0 {
			break
		}
		if len(rest) < redBlockHeader {
			return errREDShort
		}
		if r.count == maxREDRedundant {
			return errREDBlocks
		}
		r.redundant[r.count] = REDBlock{
			PayloadType:     rest[0] & 0x7F,
			TimestampOffset: uint16(rest[1])<<6 | uint16(rest[2])>>2,
		}
		lengths[r.count] = int(rest[2]&0x03)<<8 | int(rest[3])
		r.count++
		rest = rest[redBlockHeader:]
	}
	r.Primary = REDBlock{PayloadType: rest[0]}
	rest = rest[1:]
	for i := range r.count {
		n := lengths[i]
		if len(rest) < n {
			return errREDShort
		}
		r.redundant[i].Payload, rest = rest[:n:n], rest[n:]
	}
	r.Primary.Payload = rest
	return nil
}

// fits reports whether RFC 2198's header can describe b as redundant.
func (b *REDBlock) fits() bool {
	return b.TimestampOffset <= maxREDOffset && len(b.Payload) <= maxREDLength
}

// AppendRED appends a RED payload with these redundant blocks, oldest first, and
// this primary one. A redundant block that is too old or too long for RED's
// header is left out.
func AppendRED(dst []byte, redundant []REDBlock, primary REDBlock) []byte {
	for i := range redundant {
		if b := &redundant[i]; b.fits() {
			n := len(b.Payload)
			dst = append(dst, b.PayloadType|0x80, byte(b.TimestampOffset>>6),
				byte(b.TimestampOffset<<2)|byte(n>>8), byte(n))
		}
	}
	dst = append(dst, primary.PayloadType&0x7F)
	for i := range redundant {
		if b := &redundant[i]; b.fits() {
			dst = append(dst, b.Payload...)
		}
	}
	return append(dst, primary.Payload...)
}
