package app

import (
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/tutti-rtc/tutti/internal/httpd"
	"github.com/tutti-rtc/tutti/internal/mcu"
	"github.com/tutti-rtc/tutti/internal/mcu/codec/system"
	"github.com/tutti-rtc/tutti/internal/mcu/proc"
)

// mixers starts the mixers of all rooms, as many as there may be at one time.
type mixers struct {
	places chan struct{} // constant; holds one for each mixer that runs
	log    *slog.Logger  // constant
	codecs error         // constant; why this build can't mix, or nil

	mu      sync.Mutex
	running map[*placed]struct{} // guarded by mu
	ended   mcu.ProcessStats     // guarded by mu; of mixers that are no more
}

// newMixers allows n mixers, or two for each core.
func newMixers(n int, log *slog.Logger) *mixers {
	if n == 0 {
		n = 2 * runtime.NumCPU()
	}
	_, err := system.New()
	return &mixers{places: make(chan struct{}, n), log: log, codecs: err, running: make(map[*placed]struct{})}
}

// start begins a mixer for a room (mcu.Options.Start).
func (m *mixers) start(h mcu.ProcessHandler, log *slog.Logger) (mcu.Process, error) {
	if m.codecs != nil {
		return nil, m.codecs
	}
	select {
	case m.places <- struct{}{}:
	default:
		return nil, fmt.Errorf("this server mixes %d rooms, as many as it may at one time (--max-mixers): try again later", cap(m.places))
	}
	p, err := mcu.StartProcess(proc.Options{Log: log}, h)
	if err != nil {
		<-m.places
		return nil, err
	}
	placed := &placed{p, m}
	m.mu.Lock()
	m.running[placed] = struct{}{}
	m.mu.Unlock()
	return placed, nil
}

// stats returns how many mixers run, and what all so far have done.
func (m *mixers) stats() (running int, s mcu.ProcessStats) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s = m.ended
	for p := range m.running {
		s = s.Add(p.Stats())
	}
	return len(m.running), s
}

// placed is a mixer that gives its place back.
type placed struct {
	mcu.Process
	mixers *mixers
}

// Close ends the mixer (mcu.Process).
func (p *placed) Close() {
	p.Process.Close()
	m := p.mixers
	m.mu.Lock()
	delete(m.running, p)
	m.ended = m.ended.Add(p.Stats())
	m.mu.Unlock()
	<-m.places
}

// metrics are the figures of all mixers.
func (m *mixers) metrics() []httpd.Metric {
	running, s := m.stats()
	list := []httpd.Metric{
		gauge("tutti_mixers", "Rooms that are mixed now.", float64(running)),
		gauge("tutti_mixers_max", "Rooms that may be mixed at one time.", float64(cap(m.places))),
		counter("tutti_mixer_starts_total", "Processes that mix which were started.", float64(s.Processes.Starts)),
		counter("tutti_mixer_frames_decoded_total", "Frames of pictures that were decoded.", float64(s.Mixed.Decoded)),
		counter("tutti_mixer_frames_broken_total", "Frames of pictures that a decoder or encoder refused.", float64(s.Mixed.Broken)),
		counter("tutti_mixer_pictures_total", "Pictures of programs that were composed.", float64(s.Mixed.Composed)),
		counter("tutti_mixer_pictures_skipped_total", "Pictures that an encoder left out to keep its rate.", float64(s.Mixed.Skipped)),
		counter("tutti_mixer_frames_encoded_total", "Frames of all renditions of pictures that were encoded.", float64(s.Mixed.Encoded)),
		counter("tutti_mixer_sound_frames_total", "Frames of 20 ms of mixes that were encoded.", float64(s.Mixed.Mixed)),
		counter("tutti_mixer_sound_concealed_total", "Frames of 20 ms of members' sound that were made up.", float64(s.Mixed.Concealed)),
		counter("tutti_mixer_packets_dropped_total", "Packets that a mixer could not send to the server.", float64(s.Mixed.Dropped)),
	}
	for cause, n := range map[string]uint64{
		"crash": s.Processes.Crashes, "hang": s.Processes.Hangs, "breach": s.Processes.Breaches,
	} {
		c := counter("tutti_mixer_ends_total", "Mixers' processes that ended before their time, by cause.", float64(n))
		c.Labels = map[string]string{"cause": cause}
		list = append(list, c)
	}
	for part, d := range map[string]time.Duration{
		"decode": s.Mixed.Decode, "scale": s.Mixed.Scale, "compose": s.Mixed.Compose, "encode": s.Mixed.Encode,
		"sound": s.Mixed.Sound, "all": s.Mixed.CPU,
	} {
		c := counter("tutti_mixer_cpu_seconds_total", "Processor time of mixers, by part; all is that of their processes.", d.Seconds())
		c.Labels = map[string]string{"part": part}
		list = append(list, c)
	}
	return list
}
