package engine

import (
	"time"

	"github.com/tutti-rtc/tutti/internal/mcu/link"
)

// stopwatch measures the processor time of a goroutine that keeps its thread.
type stopwatch time.Duration

func startStopwatch() stopwatch { return stopwatch(threadTime()) }

// lap returns what went by since the start or the last lap.
func (s *stopwatch) lap() time.Duration {
	now := threadTime()
	d := now - time.Duration(*s)
	*s = stopwatch(now)
	return d
}

// stats returns the figures so far. On the sound goroutine.
func (e *Engine) stats() link.Stats {
	s := *e.pictures.figures.Load()
	s.CPU = processTime()
	s.Sound, s.Mixed = e.sound.cost, e.sound.mixed
	s.Concealed = e.sound.concealed()
	return s
}
