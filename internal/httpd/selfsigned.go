package httpd

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A self-signed certificate is good for a year, the most that phones accept
// without asking, and is made anew in its last month.
const (
	selfSignedLife  = 365 * 24 * time.Hour
	selfSignedRenew = 30 * 24 * time.Hour
)

// selfSignedFile holds certificate and key in the data folder.
const selfSignedFile = "self-signed.pem"

// SelfSigned returns a certificate that the server makes for itself (ECDSA
// P-256) and keeps in dir, which is made if need be, so that people who accepted
// it are not asked again. It is for this machine's names and addresses and for
// extra, and made anew when one of them is missing or it is about to expire.
func SelfSigned(dir string, extra []netip.Addr, log *slog.Logger) (*Certificate, error) {
	file := filepath.Join(dir, selfSignedFile)
	var current *tls.Certificate
	return newCertificate(log, func(now time.Time) (*tls.Certificate, error) {
		want := localSubjects(extra)
		if current != nil && good(current, want, now) {
			return nil, nil
		}
		cert, err := tls.LoadX509KeyPair(file, file)
		if err != nil || !good(&cert, want, now) {
			if cert, err = makeSelfSigned(file, want, now); err != nil {
				return nil, fmt.Errorf("a self-signed certificate can't be made: %w", err)
			}
		}
		current = &cert
		return current, nil
	})
}

// subjects are whom a certificate is for.
type subjects struct {
	names     []string
	addresses []net.IP
}

// localSubjects are this machine's names and addresses.
func localSubjects(extra []netip.Addr) subjects {
	s := subjects{names: []string{"localhost"}}
	if host, err := os.Hostname(); err == nil && host != "localhost" {
		s.names = append(s.names, host)
		if !strings.Contains(host, ".") {
			s.names = append(s.names, host+".local") // its mDNS name
		}
	}
	for _, addr := range extra {
		s.addresses = append(s.addresses, addr.AsSlice())
	}
	// An interface that can't be listed is one we can't serve on either.
	local, _ := net.InterfaceAddrs()
	for _, addr := range local {
		if prefix, ok := addr.(*net.IPNet); ok && !prefix.IP.IsLinkLocalUnicast() {
			s.addresses = append(s.addresses, prefix.IP)
		}
	}
	return s
}

// good reports whether cert is for all in want and will be for a while.
func good(cert *tls.Certificate, want subjects, now time.Time) bool {
	leaf := cert.Leaf
	if leaf == nil || now.Before(leaf.NotBefore) || now.After(leaf.NotAfter.Add(-selfSignedRenew)) {
		return false
	}
	for _, name := range want.names {
		if !slices.Contains(leaf.DNSNames, name) {
			return false
		}
	}
	for _, ip := range want.addresses {
		if !slices.ContainsFunc(leaf.IPAddresses, ip.Equal) {
			return false
		}
	}
	return true
}

// makeSelfSigned makes a certificate and replaces file with it, at once.
func makeSelfSigned(file string, want subjects, now time.Time) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "tutti on " + want.names[len(want.names)-1]},
		NotBefore:    now.Add(-time.Hour), // a phone's clock may be behind
		NotAfter:     now.Add(selfSignedLife),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:     want.names,
		IPAddresses:  want.addresses,

		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return tls.Certificate{}, err
	}
	var both bytes.Buffer
	for _, block := range []*pem.Block{{Type: "CERTIFICATE", Bytes: der}, {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := pem.Encode(&both, block); err != nil {
			return tls.Certificate{}, err
		}
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return tls.Certificate{}, err
	}
	if err := os.WriteFile(file+".new", both.Bytes(), 0o600); err != nil {
		return tls.Certificate{}, err
	}
	if err := os.Rename(file+".new", file); err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(both.Bytes(), both.Bytes())
}
