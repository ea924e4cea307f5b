package load

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"sync"
	"time"
)

// Options say how much load, and for how long.
type Options struct {
	Target     Target
	Publishers int
	// Bitrate is each publisher's video in bit/s; 0 is audio only.
	Bitrate int
	Viewers int
	// JoinRate is how many viewers join in a second; 50 if zero.
	JoinRate float64
	// Duration is how long is measured once all have joined; 10 s if zero.
	Duration time.Duration
	// ServerPID is the server's process on this machine, to measure what it
	// uses; 0 if that is not to be had.
	ServerPID int
	// Log is told how the run goes; nil tells nobody.
	Log func(format string, args ...any)
}

const (
	joinTime = 20 * time.Second
	// settle is between the last join and the measurement.
	settle = 2 * time.Second
)

// Report is what a run has measured. Without a server's pid its usage is zero.
type Report struct {
	Name       string  `json:"name"`
	Publishers int     `json:"publishers"`
	Viewers    int     `json:"viewers"`
	Bitrate    int     `json:"bitrate"`
	Seconds    float64 `json:"seconds"`

	// Profile is the SRTP profile that the server has chosen.
	Profile string `json:"srtp_profile"`

	Joined   int      `json:"joined"`
	Failures []string `json:"failures,omitempty"` // the first few different ones
	// FirstPacket is the time from the join request to the first media packet.
	FirstPacket Quantiles `json:"first_packet"`
	// FirstVideo is that to the first packet of video. It holds the wait for a
	// key frame, of which a publisher is asked for one a second at most.
	FirstVideo Quantiles `json:"first_video"`

	// Published are the packets that publishers sent, Packets those that all
	// viewers got together, Lost those that their sequence numbers miss.
	Published        int64   `json:"published"`
	Packets          int64   `json:"packets"`
	PacketsPerSecond float64 `json:"packets_per_second"`
	Lost             int64   `json:"lost"`
	LossPercent      float64 `json:"loss_percent"`
	// Delivered is the share in percent of what one publisher has sent that
	// its viewers got: a server that can't keep up drops packets before it
	// numbers them. 0 with several publishers, whom nobody watches all.
	Delivered     float64   `json:"delivered_percent"`
	Undecryptable int64     `json:"undecryptable"`
	Latency       Quantiles `json:"latency"`

	// ServerCPU is in cores, CPUPerPacket in µs per packet that a viewer got.
	ServerCPU    float64 `json:"server_cpu"`
	CPUPerPacket float64 `json:"server_cpu_per_packet_us"`
	// JoinCPU is the server's CPU time for one viewer's joining, in ms, less
	// what forwarding has cost meanwhile.
	JoinCPU float64 `json:"server_cpu_per_join_ms"`
	// MemoryBefore is with the publishers only, Memory with all; in MB.
	MemoryBefore    float64 `json:"server_memory_before_mb"`
	Memory          float64 `json:"server_memory_mb"`
	MemoryPerViewer float64 `json:"server_memory_per_viewer_kb"`
	// LoadCPU is what the load tool has used itself, in cores: near 1 on one
	// core it measures itself and not the server.
	LoadCPU float64 `json:"load_cpu"`
}

// run is one run under way.
type run struct {
	Options
	identity identity
	latency  histogram
	first    histogram
	video    histogram

	sources []*Source

	mu       sync.Mutex // guards the following
	viewers  []*Viewer
	failures []error
	leaves   []func() // one for each publisher and viewer
}

// sample is a reading of all counters at one time.
type sample struct {
	at                time.Time
	published         int64
	received, numbers int64 // packets, and what the sequence numbers say
	stray             int64
	server, own       Usage
}

