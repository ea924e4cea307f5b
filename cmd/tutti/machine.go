package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"syscall"
	"time"

	"github.com/tutti-rtc/tutti/api"
	"github.com/tutti-rtc/tutti/client/probe"
	"github.com/tutti-rtc/tutti/internal/app"
	"github.com/tutti-rtc/tutti/internal/config"
)

// examineOwn looks at this machine and the settings, and then at the server that
// runs here with them, or serves by itself for the time of the test.
func (c *doctorCommand) examineOwn(ctx context.Context) (*probe.Report, error) {
	findings := examineSettings(c.Config, time.Now())
	listen := c.Network.Listen.AddrPort
	options := probe.Options{URL: ownURL(c.Config, listen), Token: c.Token, Insecure: true, Patience: c.Patience}
	report := &probe.Report{URL: options.URL, Paths: []probe.Path{}, NAT: probe.NAT{Mapping: probe.Unknown, Filtering: probe.Unknown}}
	f, free := examinePort(listen)
	switch {
	case free:
		server, err := app.New(c.Config, app.Options{Version: version(), Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			return nil, err
		}
		defer server.Close()
		options.URL = ownURL(c.Config, server.Addr())
		fallthrough
	case f.Cause == api.CausePortInUse || f.Cause == api.CausePortForbidden: // by a tutti that runs, perhaps
		running, err := probe.Run(ctx, options)
		if err != nil {
			return nil, err
		}
		if free || running.Version != "" {
			report, f = running, api.Finding{}
		}
	}
	if f.Cause != "" {
		findings = append(findings, f)
	}
	report.Findings = append(report.Findings, findings...)
	for _, f := range findings {
		report.Works = report.Works && f.Severity() != api.SeverityFail
	}
	return report, nil
}

// ownURL is where this machine finds the server that listens at an address.
func ownURL(c config.Config, listen netip.AddrPort) string {
	u := url.URL{Scheme: "http", Host: listen.String()}
	if c.ServeTLS() {
		u.Scheme = "https"
	}
	if listen.Addr().IsUnspecified() {
		u.Host = net.JoinHostPort("127.0.0.1", strconv.Itoa(int(listen.Port())))
	}
	return u.String()
}

// examineSettings looks at what needs no server.
func examineSettings(c config.Config, now time.Time) []api.Finding {
	var list []api.Finding
	if listen := c.Network.Listen.AddrPort; !c.Beyond() {
		list = append(list, api.CauseLoopbackOnly.Find("address", listen, "port", listen.Port()))
	}
	if c.TLS.Cert != "" {
		list = append(list, examineCertificate(c.TLS, now)...)
	}
	if !clockSynced() {
		list = append(list, api.CauseClockUnsynced.Find())
	}
	return list
}

// soonExpiry is from when on the end of a certificate is worth a word.
const soonExpiry = 14 * 24 * time.Hour

func examineCertificate(t config.TLS, now time.Time) []api.Finding {
	pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
	var leaf *x509.Certificate
	if err == nil {
		leaf, err = x509.ParseCertificate(pair.Certificate[0])
	}
	if err != nil {
		return []api.Finding{api.CauseCertificateUnusable.Find("error", err)}
	}
	host := leaf.Subject.CommonName
	if len(leaf.DNSNames) > 0 {
		host = leaf.DNSNames[0]
	}
	day := func(t time.Time) string { return t.UTC().Format(time.DateOnly) }
	switch {
	case now.Before(leaf.NotBefore) || now.After(leaf.NotAfter):
		return []api.Finding{api.CauseTLSExpired.Find("host", host, "from", day(leaf.NotBefore), "until", day(leaf.NotAfter))}
	case leaf.NotAfter.Sub(now) < soonExpiry:
		return []api.Finding{api.CauseTLSExpiring.Find("host", host, "days", int(leaf.NotAfter.Sub(now).Hours()/24), "until", day(leaf.NotAfter))}
	}
	return nil
}

// examinePort tells whether the server could listen: TCP and UDP on one number.
func examinePort(listen netip.AddrPort) (fault api.Finding, free bool) {
	ln, err := net.Listen("tcp", listen.String())
	if err == nil {
		var conn net.PacketConn
		if conn, err = net.ListenPacket("udp", ln.Addr().String()); err == nil {
			_ = conn.Close()
		}
		_ = ln.Close()
	}
	params := []any{"port", listen.Port(), "address", listen.Addr(), "error", err}
	switch {
	case err == nil:
		return api.Finding{}, true
	case errors.Is(err, syscall.EACCES):
		return api.CausePortForbidden.Find(params...), false
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return api.CauseAddressForeign.Find(params...), false
	}
	return api.CausePortInUse.Find(params...), false
}
