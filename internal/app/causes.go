package app

import (
	"cmp"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/httpd"
	"github.com/tutti-rtc/tutti/internal/room"
	"github.com/tutti-rtc/tutti/internal/signal"
)

// causeMetrics are the figures of why calls fail, and how those that work do so.
// Their labels are words of the protocol, so their number is bounded.
func causeMetrics(door signal.Stats, r room.Stats) []httpd.Metric {
	failures := make(map[string]int64)
	for code, n := range door.Refusals {
		failures[string(code)] += n
	}
	var list []httpd.Metric
	for cause, n := range r.Reports {
		list = append(list, labelled("tutti_media_reports_total", "What clients told of their media, by cause.",
			n, map[string]string{"cause": string(cause)}))
		if (api.Finding{Cause: cause}).Severity() == api.SeverityFail {
			failures[string(cause)] += n
		}
	}
	for cause, n := range failures {
		list = append(list, labelled("tutti_join_failures_total", "Members who could not take part: joins that were refused, by code, and clients whose media did not come up, by cause.",
			n, map[string]string{"cause": cause}))
	}
	for way, n := range ways(r.Selected) {
		list = append(list, labelled("tutti_selected_candidates_total", "Candidates that clients told of once their media flowed, by type and by the protocol to the server or its relay.",
			n, map[string]string{"type": way[0], "protocol": way[1]}))
	}
	return list
}

// ways adds up candidates by type and by the protocol in which a client sends:
// that to its relay, if it has one.
func ways(selected map[api.SelectedCandidate]int64) map[[2]string]int64 {
	all := make(map[[2]string]int64)
	for c, n := range selected {
		all[[2]string{string(c.LocalType), cmp.Or(string(c.RelayProtocol), string(c.Protocol))}] += n
	}
	return all
}

func labelled(name, help string, n int64, labels map[string]string) httpd.Metric {
	m := counter(name, help, float64(n))
	m.Labels = labels
	return m
}
