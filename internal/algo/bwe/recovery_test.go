package bwe

import (
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

// A short drop is made good within seconds.
func TestScenarioRecovery(t *testing.T) {
	c := newCall(t, 3*mbps, 5*mbps, Options{})
	c.run(10 * time.Second)
	c.capacity = 400 * kbps
	c.run(3 * time.Second)
	c.capacity = 3 * mbps
	c.run(4 * time.Second)
	c.mark()
	c.within("4 s after a drop of 3 s", c.run(10*time.Second), 2200*kbps, 3000*kbps)
}

// simulcast chooses one of three layers, as a server does for one viewer.
func simulcast(target media.Bitrate) media.Bitrate {
	switch {
	case target > 1700*kbps:
		return 1500 * kbps
	case target > 560*kbps:
		return 500 * kbps
	}
	return 150 * kbps
}

// A sender that has only a few rates to choose from never fills the path: only
// probes can find that it has grown.
func TestScenarioRecoveryOfLayers(t *testing.T) {
	c := newCall(t, 1*mbps, 1800*kbps, Options{})
	c.layers = simulcast
	c.run(5 * time.Second)
	c.mark()
	c.within("the middle layer fits into 1 Mbit/s", c.run(60*time.Second), 480*kbps, 580*kbps)
	if c.worst > 60*msec {
		t.Errorf("probes make a queue of %v", c.worst)
	}
	if share := float64(c.padding) / float64(c.sent); share > 0.02 {
		t.Errorf("%.1f %% is padding", share*100)
	}
	c.capacity = 3 * mbps
	c.run(20 * time.Second)
	c.mark()
	c.within("20 s after the path has grown to 3 Mbit/s", c.run(10*time.Second), 1400*kbps, 1600*kbps)
}
