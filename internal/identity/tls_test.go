// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/wire"
)

func anyKey(wire.PublicKey) error { return nil }

func only(want wire.PublicKey) func(wire.PublicKey) error {
	return func(k wire.PublicKey) error {
		if k != want {
			return errors.New("not the key that is wanted: " + k.Fingerprint())
		}
		return nil
	}
}

// shake runs a handshake and one byte each way, so that each end has heard
// the other's verdict.
func shake(t testing.TB, client, server *tls.Config) (c, s *tls.Conn, clientErr, serverErr error) {
	t.Helper()
	a, b := pair(t)
	c, s = tls.Client(a, client), tls.Server(b, server)
	done := make(chan error, 1)
	go func() { done <- greet(s) }()
	clientErr = greet(c)
	if serverErr = <-done; clientErr == nil && serverErr == nil {
		t.Cleanup(func() { c.Close(); s.Close() })
	}
	return c, s, clientErr, serverErr
}

func greet(c *tls.Conn) error {
	err := c.SetDeadline(time.Now().Add(20 * time.Second))
	if err == nil {
		_, err = c.Write([]byte{7})
	}
	if err == nil {
		_, err = io.ReadFull(c, make([]byte, 1))
	}
	if err != nil {
		c.NetConn().Close()
	}
	return err
}

// pair is a real connection: with net.Pipe both would wait for each other.
func pair(t testing.TB) (a, b net.Conn) {
	t.Helper()
	ln := must(net.Listen("tcp", "127.0.0.1:0"))
	defer ln.Close()
	a = must(net.Dial("tcp", ln.Addr().String()))
	b = must(ln.Accept())
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

func TestBothEndsProveTheirKeys(t *testing.T) {
	visitor, provider := must(New()), must(New())
	c, s, err1, err2 := shake(t, visitor.Client(only(provider.Public())), provider.Server(only(visitor.Public())))
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if must(Peer(c)) != provider.Public() || must(Peer(s)) != visitor.Public() {
		t.Error("an end takes the other for somebody else")
	}
	for _, st := range []tls.ConnectionState{c.ConnectionState(), s.ConnectionState()} {
		if st.Version != tls.VersionTLS13 || st.NegotiatedProtocol != "culvert/1" || st.DidResume {
			t.Errorf("version %x, protocol %q, resumed %v", st.Version, st.NegotiatedProtocol, st.DidResume)
		}
	}
	one, other := c.ConnectionState(), s.ConnectionState()
	k1 := must(one.ExportKeyingMaterial("EXPORTER-test", []byte("x"), 32))
	k2 := must(other.ExportKeyingMaterial("EXPORTER-test", []byte("x"), 32))
	k3 := must(other.ExportKeyingMaterial("EXPORTER-test", []byte("y"), 32))
	if !bytes.Equal(k1, k2) || bytes.Equal(k1, k3) {
		t.Error("the exported keys are not the same, or not one for each context")
	}
}

func TestWrongKeysAreRefused(t *testing.T) {
	visitor, provider, other := must(New()), must(New()), must(New())
	_, _, err, remote := shake(t, visitor.Client(only(other.Public())), provider.Server(anyKey))
	if err == nil || !strings.Contains(err.Error(), provider.Public().Fingerprint()) {
		t.Errorf("the visitor accepts another provider: %v", err)
	}
	if remote == nil {
		t.Error("the provider did not hear of it")
	}
	_, _, remote, err = shake(t, visitor.Client(anyKey), provider.Server(only(other.Public())))
	if err == nil || !strings.Contains(err.Error(), visitor.Public().Fingerprint()) {
		t.Errorf("the provider accepts another visitor: %v", err)
	}
	if remote == nil {
		t.Error("the visitor did not hear of it")
	}
}

func TestPeerNeedsAHandshake(t *testing.T) {
	a, _ := pair(t)
	if _, err := Peer(tls.Client(a, must(New()).Client(anyKey))); err == nil {
		t.Error("there is a peer before the handshake")
	}
}

// Whoever is no end of a tunnel is refused before its key is asked about.
func TestStrangersAreRefused(t *testing.T) {
	k, stranger := must(New()), must(New())
	noCheck := func(wire.PublicKey) error { t.Error("a stranger's key was looked at"); return nil }
	for name, change := range map[string]func(*tls.Config){
		"TLS 1.2":          func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS12, tls.VersionTLS12 },
		"no protocol":      func(c *tls.Config) { c.NextProtos = nil },
		"another protocol": func(c *tls.Config) { c.NextProtos = []string{"h2"} },
		"no certificate":   func(c *tls.Config) { c.Certificates = nil },
		"ECDSA":            func(c *tls.Config) { c.Certificates[0] = ecdsaCert() },
		"two certificates": func(c *tls.Config) {
			c.Certificates[0].Certificate = append(c.Certificates[0].Certificate, c.Certificates[0].Certificate[0])
		},
	} {
		client := stranger.Client(anyKey)
		change(client)
		if _, _, err1, err2 := shake(t, client, k.Server(noCheck)); err1 == nil || err2 == nil {
			t.Errorf("%s: the server lets it in: %v, %v", name, err1, err2)
		}
		server := stranger.Server(anyKey)
		change(server)
		if _, _, err1, err2 := shake(t, k.Client(noCheck), server); err1 == nil || err2 == nil {
			t.Errorf("%s: the client goes there: %v, %v", name, err1, err2)
		}
	}
}

