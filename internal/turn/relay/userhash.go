package relay

import "crypto/sha256"

// maxHashes bounds the users that can be found by their hash; the oldest are
// forgotten.
const maxHashes = 1 << 14

// hashBook finds users by USERHASH (RFC 8489 §14.4), which says who it is only to
// those who know the name already.
type hashBook struct {
	names map[[sha256.Size]byte]string
	order [][sha256.Size]byte // a ring, once it is full
	next  int
}

// userhash is what a client says instead of its name.
func userhash(name, realm string) []byte {
	digest := sha256.Sum256([]byte(name + ":" + realm))
	return digest[:]
}

func (b *hashBook) add(name, realm string) {
	digest := [sha256.Size]byte(userhash(name, realm))
	if _, known := b.names[digest]; known {
		return
	}
	if b.names == nil {
		b.names = make(map[[sha256.Size]byte]string)
	}
	if len(b.order) < maxHashes {
		b.order = append(b.order, digest)
	} else {
		delete(b.names, b.order[b.next])
		b.order[b.next] = digest
		b.next = (b.next + 1) % maxHashes
	}
	b.names[digest] = name
}

// name returns whose hash it is, or "".
func (b *hashBook) name(digest [sha256.Size]byte) string { return b.names[digest] }

// Introduce names a user, so that it may come by its USERHASH.
func (s *Server) Introduce(username string) {
	if s.opts.Anonymity {
		s.hashes.add(username, s.opts.Realm)
	}
}
