package peer

import (
	"errors"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tutti-rtc/tutti/internal/peer/ice"
)

func TestAForgedCheckHoldsUntilTheNextOfTheTrueOwner(t *testing.T) {
	l, _ := bareLoop(Options{})
	anna, eve := barePeer(t, l, offerAll), barePeer(t, l, offerAll)
	comes(epoch, l.server, clientAddr, check(t, anna, true))
	// Eve, a member too, sends a check of her own with Anna's address on it.
	comes(epoch, l.server, clientAddr, check(t, eve, true))
	now := epoch.Add(3 * time.Second)
	comes(now, l.server, clientAddr, check(t, anna, true))
	if l.server.byAddr[clientAddr.Remote] != anna {
		t.Error("Anna's media still goes to Eve")
	}
	if n := len(anna.addrs); n != 1 {
		t.Errorf("one address is noted %d times", n)
	}
}

func TestTCPConnectionsEndWithTheirPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := bareLoop(Options{})
		p := barePeer(t, l, offerAll)
		client, conn := net.Pipe()
		defer client.Close()
		c, err := l.server.newTCPConn(conn)
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error)
		go func() { ended <- c.read() }()
		synctest.Wait()
		c.prove(p) // it may be silent for as long as it likes now
		time.Sleep(time.Hour)
		synctest.Wait()
		select {
		case err := <-ended:
			t.Fatalf("a connection in use ended: %v", err)
		default:
		}
		p.end(epoch, false)
		if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the connection ended by %v", err)
		}
	})
}

func TestAServerMayCloseWhileAPeerIsMade(t *testing.T) {
	l, _ := bareLoop(Options{})
	// The server's Close comes between the peer's entry in its list and the
	// peer's first turn.
	p, err := l.server.NewPeer(silent{})
	if err != nil {
		t.Fatal(err)
	}
	p.end(epoch, false)
	l.turn(&l.queued)
	if len(l.timers) != 0 || len(l.server.byUfrag) != 0 {
		t.Error("something of the peer is left")
	}
}

func TestAClientWhoseTCPBreaksMayComeBack(t *testing.T) {
	l, _ := bareLoop(Options{})
	p := barePeer(t, l, offerAll)
	byTCP := ice.Address{Proto: ice.TCP, Remote: clientAddr.Remote, Conn: 1}
	comes(epoch, l.server, byTCP, check(t, p, true))
	p.down.estimate = newEstimate(epoch)
	p.SetWanted(10_000_000)
	p.down.estimate.pacer.StartProbe(epoch, 1, 1_000_000, 5000)
	// The only connection breaks. The client has half a minute to make another
	// one, as on UDP, though the server has nothing else to do for it.
	p.forget(epoch, byTCP)
	now := after(t, p, epoch, 20*time.Second)
	if p.over {
		t.Fatal("the session ended with the connection")
	}
	byTCP.Conn = 2
	comes(now, l.server, byTCP, check(t, p, true))
	if p.selected.Load().Conn != 2 {
		t.Fatal("the new connection is not used")
	}
	now = after(t, p, now, 20*time.Second)
	if p.over {
		t.Fatal("the session ended although the client had come back")
	}
	// But it is not waited for for ever.
	p.forget(now, byTCP)
	after(t, p, now, 31*time.Second)
	if !p.over {
		t.Error("a client that has gone is kept")
	}
}
