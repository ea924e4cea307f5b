package ice

import (
	"context"
	"crypto/rand"
	"net"
	"testing"
	"testing/synctest"
	"time"

	pion "github.com/pion/ice/v4"
	"github.com/pion/logging"
	"github.com/pion/transport/v4/vnet"

	"github.com/tutti-rtc/tutti/internal/media"
)

// liteServer answers on one socket with an Agent, as a peer's loop does, and
// hands out what is not STUN.
type liteServer struct {
	conn  net.PacketConn
	clock media.Clock
	agent *Agent
	data  chan string
}

func (s *liteServer) serve() {
	defer close(s.data)
	buf := make([]byte, 1500)
	for {
		n, addr, err := s.conn.ReadFrom(buf)
		if err != nil {
			return
		}
		from := Address{Proto: UDP, Remote: addr.(*net.UDPAddr).AddrPort()}
		if _, ok := PeekUsername(buf[:n]); !ok {
			if s.agent.Valid(from) {
				s.data <- string(buf[:n])
			}
			continue
		}
		if reply, _ := s.agent.Handle(s.clock.Now(), from, buf[:n], nil); reply != nil {
			_, _ = s.conn.WriteTo(reply, addr)
		}
	}
}

// TestFullAgentConnects lets the ICE agent of another stack, controlling and
// with regular nomination, connect through a virtual network, and restart.
func TestFullAgentConnects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		router, err := vnet.NewRouter(&vnet.RouterConfig{
			CIDR: "192.0.2.0/24", MinDelay: 20 * time.Millisecond, LoggerFactory: logging.NewDefaultLoggerFactory(),
		})
		must(t, err)
		serverNet, clientNet := join(t, router, "192.0.2.1"), join(t, router, "192.0.2.7")
		must(t, router.Start())
		defer router.Stop()

		creds, err := NewCredentials(rand.Reader)
		must(t, err)
		conn, err := serverNet.ListenPacket("udp4", "192.0.2.1:8080")
		must(t, err)
		s := &liteServer{
			conn: conn, clock: media.NewClock(), data: make(chan string, 1),
			agent: New(Options{Ufrag: creds.Ufrag, Pwd: creds.Pwd}),
		}
		client, err := pion.NewAgentWithOptions(pion.WithNet(clientNet),
			pion.WithNetworkTypes([]pion.NetworkType{pion.NetworkTypeUDP4}),
			pion.WithMulticastDNSMode(pion.MulticastDNSModeDisabled))
		must(t, err)
		ufrag, _, err := client.GetLocalUserCredentials()
		must(t, err)
		s.agent.SetRemote(ufrag)
		go s.serve()

		gather(t, client)
		path, err := client.Dial(t.Context(), creds.Ufrag, creds.Pwd)
		must(t, err)
		_, err = path.Write([]byte("up"))
		must(t, err)
		if got := <-s.data; got != "up" {
			t.Errorf("server got %q", got)
		}
		synctest.Wait()
		if s.agent.pairs[s.agent.selected].nominated.IsZero() {
			t.Error("the client's nomination did not arrive")
		}
		s.send(t, "down")
		if got := read(t, path); got != "down" {
			t.Errorf("client got %q", got)
		}

		// An ICE restart: both sides have new credentials, the path is found
		// again and the same connection goes on.
		again, err := NewCredentials(rand.Reader)
		must(t, err)
		must(t, client.Restart("", ""))
		ufrag, _, err = client.GetLocalUserCredentials()
		must(t, err)
		s.agent.Restart(s.clock.Now(), again, ufrag)
		must(t, client.SetRemoteCredentials(again.Ufrag, again.Pwd))
		gather(t, client)
		time.Sleep(5 * time.Second) // virtual: the time for checks to go round
		synctest.Wait()
		if _, previous := s.agent.Ufrags(); previous != "" {
			t.Error("no check with the new credentials came in")
		}
		s.send(t, "down again")
		if got := read(t, path); got != "down again" {
			t.Errorf("client got %q", got)
		}

		must(t, client.GracefulClose())
		must(t, conn.Close())
		<-s.data
	})
}

// send sends to where the agent says.
func (s *liteServer) send(t *testing.T, msg string) {
	t.Helper()
	to, ok := s.agent.Selected()
	if !ok {
		t.Fatal("nowhere to send")
	}
	_, err := s.conn.WriteTo([]byte(msg), net.UDPAddrFromAddrPort(to.Remote))
	must(t, err)
}

func read(t *testing.T, from net.Conn) string {
	t.Helper()
	buf := make([]byte, 100)
	n, err := from.Read(buf)
	must(t, err)
	return string(buf[:n])
}

// join adds a host to the network.
func join(t *testing.T, router *vnet.Router, ip string) *vnet.Net {
	t.Helper()
	host, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{ip}})
	must(t, err)
	must(t, router.AddNet(host))
	return host
}

// gather waits for the client's candidates and tells it the server's.
func gather(t *testing.T, client *pion.Agent) {
	t.Helper()
	done, cancel := context.WithCancel(t.Context())
	must(t, client.OnCandidate(func(c pion.Candidate) {
		if c == nil {
			cancel()
		}
	}))
	must(t, client.GatherCandidates())
	<-done.Done()
	candidate, err := pion.NewCandidateHost(&pion.CandidateHostConfig{
		Network: "udp", Address: "192.0.2.1", Port: 8080, Component: 1,
	})
	must(t, err)
	must(t, client.SetRemoteICELite(true))
	must(t, client.AddRemoteCandidate(candidate))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
