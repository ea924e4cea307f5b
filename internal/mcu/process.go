package mcu

import (
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
func (c *child) Message(m link.Message) { c.handler.Message(m) }
