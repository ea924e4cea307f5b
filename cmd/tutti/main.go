// Command tutti is the server and its tools: one binary, one subcommand for each
// thing to do. A subcommand reads flags, calls the package that does the work
// and turns errors into exit codes; it does nothing else.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/tutti-rtc/tutti/internal/config"
)

// commands is the command line.
type commands struct {
	Serve   serveCommand   `cmd:"" help:"Serve rooms. Needs no settings."`
	Doctor  doctorCommand  `cmd:"" help:"Find out why calls work badly or not at all, and what to do."`
	Token   tokenCommand   `cmd:"" help:"Make an access token for a server with a secret."`
	Publish publishCommand `cmd:"" help:"Send media files into a room."`
	Play    playCommand    `cmd:"" help:"Save what a room sends to files."`
	Bench   benchCommand   `cmd:"" help:"Load a server and measure it."`
	Version versionCommand `cmd:"" help:"Print the version."`
	Mixer   mixerCommand   `cmd:"" hidden:"" help:"Mix a room: serve starts it."`
}

// Exit codes beside 0.
const (
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal asks to stop, a second one does not ask.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run runs one command line until it is done or ctx ends, and returns the exit
// code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var cli commands
	parser, err := kong.New(&cli,
		kong.Name("tutti"),
		kong.Description("Voice and video rooms: directly, through the server, or mixed."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Writers(stdout, stderr),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(&terminal{out: stdout, log: stderr}),
		config.Environment(),
	)
	if err != nil {
		panic("BUG: the command line contradicts itself: " + err.Error())
	}
	command, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(stderr, "tutti: %v\n", err)
		return exitUsage
	}
	if err := command.Run(); err != nil {
		fmt.Fprintf(stderr, "tutti: %v\n", err)
		return exitFailed
	}
	return 0
}
