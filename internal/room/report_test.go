package room

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/tutti-rtc/tutti/api"
)

func TestClientsTellHowTheirMediaFares(t *testing.T) {
	var log bytes.Buffer
	o := Options{Log: slog.New(slog.NewTextHandler(&log, nil))}
	story(t, o, func(t *testing.T, h *house) {
		ann, ben := h.join("Ann"), h.join("Ben")
		ann.must(&api.Report{Cause: api.CauseMediaUnreachable})
		ben.must(&api.Report{Cause: api.CauseTCPFallback, Candidate: &api.SelectedCandidate{LocalType: api.CandidateHost, Protocol: api.CandidateTCP}})
		ben.must(&api.Report{Cause: api.CauseMediaUnreachable}) // as Ann, so not logged again
		s := h.rooms.Stats()
		if s.Reports[api.CauseMediaUnreachable] != 2 || s.Reports[api.CauseTCPFallback] != 1 {
			t.Errorf("counted %v", s.Reports)
		}
		if n := s.Selected[api.SelectedCandidate{LocalType: "host", Protocol: "tcp"}]; n != 1 || len(s.Selected) != 1 {
			t.Errorf("counted candidates %v", s.Selected)
		}
		if n := strings.Count(log.String(), "code=media_unreachable"); n != 1 {
			t.Errorf("logged %d times:\n%s", n, &log)
		}
		// Later it is, with the number of those that were not.
		h.after(reportQuiet)
		ann.must(&api.Report{Cause: api.CauseMediaUnreachable})
		if !strings.Contains(log.String(), "more=1") {
			t.Errorf("the log does not tell of the one left out:\n%s", &log)
		}
		// What is not of the protocol would be a label without bound.
		ann.refused(api.CodeBadMessage, &api.Report{Cause: "made_up"})
		for _, bad := range []api.SelectedCandidate{
			{LocalType: "made_up", Protocol: "udp"}, {LocalType: "host", Protocol: "made_up"}, {LocalType: "host"},
			{LocalType: "relay", Protocol: "udp", RelayProtocol: "made_up"}, {LocalType: "host", Protocol: "udp", RelayProtocol: "tls"},
		} {
			ann.refused(api.CodeBadMessage, &api.Report{Cause: api.CauseOK, Candidate: &bad})
		}
	})
}

func TestOneMemberCannotMakeTheFigures(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		ann := h.join("Ann")
		count := func() int64 { return h.rooms.Stats().Reports[api.CauseUDPBlocked] }
		for range 3 * reportBurst {
			ann.must(&api.Report{Cause: api.CauseUDPBlocked})
		}
		if n := count(); n != reportBurst {
			t.Errorf("%d of one member count, want %d", n, reportBurst)
		}
		h.after(2 * reportPeriod)
		for range reportBurst {
			ann.must(&api.Report{Cause: api.CauseUDPBlocked})
		}
		if n := count(); n != reportBurst+2 {
			t.Errorf("after two periods %d count, want two more", n)
		}
	})
}
