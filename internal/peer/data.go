package peer

import (
	"net"
	"sync"
	"sync/atomic"

	"github.com/pion/datachannel"
	"github.com/pion/logging"
	"github.com/pion/sctp"
)

// The bounds of a peer's data channels.
const (
	// MaxDataMessage is the largest message in bytes, in both directions.
	MaxDataMessage = 64 << 10
	maxChannels    = 8 // open at one time; further ones are closed at once
	// What a client has not taken yet, in bytes: beyond this its messages
	// are dropped and counted.
	maxDataQueue = 1 << 20
)

// Channel is a data channel that the client opened.
type Channel struct {
	dc *datachannel.DataChannel
}

// Label returns the label that the client gave it.
func (c *Channel) Label() string { return c.dc.Config.Label }

// Send queues a message. It never blocks, and reports false when the message
// is dropped because the client reads too slowly or has gone.
func (c *Channel) Send(b []byte) bool {
	if c.dc.BufferedAmount()+uint64(len(b)) > maxDataQueue {
		return false
	}
	_, err := c.dc.Write(b)
	return err == nil
}

// dataTransport is a peer's SCTP association and its channels (RFC 8831).
type dataTransport struct {
	peer    *Peer
	agreed  atomic.Bool // a section for it was
	dropped atomic.Uint64

	mu       sync.Mutex
	channels map[string]*Channel // guarded by mu; by label
}

// SendData sends a message on the client's channel with this label and reports
// whether it was taken. It is dropped, and counted, if the channel isn't open
// or the client reads too slowly. It may be called from any goroutine.
func (p *Peer) SendData(label string, b []byte) bool {
	p.data.mu.Lock()
	c := p.data.channels[label]
	p.data.mu.Unlock()
	if c != nil && c.Send(b) {
		return true
	}
	p.data.dropped.Add(1)
	p.server.drops.data.Add(1)
	return false
}

// serve runs the association over DTLS until it ends.
func (d *dataTransport) serve(conn net.Conn) error {
	assoc, err := sctp.ClientWithOptions( // either side may begin (RFC 8831 §6.2)
		sctp.WithNetConn(conn),
		sctp.WithLoggerFactory(quiet{}),
		sctp.WithMaxMessageSize(MaxDataMessage),
	)
	if err != nil {
		return err
	}
	var readers sync.WaitGroup
	defer readers.Wait()
	defer assoc.Close()
	var open atomic.Int32
	for {
		dc, err := datachannel.Accept(assoc, &datachannel.Config{LoggerFactory: quiet{}})
		if err != nil {
			return err
		}
		if open.Add(1) > maxChannels { // the others, and the media, go on
			open.Add(-1)
			dc.Close()
			continue
		}
		readers.Go(func() {
			defer open.Add(-1)
			d.read(dc)
		})
	}
}

// read hands one channel's messages to the peer's handler until it closes.
func (d *dataTransport) read(dc *datachannel.DataChannel) {
	c := &Channel{dc: dc}
	d.mu.Lock()
	d.channels[c.Label()] = c
	d.mu.Unlock()
	buf := make([]byte, MaxDataMessage)
	for {
		n, err := dc.Read(buf)
		if err != nil {
			break
		}
		d.peer.handler.Data(c.Label(), buf[:n])
	}
	d.mu.Lock()
	if d.channels[c.Label()] == c {
		delete(d.channels, c.Label())
	}
	d.mu.Unlock()
	dc.Close()
}

// quiet silences the libraries' own logs: what matters comes back as an error.
type quiet struct{}

// NewLogger returns a logger that discards everything (logging.LoggerFactory).
func (quiet) NewLogger(string) logging.LeveledLogger {
	return logging.NewDefaultLeveledLoggerForScope("", logging.LogLevelDisabled, nil)
}
