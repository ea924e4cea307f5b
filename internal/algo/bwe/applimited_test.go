package bwe

import (
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

// There is little to send on a wide path: the estimate must not run away,
// because nothing proves it.
func TestScenarioAppLimited(t *testing.T) {
	c := newCall(t, 50*mbps, 300*kbps, Options{Start: 300 * kbps})
	c.within("all that there is", c.run(2*time.Minute), 280*kbps, 320*kbps)
	// One and a half times the best half second.
	if limit := media15(350 * kbps); c.highest > limit {
		t.Errorf("the estimate rose to %d, at most %d is proven", c.highest, limit)
	}
	if c.padding > 0 {
		t.Errorf("%d bytes of padding though nothing more is wanted", c.padding)
	}
}

// A still screen share sends next to nothing, then a page is turned.
func TestScenarioAppLimitedThenBusy(t *testing.T) {
	c := newCall(t, 2*mbps, 1500*kbps, Options{})
	c.run(5 * time.Second)
	c.wanted = 20 * kbps
	c.run(30 * time.Second)
	if got := c.e.Target(); got < 1500*kbps {
		t.Errorf("the estimate fell to %d without any reason", got)
	}
	c.wanted = 1500 * kbps
	c.mark()
	c.within("at once again", c.run(5*time.Second), 1400*kbps, 1600*kbps)
}

// A single layer of 1.5 Mbit/s flows before anything is known of the path: that
// it gets through is proof enough.
func TestScenarioOneLayerAboveTheStart(t *testing.T) {
	c := newCall(t, 10*mbps, 1500*kbps, Options{Start: 300 * kbps})
	c.layers = func(media.Bitrate) media.Bitrate { return 1500 * kbps }
	c.run(2 * time.Second)
	if got := c.e.Target(); got < 1500*kbps {
		t.Errorf("1500 kbit/s get through, but the estimate is %d", got)
	}
}
