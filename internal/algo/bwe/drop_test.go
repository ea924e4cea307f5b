package bwe

import (
	"testing"
	"time"
)

// The path loses three quarters of its capacity: somebody else's download.
func TestScenarioDrop(t *testing.T) {
	c := newCall(t, 2*mbps, 5*mbps, Options{})
	c.run(10 * time.Second)
	c.mark()
	c.within("a full path of 2 Mbit/s", c.run(20*time.Second), 1600*kbps, 2000*kbps)
	if c.worst > 150*msec {
		t.Errorf("a queue of %v: the picture lags", c.worst)
	}

	c.capacity = 500 * kbps
	c.run(1500 * msec)
	if got := c.e.Target(); got > 500*kbps || got < 150*kbps {
		t.Errorf("1.5 s after the drop the estimate is %d, want a little below 500 kbit/s", got)
	}
	c.run(2500 * msec)
	c.mark()
	c.within("4 s after the drop", c.run(20*time.Second), 400*kbps, 505*kbps)
	if c.worst > 250*msec {
		t.Errorf("a queue of %v: it was to be drained by now", c.worst)
	}
}

// The way back is cut: nobody says that anything arrives.
func TestScenarioDropOfAllFeedback(t *testing.T) {
	c := newCall(t, 3*mbps, 2*mbps, Options{})
	c.run(10 * time.Second)
	c.dark = true
	c.run(10 * time.Second)
	if got := c.e.Target(); got > 200*kbps {
		t.Errorf("10 s into the silence the estimate is still %d", got)
	}
	c.dark = false
	c.run(5 * time.Second)
	c.mark()
	c.within("5 s after it", c.run(5*time.Second), 1700*kbps, 2100*kbps)
}
