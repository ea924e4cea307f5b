package api

import (
	_ "embed" // the texts
	"encoding/json"
	"fmt"
	"strings"
	"sync"
)

// Cause says why calls work, work badly or don't: in reports, in the doctor's
// findings, in the log and in the metrics. It never changes its meaning; the
// texts for people are in causes.json, which the web client reads as well.
type Cause string

// The causes, with the parameters of their texts. Those of refused joins have
// the same words as the Code.
const (
	CauseOK                    Cause = "ok"                     // calls work
	CauseNotSecureContext      Cause = "not_secure_context"     // a page on plain http: no camera
	CauseCameraDenied          Cause = "camera_denied"          // the browser refused it
	CauseCameraMissing         Cause = "camera_missing"         // there is none
	CauseCameraBusy            Cause = "camera_busy"            // another program has it
	CauseNameUnresolved        Cause = "name_unresolved"        // {host}
	CausePortClosedTCP         Cause = "port_closed_tcp"        // {host} {port} {error}
	CauseNotTutti              Cause = "not_tutti"              // {url} {error}
	CauseSignallingFailed      Cause = "signalling_failed"      // {url} {error}: no WebSocket
	CauseTLSUntrusted          Cause = "tls_untrusted"          // {host} {error}
	CauseTLSWrongName          Cause = "tls_wrong_name"         // {host} {names}
	CauseTLSExpired            Cause = "tls_expired"            // {host} {from} {until}; or not valid yet
	CauseTLSExpiring           Cause = "tls_expiring"           // {host} {days} {until}
	CauseClockSkew             Cause = "clock_skew"             // {seconds}
	CauseUDPBlocked            Cause = "udp_blocked"            // {port}: nothing comes back
	CauseUDPRejected           Cause = "udp_rejected"           // {port}: ICMP says no
	CauseSTUNNoAnswer          Cause = "stun_no_answer"         // {port}
	CauseTCPFallback           Cause = "tcp_fallback"           // {host} {port}: a call goes over ICE-TCP
	CauseTURNUDPFallback       Cause = "turn_udp_fallback"      // {host}
	CauseTURNTCPFallback       Cause = "turn_tcp_fallback"      // {host} {port}
	CauseTURNTLSFallback       Cause = "turn_tls_fallback"      // {host} {port}
	CauseMediaUnreachable      Cause = "media_unreachable"      // {port}: signalling works, media on no path
	CauseAdvertisedUnreachable Cause = "advertised_unreachable" // {address}
	CauseAdvertisedPrivate     Cause = "advertised_private"     // {addresses} {host}: the client is outside
	CauseServerBehindNAT       Cause = "server_behind_nat"      // {address} {port}
	CauseNATNone               Cause = "nat_none"               // {address}
	CauseNATOK                 Cause = "nat_ok"                 // {address}: endpoint-independent mapping (RFC 4787 §4.1)
	CauseNATSymmetric          Cause = "nat_symmetric"          // another mapping for each destination
	CauseNATUnknown            Cause = "nat_unknown"            // {address}
	CauseTURNOff               Cause = "turn_off"               // the operator wants it so
	CauseTURNUDPFailed         Cause = "turn_udp_failed"        // {port} {error}
	CauseTURNTCPFailed         Cause = "turn_tcp_failed"        // {port} {error}
	CauseTURNTLSFailed         Cause = "turn_tls_failed"        // {port} {error}
	CauseTURNRefused           Cause = "turn_refused"           // 401 with the server's own credentials
	CauseLossHigh              Cause = "loss_high"              // {loss} {path}
	CauseDelayHigh             Cause = "delay_high"             // {delay} {path}
	CauseTokenMissing          Cause = "token_missing"          // {host}; as CodeTokenMissing, and so on
	CauseTokenInvalid          Cause = "token_invalid"
	CauseTokenExpired          Cause = "token_expired"
	CauseTokenRoom             Cause = "token_room"      // {host}
	CausePortInUse             Cause = "port_in_use"     // {port} {error}
	CausePortForbidden         Cause = "port_forbidden"  // {port} {error}
	CauseAddressForeign        Cause = "address_foreign" // {address} {port}
	CauseLoopbackOnly          Cause = "loopback_only"   // {address} {port}
	CauseClockUnsynced         Cause = "clock_unsynced"
	CauseCertificateUnusable   Cause = "certificate_unusable" // {error}
)

// Severity says how bad a cause is for calls.
type Severity string

// The severities.
const (
	SeverityOK   Severity = "ok"   // as it should be, or worth knowing
	SeverityWarn Severity = "warn" // calls work, but not as well as they could, or not for everybody
	SeverityFail Severity = "fail" // calls don't work
)

// CauseText explains a cause to a person. Words in braces, such as {port}, stand
// for the parameters of a Finding; what is in backticks is a command or setting.
type CauseText struct {
	Title string `json:"title"` // what is so
	Why   string `json:"why"`   // what that means, or where it comes from
	Fix   string `json:"fix"`   // what to do; empty where there is nothing
}

// CauseInfo is all there is to know of a cause: an entry of causes.json.
type CauseInfo struct {
	Code     Cause     `json:"code"`
	Severity Severity  `json:"severity"`
	EN       CauseText `json:"en"`
	ZH       CauseText `json:"zh"`
}

// Finding is a cause as it was met somewhere.
type Finding struct {
	Cause Cause `json:"cause"`
	// Params are the values of the words in braces of its texts.
	Params map[string]string `json:"params,omitempty"`
}

//go:embed causes.json
var causesJSON []byte

// causes reads the table once; TestEveryCauseIsExplained keeps the file sound.
var causes = sync.OnceValue(func() []CauseInfo {
	var list []CauseInfo
	if err := json.Unmarshal(causesJSON, &list); err != nil {
		panic("BUG: causes.json: " + err.Error())
	}
	return list
})

// Causes returns what there is to know of all causes. The slice is shared and
// must not be changed.
func Causes() []CauseInfo { return causes() }

// Info returns what there is to know of a cause; false if there is no such one.
func (c Cause) Info() (CauseInfo, bool) {
	for _, info := range causes() {
		if info.Code == c {
			return info, true
		}
	}
	return CauseInfo{Code: c}, false
}

// Find makes a finding with parameters: name, value, name, value and so on.
func (c Cause) Find(params ...any) Finding {
	f := Finding{Cause: c}
	for i := 0; i+1 < len(params); i += 2 {
		if f.Params == nil {
			f.Params = make(map[string]string, len(params)/2)
		}
		f.Params[fmt.Sprint(params[i])] = fmt.Sprint(params[i+1])
	}
	return f
}

// Severity returns how bad the finding is; a cause of a newer version is taken
// for a warning.
func (f Finding) Severity() Severity {
	if info, ok := f.Cause.Info(); ok {
		return info.Severity
	}
	return SeverityWarn
}

// Explain returns the finding's text in a language: Chinese for "zh" and its
// kinds (BCP 47), else English. A cause of a newer version is its own title.
func (f Finding) Explain(language string) CauseText {
	info, ok := f.Cause.Info()
	if !ok {
		return CauseText{Title: string(f.Cause)}
	}
	text := info.EN
	if base, _, _ := strings.Cut(strings.ReplaceAll(language, "_", "-"), "-"); strings.EqualFold(base, "zh") {
		text = info.ZH
	}
	words := make([]string, 0, 2*len(f.Params))
	for name, value := range f.Params {
		words = append(words, "{"+name+"}", value)
	}
	fill := strings.NewReplacer(words...)
	return CauseText{Title: fill.Replace(text.Title), Why: fill.Replace(text.Why), Fix: fill.Replace(text.Fix)}
}
