package main

import (
	"context"

	"github.com/tutti-rtc/tutti/internal/mcu/codec/system"
	"github.com/tutti-rtc/tutti/internal/mcu/engine"
	"github.com/tutti-rtc/tutti/internal/mcu/link"
	"github.com/tutti-rtc/tutti/internal/mcu/proc"
	"github.com/tutti-rtc/tutti/internal/mcu/text"
	"github.com/tutti-rtc/tutti/internal/media"
)

// mixerCommand is the process of one room's mixer, started by serve.
type mixerCommand struct{}

// Run mixes until the server closes the link.
func (mixerCommand) Run(ctx context.Context) error {
	codecs, err := system.New()
	if err != nil {
		return err
	}
	return proc.Run(ctx, func(_ context.Context, conn *link.Conn, marks *proc.Marks) error {
		return engine.Run(conn, engine.Options{
			Clock: media.NewClock(), Codecs: codecs, Marks: marks, Faces: text.NewFaces(),
		})
	})
}
