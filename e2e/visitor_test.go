package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/client"
)

// visitVariable names the environment variable that makes a process of this
// test a visitor: a Go client on another machine of the lab. It holds a visit.
const visitVariable = "E2E_VISIT"

// visit is what a visitor does: it joins a room, films, and looks at the others
// until its input ends.
type visit struct {
	URL  string `json:"url"`
	Room string `json:"room"`
	Name string `json:"name"`
}

// sight is what a visitor sees. It prints a line of it whenever it is another
// one. Times are those of the machine, in milliseconds.
type sight struct {
	Member   string           `json:"member"`
	Began    int64            `json:"began"` // to join
	First    int64            `json:"first"` // picture
	Last     int64            `json:"last"`
	Pictures int              `json:"pictures"`
	Broken   int              `json:"broken"`
	State    string           `json:"state"`  // of the connection to the server
	Way      client.Candidate `json:"way"`    // to the server
	Path     api.Path         `json:"path"`   // that the room has decided on
	Moved    int64            `json:"moved"`  // to a direct path, for the first time
	Direct   client.Candidate `json:"direct"` // of the direct connection, if that is up
}

// visitor is a process that visits.
type visitor struct {
	room   *client.Room
	camera *client.LocalTrack
	wanted atomic.Bool // a key frame

	mu    sync.Mutex
	sight sight // guarded by mu
}

// runVisit is the process; it returns its exit code.
func runVisit(job string) int {
	v := &visitor{}
	if err := v.run(job); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func (v *visitor) run(job string) error {
	var what visit
	if err := json.Unmarshal([]byte(job), &what); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	v.sight.Began = time.Now().UnixMilli()
	room, err := client.Join(ctx, what.URL, client.Options{
		Room: what.Room, Name: what.Name, VideoSenders: 1, VideoSlots: 1, AutoView: true, Direct: true,
		Handlers: client.Handlers{Track: v.watch},
	})
	if err != nil {
		return err
	}
	defer room.Close()
	v.room = room
	v.camera, err = room.Publish(ctx, client.TrackOptions{
		Codec: client.VP8, Origin: api.OriginCamera, KeyFrame: func(string) { v.wanted.Store(true) },
	})
	if err != nil {
		return err
	}
	commands := make(chan string)
	go func() {
		defer close(commands)
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			commands <- lines.Text()
		}
	}()
	return v.stay(commands)
}

// stay films and tells what it sees until the commands end.
func (v *visitor) stay(commands <-chan string) error {
	const period = 40 * time.Millisecond
	tick := time.NewTicker(period)
	defer tick.Stop()
	told := sight{}
	for n := uint32(0); ; n++ {
		key := v.wanted.Swap(false) || n == 0
		// Between two connections nothing can be sent.
		_ = v.camera.WriteSample(client.Sample{Data: picture(key, 0, n), Duration: period})
		if now := v.look(); now != told {
			line, err := json.Marshal(now)
			if err != nil {
				return err
			}
			fmt.Printf("%s\n", line)
			told = now
		}
		select {
		case <-tick.C:
		case command, more := <-commands:
			if !more {
				return nil
			}
			if err := v.obey(command); err != nil {
				return err
			}
		case <-v.room.Done():
			return v.room.Err()
		}
	}
}

func (v *visitor) obey(command string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	switch command {
	case "mute":
		return v.camera.SetMuted(ctx, true)
	case "unmute":
		return v.camera.SetMuted(ctx, false)
	}
	return fmt.Errorf("there is no command %q", command)
}

// look returns what is to be seen now.
func (v *visitor) look() sight {
	room, me, way := v.room.Snapshot(), v.room.Member(), v.room.Connection()
	direct, _ := v.room.DirectConnection()
	v.mu.Lock()
	defer v.mu.Unlock()
	s := &v.sight
	s.Member, s.State, s.Way, s.Direct = me, way.State.String(), way.Local, direct.Local
	if i := slices.IndexFunc(room.Members, func(m api.Member) bool { return m.ID == me }); i >= 0 {
		s.Path = room.Members[i].Path
	}
	if s.Path == api.PathP2P && s.Moved == 0 {
		s.Moved = time.Now().UnixMilli()
	}
	return *s
}

// watch is the client's handler of tracks. Its goroutine ends with the room.
func (v *visitor) watch(track *client.RemoteTrack) {
	go func() {
		w, frame := &watcher{}, []byte(nil)
		for {
			packet, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			pictures, broken := w.view.pictures, w.view.broken
			frame = w.take(frame, packet)
			v.count(w.view.pictures-pictures, w.view.broken-broken)
		}
	}()
}

func (v *visitor) count(pictures, broken int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.sight.Broken += broken
	if pictures == 0 {
		return
	}
	v.sight.Last = time.Now().UnixMilli()
	if v.sight.Pictures == 0 {
		v.sight.First = v.sight.Last
	}
	v.sight.Pictures += pictures
}
