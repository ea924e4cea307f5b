package e2e

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/client"
)

// hears waits for a chat line.
func (p *person) hears(text string) {
	p.t.Helper()
	if _, err := p.Wait(p.ctx(), func(r api.Room) bool {
		return len(r.Chat) > 0 && r.Chat[len(r.Chat)-1].Text == text
	}); err != nil {
		p.t.Errorf("%q: %v", text, err)
	}
}

// next returns the next data message.
func (p *person) next() client.Data {
	p.t.Helper()
	select {
	case d := <-p.data:
		return d
	case <-time.After(patience):
		p.t.Fatalf("no message within %v", patience)
		return client.Data{}
	}
}

func TestDataReachThoseTheyAreFor(t *testing.T) {
	s := local(t)
	people := map[string]*person{}
	for _, name := range []string{"Ann", "Ben", "Cat"} {
		p := enter(t, s.url(), client.Options{Name: name, Data: true})
		if err := p.Connected(p.ctx()); err != nil {
			t.Fatal(err)
		}
		people[name] = p
	}
	ann, ben, cat := people["Ann"], people["Ben"], people["Cat"]

	// A channel that is not open yet misses what is sent: all tell all first.
	for _, p := range people {
		if err := p.Send(p.ctx(), api.DataHeader{Topic: "hello"}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := ann.Send(ann.ctx(), api.DataHeader{Topic: "begin"}, nil); err != nil {
		t.Fatal(err)
	}
	for _, p := range []*person{ben, cat} {
		for p.next().Topic != "begin" {
		}
	}

	const count = 500
	payload := func(i int) []byte { return append(fmt.Appendf(nil, "%d:", i), bytes.Repeat([]byte{byte(i)}, i*10)...) }
	for i := range count {
		if err := ann.Send(ann.ctx(), api.DataHeader{Topic: "count"}, payload(i)); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range []*person{ben, cat} {
		for i := 0; i < count; i++ {
			d := p.next()
			if d.Topic == "hello" {
				i-- // of one who came late
				continue
			}
			if d.From != ann.Member() || !d.Reliable || !bytes.Equal(d.Payload, payload(i)) {
				t.Fatalf("message %d came as %.20q from %s", i, d.Payload, d.From)
			}
		}
	}

	if err := ben.Send(ben.ctx(), api.DataHeader{Topic: "private", To: cat.Member()}, []byte("psst")); err != nil {
		t.Fatal(err)
	}
	if err := ben.SendLossy(ben.ctx(), api.DataHeader{Topic: "all"}, []byte("lossy")); err != nil {
		t.Fatal(err)
	}
	got := []string{cat.next().Topic, cat.next().Topic}
	if got[0]+got[1] != "privateall" && got[0]+got[1] != "allprivate" {
		t.Errorf("Cat got %v", got)
	}
	d := ann.next()
	for d.Topic == "hello" {
		d = ann.next()
	}
	if d.Topic != "all" || d.Reliable {
		t.Errorf("Ann got %+v", d)
	}
}
