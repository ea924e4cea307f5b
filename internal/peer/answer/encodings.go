package answer

import (
	"slices"
	"strconv"
	"strings"
)

// parseSimulcast returns the RIDs that the client sends (RFC 8853 §5.1): of
// each stream its first alternative, if an a=rid line declares it.
func parseSimulcast(a attributes) []string {
	var declared []string
	for _, line := range a.all("rid") {
		if f := strings.Fields(line); len(f) >= 2 && f[1] == "send" && isRID(f[0]) && len(declared) < maxDeclared {
			declared = append(declared, f[0])
		}
	}
	line, _ := a.get("simulcast")
	fields := strings.Fields(line)
	send := slices.Index(fields, "send")
	if send < 0 || send+1 >= len(fields) {
		return nil
	}
	var rids []string
	for stream := range strings.SplitSeq(fields[send+1], ";") {
		if len(rids) == MaxRIDs {
			break
		}
		rid, _, _ := strings.Cut(stream, ",")
		rid = strings.TrimPrefix(rid, "~") // paused at the start
		if slices.Contains(declared, rid) && !slices.Contains(rids, rid) {
			rids = append(rids, rid)
		}
	}
	return rids
}

// maxDeclared bounds the a=rid lines that are read of one section.
const maxDeclared = 32

// isRID reports whether s is an rid-id (RFC 8851 §10, with the "-" and "_" of
// its erratum) that fits a one-byte header extension.
func isRID(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= 16
}

// parseSSRCs returns the streams that the client announced (RFC 5576): in the
// order of the SIM group or, without one, of the lines; each with the SSRC
// that an FID group pairs with it.
func parseSSRCs(a attributes) []SSRC {
	var order, simulcast []uint32
	rtx := make(map[uint32]uint32)
	for _, line := range a.all("ssrc-group") {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		switch ssrcs := parseNumbers(fields[1:]); {
		case fields[0] == "FID" && len(ssrcs) == 2:
			rtx[ssrcs[0]] = ssrcs[1]
		case fields[0] == "SIM":
			simulcast = ssrcs
		}
	}
	for _, line := range a.all("ssrc") {
		first, _, _ := strings.Cut(line, " ")
		for _, ssrc := range parseNumbers([]string{first}) {
			if !slices.Contains(order, ssrc) && len(order) < maxSSRCs {
				order = append(order, ssrc)
			}
		}
	}
	if len(simulcast) > 0 {
		order = simulcast
	}
	repairs := make(map[uint32]bool, len(rtx))
	for _, r := range rtx {
		repairs[r] = true
	}
	var list []SSRC
	for _, ssrc := range order {
		if !repairs[ssrc] && len(list) < MaxRIDs {
			list = append(list, SSRC{Media: ssrc, RTX: rtx[ssrc]})
		}
	}
	return list
}

// maxSSRCs bounds the SSRCs that are read of one section.
const maxSSRCs = 32

func parseNumbers(fields []string) []uint32 {
	var list []uint32
	for _, f := range fields {
		if n, err := strconv.ParseUint(f, 10, 32); err == nil && n != 0 && len(list) < maxSSRCs {
			list = append(list, uint32(n))
		}
	}
	return list
}
