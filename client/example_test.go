package client_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/client"
)

// A bot that greets everybody who comes into the room, until it is stopped.
func ExampleJoin() {
	ctx := context.Background()
	hello := make(chan string, 16)
	room, err := client.Join(ctx, "http://127.0.0.1:8080", client.Options{
		Room: "lobby",
		Name: "porter",
		Handlers: client.Handlers{
			Event: func(ev *api.Event) {
				if ev.Kind == api.EventMemberJoined {
					hello <- ev.Member.Name
				}
			},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer room.Close()
	for {
		select {
		case name := <-hello:
			if err := room.Say(ctx, fmt.Sprintf("Good day, %s!", name), ""); err != nil {
				log.Print(err)
			}
		case <-room.Done():
			log.Print(room.Err())
			return
		}
	}
}

// A program that publishes Opus packets of 20 ms each.
func ExampleRoom_Publish() {
	ctx := context.Background()
	room, err := client.Join(ctx, "http://127.0.0.1:8080", client.Options{Room: "lobby", Name: "radio", AudioSenders: 1})
	if err != nil {
		log.Fatal(err)
	}
	defer room.Close()
	track, err := room.Publish(ctx, client.TrackOptions{Codec: client.Opus, Origin: api.OriginMicrophone})
	if err != nil {
		log.Fatal(err)
	}
	silence := []byte{0xf8, 0xff, 0xfe}
	for range time.Tick(20 * time.Millisecond) {
		if err := track.WriteSample(client.Sample{Data: silence, Duration: 20 * time.Millisecond}); err != nil {
			log.Print(err)
			return
		}
	}
}

// A program that receives up to four pictures at once.
func ExampleRemoteTrack() {
	room, err := client.Join(context.Background(), "http://127.0.0.1:8080", client.Options{
		Room: "lobby", Name: "watcher", VideoSlots: 4, AutoView: true,
		Handlers: client.Handlers{
			Track: func(t *client.RemoteTrack) {
				go func() {
					for {
						packet, _, err := t.ReadRTP()
						if err != nil {
							return
						}
						fmt.Println(t.State().Track, packet.SequenceNumber)
					}
				}()
			},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer room.Close()
	<-room.Done()
}
