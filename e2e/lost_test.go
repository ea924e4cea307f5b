package e2e

import (
	"testing"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/client"
)

func TestMediaRunOnWhileTheSocketIsLost(t *testing.T) {
	s := local(t)
	f := newFront(t, s, t.TempDir())
	ann := enter(t, f.url, client.Options{Name: "Ann"})
	ann.films()
	ben := enter(t, f.url, watching("Ben"))
	ben.sees("pictures", pictures(10))
	member := ben.Member()

	f.setShut(true)
	f.cut()
	ben.becomes(client.StateReconnecting)
	ann.becomes(client.StateReconnecting)
	before := ben.sees("pictures go on", pictures(1))
	ben.sees("and on, without a gap", func(v view) bool { return pictures(before.pictures + 20)(v) })

	f.setShut(false)
	ben.becomes(client.StateResumed)
	ann.becomes(client.StateResumed)
	if ben.Member() != member {
		t.Error("a resumed membership has another id")
	}
	if err := ann.Say(ann.ctx(), "back", ""); err != nil {
		t.Error(err)
	}
	ben.hears("back")
	now := ben.sees("pictures", pictures(1))
	ben.sees("and never was there a gap", pictures(now.pictures+10))
}

func TestTheServerIsRestarted(t *testing.T) {
	for how, end := range map[string]func(*server) error{"in order": (*server).stop, "by a crash": (*server).kill} {
		t.Run(how, func(t *testing.T) {
			s := local(t)
			ann := enter(t, s.url(), client.Options{Name: "Ann"})
			ann.films()
			ben := enter(t, s.url(), watching("Ben"))
			ben.sees("pictures", pictures(5))

			if err := end(s); err != nil {
				t.Fatal(err)
			}
			ben.becomes(client.StateReconnecting)
			if err := s.start(); err != nil {
				t.Fatal(err)
			}
			ben.becomes(client.StateRejoined)
			ann.becomes(client.StateRejoined)
			ben.forget()
			ben.sees("pictures again", pictures(5))
		})
	}
}

func TestOnlyTCPGetsThrough(t *testing.T) {
	s := local(t)
	tcp := func() *client.Engine {
		engine, err := client.NewEngine(client.EngineOptions{Loopback: true, Only: api.CandidateTCP})
		if err != nil {
			t.Fatal(err)
		}
		return engine
	}
	ann := enter(t, s.url(), client.Options{Name: "Ann", Engine: tcp()})
	ann.films()
	ann.talks()
	o := watching("Ben")
	o.Engine = tcp()
	ben := enter(t, s.url(), o)
	ben.sees("pictures", pictures(20))
	ben.sees("sound", sounds(20))
}
