package httpd

import (
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metric is one figure of the server at one moment. Units are base units
// (seconds, bytes) and in the name, as Prometheus wants it. No label may name a
// room, member or session: their number has no bound.
type Metric struct {
	// Name is complete, such as "tutti_forwarded_packets_total".
	Name string
	// Help is one sentence.
	Help string
	// Counter tells a figure that only grows from one that goes up and down.
	Counter bool
	Value   float64
	// Labels, when set, tell metrics of one name apart, such as kind="audio".
	// All metrics of one name have the same labels.
	Labels map[string]string
}

// gatherer turns Metrics into Prometheus' form at each scrape.
type gatherer struct{ metrics func() []Metric }

// Describe implements prometheus.Collector: what there is shows at the scrape.
func (gatherer) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (g gatherer) Collect(out chan<- prometheus.Metric) {
	for _, m := range g.metrics() {
		var labels, values []string
		for label, value := range m.Labels {
			labels, values = append(labels, label), append(values, value)
		}
		valueType := prometheus.GaugeValue
		if m.Counter {
			valueType = prometheus.CounterValue
		}
		desc := prometheus.NewDesc(m.Name, m.Help, labels, nil)
		metric, err := prometheus.NewConstMetric(desc, valueType, m.Value, values...)
		if err != nil {
			metric = prometheus.NewInvalidMetric(desc, err)
		}
		out <- metric
	}
}

// metrics serves the figures of the server, of this port, of Go's runtime and of
// the process.
func (s *Server) metrics() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		gatherer{s.own},
	)
	if s.opts.Metrics != nil {
		registry.MustRegister(gatherer{s.opts.Metrics})
	}
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorLog:            slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
		ErrorHandling:       promhttp.ContinueOnError,
		MaxRequestsInFlight: 4,
	})
}

// own are the figures of this port.
func (s *Server) own() []Metric {
	stats := s.Stats()
	list := []Metric{
		{Name: "tutti_tcp_accepted_total", Help: "TCP connections accepted.", Counter: true, Value: float64(stats.Accepted)},
		{Name: "tutti_tcp_evicted_total", Help: "TCP connections closed while silent, to make room.", Counter: true, Value: float64(stats.Evicted)},
		{Name: "tutti_tcp_waiting_connections", Help: "TCP connections that are silent now.", Value: float64(stats.Waiting)},
		{Name: "tutti_ice_tcp_connections", Help: "ICE-TCP connections that are open now.", Value: float64(stats.ICETCP)},
		{Name: "tutti_turn_stream_connections", Help: "Connections for TURN over TCP and TLS that are open now.", Value: float64(stats.TURN)},
	}
	for cause, n := range stats.Refused {
		list = append(list, Metric{
			Name: "tutti_tcp_refused_total", Help: "TCP connections that were closed without being served.", Counter: true,
			Value: float64(n), Labels: map[string]string{"cause": Refusal(cause).String()},
		})
	}
	return list
}
