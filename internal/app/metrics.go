package app

import "github.com/tutti-rtc/tutti/internal/httpd"

// metrics reads the figures of all parts, at each scrape.
func (s *Server) metrics() []httpd.Metric {
	m, r := s.media.Stats(), s.rooms.Stats()
	sig := s.signal.Stats()
	list := []httpd.Metric{
		gauge("tutti_rooms", "Rooms now.", float64(r.Rooms)),
		gauge("tutti_members", "Members in all rooms now.", float64(r.Members)),
		gauge("tutti_members_direct", "Members who receive the others directly now.", float64(r.MembersDirect)),
		gauge("tutti_members_mixed", "Members who receive the program now.", float64(r.MembersMixed)),
		gauge("tutti_tracks", "Tracks published now.", float64(r.Tracks)),
		gauge("tutti_sockets", "Signalling sockets now.", float64(sig.Sockets)),
		gauge("tutti_peers", "Media connections now.", float64(m.Peers)),
		gauge("tutti_packets_held", "Media packets held for retransmission now.", float64(m.Packets)),
		counter("tutti_joins_total", "Joins that succeeded.", float64(r.Joins)),
		counter("tutti_resumes_total", "Memberships taken up again.", float64(r.Resumes)),
		counter("tutti_events_total", "Room events.", float64(r.Events)),
		counter("tutti_media_strays_total", "Datagrams that belong to no peer.", float64(m.Strays)),
		counter("tutti_media_queue_dropped_total", "Datagrams and packets that met a full queue.", float64(m.Dropped)),
		counter("tutti_media_refused_total", "Packets of clients that could not be decrypted or read.", float64(m.Refused)),
		counter("tutti_media_unsent_total", "Packets to clients that could not be built.", float64(m.Unsent)),
		counter("tutti_media_overflowed_total", "Packets that waited too long for a client's line.", float64(m.Overflowed)),
		counter("tutti_data_dropped_total", "Data messages to clients that read too slowly or have no channel.", float64(m.DataDropped)),
		counter("tutti_tcp_dropped_total", "ICE-TCP frames to clients that read too slowly.", float64(m.TCPDropped)),
		counter("tutti_udp_received_packets_total", "Datagrams received.", float64(m.UDP.ReceivedDatagrams)),
		counter("tutti_udp_received_bytes_total", "Bytes received.", float64(m.UDP.ReceivedBytes)),
		counter("tutti_udp_kernel_dropped_total", "Datagrams the kernel threw away before they were read.", float64(m.UDP.KernelDrops)),
		counter("tutti_udp_sent_packets_total", "Datagrams sent.", float64(m.UDP.SentDatagrams)),
		counter("tutti_udp_sent_bytes_total", "Bytes sent.", float64(m.UDP.SentBytes)),
		counter("tutti_udp_send_calls_total", "System calls that sent.", float64(m.UDP.SendCalls)),
		counter("tutti_udp_send_dropped_total", "Datagrams the kernel would not take.", float64(m.UDP.DroppedFull+m.UDP.DroppedError)),
	}
	list = append(list, wayMetrics(m.Selected)...)
	list = append(list, turnMetrics(s.turn.Stats())...)
	list = append(list, s.mixers.metrics()...)
	return append(list, causeMetrics(sig, r)...)
}

func gauge(name, help string, v float64) httpd.Metric {
	return httpd.Metric{Name: name, Help: help, Value: v}
}

func counter(name, help string, v float64) httpd.Metric {
	return httpd.Metric{Name: name, Help: help, Value: v, Counter: true}
}
