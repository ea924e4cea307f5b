package peer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"net"
	"strings"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/selfsign"
	"github.com/pion/srtp/v3"
	"github.com/pion/transport/v4/packetio"

	"github.com/tutti-rtc/tutti/internal/media"
	"github.com/tutti-rtc/tutti/internal/peer/answer"
)

const (
	handshakeTimeout = 20 * time.Second
	flightInterval   = 250 * time.Millisecond // first resend; doubles each time
	maxFlight        = 64                     // DTLS datagrams waiting to be read
	replayWindow     = 1024                   // packets (RFC 3711 §3.3.2)
)

// srtpProfiles are in the order of our preference: GCM costs a fifth of CM.
func srtpProfiles() []dtls.SRTPProtectionProfile {
	return []dtls.SRTPProtectionProfile{
		dtls.SRTP_AEAD_AES_128_GCM,
		dtls.SRTP_AEAD_AES_256_GCM,
		dtls.SRTP_AES128_CM_HMAC_SHA1_80,
	}
}

func newIdentity() (*identity, error) {
	cert, err := selfsign.GenerateSelfSigned()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(cert.Certificate[0])
	return &identity{certificate: cert, fingerprint: colons(sum[:])}, nil
}

// colons writes bytes as RFC 8122 §5 wants a fingerprint: AB:CD:….
func colons(b []byte) string {
	parts := make([]string, len(b))
	for i := range b {
		parts[i] = hex.EncodeToString(b[i : i+1])
	}
	return strings.ToUpper(strings.Join(parts, ":"))
}

// dtlsTransport joins a peer's datagrams with pion's DTLS server. It is the
// net.PacketConn that the server reads and writes.
type dtlsTransport struct {
	peer   *Peer
	in     *packetio.Buffer
	ctx    context.Context
	cancel context.CancelFunc
}

func newDTLSTransport(p *Peer) *dtlsTransport {
	t := &dtlsTransport{peer: p, in: packetio.NewBuffer()}
	t.in.SetLimitCount(maxFlight)
	t.ctx, t.cancel = context.WithCancel(context.Background())
	return t
}

// serve shakes hands, hands the keys to the peer, and then reads until the
// association ends. It runs on a goroutine of its own.
func (t *dtlsTransport) serve(expected []answer.Fingerprint) error {
	conn, err := dtls.ServerWithOptions(t, peerAddr{},
		dtls.WithCertificates(t.peer.server.identity.certificate),
		dtls.WithSRTPProtectionProfiles(srtpProfiles()...),
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
		dtls.WithClientAuth(dtls.RequireAnyClientCert),
		dtls.WithInsecureSkipVerify(true), // it is the fingerprint that counts (RFC 8827 §6.5)
		dtls.WithVerifyPeerCertificate(func(raw [][]byte, _ [][]*x509.Certificate) error {
			return verifyFingerprint(raw, expected)
		}),
		dtls.WithInsecureSkipVerifyHello(true), // ICE has proven the address
		dtls.WithFlightInterval(flightInterval),
	)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(t.ctx, handshakeTimeout)
	err = conn.HandshakeContext(ctx)
	cancel()
	if err != nil {
		return errors.Join(fmt.Errorf("DTLS handshake: %w", err), conn.Close())
	}
	keys, err := exportKeys(conn)
	if err != nil {
		return errors.Join(fmt.Errorf("export SRTP keys: %w", err), conn.Close())
	}
	stop := context.AfterFunc(t.ctx, func() { conn.Close() })
	defer stop()
	t.peer.loop.Call(func(now media.Time) { t.peer.keyed(now, keys) })
	if err = t.idle(conn); err == nil {
		err = t.peer.data.serve(conn)
	}
	return errors.Join(err, conn.Close())
}

// idle reads a connection that carries nothing until data channels are agreed on
// and the client begins with them, or until its end.
func (t *dtlsTransport) idle(conn net.Conn) error {
	var b [1]byte
	for !t.peer.data.agreed.Load() {
		var tooShort *dtls.TemporaryError // the record is gone; SCTP sends it again
		if _, err := conn.Read(b[:]); err != nil && !errors.As(err, &tooShort) {
			return err
		}
	}
	return nil
}

