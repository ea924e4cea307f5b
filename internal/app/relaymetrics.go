package app

import (
	"cmp"

	"github.com/tutti-rtc/tutti/internal/httpd"
	"github.com/tutti-rtc/tutti/internal/peer"
	"github.com/tutti-rtc/tutti/internal/turn"
)

// wayMetrics tell how the clients of the media connections reach the server.
func wayMetrics(ways map[peer.Way]int) []httpd.Metric {
	var list []httpd.Metric
	for way, n := range ways {
		m := gauge("tutti_peers_selected", "Media connections now, by transport and by how the client reaches the relay, if it comes by that.", float64(n))
		m.Labels = map[string]string{"protocol": way.Proto.String(), "relay": cmp.Or(way.Relay.String(), "none")}
		list = append(list, m)
	}
	return list
}

// turnMetrics are the figures of the STUN and TURN server.
func turnMetrics(t turn.Stats) []httpd.Metric {
	list := []httpd.Metric{
		gauge("tutti_turn_allocations", "TURN allocations now.", float64(t.Allocations)),
		gauge("tutti_turn_streams", "TURN connections over TCP and TLS now.", float64(t.Streams)),
		gauge("tutti_turn_associations", "TURN clients over DTLS now.", float64(t.Associations)),
		counter("tutti_stun_bindings_total", "STUN Binding requests answered.", float64(t.Bindings)),
		counter("tutti_turn_opened_total", "TURN allocations that began.", float64(t.Opened)),
		counter("tutti_turn_expired_total", "TURN allocations that were not refreshed in time.", float64(t.Expired)),
		counter("tutti_turn_moved_total", "TURN allocations that followed their client to another address.", float64(t.Moved)),
	}
	for cause, n := range map[string]uint64{
		"quota": t.Refused, "challenged": t.Challenged, "unauthorized": t.Unauthorized, "too_often": t.Silenced,
		"malformed": t.Malformed, "forbidden_peer": t.Forbidden, "streams": t.StreamsRefused, "handshakes": t.HandshakesRefused,
	} {
		m := counter("tutti_turn_refused_total", "TURN requests, connections and handshakes that were not served, by cause.", float64(n))
		m.Labels = map[string]string{"cause": cause}
		list = append(list, m)
	}
	for way, n := range map[string]uint64{"up": t.Up, "down": t.Down} {
		m := counter("tutti_turn_relayed_packets_total", "Packets relayed, from clients (up) and to them (down).", float64(n))
		m.Labels = map[string]string{"direction": way}
		list = append(list, m)
	}
	for way, n := range map[string]uint64{"up": t.UpBytes, "down": t.DownBytes} {
		m := counter("tutti_turn_relayed_bytes_total", "Bytes relayed, from clients (up) and to them (down).", float64(n))
		m.Labels = map[string]string{"direction": way}
		list = append(list, m)
	}
	for cause, n := range map[string]uint64{
		"no_permission": t.Unpermitted, "bandwidth": t.Limited, "ambiguous": t.Ambiguous, "slow_reader": t.StreamDropped,
	} {
		m := counter("tutti_turn_dropped_total", "Packets that the relay dropped, by cause.", float64(n))
		m.Labels = map[string]string{"cause": cause}
		list = append(list, m)
	}
	return list
}
