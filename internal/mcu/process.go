package mcu

import (
	"sync"
	"sync/atomic"

	"github.com/tutti-rtc/tutti/internal/mcu/link"
	"github.com/tutti-rtc/tutti/internal/mcu/proc"
	"github.com/tutti-rtc/tutti/internal/media"
)

// StartProcess begins a mixer's process, which begins anew when it dies; it is
// what Options.Start needs.
func StartProcess(o proc.Options, h ProcessHandler) (Process, error) {
	c := &child{handler: h}
	started, err := proc.Start(o, c)
	if err != nil {
		return nil, err
	}
	c.proc.Store(started)
	return c, nil
}

// child is a Process that is one. It is told of the process (proc.Handler) from
// that package's goroutines.
type child struct {
	handler ProcessHandler // constant

	proc atomic.Pointer[proc.Child]
	conn atomic.Pointer[link.Conn] // nil while there is no process

	mu      sync.Mutex
	past    link.Stats // guarded by mu; of processes that have ended
	present link.Stats // guarded by mu; as told last
}

// ProcessStats counts what mixers' processes have done.
type ProcessStats struct {
	Processes proc.Stats
	Mixed     link.Stats
}

// Add returns the sum of two.
func (s ProcessStats) Add(o ProcessStats) ProcessStats {
	s.Processes.Starts += o.Processes.Starts
	s.Processes.Crashes += o.Processes.Crashes
	s.Processes.Hangs += o.Processes.Hangs
	s.Processes.Breaches += o.Processes.Breaches
	s.Mixed = s.Mixed.Add(o.Mixed)
	return s
}

// Stats returns what all processes so far have done (Process).
func (c *child) Stats() ProcessStats {
	var s ProcessStats
	if p := c.proc.Load(); p != nil {
		s.Processes = p.Stats()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s.Mixed = c.past.Add(c.present)
	return s
}

// WritePacket hands a packet over (Process).
func (c *child) WritePacket(number uint32, p *media.Packet) {
	if conn := c.conn.Load(); conn != nil {
		conn.WritePacket(number, p)
	}
}

// Write tells the process something (Process).
func (c *child) Write(m link.Message) bool {
	conn := c.conn.Load()
	return conn != nil && conn.Write(m) == nil
}

// Close ends the process (Process).
func (c *child) Close() { _ = c.proc.Load().Close() } // it has no error to tell

// Up takes a new process (proc.Handler).
func (c *child) Up(conn *link.Conn, _ link.Ready) {
	c.conn.Store(conn)
	c.handler.Up()
}

// Down notes the end of a process (proc.Handler).
func (c *child) Down(cause error, suspects []uint32) {
	c.conn.Store(nil)
	c.mu.Lock()
	c.past, c.present = c.past.Add(c.present), link.Stats{}
	c.mu.Unlock()
	var leftOut []uint32
	for _, number := range suspects {
		if p := c.proc.Load(); p != nil && p.LeftOut(number) {
			leftOut = append(leftOut, number)
		}
	}
	c.handler.Down(cause, leftOut)
}

// Packet hands on what the process has made (link.Handler).
func (c *child) Packet(number uint32, p *media.Packet) { c.handler.Packet(number, p) }

// Message hands on what the process says (link.Handler).
func (c *child) Message(m link.Message) {
	if alive, ok := m.(link.Alive); ok {
		c.mu.Lock()
		c.present = alive.Stats
		c.mu.Unlock()
		return
	}
	c.handler.Message(m)
}
