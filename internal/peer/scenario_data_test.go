package peer_test

import (
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/internal/netsim"
	"github.com/tutti-rtc/tutti/internal/peer/peertest"
)

func TestDataChannelsMayBeAgreedOnLater(t *testing.T) {
	story(t, 1, func(t *testing.T, w *peertest.World) {
		anna := newCall(t, w, "anna", peertest.ClientOptions{})
		anna.connect()
		anna.talk(time.Second)
		dc, err := anna.CreateDataChannel("late", nil)
		if err != nil {
			t.Fatal(err)
		}
		opened := make(chan struct{})
		dc.OnOpen(func() { close(opened) })
		anna.negotiate(nil)
		await(t, "the channel", opened)
		if err := dc.SendText("hello"); err != nil {
			t.Fatal(err)
		}
		if got := await(t, "the message", anna.seen.data); got != "late: hello" {
			t.Errorf("the server got %q", got)
		}
		anna.flows("the media", time.Second)
	})
}

func TestDataComesWholeOverALineThatLoses(t *testing.T) {
	story(t, 2, func(t *testing.T, w *peertest.World) {
		anna := newCall(t, w, "anna", peertest.ClientOptions{})
		dc, err := anna.CreateDataChannel("file", nil)
		if err != nil {
			t.Fatal(err)
		}
		opened := make(chan struct{})
		dc.OnOpen(func() { close(opened) })
		anna.connect()
		await(t, "the channel", opened)
		line := netsim.LinkOptions{Delay: 30 * time.Millisecond, Loss: 0.05, Reorder: 0.05, ReorderBy: 10 * time.Millisecond}
		anna.lines(w, line, line)
		const messages, size = 40, 16 << 10
		for i := range messages {
			b := make([]byte, size)
			b[0], b[size-1] = byte(i), byte(i)
			if err := dc.Send(b); err != nil {
				t.Fatal(err)
			}
		}
		for i := range messages {
			var got string
			select {
			case got = <-anna.seen.data:
			case <-time.After(time.Minute):
				t.Fatalf("message %d did not come", i)
			}
			got = got[len("file: "):]
			if len(got) != size || got[0] != byte(i) || got[size-1] != byte(i) {
				t.Fatalf("message %d is torn", i)
			}
		}
		// And down, as far as the queue reaches: what is too much is refused.
		received := make(chan int, 1000)
		dc.OnMessage(func(m webrtc.DataChannelMessage) { received <- len(m.Data) })
		sent := 0
		for range 200 {
			if anna.peer.SendData("file", make([]byte, size)) {
				sent++
			}
		}
		if sent < 30 || sent > 100 {
			t.Errorf("%d messages of 16 KiB were taken at once", sent)
		}
		for i := range sent {
			select {
			case <-received:
			case <-time.After(time.Minute):
				t.Fatalf("%d of %d messages came down", i, sent)
			}
		}
	})
}
