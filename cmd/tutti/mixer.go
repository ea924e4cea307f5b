package main

import (
	"context"
	"time"

	"github.com/tutti-rtc/tutti/internal/mcu/link"
	"github.com/tutti-rtc/tutti/internal/mcu/proc"
	"github.com/tutti-rtc/tutti/internal/media"
)

// mixerCommand is the process of one room's mixer, started by serve.
type mixerCommand struct{}

// Run mixes until the server closes the link.
func (mixerCommand) Run(ctx context.Context) error { return proc.Run(ctx, idle) }

// idle is a mixer that mixes nothing.
func idle(_ context.Context, conn *link.Conn, _ *proc.Marks) error {
	ticker := time.NewTicker(link.HeartbeatInterval)
	defer ticker.Stop()
	gone := make(chan error, 1)
	go func() { gone <- conn.Serve(deaf{}) }()
	for beat := uint64(1); ; beat++ {
		select {
		case err := <-gone:
			return err
		case <-ticker.C:
			if err := conn.Write(link.Alive{Sequence: beat}); err != nil {
				return err
			}
		}
	}
}

// deaf takes everything and does nothing with it.
type deaf struct{}

func (deaf) Packet(uint32, *media.Packet) {}
func (deaf) Message(link.Message)         {}