// close ends the association at once; the client is told if the handshake was
// done. What serve still reads or writes is the end of it.
func (t *dtlsTransport) close() { t.cancel() }

// srtpKeys are the contexts of both directions. They belong to the peer's loop.
type srtpKeys struct{ in, out *srtp.Context }

func exportKeys(conn *dtls.Conn) (*srtpKeys, error) {
	profile, ok := conn.SelectedSRTPProtectionProfile()
	if !ok {
		return nil, errors.New("the client shares no SRTP profile with us; it needs AES-128-GCM or AES-CM-128 with HMAC-SHA1-80")
	}
	state, ok := conn.ConnectionState()
	if !ok {
		return nil, errors.New("the handshake left no state")
	}
	cfg := srtp.Config{Profile: srtp.ProtectionProfile(profile)}
	if err := cfg.ExtractSessionKeysFromDTLS(&state, false); err != nil {
		return nil, err
	}
	in, err := srtp.CreateContext(cfg.Keys.RemoteMasterKey, cfg.Keys.RemoteMasterSalt, cfg.Profile,
		srtp.SRTPReplayProtection(replayWindow), srtp.SRTCPReplayProtection(replayWindow))
	if err != nil {
		return nil, err
	}
	out, err := srtp.CreateContext(cfg.Keys.LocalMasterKey, cfg.Keys.LocalMasterSalt, cfg.Profile)
	if err != nil {
		return nil, err
	}
	return &srtpKeys{in: in, out: out}, nil
}

// errFingerprint refuses a client whose certificate is not the one its offer
// announced: somebody stands between.
var errFingerprint = errors.New("the client's DTLS certificate is not the one of its offer")

// verifyFingerprint compares the client's certificate with a=fingerprint (RFC
// 8122 §5). One match of a strong hash is enough.
func verifyFingerprint(raw [][]byte, expected []answer.Fingerprint) error {
	if len(raw) == 0 {
		return errFingerprint
	}
	for _, f := range expected {
		var h hash.Hash
		switch strings.ToLower(f.Algorithm) {
		case "sha-256":
			h = sha256.New()
		case "sha-384":
			h = sha512.New384()
		case "sha-512":
			h = sha512.New()
		default:
			continue
		}
		h.Write(raw[0])
		want, err := hex.DecodeString(strings.ReplaceAll(f.Value, ":", ""))
		if err == nil && bytes.Equal(h.Sum(nil), want) {
			return nil
		}
	}
	return errFingerprint
}

// ReadFrom reads the next DTLS datagram (net.PacketConn).
func (t *dtlsTransport) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := t.in.Read(b)
	return n, peerAddr{}, err
}

// WriteTo sends a datagram to wherever the client is now (net.PacketConn).
func (t *dtlsTransport) WriteTo(b []byte, _ net.Addr) (int, error) {
	if to := t.peer.selected.Load(); to != nil {
		t.peer.server.send(*to, b)
	}
	return len(b), nil
}

// Close is called by the DTLS server when it ends (net.PacketConn).
func (t *dtlsTransport) Close() error { return t.in.Close() }

// LocalAddr returns a placeholder (net.PacketConn).
func (t *dtlsTransport) LocalAddr() net.Addr { return peerAddr{} }

// SetDeadline sets the read deadline (net.PacketConn).
func (t *dtlsTransport) SetDeadline(at time.Time) error { return t.in.SetReadDeadline(at) }

// SetReadDeadline sets the read deadline (net.PacketConn).
func (t *dtlsTransport) SetReadDeadline(at time.Time) error { return t.in.SetReadDeadline(at) }

// SetWriteDeadline does nothing: writing never blocks (net.PacketConn).
func (t *dtlsTransport) SetWriteDeadline(time.Time) error { return nil }

// peerAddr stands for the client's address, which changes under DTLS's feet.
type peerAddr struct{}

// Network returns "ice".
func (peerAddr) Network() string { return "ice" }

// String returns "peer".
func (peerAddr) String() string { return "peer" }
