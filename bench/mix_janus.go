package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"

	"github.com/tutti-rtc/tutti/client/load"
)

// bridgeFigures are what Janus's AudioBridge has used, with plain RTP.
type bridgeFigures struct {
	// CPU is in cores, Delivered the share of the packets that listeners and
	// talkers should have got.
	CPU       float64 `json:"cpu"`
	Delivered float64 `json:"delivered"`
}

// bridge is an AudioBridge room whose participants speak plain RTP: neither ICE
// nor encryption is measured. One socket receives for all of them.
type bridge struct {
	session  *janusSession
	socket   *net.UDPConn
	members  []*net.UDPAddr // where each sends to; talkers first
	received atomic.Int64
}

// measureBridge runs a room of talkers and listeners in Janus.
func measureBridge(ctx context.Context, o *options, voices []*voice, listeners int) (f bridgeFigures, err error) {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return f, err
	}
	defer os.RemoveAll(dir)
	server, j, err := startJanusPlugin(ctx, dir, "audiobridge")
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	b, err := j.openBridge(ctx, len(voices)+listeners)
	if err != nil {
		return f, fmt.Errorf("%w; the server said: %s", err, server.said())
	}
	leave := b.session.keep()
	defer leave()
	running, stop := context.WithCancel(ctx)
	var working sync.WaitGroup
	working.Go(b.count)
	working.Go(func() { b.talk(running, voices) })
	f, err = b.measure(ctx, server.pid(), o.duration)
	stop()
	_ = b.socket.Close()
	working.Wait()
	return f, err
}

// openBridge makes a room and lets everybody join.
func (j *janus) openBridge(ctx context.Context, members int) (*bridge, error) {
	s, err := j.open(ctx)
	if err != nil {
		return nil, err
	}
	b := &bridge{session: s}
	if b.socket, err = net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}); err != nil {
		return nil, err
	}
	_ = b.socket.SetReadBuffer(4 << 20) // what is lost is seen in the count
	_, err = s.ask(ctx, janusMessage{Janus: "message", Body: map[string]any{
		"request": "create", "room": janusRoom, "sampling_rate": 48000, "allow_rtp_participants": true, "audiolevel_event": false,
	}})
	for err == nil && len(b.members) < members {
		var at *net.UDPAddr
		at, err = b.join(ctx, j.plugin)
		b.members = append(b.members, at)
	}
	if err != nil {
		_, _ = s.conn.CloseNow(), b.socket.Close()
		return nil, err
	}
	return b, nil
}

// join adds a participant and returns where its microphone goes.
func (b *bridge) join(ctx context.Context, plugin string) (*net.UDPAddr, error) {
	if err := b.session.attach(ctx, plugin); err != nil {
		return nil, err
	}
	reply, err := b.session.ask(ctx, janusMessage{Janus: "message", Body: map[string]any{
		"request": "join", "room": janusRoom, "muted": false,
		"rtp": map[string]any{"ip": "127.0.0.1", "port": b.socket.LocalAddr().(*net.UDPAddr).Port, "payload_type": 111},
	}})
	if err != nil {
		return nil, err
	}
	var joined struct {
		RTP struct {
			Port int `json:"port"`
		} `json:"rtp"`
	}
	if err := json.Unmarshal(reply.PluginData.Data, &joined); err != nil || joined.RTP.Port == 0 {
		return nil, fmt.Errorf("janus: no port for a participant in %s: %w", reply.PluginData.Data, err)
	}
	return &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: joined.RTP.Port}, nil
}

// count receives what the room sends, until the socket is closed.
func (b *bridge) count() {
	buffer := make([]byte, 2000)
	for {
		if _, _, err := b.socket.ReadFromUDP(buffer); err != nil {
			return
		}
		b.received.Add(1)
	}
}

// talk sends the voices in real time. Listeners say once that they are there.
func (b *bridge) talk(ctx context.Context, voices []*voice) {
	for i := len(voices); i < len(b.members); i++ {
		b.send(i, 0, []byte{0xf8, 0xff, 0xfe}) // silence
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		for i, v := range voices {
			b.send(i, n, v.packets[n%len(v.packets)])
		}
	}
}

// send sends a member's n-th packet.
func (b *bridge) send(member, n int, payload []byte) {
	packet := rtp.Packet{Header: rtp.Header{
		Version: 2, PayloadType: 111, SSRC: uint32(member + 1), SequenceNumber: uint16(n), Timestamp: uint32(960 * n), Marker: n == 0,
	}, Payload: payload}
	if raw, err := packet.Marshal(); err == nil {
		_, _ = b.socket.WriteToUDP(raw, b.members[member]) // what is lost is seen in the count
	}
}

func (b *bridge) measure(ctx context.Context, pid int, d time.Duration) (bridgeFigures, error) {
	if err := wait(ctx, 2*time.Second); err != nil {
		return bridgeFigures{}, err
	}
	begin, received := time.Now(), b.received.Load()
	before, err := load.ReadUsage(pid)
	if err != nil {
		return bridgeFigures{}, err
	}
	if err := wait(ctx, d); err != nil {
		return bridgeFigures{}, err
	}
	after, err := load.ReadUsage(pid)
	seconds := time.Since(begin).Seconds()
	return bridgeFigures{
		CPU:       (after.CPU - before.CPU).Seconds() / seconds,
		Delivered: float64(b.received.Load()-received) / (50 * seconds * float64(len(b.members))),
	}, err
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
