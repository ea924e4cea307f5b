package bwe

import (
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

// A little loss is the nature of radio, not a reason to slow down.
func TestScenarioLossOfOnePercent(t *testing.T) {
	c := newCall(t, 3*mbps, 2*mbps, Options{})
	c.loss = 0.01
	c.run(5 * time.Second)
	c.mark()
	c.within("1 % loss", c.run(20*time.Second), 1800*kbps, 2100*kbps)
}

// Up to ten percent the rate is held.
func TestScenarioLossOfFivePercent(t *testing.T) {
	c := newCall(t, 3*mbps, 2*mbps, Options{})
	c.run(5 * time.Second)
	c.loss = 0.05
	c.mark()
	c.within("5 % loss", c.run(20*time.Second), 1200*kbps, 2000*kbps)
}

// Heavy loss without any queue: a policer, or a bad radio link.
func TestScenarioHeavyLoss(t *testing.T) {
	c := newCall(t, 3*mbps, 2*mbps, Options{})
	c.run(5 * time.Second)
	c.loss = 0.25
	c.run(4 * time.Second)
	if got := c.e.Target(); got > 1*mbps {
		t.Errorf("a quarter is lost for 4 s, the estimate is still %d", got)
	}
	c.run(20 * time.Second)
	if got := c.e.Target(); got < 50*kbps {
		t.Errorf("the estimate is %d, below its minimum", got)
	}
	c.loss = 0
	c.run(15 * time.Second)
	c.mark()
	c.within("15 s after it", c.run(10*time.Second), 1700*kbps, 2100*kbps)
}

// A bottleneck with a short buffer shows no delay worth the name, only loss.
func TestScenarioLossFromAShortQueue(t *testing.T) {
	c := newCall(t, 1*mbps, 3*mbps, Options{})
	c.queue = 15 * msec
	c.run(10 * time.Second)
	c.mark()
	c.within("1 Mbit/s with a queue of 15 ms", c.run(30*time.Second), 500*kbps, 1000*kbps)
	if share := 1 - float64(c.delivered)/float64(c.sent); share > 0.15 {
		t.Errorf("%.0f %% is lost all the time", share*100)
	}
}

// The line gets so thin that a viewer's pictures are paused. Then nothing tells
// any more how it is, but for the probes: they must not wait for news.
func TestScenarioLossUntilNothingIsSent(t *testing.T) {
	c := newCall(t, 2*mbps, 1500*kbps, Options{})
	c.layers = func(target media.Bitrate) media.Bitrate {
		if target < 150*kbps {
			return 0
		}
		return 1500 * kbps
	}
	c.run(5 * time.Second)
	c.capacity, c.loss = 40*kbps, 0.7
	c.run(15 * time.Second)
	if got := c.e.Target(); got > 150*kbps {
		t.Fatalf("the estimate of a broken line is %d", got)
	}
	c.capacity, c.loss = 2*mbps, 0
	c.run(20 * time.Second)
	c.mark()
	c.within("20 s after it", c.run(10*time.Second), 1200*kbps, 1600*kbps)
}