// Somebody who shows a certificate without having its key fails, even though
// check has seen the key and agreed.
func TestCertificateWithoutItsKey(t *testing.T) {
	k, victim, thief := must(New()), must(New()), must(New())
	stolen := tls.Certificate{Certificate: victim.cert.Certificate, PrivateKey: thief.private}
	client, server := thief.Client(anyKey), thief.Server(anyKey)
	client.Certificates, server.Certificates = []tls.Certificate{stolen}, []tls.Certificate{stolen}
	if _, s, _, err := shake(t, client, k.Server(only(victim.Public()))); err == nil {
		t.Error("a visitor came in with a key that it does not have")
	} else if _, err := Peer(s); err == nil {
		t.Error("Peer names a key that nobody has proved")
	}
	if c, _, err, _ := shake(t, k.Client(only(victim.Public())), server); err == nil {
		t.Error("a provider was believed a key that it does not have")
	} else if _, err := Peer(c); err == nil {
		t.Error("Peer names a key that nobody has proved")
	}
}

func TestNoTickets(t *testing.T) {
	visitor, provider := must(New()), must(New())
	cache := &countingCache{ClientSessionCache: tls.NewLRUClientSessionCache(4)}
	client := visitor.Client(anyKey)
	client.ClientSessionCache = cache
	client.SessionTicketsDisabled = false // it would take one
	client.ServerName = "provider"
	server := provider.Server(anyKey)
	for range 2 {
		c, _, err1, err2 := shake(t, client, server)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if c.ConnectionState().DidResume {
			t.Error("a session was resumed")
		}
	}
	if cache.puts > 0 {
		t.Errorf("the server gave %d tickets", cache.puts)
	}
}

type countingCache struct {
	tls.ClientSessionCache
	puts int
}

func (c *countingCache) Put(key string, s *tls.ClientSessionState) {
	if s != nil {
		c.puts++
	}
	c.ClientSessionCache.Put(key, s)
}

func TestClocksDoNotMatter(t *testing.T) {
	visitor, provider := must(New()), must(New())
	for _, year := range []int{1601, 1970, 2200, 9999} {
		clock := func() time.Time { return time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC) }
		client, server := visitor.Client(anyKey), provider.Server(anyKey)
		client.Time = clock
		if _, _, err1, err2 := shake(t, client, server); err1 != nil || err2 != nil {
			t.Errorf("the visitor is in %d: %v, %v", year, err1, err2)
		}
		client, server = visitor.Client(anyKey), provider.Server(anyKey)
		server.Time = clock
		if _, _, err1, err2 := shake(t, client, server); err1 != nil || err2 != nil {
			t.Errorf("the provider is in %d: %v, %v", year, err1, err2)
		}
	}
	if now := visitor.Client(anyKey).Time(); now.Year() != 1970 {
		t.Errorf("the configuration asks the wall clock: %v", now)
	}
}

func ecdsaCert() tls.Certificate {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: notBefore, NotAfter: notAfter}
	der := must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// What both ends of an idle connection hold, after the handshake and after a
// megabyte: crypto/tls keeps its largest buffer.
func BenchmarkIdlePair(b *testing.B) {
	visitor, provider := must(New()), must(New())
	client, server := visitor.Client(anyKey), provider.Server(anyKey)
	type both struct{ c, s *tls.Conn }
	var pairs []both
	before := heap()
	for b.Loop() {
		c, s, err1, err2 := shake(b, client, server)
		if err1 != nil || err2 != nil {
			b.Fatal(err1, err2)
		}
		pairs = append(pairs, both{c, s})
	}
	b.ReportMetric(float64(heap()-before)/float64(len(pairs)), "B/pair")
	for _, p := range pairs {
		done := make(chan error, 1)
		go func() {
			_, err := p.c.Write(make([]byte, 1<<20))
			done <- err
		}()
		must(io.CopyN(io.Discard, p.s, 1<<20))
		must(0, <-done)
	}
	b.ReportMetric(float64(heap()-before)/float64(len(pairs)), "B/pair-used")
	runtime.KeepAlive(pairs)
}

func heap() int64 {
	runtime.GC()
	runtime.GC() // the first moves what is pooled aside, the second frees it
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
