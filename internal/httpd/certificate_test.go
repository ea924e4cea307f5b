package httpd

import (
	"crypto/tls"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// presented is the certificate that c shows now.
func presented(t *testing.T, c *Certificate) *tls.Certificate {
	t.Helper()
	return c.Current()
}

func mustSelfSigned(t *testing.T, dir string, extra ...netip.Addr) *Certificate {
	t.Helper()
	c, err := SelfSigned(dir, extra, quiet())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func same(a, b *tls.Certificate) bool { return a.Leaf.Equal(b.Leaf) }

func TestSelfSignedIsForThisMachine(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	leaf := presented(t, mustSelfSigned(t, dir, netip.MustParseAddr("203.0.113.5"))).Leaf
	for _, name := range []string{"localhost", "127.0.0.1", "203.0.113.5"} {
		if err := leaf.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
	// Phones refuse more than this many days.
	if life := leaf.NotAfter.Sub(leaf.NotBefore); life > 398*24*time.Hour {
		t.Errorf("valid for %v", life)
	}
	info, err := os.Stat(filepath.Join(dir, selfSignedFile))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("its key can be read by others: %v", info.Mode())
	}
}

func TestSelfSignedIsKept(t *testing.T) {
	dir := t.TempDir()
	first := presented(t, mustSelfSigned(t, dir))
	if again := presented(t, mustSelfSigned(t, dir)); !same(first, again) {
		t.Error("a restart makes people accept another certificate")
	}
	// A new address of the machine is a reason for a new one.
	moved := presented(t, mustSelfSigned(t, dir, netip.MustParseAddr("203.0.113.9")))
	if same(first, moved) {
		t.Error("the certificate is not for the new address")
	}
	if err := os.WriteFile(filepath.Join(dir, selfSignedFile), []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	presented(t, mustSelfSigned(t, dir))
}

func TestSelfSignedIsRenewedWhileTheServerRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := mustSelfSigned(t, t.TempDir())
		first := presented(t, c)
		time.Sleep(selfSignedLife - selfSignedRenew - time.Hour)
		if !same(first, presented(t, c)) {
			t.Error("renewed before its last month")
		}
		time.Sleep(2 * time.Hour)
		second := presented(t, c)
		if same(first, second) {
			t.Error("not renewed in its last month")
		}
		time.Sleep(recheck)
		if !same(second, presented(t, c)) {
			t.Error("renewed twice")
		}
	})
}

func TestFilesAreReadAgainWhenTheyChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, file := t.TempDir(), filepath.Join(t.TempDir(), "cert.pem")
		copyFrom := func(dir string) {
			t.Helper()
			data, err := os.ReadFile(filepath.Join(dir, selfSignedFile))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		before := presented(t, mustSelfSigned(t, dir))
		copyFrom(dir)
		c, err := FileCertificate(file, file, quiet())
		if err != nil {
			t.Fatal(err)
		}
		if !same(before, presented(t, c)) {
			t.Fatal("another certificate than the file's")
		}

		// The tool that renews it is in the middle of writing: the old one
		// stays.
		if err := os.WriteFile(file, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(recheck)
		if !same(before, presented(t, c)) {
			t.Error("a half-written file replaced a good certificate")
		}

		other := t.TempDir()
		after := presented(t, mustSelfSigned(t, other))
		copyFrom(other)
		time.Sleep(recheck)
		if !same(after, presented(t, c)) {
			t.Error("the new certificate is not used")
		}
	})
}

func TestAMissingCertificateIsAnError(t *testing.T) {
	if _, err := FileCertificate("no-cert.pem", "no-key.pem", quiet()); err == nil {
		t.Error("no files, no error")
	}
}
