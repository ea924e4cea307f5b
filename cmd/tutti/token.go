package main

import (
	"crypto/rand"
	"fmt"
	"net/url"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/auth"
)

type tokenCommand struct {
	Secret   string        `required:"" placeholder:"SECRET" help:"The server's secret. Other users of this machine can see flags: prefer the environment."`
	Room     string        `placeholder:"ROOM" help:"The one room it is for; without it, every room."`
	Name     string        `placeholder:"NAME" help:"Name that others see; without it, the member chooses."`
	Identity string        `placeholder:"ID" help:"Name for programs; made up when left out."`
	For      time.Duration `default:"24h" help:"How long the token is valid."`
	Admin    bool          `help:"Let its bearer moderate; with no --room, read the operator's pages too."`

	NoPublish   bool         `help:"Don't let its bearer send sound and pictures."`
	NoSubscribe bool         `help:"Don't let its bearer receive sound and pictures."`
	NoData      bool         `help:"Don't let its bearer chat and send files."`
	Only        []api.Origin `enum:"microphone,camera,screen,screen_audio" help:"What its bearer may send: ${enum}. Repeatable; without it, everything."`

	Link *url.URL `placeholder:"https://HOST" help:"Print a link to the room on this server instead of the bare token."`
}

// Run prints a token, or a link with one.
func (c *tokenCommand) Run(t *terminal) error {
	if c.Link != nil && c.Room == "" {
		return fmt.Errorf("a link (--link) leads to one room: name it with --room")
	}
	if c.Identity == "" {
		c.Identity = rand.Text()
	}
	token, err := auth.Mint(c.Secret, auth.Grant{
		Identity: c.Identity, Name: c.Name, Room: c.Room,
		Join: true, Admin: c.Admin,
		Publish: !c.NoPublish, Subscribe: !c.NoSubscribe, PublishData: !c.NoData,
		Origins: c.Only,
	}, time.Now(), c.For)
	if err != nil {
		return err
	}
	if c.Link == nil {
		t.printf("%s\n", token)
		return nil
	}
	// In the fragment a token reaches the page, but no server's log.
	link := c.Link.JoinPath("r", c.Room)
	link.Fragment = "token=" + token
	t.printf("%s\n", link)
	return nil
}
