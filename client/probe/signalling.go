package probe

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strings"

	"github.com/coder/websocket"

	"github.com/tutti-rtc/tutti/client"
)

// signal opens the signalling and sees that what is sent comes back: a proxy may
// let the opening pass and nothing after it.
func (x *examiner) signal(ctx context.Context, base *url.URL) error {
	conn, response, err := websocket.Dial(ctx, socketURL(base), &websocket.DialOptions{HTTPClient: x.client})
	if response != nil && response.Body != nil {
		_ = response.Body.Close()
	}
	if err != nil {
		return err
	}
	defer conn.CloseNow()
	// A ping is answered while somebody reads.
	return conn.Ping(conn.CloseRead(ctx))
}

func socketURL(base *url.URL) string {
	u := *base
	u.Scheme = map[string]string{"http": "ws", "https": "wss"}[base.Scheme]
	return u.JoinPath("/api/ws").String()
}

// tryToken joins a room with the token and leaves it. Refusals are *api.Error.
func (x *examiner) tryToken(ctx context.Context, s *sight) error {
	if x.options.Token == "" || !x.options.Insecure && !s.trusted() {
		return nil
	}
	room, err := client.Join(ctx, s.url.String(), client.Options{
		Room: roomOf(x.options.Token), Name: "doctor", Token: x.options.Token, HTTPClient: x.client, NoReconnect: true,
	})
	if err != nil {
		return err
	}
	room.Close()
	return nil
}

// roomOf returns the room that a token is for, or one for the doctor. It is for
// the server to say whether the token is any good.
func roomOf(token string) string {
	var claims struct {
		Video struct {
			Room string `json:"room"`
		} `json:"video"`
	}
	parts := strings.Split(token, ".")
	if len(parts) == 3 {
		if body, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil {
			_ = json.Unmarshal(body, &claims) // without one there is no room
		}
	}
	if claims.Video.Room == "" {
		return "doctor"
	}
	return claims.Video.Room
}

// traced notes which address a request goes to.
func traced(ctx context.Context, s *sight) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			if remote, err := netip.ParseAddrPort(info.Conn.RemoteAddr().String()); err == nil {
				s.remote = netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())
			}
		},
	})
}
