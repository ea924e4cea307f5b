package room

import (
	"strings"
	"unicode/utf8"

	"github.com/tutti-rtc/tutti/api"
)

// say adds a line to the chat, for all or for one member.
func (r *Room) say(m *member, to, text string) error {
	n := utf8.RuneCountInString(text)
	switch {
	case !m.grant.CanPublishData:
		return api.Errorf(api.CodeForbidden, "Your token does not allow you to write to the chat.")
	case strings.TrimSpace(text) == "":
		return api.Errorf(api.CodeBadMessage, "There is nothing in this chat line.")
	case n > r.options.Limits.ChatChars:
		return api.Errorf(api.CodeTooLarge, "A chat line may have %d characters, this one has %d.", r.options.Limits.ChatChars, n)
	case !utf8.ValidString(text):
		return api.Errorf(api.CodeBadMessage, "A chat line is text in UTF-8.")
	case to != "" && r.member(to) == nil:
		return errNoMember(to)
	}
	line := api.ChatLine{From: m.id, Name: m.name, To: to, Text: text, Time: r.milliseconds()}
	r.chat = append(r.chat[max(0, len(r.chat)+1-r.options.ChatLines):], line)
	r.rooms.counters.chat.Add(1)
	r.emit(api.Event{Kind: api.EventChat, Chat: &line})
	return nil
}
