package room

import (
	"strconv"
	"testing"

	"github.com/tutti-rtc/tutti/api"
)

// silent takes what the server says and does nothing with it.
type silent struct{ bytes int }

func (s *silent) Send(frame []byte) { s.bytes += len(frame) }
func (s *silent) Close(*api.Bye)    {}

// BenchmarkJoin is what the last of n members costs the room to let in: the
// snapshot for it, and the event for everybody.
func BenchmarkJoin(b *testing.B) {
	for _, n := range []int{10, 500} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			rooms := New(newPlane(), Options{})
			defer rooms.Close()
			enter := func() *Session {
				s, err := rooms.Join(&silent{}, 1, &api.Join{Room: "stage", Name: "Ann"}, Arrival{Grant: Everything()})
				if err != nil {
					b.Fatal(err)
				}
				return s
			}
			for range n - 1 {
				enter()
			}
			for b.Loop() {
				enter().Handle(2, &api.Leave{})
			}
		})
	}
}

// BenchmarkTurn is what one turn of the loop costs a room in which three are seen
// and n watch.
func BenchmarkTurn(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			plane := newPlane()
			rooms := New(plane, Options{Limits: api.Limits{Members: n + 3}})
			defer rooms.Close()
			enter := func(viewer bool) *Session {
				s, err := rooms.Join(&silent{}, 1, &api.Join{Room: "stage", Name: "Ann", Viewer: viewer}, Arrival{Grant: Everything()})
				if err != nil {
					b.Fatal(err)
				}
				return s
			}
			var s *Session
			for range 3 {
				s = enter(false)
				s.Handle(2, &api.Publish{MID: "0", Origin: api.OriginCamera})
				s.Handle(3, &api.Publish{MID: "1", Origin: api.OriginMicrophone})
			}
			for range n {
				enter(true)
			}
			plane.tell(api.Program{State: api.ProgramMixing})
			done := make(chan struct{})
			b.Run("command", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					s.room.commands <- &look{func(*Room) { done <- struct{}{} }}
					<-done
				}
			})
			b.Run("mail", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					plane.endpoint(s.member).notify(Notice{Speakers: []Speaker{}})
				}
			})
		})
	}
}
