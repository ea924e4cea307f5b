package load

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pion/dtls/v3/pkg/crypto/selfsign"
	"github.com/pion/rtcp"
)

// identity is the certificate that all viewers of a process show: making one
// for each would cost more than all else.
type identity struct {
	certificate tls.Certificate
	fingerprint string
}

func newIdentity() (identity, error) {
	certificate, err := selfsign.GenerateSelfSigned()
	if err != nil {
		return identity{}, fmt.Errorf("make a certificate: %w", err)
	}
	sum := sha256.Sum256(certificate.Certificate[0])
	pairs := make([]string, len(sum))
	for i := range sum {
		pairs[i] = strings.ToUpper(hex.EncodeToString(sum[i : i+1]))
	}
	return identity{certificate, strings.Join(pairs, ":")}, nil
}

// Viewer is one receiving connection. A Target drives it: Offer or Answer, then
// Connect. What it receives is counted from then on.
type Viewer struct {
	connection
	identity identity
	number   uint32
}

func newViewer(id identity, number int, latency *histogram) *Viewer {
	v := &Viewer{identity: id, number: uint32(number)}
	v.connection.identity = id.certificate
	v.ufrag, v.pwd = rand.Text()[:8], rand.Text()
	v.latency, v.begin = latency, time.Now()
	return v
}

// Offer returns an offer of receiving slots; their mids are "0", "1" and so on,
// audio first.
func (v *Viewer) Offer(audio, video int) string {
	v.controlling, v.types = true, payloadTypes{video: vp8Type, resends: vp8Resend}
	return newDescription(v.ufrag, v.pwd, v.identity.fingerprint, "actpass").offer(audio, video)
}

// Answer returns the answer that takes everything that a server offers to send.
func (v *Viewer) Answer(offer string) (string, error) {
	r, parsed, err := parseRemote(offer)
	if err != nil {
		return "", err
	}
	_, v.controlling = parsed.Attribute("ice-lite") // RFC 8445 §6.1.1
	if err := v.open(r); err != nil {
		return "", err
	}
	d := newDescription(v.ufrag, v.pwd, v.identity.fingerprint, "active")
	local := v.localAddress()
	candidate := fmt.Sprintf("candidate:1 1 udp 2130706431 %v %d typ host", local.Addr(), local.Port())
	for _, m := range parsed.MediaDescriptions {
		mid, _ := m.Attribute("mid")
		lines := []string{candidate}
		for _, a := range m.Attributes {
			switch a.Key {
			case "rtpmap", "fmtp", "rtcp-fb", "extmap":
				lines = append(lines, a.Key+":"+a.Value)
			}
			if a.Key == "rtpmap" {
				v.learn(a.Value)
			}
		}
		d.section(m.MediaName.Media, mid, strings.Join(m.MediaName.Formats, " "), lines...)
	}
	return d.text(), nil
}

// learn takes the payload types of video from a=rtpmap.
func (v *Viewer) learn(rtpmap string) {
	number, codec, _ := strings.Cut(rtpmap, " ")
	n, err := strconv.ParseUint(number, 10, 7)
	switch {
	case err != nil:
	case strings.HasPrefix(codec, "rtx/"):
		v.types.resends = uint8(n)
	case strings.HasPrefix(codec, "VP8/"):
		v.types.video = uint8(n)
	}
}

// Connect connects to the server that description (its answer or offer) names.
// After Answer it is called with the same offer.
func (v *Viewer) Connect(ctx context.Context, description string) error {
	r, _, err := parseRemote(description)
	if err != nil {
		return err
	}
	if v.socket == nil {
		if err := v.open(r); err != nil {
			return err
		}
	}
	return v.connect(ctx)
}

// keep keeps consent and reports reception once a second, as browsers do, until
// ctx ends.
func (v *Viewer) keep(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if n%5 == 0 {
			_ = v.check() // a closed socket ends ctx soon
		}
		if report := v.report(); len(report) > 0 {
			_ = v.sendRTCP(report)
		}
	}
}

// report is a receiver report on all streams (RFC 3550 §6.4.2).
func (v *Viewer) report() []byte {
	r := rtcp.ReceiverReport{SSRC: v.number}
	for _, s := range v.all() {
		if len(r.Reports) == 31 {
			break
		}
		r.Reports = append(r.Reports, rtcp.ReceptionReport{
			SSRC: s.ssrc, LastSequenceNumber: uint32(s.highest.Load()),
			TotalLost: uint32(max(0, min(s.expected()-s.received.Load(), 1<<23-1))),
		})
	}
	b, err := r.Marshal()
	if err != nil {
		return nil
	}
	return b
}
