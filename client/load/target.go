package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/pion/rtp"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/client"
)

// Target is a server under load: how its signalling works. Contexts are for
// joining only; what was joined stays until the returned function is called,
// which waits until it has left.
type Target interface {
	// Publish sends what the source makes, and returns once the media
	// connection is up. number tells publishers apart.
	Publish(ctx context.Context, number int, s *Source) (leave func(), err error)
	// Join makes v receive what the publishers send: it calls v.Offer or
	// v.Answer, and v.Connect.
	Join(ctx context.Context, number int, v *Viewer) (leave func(), err error)
}

// Tutti is a tutti server as a Target.
type Tutti struct {
	// URL is the server's address, such as http://127.0.0.1:8080.
	URL, Room string
	// Token lets publishers and viewers in where the server wants one.
	Token string
	// AudioSlots and VideoSlots are those of each viewer.
	AudioSlots, VideoSlots int
	HTTPClient             *http.Client
}

// Publish publishes video, if the source has a bitrate, and audio.
func (t *Tutti) Publish(ctx context.Context, number int, s *Source) (func(), error) {
	room, err := client.Join(ctx, t.URL, client.Options{
		Room: t.Room, Name: fmt.Sprintf("publisher %d", number), Token: t.Token,
		AudioSenders: 1, VideoSenders: 1, HTTPClient: t.HTTPClient,
	})
	if err != nil {
		return nil, err
	}
	audio, video, err := publish(ctx, room, s)
	if err != nil {
		room.Close()
		return nil, err
	}
	running, stop := context.WithCancel(context.Background())
	var sending sync.WaitGroup
	sending.Go(func() { _ = s.Run(running, video, audio) }) // fails when the room is gone
	return func() {
		stop()
		sending.Wait()
		room.Close()
	}, nil
}

// publish announces the tracks and returns what takes their packets.
func publish(ctx context.Context, room *client.Room, s *Source) (audio, video func(*rtp.Packet) error, err error) {
	voice, err := room.Publish(ctx, client.TrackOptions{Codec: client.Opus, Origin: api.OriginMicrophone})
	if err != nil {
		return nil, nil, err
	}
	voice.SetAudioLevel(20, true)
	audio = func(p *rtp.Packet) error { return voice.WriteRTP("", p) }
	video = func(*rtp.Packet) error { return nil }
	if s.bitrate > 0 {
		camera, err := room.Publish(ctx, client.TrackOptions{
			Codec: client.VP8, Origin: api.OriginCamera, Width: 1280, Height: 720,
			KeyFrame: func(string) { s.RequestKeyFrame() },
		})
		if err != nil {
			return nil, nil, err
		}
		video = func(p *rtp.Packet) error { return camera.WriteRTP("", p) }
	}
	return audio, video, room.Connected(ctx)
}

// Join joins as a member that only receives.
func (t *Tutti) Join(ctx context.Context, number int, v *Viewer) (func(), error) {
	s, err := dialTutti(ctx, t.URL, t.HTTPClient)
	if err != nil {
		return nil, err
	}
	answer, err := t.negotiate(ctx, s, number, v)
	if err == nil {
		err = v.Connect(ctx, answer)
	}
	if err != nil {
		_ = s.conn.CloseNow()
		return nil, err
	}
	staying, leave := context.WithCancel(context.Background())
	var left sync.WaitGroup
	left.Go(func() { s.stay(staying) })
	return func() {
		leave()
		left.Wait()
	}, nil
}

// negotiate joins, offers and views without waiting more than it must.
func (t *Tutti) negotiate(ctx context.Context, s *tuttiSocket, number int, v *Viewer) (string, error) {
	if err := s.send(ctx, 1, &api.Join{
		Version: api.Version, Room: t.Room, Name: fmt.Sprintf("viewer %d", number), Token: t.Token,
	}); err != nil {
		return "", err
	}
	if err := s.send(ctx, 2, &api.Offer{SDP: v.Offer(t.AudioSlots, t.VideoSlots)}); err != nil {
		return "", err
	}
	var welcome *api.Welcome
	for {
		m, err := s.receive(ctx)
		if err != nil {
			return "", err
		}
		switch m := m.(type) {
		case *api.Error:
			return "", m
		case *api.Welcome:
			welcome = m
			if err := s.send(ctx, 3, t.view(welcome.Room)); err != nil {
				return "", err
			}
		case *api.Answer:
			return m.SDP, nil
		}
	}
}

// view wishes for as many videos as there are slots. Audio comes by itself.
func (t *Tutti) view(room *api.Room) *api.View {
	view := &api.View{}
	if room == nil {
		return view
	}
	for _, m := range room.Members {
		for _, track := range m.Tracks {
			if track.Kind == api.KindVideo && len(view.Slots) < t.VideoSlots {
				view.Slots = append(view.Slots, api.SlotView{
					Slot: fmt.Sprint(t.AudioSlots + len(view.Slots)), Track: track.ID, Width: 1280, Height: 720,
				})
			}
		}
	}
	return view
}

// tuttiSocket is a signalling socket that reads replies and skips events, of
// which a room of hundreds has more than a load tool should decode.
type tuttiSocket struct{ conn *websocket.Conn }

func dialTutti(ctx context.Context, server string, client *http.Client) (*tuttiSocket, error) {
	u, err := url.Parse(server)
	if err != nil {
		return nil, fmt.Errorf("the server's address: %w", err)
	}
	conn, response, err := websocket.Dial(ctx, u.JoinPath("api/ws").String(), &websocket.DialOptions{HTTPClient: client})
	if response != nil && response.Body != nil {
		_ = response.Body.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("open the signalling: %w", err)
	}
	conn.SetReadLimit(8 << 20)
	return &tuttiSocket{conn}, nil
}

func (s *tuttiSocket) send(ctx context.Context, id uint32, m api.Message) error {
	b, err := api.Encode(id, m)
	if err != nil {
		return err
	}
	return s.conn.Write(ctx, websocket.MessageText, b)
}

// receive returns the next message that is not an event.
func (s *tuttiSocket) receive(ctx context.Context) (api.Message, error) {
	for {
		_, b, err := s.conn.Read(ctx)
		if err != nil {
			return nil, err
		}
		if bytes.HasPrefix(b, []byte(`{"type":"event"`)) {
			continue
		}
		m, _, err := api.DecodeServer(b)
		if failure := (*api.Error)(nil); errors.As(err, &failure) && failure.Code == api.CodeUnknownType {
			continue
		}
		return m, err
	}
}

// stay reads and pings until ctx ends, and then leaves.
func (s *tuttiSocket) stay(ctx context.Context) {
	lost := make(chan struct{})
	go func() {
		defer close(lost)
		for {
			if _, err := s.receive(context.Background()); err != nil {
				return
			}
		}
	}()
	tick := time.NewTicker(10 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if s.send(ctx, 4, &api.Ping{}) != nil {
				continue // the reader finds out
			}
		case <-lost:
			return
		case <-ctx.Done():
			bye, cancel := context.WithTimeout(context.Background(), time.Second)
			_ = s.send(bye, 5, &api.Leave{})
			cancel()
			_ = s.conn.CloseNow()
			<-lost
			return
		}
	}
}
