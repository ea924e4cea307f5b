//go:build !linux

package udp

import "cmp"

// minBuffer is where setBuffers stops asking, in bytes.
const minBuffer = 64 << 10

// setBuffers asks for the sizes of o, then for half as long as the system says
// no, and returns what it asked for last.
func (c *Conn) setBuffers(o Options) (receive, send int) {
	return ask(c.socket.SetReadBuffer, cmp.Or(o.ReceiveBuffer, DefaultBuffer)),
		ask(c.socket.SetWriteBuffer, cmp.Or(o.SendBuffer, DefaultBuffer))
}

func ask(set func(bytes int) error, size int) int {
	for set(size) != nil && size > minBuffer {
		size /= 2
	}
	return size
}

// openBatched reports that this system has no batches.
func (c *Conn) openBatched(bool) bool { return false }

func newBatchSender(*Conn) sender { panic("BUG: no batches on this system") }

// readKernelDrops does nothing: the system does not tell.
func (c *Conn) readKernelDrops() {}
