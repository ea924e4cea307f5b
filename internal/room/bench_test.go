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
