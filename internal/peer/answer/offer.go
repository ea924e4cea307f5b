package answer

import (
	"slices"
	"strings"

	"github.com/pion/sdp/v3"
)

// Offer is a client's offer that was read and found fit for an answer.
type Offer struct {
	sections  []section
	bundle    []string  // the mids of the BUNDLE group, in its order
	transport transport // of the offerer-tagged section
}

// maxSessionAttributes bounds the session's a= lines that are read.
const maxSessionAttributes = 64

// Parse reads an offer. Every error is an *Error.
func Parse(text string) (*Offer, error) {
	if len(text) > MaxSDP {
		return nil, refuse(TooLarge, "it has %d bytes, %d are allowed; use fewer media sections or codecs", len(text), MaxSDP)
	}
	var d sdp.SessionDescription
	if err := d.UnmarshalString(text); err != nil {
		return nil, refuse(BadSDP, "it cannot be read: %v", err)
	}
	if n := len(d.MediaDescriptions); n > MaxMedia {
		return nil, refuse(TooManyMedia, "it has %d media sections, %d are allowed; reuse transceivers that were stopped", n, MaxMedia)
	}
	if len(d.MediaDescriptions) == 0 {
		return nil, refuse(NoMedia, "it has no media section; add a transceiver or a data channel first")
	}
	o := &Offer{}
	// Browsers have ten; each section looks through all of them.
	session := attributes(d.Attributes[:min(len(d.Attributes), maxSessionAttributes)])
	for _, md := range d.MediaDescriptions {
		sec, err := parseSection(md, session)
		if err != nil {
			return nil, err
		}
		o.sections = append(o.sections, sec)
	}
	for _, check := range []func(attributes) error{o.checkMIDs, o.checkBundle, o.checkTransport, o.checkExtensions} {
		if err := check(session); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// ICERestart reports whether the offer asks for an ICE restart of the session
// it continues (RFC 8839 §4.4.1.1.1): its answer needs new credentials.
func (o *Offer) ICERestart(previous *Session) bool {
	return previous != nil &&
		(previous.RemoteUfrag != o.transport.ufrag || previous.RemotePwd != o.transport.pwd)
}

func (o *Offer) checkMIDs(attributes) error {
	seen := make(map[string]bool, len(o.sections))
	for i := range o.sections {
		switch s := &o.sections[i]; {
		case s.mid == "" && s.disabled:
		case !isToken(s.mid) || len(s.mid) > maxMID:
			return refuse(BadSDP, "media section %d has no usable a=mid; give each one a short identifier", i)
		case seen[s.mid]:
			return refuse(BadSDP, "two media sections have the mid %q; identifiers must be unique", s.mid)
		default:
			seen[s.mid] = true
		}
	}
	return nil
}

// checkBundle takes the first BUNDLE group: all our media is on one transport.
func (o *Offer) checkBundle(session attributes) error {
	for _, group := range session.all("group") {
		if mids, ok := strings.CutPrefix(group, "BUNDLE"); ok {
			o.bundle = strings.Fields(mids)
			break
		}
	}
	for i := range o.sections {
		s := &o.sections[i]
		s.bundled = slices.Contains(o.bundle, s.mid)
		if s.disabled || !s.bundled {
			continue
		}
		if s.isRTP() && !s.rtcpMux {
			return refuse(NoRTCPMux, "media section %q has no a=rtcp-mux; RTP and RTCP must share one port (rtcpMuxPolicy \"require\")", s.mid)
		}
	}
	if len(o.bundle) == 0 {
		return refuse(NoBundle, "it has no BUNDLE group; all media must share one transport (bundlePolicy \"max-bundle\")")
	}
	return nil
}

// checkTransport reads ICE and DTLS parameters from the offerer-tagged section:
// the first of the BUNDLE group that is open (RFC 9143 §7.2.1).
func (o *Offer) checkTransport(session attributes) error {
	if _, lite := session.get("ice-lite"); lite {
		return refuse(ICELite, "it says a=ice-lite, as the server does: then nobody checks connectivity; the client must be a full ICE agent")
	}
	for _, mid := range o.bundle {
		i := slices.IndexFunc(o.sections, func(s section) bool { return s.mid == mid && !s.disabled })
		if i >= 0 {
			o.transport = o.sections[i].transport
			return o.transport.check()
		}
	}
	return refuse(NoMedia, "no media section of its BUNDLE group is open")
}

// checkExtensions looks for ids with two meanings: packets of all sections come
// on one transport, so an id must mean one thing (RFC 9143 §9.1).
func (o *Offer) checkExtensions(attributes) error {
	uris := make(map[uint8]string)
	for i := range o.sections {
		s := &o.sections[i]
		if s.disabled || !s.bundled {
			continue
		}
		for _, e := range s.extensions {
			if uri, ok := uris[e.id]; ok && uri != e.uri {
				return refuse(BadSDP, "header extension %d is %s in one media section and %s in another; ids must agree", e.id, uri, e.uri)
			}
			uris[e.id] = e.uri
		}
	}
	return nil
}
