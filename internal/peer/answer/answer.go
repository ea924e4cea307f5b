package answer

import (
	"slices"

	"github.com/tutti-rtc/tutti/internal/media"
)

// Answer agrees on what offer and server have in common. A section that the
// server can't take is turned down alone, and listed in Session.Refused. Every
// error is an *Error.
func (o *Offer) Answer(l Local) (*Session, error) {
	if err := o.continues(l.Previous); err != nil {
		return nil, err
	}
	s := &Session{
		RemoteUfrag:  o.transport.ufrag,
		RemotePwd:    o.transport.pwd,
		ICERestart:   o.ICERestart(l.Previous),
		Fingerprints: o.transport.fingerprints,
	}
	haveData := false
	for i := range o.sections {
		sec := &o.sections[i]
		m, refusal := sec.negotiate()
		if m.Role == Data && haveData {
			m.Role, refusal = Rejected, refuse(UnsupportedMedia, "one data section is enough for all data channels")
		}
		haveData = haveData || m.Role == Data
		if refusal != nil {
			s.Refused = append(s.Refused, Refusal{MID: sec.mid, Code: refusal.Code, Text: refusal.Text})
		}
		s.Extensions.merge(m.Extensions)
		s.Media = append(s.Media, m)
	}
	if !slices.ContainsFunc(s.Media, func(m Media) bool { return m.Role != Rejected }) {
		return nil, nothingLeft(s.Refused)
	}
	o.assignSSRCs(s, l)
	s.id, s.version = sessionVersion(l)
	return s, o.write(s, l)
}

// continues checks that an offer goes on where the last one ended: sections
// stay in place, and only closed ones are used again (RFC 9429 §5.2.2). The
// certificate tells a connection that was made anew, perhaps in the same shape,
// from an ICE restart: its DTLS begins anew too (RFC 8842 §5.1).
func (o *Offer) continues(previous *Session) error {
	if previous == nil {
		return nil
	}
	if !slices.ContainsFunc(o.transport.fingerprints, func(f Fingerprint) bool { return slices.Contains(previous.Fingerprints, f) }) {
		return refuse(MediaChanged, "its DTLS certificate is not that of the last; another connection begins with an offer of its own")
	}
	if len(o.sections) < len(previous.Media) {
		return refuse(MediaChanged, "it has %d media sections, the last had %d; sections are closed, never removed", len(o.sections), len(previous.Media))
	}
	for i := range previous.Media {
		was, is := &previous.Media[i], &o.sections[i]
		if was.Role == Rejected || is.disabled {
			continue
		}
		if was.MID != is.mid || was.Kind != is.mediaKind() {
			return refuse(MediaChanged, "media section %d was %s %q and is now %s %q; open sections stay in place", i, was.Kind, was.MID, is.kind, is.mid)
		}
	}
	return nil
}

// negotiate agrees on one section, or says why not.
func (s *section) negotiate() (Media, *Error) {
	m := Media{MID: s.mid, Kind: s.mediaKind()}
	switch {
	case s.disabled:
		return m, nil
	case !s.supported():
		return m, refuse(UnsupportedMedia, "media section %q is of a kind or protocol (%.20s) that the server does not speak; it takes audio and video over DTLS-SRTP, and data channels", s.mid, s.kind)
	case !s.bundled:
		return m, refuse(NoBundle, "media section %q is not in the BUNDLE group; all media must share one transport", s.mid)
	case !s.isRTP():
		m.Role, m.SCTPPort, m.MaxMessageSize = Data, s.sctpPort, s.maxMessage
		return m, nil
	}
	role := s.role()
	m.Extensions, m.extmaps = acceptExtensions(s.extensions, m.Kind, role)
	m.Codecs = acceptCodecs(s.formats, m.Kind, m.Extensions.TransportCC != 0)
	if len(m.Codecs) == 0 {
		return Media{MID: s.mid, Kind: m.Kind}, refuse(NoCommonCodec, "media section %q offers no %s codec that the server forwards: %s", s.mid, m.Kind, known(m.Kind))
	}
	m.Role, m.ReducedSize, m.ExtmapAllowMixed = role, s.rtcpRsize, s.mixed
	if role == Send {
		return m, nil
	}
	// While inactive too: without its answer the client forgets its layers.
	m.SSRCs = s.ssrcs
	if m.Extensions.MID != 0 && m.Extensions.RID != 0 { // RFC 8852: how packets name them
		m.RIDs = s.rids
	}
	return m, nil
}

// role returns what a section of audio or video is for. A client that would
// send and receive in one section sends: it gets its slots from others.
func (s *section) role() Role {
	switch s.direction {
	case "inactive":
		return Inactive
	case "recvonly":
		return Send
	}
	return Receive
}

func known(k media.Kind) string {
	if k == media.Audio {
		return "Opus, and RED with it"
	}
	return "VP8, VP9 (profiles 0 and 2), H.264 (baseline, main, high), AV1 (main)"
}

// nothingLeft says why no section could be accepted.
func nothingLeft(refused []Refusal) error {
	if len(refused) == 0 {
		return refuse(NoMedia, "all its media sections are closed")
	}
	return &Error{Code: refused[0].Code, Text: refused[0].Text}
}

// assignSSRCs gives each slot its SSRCs: those of before, else new ones that
// nobody in this session uses.
func (o *Offer) assignSSRCs(s *Session, l Local) {
	used := map[uint32]bool{0: true}
	for i := range o.sections {
		for _, ssrc := range o.sections[i].ssrcs {
			used[ssrc.Media], used[ssrc.RTX] = true, true
		}
	}
	if l.Previous != nil {
		for i, was := range l.Previous.Media {
			if is := &s.Media[i]; is.Role != Rejected && is.MID == was.MID {
				is.SSRC, is.RTXSSRC = was.SSRC, was.RTXSSRC
			}
			used[was.SSRC], used[was.RTXSSRC] = true, true
		}
	}
	fresh := func() uint32 {
		ssrc := l.NewSSRC()
		for used[ssrc] {
			ssrc++
		}
		used[ssrc] = true
		return ssrc
	}
	for i := range s.Media {
		m := &s.Media[i]
		if m.Role != Send {
			continue
		}
		if m.SSRC == 0 {
			m.SSRC = fresh()
		}
		hasRTX := slices.ContainsFunc(m.Codecs, func(c Codec) bool { return c.RTX != 0 })
		if hasRTX && m.RTXSSRC == 0 {
			m.RTXSSRC = fresh()
		}
	}
}

// sessionVersion returns the numbers of the o= line: the session's stays, the
// version grows with each answer (RFC 9429 §5.3.2).
func sessionVersion(l Local) (id, version uint64) {
	if p := l.Previous; p != nil {
		return p.id, p.version + 1
	}
	return uint64(l.NewSSRC())<<31 | uint64(l.NewSSRC())>>1, 1
}
