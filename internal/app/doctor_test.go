package app

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/auth"
	"github.com/tutti-rtc/tutti/internal/config"
)

func examine(t *testing.T, base string) api.DoctorInfo {
	t.Helper()
	_, body := get(t, base+"/api/doctor")
	var info api.DoctorInfo
	if err := json.Unmarshal([]byte(body), &info); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return info
}

// Strangers may ask the doctor, so what it hands out reaches this server only.
func TestTheDoctorAnswersAnybody(t *testing.T) {
	base, s := start(t, func(c *config.Config) {
		c.Access.Secret = "a secret of more than sixteen characters"
		c.Relay.TURN = "on"
	})
	info := examine(t, base)
	if info.Version != "test" || info.Server.Port != int(s.Addr().Port()) || info.Server.Host != "127.0.0.1" || !info.Server.TURN || info.Server.Relay != "off" {
		t.Errorf("it says %+v", info)
	}
	if !slices.Contains(info.Server.Addresses, s.Addr().String()) {
		t.Errorf("it tells the addresses %v", info.Server.Addresses)
	}
	if _, err := netip.ParseAddrPort(info.Client.Address); err != nil || info.Client.TLS || info.Client.Proxied {
		t.Errorf("it sees the client as %+v", info.Client)
	}
	if n := len(info.ICEServers); n != 2 || !auth.TURNOwnOnly(info.ICEServers[1].Username) {
		t.Errorf("it hands out %+v", info.ICEServers)
	}
	if len(info.Findings) != 0 {
		t.Errorf("it finds %+v", info.Findings)
	}
	// A probe that is no offer is answered by the doctor, not by the site.
	if status, _ := get(t, base+"/api/doctor/probe"); status != 405 {
		t.Errorf("the probe answers %d to GET", status)
	}
}

func TestTheDoctorSaysThatNothingIsRelayed(t *testing.T) {
	base, _ := start(t, func(c *config.Config) { c.Relay.TURN = "off" })
	info := examine(t, base)
	if len(info.Findings) != 1 || info.Findings[0].Cause != api.CauseTURNOff {
		t.Errorf("it finds %+v", info.Findings)
	}
	for _, server := range info.ICEServers {
		for _, url := range server.URLs {
			if strings.HasPrefix(url, "turn") {
				t.Errorf("it hands out %s", url)
			}
		}
	}
}
