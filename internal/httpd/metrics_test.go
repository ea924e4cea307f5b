package httpd

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/internal/auth"
)

func TestMetrics(t *testing.T) {
	_, addr := start(t, Options{Metrics: func() []Metric {
		return []Metric{
			{Name: "tutti_rooms", Help: "Rooms that are open.", Value: 2},
			{Name: "tutti_tracks", Help: "Published tracks.", Value: 3, Labels: map[string]string{"kind": "audio"}},
			{Name: "tutti_tracks", Help: "Published tracks.", Value: 1, Labels: map[string]string{"kind": "video"}},
			{Name: "tutti_forwarded_packets_total", Help: "Packets sent to viewers.", Counter: true, Value: 7},
			{Name: "tutti_selected_candidates_total", Help: "Ways in use.", Counter: true, Value: 4, Labels: map[string]string{"type": "relay", "protocol": "tls"}},
			{Name: "tutti_selected_candidates_total", Help: "Ways in use.", Counter: true, Value: 5, Labels: map[string]string{"type": "host", "protocol": "udp"}},
			{Name: "not a name", Value: 1},
		}
	}})
	res, body := get(t, "http://"+addr+"/metrics")
	if res.StatusCode != http.StatusOK {
		t.Fatal(res.Status)
	}
	for _, want := range []string{
		"# TYPE tutti_rooms gauge\ntutti_rooms 2\n",
		"# TYPE tutti_forwarded_packets_total counter\n",
		`tutti_tracks{kind="audio"} 3`,
		`tutti_selected_candidates_total{protocol="tls",type="relay"} 4`,
		`tutti_selected_candidates_total{protocol="udp",type="host"} 5`,
		"tutti_tcp_accepted_total 1\n",
		`tutti_tcp_refused_total{cause="slow"} 0`,
		"go_goroutines ",
		"process_cpu_seconds_total ",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("metrics lack %q", want)
		}
	}
}

// With a secret, the figures are the operator's.
func TestMetricsWantATokenWhereThereIsASecret(t *testing.T) {
	const secret = "0123456789abcdef"
	_, addr := start(t, Options{Secret: secret})
	for _, test := range []struct {
		name  string
		grant *auth.Grant
		want  int
	}{
		{"nobody", nil, http.StatusUnauthorized},
		{"a member", &auth.Grant{Identity: "wei", Join: true}, http.StatusForbidden},
		{"one room's host", &auth.Grant{Identity: "wei", Join: true, Admin: true, Room: "tea"}, http.StatusForbidden},
		{"the operator", &auth.Grant{Admin: true}, http.StatusOK},
	} {
		t.Run(test.name, func(t *testing.T) {
			req := request(t, "http://"+addr+"/metrics")
			if test.grant != nil {
				token, err := auth.Mint(secret, *test.grant, time.Now(), time.Hour)
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Authorization", "Bearer "+token)
			}
			res, body := fetch(t, &http.Transport{}, req)
			if res.StatusCode != test.want {
				t.Errorf("%s %q, want %d", res.Status, body, test.want)
			}
			if test.want == http.StatusUnauthorized && res.Header.Get("WWW-Authenticate") == "" {
				t.Error("nobody says how to come in")
			}
		})
	}
}
