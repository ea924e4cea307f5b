package udp

import (
	"fmt"
	"net"
	"sync"
	"testing"
	"time"
)

// packetSize is that of a full video packet, in bytes.
const packetSize = 1200

// burstSizes are the datagrams per destination and call that the benchmarks try.
var burstSizes = []int{1, 5, 10, 40}

// BenchmarkSend sends to eight destinations a call, whose readers drain them.
// The cost of sending on loopback holds that of delivering.
func BenchmarkSend(b *testing.B) {
	for name, o := range paths {
		for _, segments := range burstSizes {
			b.Run(fmt.Sprintf("%s/burst=%d", name, segments), func(b *testing.B) {
				var readers sync.WaitGroup
				b.Cleanup(readers.Wait) // once all are closed
				a := open(b, "::", o)
				bursts := make([]Burst, 8)
				for i := range bursts {
					to := open(b, "127.0.0.1", o)
					readers.Go(func() { drain(to) })
					bursts[i] = Burst{Addr: to.LocalAddr(), Data: make([]byte, packetSize*segments), SegmentSize: packetSize}
				}
				w := a.NewWriter()
				b.ReportAllocs()
				cpu := startThreadTime()
				b.ResetTimer()
				sent := 0
				for sent < b.N {
					n, err := w.Write(bursts)
					if err != nil || n != len(bursts)*segments {
						b.Fatal(n, err)
					}
					sent += n
				}
				report(b, sent, b.Elapsed(), cpu())
			})
		}
	}
}

// BenchmarkNetUDPConn is what package net takes for the same, one by one.
func BenchmarkNetUDPConn(b *testing.B) {
	var reader sync.WaitGroup
	b.Cleanup(reader.Wait)
	to := open(b, "127.0.0.1", Options{})
	reader.Go(func() { drain(to) })
	socket, err := net.ListenUDP("udp", nil)
	if err != nil {
		b.Fatal(err)
	}
	defer socket.Close()
	data := make([]byte, packetSize)
	cpu := startThreadTime()
	b.ResetTimer()
	for range b.N {
		if _, err := socket.WriteToUDPAddrPort(data, to.LocalAddr()); err != nil {
			b.Fatal(err)
		}
	}
	report(b, b.N, b.Elapsed(), cpu())
}

// BenchmarkRead fills the receive buffer, then takes the time of emptying it.
func BenchmarkRead(b *testing.B) {
	for name, o := range paths {
		for _, segments := range burstSizes {
			b.Run(fmt.Sprintf("%s/burst=%d", name, segments), func(b *testing.B) {
				a, c := open(b, "127.0.0.1", Options{}), open(b, "127.0.0.1", o)
				const fill = 400
				bursts := make([]Burst, fill/segments)
				for i := range bursts {
					bursts[i] = Burst{Addr: c.LocalAddr(), Data: make([]byte, packetSize*segments), SegmentSize: packetSize}
				}
				w := a.NewWriter()
				batch := make([]Datagram, 256)
				b.ReportAllocs()
				b.ResetTimer()
				var spent, spentCPU time.Duration
				got := 0
				for got < b.N {
					write(b, w, fill, bursts...)
					start, cpu := time.Now(), startThreadTime()
					for n := 0; n < fill; {
						k, err := c.ReadBatch(batch)
						if err != nil {
							b.Fatal(err)
						}
						n += k
					}
					spent += time.Since(start)
					spentCPU += cpu()
					got += fill
				}
				report(b, got, spent, spentCPU)
			})
		}
	}
}

// report gives the time of one of n datagrams, by the wall and of this thread.
func report(b *testing.B, n int, wall, cpu time.Duration) {
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(wall.Nanoseconds())/float64(n), "ns/datagram")
	if cpu > 0 {
		b.ReportMetric(float64(cpu.Nanoseconds())/float64(n), "cpu-ns/datagram")
	}
}

// drain reads until c is closed.
func drain(c *Conn) {
	batch := make([]Datagram, 256)
	for {
		if _, err := c.ReadBatch(batch); err != nil {
			return
		}
	}
}
