package proc

import (
	"context"
	"errors"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/tutti-rtc/tutti/internal/mcu/link"
	"github.com/tutti-rtc/tutti/internal/mcu/proc/sandbox"
)

// ErrByHand says that there is no server at the other end.
var ErrByHand = errors.New("the mixer is started by tutti serve, for each room that mixes: it can't be run by hand")

// Engine does a mixer's work until the connection ends, and returns why it had to
// stop before. It sends the heartbeats. Marks tell the server what is decoded.
type Engine func(ctx context.Context, conn *link.Conn, marks *Marks) error

// Run is a mixer's process: it takes over what the server hands down, gives up
// its rights, and runs the engine. It ends with the connection: signals that the
// server gets from a terminal or a service manager are the server's to answer.
func Run(ctx context.Context, engine Engine) error {
	conn, marks, err := inherit(link.Options{})
	if err != nil {
		return err
	}
	signal.Ignore(os.Interrupt, syscall.SIGTERM)
	var ready link.Ready
	ready.Sandbox, ready.Lacking = sandbox.Enter()
	if err := conn.Write(ready); err != nil {
		return errors.Join(err, conn.Close())
	}
	err = engine(ctx, conn, marks)
	if errors.Is(err, net.ErrClosed) {
		err = nil // the server has closed it: that is how it ends
	}
	return errors.Join(err, conn.Close())
}
