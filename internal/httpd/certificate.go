package httpd

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// recheck is how often a handshake looks whether the certificate is still right.
const recheck = 10 * time.Second

// Certificate is what the server proves itself with. It follows its source: a
// handshake looks, now and then, whether that changed. It may be used from any
// goroutine and starts none.
type Certificate struct {
	// Constant. load returns the certificate when it is not the one that
	// load returned last, else nil.
	load func(now time.Time) (*tls.Certificate, error)
	log  *slog.Logger

	// mu guards the following.
	mu      sync.Mutex
	current *tls.Certificate
	checked time.Time
}

// newCertificate loads for the first time.
func newCertificate(log *slog.Logger, load func(now time.Time) (*tls.Certificate, error)) (*Certificate, error) {
	now := time.Now()
	current, err := load(now)
	if err != nil {
		return nil, err
	}
	return &Certificate{load: load, log: log, current: current, checked: now}, nil
}

// FileCertificate returns the certificate in two PEM files, read again when they
// change. Whatever renews them needs to tell nobody.
func FileCertificate(certFile, keyFile string, log *slog.Logger) (*Certificate, error) {
	var seen [2]stamp
	loaded := false
	return newCertificate(log, func(time.Time) (*tls.Certificate, error) {
		now := [2]stamp{stampOf(certFile), stampOf(keyFile)}
		if loaded && now == seen {
			return nil, nil
		}
		cert, err := tls.LoadX509KeyPair(certFile, keyFile)
		if err != nil {
			return nil, fmt.Errorf("the certificate in %s and %s can't be used: %w", certFile, keyFile, err)
		}
		seen, loaded = now, true
		return &cert, nil
	})
}

// stamp tells one version of a file from the next.
type stamp struct {
	modified time.Time
	size     int64
}

// stampOf returns the zero stamp when there is no such file.
func stampOf(name string) stamp {
	info, err := os.Stat(name)
	if err != nil {
		return stamp{}
	}
	return stamp{info.ModTime(), info.Size()}
}

// Current returns the certificate to use in a handshake that begins now. While a
// changed one can't be loaded (its two files are not written at one moment) the
// old one stays.
func (c *Certificate) Current() *tls.Certificate {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.checked) < recheck {
		return c.current
	}
	c.checked = now
	switch next, err := c.load(now); {
	case err != nil:
		c.log.Warn("the changed certificate can't be used, the old one stays", "err", err)
	case next != nil:
		c.log.Info("the certificate was changed")
		c.current = next
	}
	return c.current
}
