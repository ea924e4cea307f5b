package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/tutti-rtc/tutti/internal/app"
	"github.com/tutti-rtc/tutti/internal/config"
	"github.com/tutti-rtc/tutti/web"
)

type serveCommand struct {
	config.Config
}

// Run serves until ctx ends, then stops in order.
func (c *serveCommand) Run(ctx context.Context, t *terminal) error {
	if os.Getenv("GOGC") == "" {
		// Media makes no garbage, so collecting what joins leave behind twice
		// as often costs next to nothing, and viewers take a third less memory.
		debug.SetGCPercent(50)
	}
	options := app.Options{Version: version(), Log: logger(t.log, c.Config.Run)}
	if client, built := web.Client(); built {
		options.Client = client
	}
	server, err := app.New(c.Config, options)
	if err != nil {
		return err
	}
	greet(t, c.Config, server.Addr())
	<-ctx.Done()
	options.Log.Info("stopping: members are told, connections close", "timeout", c.Config.Run.ShutdownTimeout)
	return server.Close()
}

// logger writes to w as configured.
func logger(w io.Writer, c config.Run) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
