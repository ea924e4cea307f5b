package udp

import (
	"errors"
	"net"
	"testing"
)

func TestAWrappedSocketSpeaksLikeAnyOther(t *testing.T) {
	pc, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := Wrap(pc)
	other, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()

	// A burst leaves as the datagrams that it is made of.
	to := addrPort(other.LocalAddr())
	if n, err := c.NewWriter().Write([]Burst{{Addr: to, Data: []byte("onetwoend"), SegmentSize: 3}}); n != 3 || err != nil {
		t.Fatalf("%d datagrams were sent: %v", n, err)
	}
	buf := make([]byte, 100)
	for _, want := range []string{"one", "two", "end"} {
		n, _, err := other.ReadFrom(buf)
		if err != nil || string(buf[:n]) != want {
			t.Fatalf("got %q, %v; want %q", buf[:n], err, want)
		}
	}
	if _, err := other.WriteTo([]byte("back"), pc.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	batch := make([]Datagram, 4)
	n, err := c.ReadBatch(batch)
	if err != nil || n != 1 || string(batch[0].Data) != "back" || batch[0].Addr != to {
		t.Fatalf("read %d: %+v, %v", n, batch[0], err)
	}
	if s := c.Stats(); s.SentDatagrams != 3 || s.ReceivedDatagrams != 1 {
		t.Errorf("counted %+v", s)
	}
	c.Close()
	if _, err := c.ReadBatch(batch); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
