package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/tutti-rtc/tutti/client/load"
)

// benchCommand loads a server with publishers and viewers of its own making.
type benchCommand struct {
	URL        string        `default:"http://127.0.0.1:8080" placeholder:"URL" help:"The server's address."`
	Room       string        `default:"bench" help:"Room to join."`
	Token      string        `env:"TUTTI_TOKEN" placeholder:"TOKEN" help:"Access token, where the server wants one."`
	Publishers int           `default:"1" help:"How many publish."`
	Viewers    int           `default:"10" help:"How many receive."`
	Rate       int           `default:"1500000" placeholder:"BIT/S" help:"Video of each publisher, VP8; 0 is audio only. Opus is there in any case."`
	Videos     int           `default:"1" help:"Videos that each viewer receives at once."`
	Voices     int           `default:"1" help:"Voices that each viewer receives at once."`
	Duration   time.Duration `default:"10s" help:"How long to measure once all have joined."`
	JoinRate   float64       `default:"50" placeholder:"N" help:"Viewers that join in a second."`
	ServerPID  int           `name:"server-pid" placeholder:"PID" help:"The server's process on this machine, to measure its CPU time and memory."`
	JSON       string        `name:"json" type:"path" placeholder:"FILE" help:"Write the result as JSON too."`
}

// Run loads the server, prints a table and fails if viewers could not join.
func (c *benchCommand) Run(ctx context.Context, t *terminal) error {
	report, err := load.Run(ctx, "tutti", load.Options{
		Target:     &load.Tutti{URL: c.URL, Room: c.Room, Token: c.Token, AudioSlots: c.Voices, VideoSlots: c.Videos},
		Publishers: c.Publishers, Bitrate: c.Rate, Viewers: c.Viewers, JoinRate: c.JoinRate,
		Duration: c.Duration, ServerPID: c.ServerPID,
		Log: func(format string, args ...any) { fmt.Fprintf(t.log, format+"\n", args...) },
	})
	if err != nil {
		return err
	}
	if err := load.WriteTable(t.out, []*load.Report{report}); err != nil {
		return err
	}
	if c.JSON != "" {
		b, err := json.MarshalIndent(report, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(c.JSON, append(b, '\n'), 0o644); err != nil {
			return fmt.Errorf("write the result: %w", err)
		}
	}
	if failed := c.Viewers - report.Joined; failed > 0 {
		return fmt.Errorf("%d of %d viewers could not join: %q", failed, c.Viewers, report.Failures)
	}
	return nil
}
