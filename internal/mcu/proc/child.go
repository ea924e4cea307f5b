package proc

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tutti-rtc/tutti/internal/mcu/link"
)

// Handler is told what becomes of a mixer's process, and takes what it sends.
// Calls never overlap. None may call Child.Close, and all should return soon:
// while one works, nothing is read.
type Handler interface {
	// Up tells that a process is ready. conn is for writing to it and closed
	// when it ends; what it sends comes after Up.
	Up(conn *link.Conn, ready link.Ready)
	// Down tells that the process has ended, or none could be started, and
	// the tracks that are suspected of it. A new one is started soon.
	Down(cause error, suspects []uint32)
	link.Handler
}

// Options shape a Child. The zero value works.
type Options struct {
	// Command is the program to run and its arguments; nil stands for this
	// binary's mixer.
	Command []string
	// Log takes what the process says, and when it dies. nil stands for none.
	Log *slog.Logger
	// Patience is after how long without a heartbeat the process is killed;
	// 0 stands for 700 ms. Where that comes again and again it grows to 3 s,
	// so that a machine that is too slow is not made slower.
	Patience time.Duration
	// Grace is how long Close waits for the process to end by itself; 0
	// stands for 500 ms.
	Grace time.Duration
	// Link shapes the connection to the process. Its Most is 8 MiB if it is
	// 0: several times what the largest program takes.
	Link link.Options
}

// mostSent is how many bytes a process may send in a second: what is decoded
// there may have taken it over.
const mostSent = 8 << 20

// Stats counts what became of a Child's processes.
type Stats struct {
	// Starts counts processes, Crashes those that died by themselves, Hangs
	// those that were killed as they hung, and Breaches those that were
	// killed as they broke the link's rules.
	Starts, Crashes, Hangs, Breaches uint64
	// Ready tells that one runs now.
	Ready bool
}

// Child keeps a mixer's process running. It may be used from any goroutine.
type Child struct {
	opt      Options // constant
	handler  Handler // constant
	register register

	closing chan struct{} // closed by Close
	close   sync.Once
	done    chan struct{} // closed when the owning goroutine has ended

	pace pace // owned by the loop

	starts, crashes, hangs, breaches atomic.Uint64
	ready                            atomic.Bool
}

// Start starts a mixer's process and keeps it running until Close. It fails where
// there is no way to run one.
func Start(o Options, h Handler) (*Child, error) {
	if !supported {
		return nil, ErrUnsupported
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Command == nil {
		command, err := ownCommand()
		if err != nil {
			return nil, fmt.Errorf("the mixer's program: %w", err)
		}
		o.Command = command
	}
	o.Patience = cmp.Or(o.Patience, patience)
	o.Link.Most = cmp.Or(o.Link.Most, mostSent)
	o.Grace = cmp.Or(o.Grace, 500*time.Millisecond)
	c := &Child{
		opt: o, handler: h, closing: make(chan struct{}), done: make(chan struct{}),
		pace: pace{base: o.Patience, patience: o.Patience},
	}
	go c.loop()
	return c, nil
}

// LeftOut reports whether the track was suspected twice of having brought a
// process down: it should not be sent to the next one.
func (c *Child) LeftOut(number uint32) bool { return c.register.isLeftOut(number) }

// Stats returns what was counted so far.
func (c *Child) Stats() Stats {
	return Stats{
		Starts: c.starts.Load(), Crashes: c.crashes.Load(), Hangs: c.hangs.Load(), Breaches: c.breaches.Load(),
		Ready: c.ready.Load(),
	}
}

// Close ends the process, by force after Options.Grace, and waits for its end.
// The handler is not called any more when it returns. It may be called again.
func (c *Child) Close() error {
	c.close.Do(func() { close(c.closing) })
	<-c.done
	return nil
}

// loop runs one process after the other.
func (c *Child) loop() {
	defer close(c.done)
	// On Linux a process dies with the thread that started it: it must be one
	// that stays.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for {
		d := c.live()
		if d.closed {
			return
		}
		now := time.Now()
		left := c.register.strike(now, d.suspects)
		delay := c.pace.after(d, left)
		c.opt.Log.Warn("the mixer ended", "cause", d.cause, "suspects", d.suspects, "again_in", delay)
		c.handler.Down(d.cause, d.suspects)
		if !c.wait(delay) {
			return
		}
	}
}

// wait reports whether the time went by before Close.
func (c *Child) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-c.closing:
		return false
	case <-timer.C:
		return true
	}
}

// live starts a process and returns how it died.
func (c *Child) live() death {
	select {
	case <-c.closing:
		return death{closed: true}
	default:
	}
	p, err := c.start()
	if err != nil {
		return death{cause: err}
	}
	c.starts.Add(1)
	d := c.watch(p)
	c.ready.Store(false)
	p.release()
	return d
}

// watch waits until the process has died, and sees to it that it does if it
// hangs.
func (c *Child) watch(p *process) death {
	dog, hunger := watchdog{patience: c.pace.patience}, hunger{}
	ticker := time.NewTicker(dog.interval())
	defer ticker.Stop()
	born, last := time.Now(), time.Now()
	careful := c.pace.careful
	served := p.served
	for {
		select {
		case <-c.closing:
			p.end(c.opt.Grace)
			return death{closed: true}
		case <-p.exited:
			c.crashes.Add(1)
			marks := p.ledger.read()
			return death{cause: p.cause(), suspects: suspects(&marks), lived: time.Since(born)}
		case <-served:
			served = nil
			if p.broke != nil && !errors.Is(p.broke, io.ErrUnexpectedEOF) {
				c.breaches.Add(1)
				p.end(0)
				return death{cause: fmt.Errorf("the mixer was killed: %w", p.broke), lived: time.Since(born)}
			}
			// It is on its way out: the watchdog sees to it.
		case <-ticker.C:
			now := time.Now()
			marks := p.ledger.read()
			var starved time.Duration
			if dog.uneasy() {
				starved = hunger.look(now.Sub(last), readTurns(p.cmd.Process.Pid))
			}
			if dog.look(now.Sub(last), starved, p.beats.Load(), &marks) {
				c.hangs.Add(1)
				p.end(0)
				return death{cause: fmt.Errorf("the mixer hung for %v and was killed", dog.patience), suspects: dog.suspects(), hung: true, lived: now.Sub(born)}
			}
			last = now
			if careful && now.Sub(born) > calm {
				careful = false
				p.ledger.setCareful(false)
			}
		}
	}
}

// death is how a process ended.
type death struct {
	closed   bool // it was told to: nothing else is set
	cause    error
	suspects []uint32
	hung     bool
	lived    time.Duration
}

// calm is after what life a process has proven itself.
const calm = time.Minute

// atOnce is how many deaths in a row are followed by a new life at once: a stream
// that kills twice is left out by then.
const atOnce = 3

// pace is what deaths make of the next life.
type pace struct {
	base time.Duration // constant; of patience

	failures int // in a row
	patience time.Duration
	careful  bool // suspects are to be told apart
}

// after returns how long to wait before the next start. With left the death is
// explained, and its cause is left out of the next life.
func (p *pace) after(d death, left bool) time.Duration {
	if d.lived >= calm {
		*p = pace{base: p.base, patience: p.base}
	}
	p.careful = p.careful || len(d.suspects) > 1
	if d.hung {
		p.patience = max(p.base, min(2*p.patience, maxPatience))
	}
	p.failures++
	if left {
		p.failures = 1
	}
	switch {
	case p.failures <= atOnce:
		return 0
	case p.failures <= 2*atOnce:
		return time.Second
	}
	return 5 * time.Second
}
