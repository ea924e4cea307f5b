package client

import (
	"errors"
	"testing"

	"github.com/tutti-rtc/tutti/api"
)

func TestMissingEventIsAskedForAgain(t *testing.T) {
	f := newFake(t)
	states := make(chan State, 10)
	join(t, f, Options{Handlers: Handlers{State: func(s State) { states <- s }}})
	// Event 2 got lost, which can't be: numbers have no gaps. The client does
	// not go on with a wrong picture of the room, it resumes from event 1.
	f.say(&api.Event{Number: 3, Kind: api.EventChat, Chat: &api.ChatLine{Text: "?"}})
	for _, want := range []State{StateReconnecting, StateResumed} {
		if s := receive(t, states, "state"); s != want {
			t.Errorf("the state is %s, not %s", s, want)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if resume := f.joins[1].Resume; resume == nil || resume.Number != 1 {
		t.Errorf("the client resumed with %s", asJSON(resume))
	}
}

func TestSlowHandlersEndTheRoom(t *testing.T) {
	f := newFake(t)
	blocked := make(chan struct{})
	r := join(t, f, Options{Handlers: Handlers{Speakers: func([]api.Speaker) { <-blocked }}})
	defer close(blocked)
	for range handlerQueue + 2 {
		f.say(&api.Speakers{})
	}
	receive(t, r.Done(), "end")
	if !errors.Is(r.Err(), ErrSlow) {
		t.Errorf("the room ended with %v", r.Err())
	}
}

func TestUnknownMessagesAreIgnored(t *testing.T) {
	f := newFake(t)
	r := join(t, f, Options{})
	f.say(surprise{})
	f.event(api.Event{Kind: api.EventChat, Chat: &api.ChatLine{Text: "still here"}})
	if _, err := r.Wait(within(t), func(room api.Room) bool { return len(room.Chat) == 1 }); err != nil {
		t.Error(err)
	}
}

// surprise is a message of a newer server.
type surprise struct{}

func (surprise) MessageType() string { return "surprise" }

func TestRefusedRequest(t *testing.T) {
	f := newFake(t)
	r := join(t, f, Options{})
	if _, err := r.Publish(within(t), TrackOptions{Codec: "MJPEG"}); err == nil {
		t.Error("a codec that nobody has was published")
	}
	if err := r.Send(within(t), api.DataHeader{Topic: "x"}, nil); err == nil {
		t.Error("data was sent without a data channel")
	}
	if err := r.Moderate(within(t), api.Moderate{Action: api.ActionEnd}); err != nil {
		t.Error(err)
	}
}
