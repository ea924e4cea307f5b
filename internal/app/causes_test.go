package app

import (
	"strings"
	"testing"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/httpd"
	"github.com/tutti-rtc/tutti/internal/room"
	"github.com/tutti-rtc/tutti/internal/signal"
)

// A refused join and a media path that never came up are both members who could
// not take part; a detour is not.
func TestFailuresAreCountedByCause(t *testing.T) {
	figures := make(map[string]float64)
	add := func(m httpd.Metric) {
		key := m.Name
		for _, label := range []string{"cause", "type", "protocol"} {
			if v, ok := m.Labels[label]; ok {
				key += " " + v
			}
		}
		if _, twice := figures[key]; twice {
			t.Errorf("%s is there twice", key)
		}
		figures[key] = m.Value
	}
	for _, m := range causeMetrics(
		signal.Stats{Refusals: map[api.Code]int64{api.CodeTokenExpired: 3}},
		room.Stats{
			Reports: map[api.Cause]int64{api.CauseMediaUnreachable: 2, api.CauseTCPFallback: 5, api.CauseTokenExpired: 1},
			Selected: map[api.SelectedCandidate]int64{
				{LocalType: api.CandidateRelay, Protocol: api.CandidateUDP, RelayProtocol: api.RelayTLS}: 1,
				{LocalType: api.CandidateRelay, Protocol: api.CandidateTCP, RelayProtocol: api.RelayTLS}: 1,
				{LocalType: api.CandidateHost, Protocol: api.CandidateUDP}:                               7,
			},
		},
	) {
		add(m)
	}
	for key, want := range map[string]float64{
		"tutti_join_failures_total token_expired":     4,
		"tutti_join_failures_total media_unreachable": 2,
		"tutti_join_failures_total tcp_fallback":      0,
		"tutti_media_reports_total tcp_fallback":      5,
		"tutti_selected_candidates_total relay tls":   2,
		"tutti_selected_candidates_total host udp":    7,
	} {
		if figures[key] != want {
			t.Errorf("%s is %v, want %v", strings.ReplaceAll(key, " ", "/"), figures[key], want)
		}
	}
}
