package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"github.com/tutti-rtc/tutti/client/load"
)

// janusConfig is the smallest that works: ICE-lite as ours, one thread for media,
// the WebSocket transport and one plugin. Janus never uses the loopback interface
// for media with ICE, so it gets the one that isolate has made.
const janusConfig = `general: {
	configs_folder = "%[1]s"
	debug_level = 3
	event_loops = 1
}
nat: {
	ice_lite = true
	ice_enforce_list = "%[2]s"
}
media: { ipv6 = false }
plugins: { disable = "%[3]s" }
transports: { disable = "libjanus_http.so,libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so" }
events: { broadcast = false }
`

const janusSockets = `general: {
	ws = true
	ws_port = %d
	ws_interface = "lo"
}
`

func startJanus(ctx context.Context, _ *options, dir string) (*server, load.Target, error) {
	s, j, err := startJanusPlugin(ctx, dir, "videoroom")
	return s, j, err
}

// startJanusPlugin runs Janus with one of its plugins.
func startJanusPlugin(ctx context.Context, dir, plugin string) (*server, *janus, error) {
	port, err := freePort()
	if err != nil {
		return nil, nil, err
	}
	var others []string
	for _, name := range []string{
		"audiobridge", "duktape", "echotest", "lua", "nosip", "recordplay", "sip", "streaming", "textroom", "videocall", "videoroom", "voicemail",
	} {
		if name != plugin {
			others = append(others, "libjanus_"+name+".so")
		}
	}
	for name, text := range map[string]string{
		"janus.jcfg":                       fmt.Sprintf(janusConfig, dir, wire, strings.Join(others, ",")),
		"janus.transport.websockets.jcfg":  fmt.Sprintf(janusSockets, port),
		"janus.plugin." + plugin + ".jcfg": "general: {}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return nil, nil, err
		}
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	s, err := start(ctx, dir, address, "janus", "--configs-folder", dir, "--config", filepath.Join(dir, "janus.jcfg"))
	return s, &janus{url: "ws://" + address, plugin: "janus.plugin." + plugin}, err
}

// janus is a Janus server; with its videoroom plugin it is a load.Target.
type janus struct {
	url, plugin string
	feed        int64 // the publisher, once there is one
}

const janusRoom = 1

// janusMessage is what Janus and its clients say, as far as it is needed here.
type janusMessage struct {
	Janus       string         `json:"janus"`
	Transaction string         `json:"transaction,omitempty"`
	Session     int64          `json:"session_id,omitempty"`
	Handle      int64          `json:"handle_id,omitempty"`
	Plugin      string         `json:"plugin,omitempty"`
	Body        map[string]any `json:"body,omitempty"`
	JSEP        *janusJSEP     `json:"jsep,omitempty"`
	Data        struct {
		ID int64 `json:"id"`
	} `json:"data,omitzero"`
	PluginData struct {
		Data json.RawMessage `json:"data"`
	} `json:"plugindata,omitzero"`
	Error struct {
		Reason string `json:"reason"`
	} `json:"error,omitzero"`
}

type janusJSEP struct {
	Type string `json:"type"`
	SDP  string `json:"sdp"`
}

// janusSession is one socket with one session and a handle of the plugin.
type janusSession struct {
	conn            *websocket.Conn
	session, handle int64
	transactions    int
}

func (j *janus) open(ctx context.Context) (*janusSession, error) {
	conn, _, err := websocket.Dial(ctx, j.url, &websocket.DialOptions{Subprotocols: []string{"janus-protocol"}})
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(1 << 20)
	s := &janusSession{conn: conn}
	created, err := s.ask(ctx, janusMessage{Janus: "create"})
	if err == nil {
		s.session = created.Data.ID
		err = s.attach(ctx, j.plugin)
	}
	if err != nil {
		_ = conn.CloseNow()
		return nil, err
	}
	return s, nil
}

// attach opens a handle of a plugin, which is what is spoken with from here on.
func (s *janusSession) attach(ctx context.Context, plugin string) error {
	s.handle = 0
	attached, err := s.ask(ctx, janusMessage{Janus: "attach", Plugin: plugin})
	s.handle = attached.Data.ID
	return err
}

// ask sends a request and returns its reply; for a plugin's asynchronous
// request that is the event that follows the acknowledgement.
func (s *janusSession) ask(ctx context.Context, m janusMessage) (janusMessage, error) {
	s.transactions++
	m.Transaction = fmt.Sprint(s.transactions)
	m.Session, m.Handle = s.session, s.handle
	if err := s.write(ctx, m); err != nil {
		return m, err
	}
	for {
		var reply janusMessage
		if err := wsjson.Read(ctx, s.conn, &reply); err != nil {
			return reply, err
		}
		if reply.Janus == "error" {
			return reply, fmt.Errorf("janus refuses %s: %s", m.Janus, reply.Error.Reason)
		}
		if reply.Transaction != m.Transaction || reply.Janus == "ack" {
			continue
		}
		return reply, reply.pluginError()
	}
}

// write sends m as one frame: Janus 1.1 does not join what comes in several.
func (s *janusSession) write(ctx context.Context, m janusMessage) error {
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return s.conn.Write(ctx, websocket.MessageText, b)
}

