package sfu

import (
	"testing"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/internal/peer"
)

func TestAClientIsToldThatItsConnectionHasEnded(t *testing.T) {
	// Its offer would go on where the connection ended. Another peer would
	// answer it, but lacks the keys: the client has to begin anew itself.
	if begunAnew(peer.ErrEnded) {
		t.Error("the offer was taken for that of another connection")
	}
	if e := refusal(peer.ErrEnded); e.Code != api.CodeNotFound {
		t.Errorf("the client is told %v", e)
	}
}
