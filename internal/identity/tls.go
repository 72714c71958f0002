// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/culvertd/culvert/internal/wire"
)

// alpn is what the ends say they speak; it keeps a channel from being anything
// else's TLS connection.
const alpn = "culvert/1"

var errNotPeer = errors.New("the other end has shown no Ed25519 key of a tunnel's end")

// Server returns the configuration of the end that waits for the handshake.
//
// check is called with the key that the peer names, before the peer has proved
// that the key is its own: it may refuse, but must not remember. Remember what
// Peer returns. It is called for each handshake, by its goroutine.
func (k *Key) Server(check func(wire.PublicKey) error) *tls.Config {
	cfg := k.config(check)
	cfg.ClientAuth = tls.RequireAnyClientCert
	return cfg
}

// Client returns the configuration of the end that begins the handshake; check
// is that of Server. This end learns that it was refused only when it reads.
func (k *Key) Client(check func(wire.PublicKey) error) *tls.Config {
	cfg := k.config(check)
	// There are no names and no authorities: VerifyConnection compares keys.
	cfg.InsecureSkipVerify = true
	return cfg
}

// Peer returns the key that the other end has proved in the handshake, which
// must be over.
func Peer(c *tls.Conn) (wire.PublicKey, error) {
	st := c.ConnectionState()
	if !st.HandshakeComplete {
		return wire.PublicKey{}, errors.New("asking for the peer's key before the handshake is over")
	}
	return peer(st)
}

func (k *Key) config(check func(wire.PublicKey) error) *tls.Config {
	return &tls.Config{
		MinVersion:             tls.VersionTLS13,
		Certificates:           []tls.Certificate{k.cert},
		NextProtos:             []string{alpn},
		SessionTicketsDisabled: true, // a resumed session would not prove the key (rules S14)
		// Channels carry bulk: small first records cost calls and win nothing.
		DynamicRecordSizingDisabled: true,
		Time:                        func() time.Time { return notBefore },
		VerifyConnection: func(st tls.ConnectionState) error {
			key, err := peer(st)
			if err != nil {
				return err
			}
			return check(key)
		},
	}
}

func peer(st tls.ConnectionState) (wire.PublicKey, error) {
	// A client that offers no protocol would be let in by crypto/tls.
	if st.Version != tls.VersionTLS13 || st.NegotiatedProtocol != alpn || len(st.PeerCertificates) != 1 {
		return wire.PublicKey{}, errNotPeer
	}
	key, ok := st.PeerCertificates[0].PublicKey.(ed25519.PublicKey)
	if !ok || len(key) != ed25519.PublicKeySize {
		return wire.PublicKey{}, errNotPeer
	}
	return wire.PublicKey(key), nil
}

// The times of all certificates. Nobody looks at them, for a machine's clock
// may be anywhere before its first tunnel is up (rules S14).
var (
	notBefore = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	notAfter  = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC) // RFC 5280 §4.1.2.5: no end
)

// certificate is only the wrapping that TLS wants around a key.
func certificate(private ed25519.PrivateKey) (tls.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: alpn},
		NotBefore:    notBefore,
		NotAfter:     notAfter,
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(nil, template, template, private.Public(), private)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("making the key's certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}, nil
}
