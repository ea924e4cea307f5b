package answer

import (
	"slices"
	"strconv"
	"strings"
)

// format is an offered payload format: a=rtpmap, a=fmtp and a=rtcp-fb of one
// payload type.
type format struct {
	payloadType uint8
	name        string // lower case
	clockRate   int
	channels    int // 1 if not given
	fmtp        string
	feedback    []string
}

// is reports whether the format has the name, clock rate and channels.
func (f *format) is(name string, clockRate, channels int) bool {
	return f.name == name && f.clockRate == clockRate && f.channels == channels
}

// parseFormats reads the formats of an m= line, in its order. Those without
// a=rtpmap, and broken ones, are left out: the server can't agree on them.
func parseFormats(list []string, a attributes) []format {
	var formats []format
	index := make(map[string]int, len(list))
	for _, line := range a.all("rtpmap") {
		pt, encoding, _ := strings.Cut(line, " ")
		n, err := strconv.ParseUint(pt, 10, 7)
		if _, twice := index[pt]; err != nil || twice {
			continue
		}
		f := format{payloadType: uint8(n), channels: 1}
		parts := strings.Split(strings.TrimSpace(encoding), "/")
		f.name = strings.ToLower(parts[0])
		if len(parts) > 1 {
			f.clockRate, _ = strconv.Atoi(parts[1])
		}
		if len(parts) > 2 {
			f.channels, _ = strconv.Atoi(parts[2])
		}
		index[pt] = len(formats)
		formats = append(formats, f)
	}
	for _, line := range a.all("fmtp") {
		pt, params, _ := strings.Cut(line, " ")
		if i, ok := index[pt]; ok {
			formats[i].fmtp = strings.TrimSpace(params)
		}
	}
	for _, line := range a.all("rtcp-fb") {
		pt, feedback, _ := strings.Cut(line, " ")
		if i, ok := index[pt]; ok {
			formats[i].addFeedback(feedback)
			continue
		}
		for i := range formats {
			if pt == "*" {
				formats[i].addFeedback(feedback)
			}
		}
	}
	return inOrder(list, formats, index)
}

// maxFeedback bounds the kinds of feedback that are kept of one format.
const maxFeedback = 16

func (f *format) addFeedback(value string) {
	if len(f.feedback) < maxFeedback {
		f.feedback = append(f.feedback, strings.TrimSpace(value))
	}
}

// inOrder returns the formats in the order of the m= line: that of preference.
func inOrder(list []string, formats []format, index map[string]int) []format {
	ordered := make([]format, 0, len(formats))
	for _, pt := range list {
		if i, ok := index[pt]; ok {
			ordered = append(ordered, formats[i])
			delete(index, pt)
		}
	}
	return ordered
}

// accepts reports whether the client offered a kind of feedback.
func (f *format) accepts(feedback string) bool { return slices.Contains(f.feedback, feedback) }

// param returns a format parameter of the form "key=value" (RFC 8866 §6.15).
func (f *format) param(key string) (string, bool) {
	for p := range strings.SplitSeq(f.fmtp, ";") {
		k, v, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.TrimSpace(k), key) {
			return strings.TrimSpace(v), true
		}
	}
	return "", false
}

// number returns a numeric format parameter, or missing if there is none; it
// is false if it is not a number from 0 to limit.
func (f *format) number(key string, missing, limit int) (int, bool) {
	v, ok := f.param(key)
	if !ok {
		return missing, true
	}
	n, err := strconv.ParseUint(v, 10, 31)
	return int(n), err == nil && n <= uint64(limit)
}