func (m *janusMessage) pluginError() error {
	var failure struct {
		Error string `json:"error"`
	}
	if len(m.PluginData.Data) > 0 && json.Unmarshal(m.PluginData.Data, &failure) == nil && failure.Error != "" {
		return errors.New("janus: " + failure.Error)
	}
	return nil
}

// stay keeps the session alive until ctx ends, and then leaves.
func (s *janusSession) stay(ctx context.Context) {
	lost := make(chan struct{})
	go func() {
		defer close(lost)
		for {
			if _, _, err := s.conn.Read(context.Background()); err != nil {
				return
			}
		}
	}()
	tick := time.NewTicker(20 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = s.write(ctx, janusMessage{Janus: "keepalive", Transaction: "k", Session: s.session})
		case <-lost:
			return
		case <-ctx.Done():
			_ = s.conn.CloseNow()
			<-lost
			return
		}
	}
}

// keep runs stay and returns what ends it.
func (s *janusSession) keep() (leave func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var staying sync.WaitGroup
	staying.Go(func() { s.stay(ctx) })
	return func() {
		cancel()
		staying.Wait()
	}
}

// Publish makes the room and publishes in it.
func (j *janus) Publish(ctx context.Context, _ int, source *load.Source) (func(), error) {
	s, err := j.open(ctx)
	if err != nil {
		return nil, err
	}
	for _, body := range []map[string]any{
		{"request": "create", "room": janusRoom, "publishers": 10, "bitrate": 10_000_000, "videocodec": "vp8", "audiocodec": "opus"},
		{"request": "join", "room": janusRoom, "ptype": "publisher", "display": "publisher"},
	} {
		reply, err := s.ask(ctx, janusMessage{Janus: "message", Body: body})
		if err != nil {
			return nil, err
		}
		var joined struct {
			ID int64 `json:"id"`
		}
		if err := json.Unmarshal(reply.PluginData.Data, &joined); err != nil {
			return nil, err
		}
		j.feed = joined.ID
	}
	return j.send(ctx, s, source)
}

// send negotiates the publisher's connection and feeds it.
func (j *janus) send(ctx context.Context, s *janusSession, source *load.Source) (func(), error) {
	var settings webrtc.SettingEngine
	settings.SetInterfaceFilter(func(name string) bool { return name == wire })
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	var tracks [2]*webrtc.TrackLocalStaticRTP
	for i, mime := range []string{webrtc.MimeTypeOpus, webrtc.MimeTypeVP8} {
		if tracks[i], err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, mime[:5], "bench"); err != nil {
			return nil, err
		}
		t, err := pc.AddTransceiverFromTrack(tracks[i], webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		if err != nil {
			return nil, err
		}
		go watchKeyFrames(t.Sender(), source)
	}
	connected := make(chan struct{})
	var once sync.Once
	pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(connected) })
		}
	})
	if err := offer(ctx, pc, s); err != nil {
		return nil, errors.Join(err, pc.Close())
	}
	select {
	case <-connected:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(10 * time.Second):
		return nil, errors.New("the publisher's media has not connected within 10 s")
	}
	running, stop := context.WithCancel(context.Background())
	var sending sync.WaitGroup
	sending.Go(func() { _ = source.Run(running, tracks[1].WriteRTP, tracks[0].WriteRTP) })
	leave := s.keep()
	return func() {
		stop()
		sending.Wait()
		leave()
		_ = pc.Close()
	}, nil
}

func watchKeyFrames(sender *webrtc.RTPSender, source *load.Source) {
	for {
		packets, _, err := sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range packets {
			switch p.(type) {
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				source.RequestKeyFrame()
			}
		}
	}
}

func offer(ctx context.Context, pc *webrtc.PeerConnection, s *janusSession) error {
	description, err := pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(description); err != nil {
		return err
	}
	<-gathered
	reply, err := s.ask(ctx, janusMessage{
		Janus: "message", Body: map[string]any{"request": "publish"},
		JSEP: &janusJSEP{Type: "offer", SDP: pc.LocalDescription().SDP},
	})
	if err != nil {
		return err
	}
	if reply.JSEP == nil {
		return errors.New("janus has not answered the publisher's offer")
	}
	return pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: reply.JSEP.SDP})
}

// Join subscribes to the publisher.
func (j *janus) Join(ctx context.Context, _ int, v *load.Viewer) (func(), error) {
	s, err := j.open(ctx)
	if err != nil {
		return nil, err
	}
	if err := j.subscribe(ctx, s, v); err != nil {
		_ = s.conn.CloseNow()
		return nil, err
	}
	return s.keep(), nil
}

func (j *janus) subscribe(ctx context.Context, s *janusSession, v *load.Viewer) error {
	attached, err := s.ask(ctx, janusMessage{Janus: "message", Body: map[string]any{
		"request": "join", "room": janusRoom, "ptype": "subscriber", "streams": []map[string]any{{"feed": j.feed}},
	}})
	if err != nil {
		return err
	}
	if attached.JSEP == nil {
		return errors.New("janus has made no offer to a subscriber")
	}
	answer, err := v.Answer(attached.JSEP.SDP)
	if err != nil {
		return err
	}
	_, err = s.ask(ctx, janusMessage{
		Janus: "message", Body: map[string]any{"request": "start"}, JSEP: &janusJSEP{Type: "answer", SDP: answer},
	})
	if err != nil {
		return err
	}
	return v.Connect(ctx, attached.JSEP.SDP)
}
