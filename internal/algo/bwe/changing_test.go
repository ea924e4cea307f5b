package bwe

import (
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/internal/media"
)

// The capacity changes all the time, as on a train.
func TestScenarioChanging(t *testing.T) {
	c := newCall(t, 2*mbps, 5*mbps, Options{})
	c.run(5 * time.Second)
	c.mark()
	var offered media.Bitrate
	steps := []media.Bitrate{2 * mbps, 1200 * kbps, 800 * kbps, 1500 * kbps, 2500 * kbps, 3 * mbps, 1800 * kbps, 1 * mbps, 2 * mbps, 2500 * kbps}
	var got media.Bitrate
	for _, c.capacity = range steps {
		got = c.run(6 * time.Second)
		offered += c.capacity / media.Bitrate(len(steps))
	}
	c.within("six seconds each", got, offered*65/100, offered)
	if c.worst > 420*msec {
		t.Errorf("a queue of %v", c.worst)
	}
}

// Jitter is no queue.
func TestScenarioChangingDelay(t *testing.T) {
	c := newCall(t, 3*mbps, 1500*kbps, Options{})
	c.jitter = 25 * msec
	c.run(5 * time.Second)
	c.mark()
	c.within("25 ms of jitter", c.run(20*time.Second), 1350*kbps, 1650*kbps)

	// The route changes: every packet takes 80 ms longer from now on.
	c.delay += 80 * msec
	c.run(3 * time.Second)
	c.mark()
	c.within("a longer route", c.run(20*time.Second), 1350*kbps, 1650*kbps)
}