// Run puts the load on and measures. It ends early with ctx.
func Run(ctx context.Context, name string, o Options) (*Report, error) {
	o.JoinRate = cmp.Or(o.JoinRate, 50)
	o.Duration = cmp.Or(o.Duration, 10*time.Second)
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	id, err := newIdentity()
	if err != nil {
		return nil, err
	}
	r := &run{Options: o, identity: id}
	defer r.leave()
	for i := range o.Publishers {
		joining, cancel := context.WithTimeout(ctx, joinTime)
		source := NewSource(o.Bitrate)
		r.sources = append(r.sources, source)
		leave, err := o.Target.Publish(joining, i, source)
		cancel()
		if err != nil {
			return nil, fmt.Errorf("publisher %d: %w", i, err)
		}
		r.leaves = append(r.leaves, leave)
	}
	if err := pause(ctx, settle); err != nil {
		return nil, err
	}
	before, err := r.sample()
	if err != nil {
		return nil, err
	}
	if err := r.join(ctx); err != nil {
		return nil, err
	}
	joined, err := r.sample()
	if err != nil {
		return nil, err
	}
	o.Log("%d of %d viewers have joined, measuring for %v", len(r.viewers), o.Viewers, o.Duration)
	if err := pause(ctx, settle); err != nil {
		return nil, err
	}
	r.latency.reset()
	begin, err := r.sample()
	if err != nil {
		return nil, err
	}
	if err := pause(ctx, o.Duration); err != nil {
		return nil, err
	}
	end, err := r.sample()
	if err != nil {
		return nil, err
	}
	return r.report(name, before, joined, begin, end), nil
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// join starts the viewers at the rate asked for, and waits for all of them.
func (r *run) join(ctx context.Context) error {
	pace := time.NewTicker(time.Duration(float64(time.Second) / r.JoinRate))
	defer pace.Stop()
	var joining sync.WaitGroup
	defer joining.Wait()
	for i := range r.Viewers {
		select {
		case <-pace.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		joining.Go(func() { r.joinOne(ctx, i) })
	}
	return nil
}

func (r *run) joinOne(ctx context.Context, i int) {
	ctx, cancel := context.WithTimeout(ctx, joinTime)
	defer cancel()
	v := newViewer(r.identity, i, &r.latency)
	leave, err := r.Target.Join(ctx, i, v)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.failures = append(r.failures, err)
		v.close()
		return
	}
	r.viewers = append(r.viewers, v)
	staying, stop := context.WithCancel(context.Background())
	var kept sync.WaitGroup
	kept.Go(func() { v.keep(staying) })
	r.leaves = append(r.leaves, func() {
		stop()
		kept.Wait()
		leave()
		v.close()
	})
}

// leave ends all publishers and viewers, side by side, and waits for them.
func (r *run) leave() {
	var leaving sync.WaitGroup
	for _, leave := range r.leaves {
		leaving.Go(leave)
	}
	leaving.Wait()
}

func (r *run) sample() (sample, error) {
	s := sample{at: time.Now()}
	for _, source := range r.sources {
		s.published += source.sent.Load()
	}
	r.mu.Lock()
	for _, v := range r.viewers {
		s.stray += v.stray.Load()
		for _, stream := range v.all() {
			if stream.payloadType == v.types.resends && v.types.resends != 0 {
				continue
			}
			s.received += stream.received.Load()
			s.numbers += stream.expected()
		}
	}
	r.mu.Unlock()
	if r.ServerPID == 0 {
		return s, nil
	}
	var err error
	if s.server, err = ReadUsage(r.ServerPID); err != nil {
		return s, err
	}
	s.own, err = ReadUsage(os.Getpid())
	return s, err
}

func (r *run) report(name string, before, joined, begin, end sample) *Report {
	seconds := end.at.Sub(begin.at).Seconds()
	rep := &Report{
		Name: name, Publishers: r.Publishers, Viewers: r.Viewers, Bitrate: r.Bitrate, Seconds: seconds,
		Joined: len(r.viewers), Failures: distinct(r.failures),
		Published: end.published - begin.published,
		Packets:   end.received - begin.received, Undecryptable: end.stray,
		Latency: r.latency.quantiles(),
	}
	for _, v := range r.viewers {
		rep.Profile = v.keys.Load().profile.String()
		if first := v.first.Load(); first > 0 {
			r.first.add(time.Duration(first))
		}
		if video := v.firstVideo.Load(); video > 0 {
			r.video.add(time.Duration(video))
		}
	}
	rep.FirstPacket, rep.FirstVideo = r.first.quantiles(), r.video.quantiles()
	rep.PacketsPerSecond = float64(rep.Packets) / seconds
	if sent := end.numbers - begin.numbers; sent > 0 {
		rep.Lost = sent - rep.Packets
		rep.LossPercent = 100 * float64(rep.Lost) / float64(sent)
	}
	if due := rep.Published * int64(rep.Joined); due > 0 && rep.Publishers == 1 {
		rep.Delivered = 100 * float64(rep.Packets) / float64(due)
	}
	if r.ServerPID == 0 {
		return rep
	}
	used := end.server.CPU - begin.server.CPU
	rep.ServerCPU = used.Seconds() / seconds
	rep.LoadCPU = (end.own.CPU - begin.own.CPU).Seconds() / seconds
	perPacket := 0.0
	if rep.Packets > 0 {
		perPacket = used.Seconds() / float64(rep.Packets)
	}
	rep.CPUPerPacket = perPacket * 1e6
	const mb = 1e6
	rep.MemoryBefore, rep.Memory = float64(before.server.Memory)/mb, float64(end.server.Memory)/mb
	if n := float64(rep.Joined); n > 0 {
		forwarding := perPacket * float64(joined.received-before.received)
		rep.JoinCPU = max(0, (joined.server.CPU-before.server.CPU).Seconds()-forwarding) / n * 1e3
		rep.MemoryPerViewer = float64(end.server.Memory-before.server.Memory) / n / 1e3
	}
	return rep
}

// distinct returns the texts of the first few different failures.
func distinct(failures []error) []string {
	var texts []string
	seen := map[string]bool{}
	for _, err := range failures {
		if text := err.Error(); !seen[text] && len(texts) < 5 {
			seen[text] = true
			texts = append(texts, text)
		}
	}
	return texts
}
