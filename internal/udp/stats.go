package udp

import (
	"sync/atomic"
	"syscall"
)

// Stats are a Conn's counters since it was opened, and what the system granted.
type Stats struct {
	// ReceivedDatagrams and ReceivedBytes are what ReadBatch returned, in
	// ReceiveCalls system calls that found something.
	ReceivedDatagrams, ReceivedBytes, ReceiveCalls uint64
	// Truncated are datagrams, or runs of them, dropped because they came
	// cut short.
	Truncated uint64
	// ReadErrors are reads that failed.
	ReadErrors uint64
	// KernelDrops are datagrams that the kernel threw away before they were
	// read, because the receive buffer was full or the checksum wrong. It
	// is modulo 2³², and 0 where the system does not tell.
	KernelDrops uint64

	// SentDatagrams and SentBytes are what the kernel took, in SendCalls
	// system calls (failed ones are counted too).
	SentDatagrams, SentBytes, SendCalls uint64
	// SegmentedSends are the messages among them that held several
	// datagrams (UDP_SEGMENT), and SegmentedDatagrams what these held.
	SegmentedSends, SegmentedDatagrams uint64
	// DroppedFull are datagrams dropped because the send buffer was full.
	DroppedFull uint64
	// DroppedError are datagrams that the kernel refused for another
	// reason; SendError is the latest such reason, or 0.
	DroppedError uint64
	SendError    syscall.Errno

	// ReceiveBuffer and SendBuffer are the sizes in bytes that the kernel
	// granted, or those that were asked for where it does not tell.
	ReceiveBuffer, SendBuffer int
	// GRO and GSO tell whether runs of datagrams are read and sent in one
	// piece. GSO ends for good when the kernel keeps refusing it.
	GRO, GSO bool
}

type counters struct {
	receivedDatagrams, receivedBytes, receiveCalls atomic.Uint64
	truncated, readErrors, kernelDrops             atomic.Uint64

	sentDatagrams, sentBytes, sendCalls atomic.Uint64
	segmentedSends, segmentedDatagrams  atomic.Uint64
	droppedFull, droppedError           atomic.Uint64
	sendError                           atomic.Uintptr
}

// Stats returns the counters. They stay readable after Close.
func (c *Conn) Stats() Stats {
	if c.other == nil {
		c.readKernelDrops()
	}
	k := &c.counters
	return Stats{
		ReceivedDatagrams:  k.receivedDatagrams.Load(),
		ReceivedBytes:      k.receivedBytes.Load(),
		ReceiveCalls:       k.receiveCalls.Load(),
		Truncated:          k.truncated.Load(),
		ReadErrors:         k.readErrors.Load(),
		KernelDrops:        k.kernelDrops.Load(),
		SentDatagrams:      k.sentDatagrams.Load(),
		SentBytes:          k.sentBytes.Load(),
		SendCalls:          k.sendCalls.Load(),
		SegmentedSends:     k.segmentedSends.Load(),
		SegmentedDatagrams: k.segmentedDatagrams.Load(),
		DroppedFull:        k.droppedFull.Load(),
		DroppedError:       k.droppedError.Load(),
		SendError:          syscall.Errno(k.sendError.Load()),
		ReceiveBuffer:      c.receiveSize,
		SendBuffer:         c.sendSize,
		GRO:                c.gro,
		GSO:                !c.unsegment.Load(),
	}
}

// tally is what one Write did; it is added to the shared counters at its end,
// so that Writers meet there once a batch.
type tally struct {
	datagrams, bytes, calls uint64
	segmentedSends          uint64
	segmentedDatagrams      uint64
	full, failed            uint64
	err                     syscall.Errno
}

// fail counts n datagrams that the kernel would not take.
func (t *tally) fail(n int, err syscall.Errno) {
	t.failed += uint64(n)
	t.err = err
}

func (k *counters) sent(t *tally) {
	k.sentDatagrams.Add(t.datagrams)
	k.sentBytes.Add(t.bytes)
	k.sendCalls.Add(t.calls)
	if t.segmentedSends > 0 {
		k.segmentedSends.Add(t.segmentedSends)
		k.segmentedDatagrams.Add(t.segmentedDatagrams)
	}
	if t.full > 0 {
		k.droppedFull.Add(t.full)
	}
	if t.failed > 0 {
		k.droppedError.Add(t.failed)
		k.sendError.Store(uintptr(t.err))
	}
}
