// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wsload

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/bench/internal/harness"
)

func TestWalkIsIndifferentToCuts(t *testing.T) {
	var stream, want []byte
	for _, n := range []int{0, 1, 125, 126, 65535, 65536} {
		p := bytes.Repeat([]byte{byte(n)}, n)
		b := []byte{0x82}
		switch {
		case n < 126:
			b = append(b, byte(n))
		case n < 1<<16:
			b = append(b, 126, byte(n>>8), byte(n))
		default:
			b = append(b, 127, 0, 0, 0, 0, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
		}
		stream = append(append(stream, b...), p...)
		stream = append(stream, 0x89, 2, 'h', 'i')
		want = append(want, p...)
	}
	for _, step := range []int{1, 2, 3, 7, 4096, len(stream)} {
		var w walker
		var got []byte
		pings := 0
		for b := stream; len(b) > 0; {
			n := min(step, len(b))
			if w.walk(b[:n], func(p []byte) { got = append(got, p...) }) == opPing {
				pings++
			}
			b = b[n:]
		}
		if !bytes.Equal(got, want) || pings == 0 {
			t.Errorf("steps of %d: %d payload bytes, want %d; %d pings", step, len(got), len(want), pings)
		}
	}
}

func TestStampsAreFound(t *testing.T) {
	before := time.Now().UnixNano()
	stream := append(append([]byte("xx"), message(128)...), message(17)...)
	for range 2 {
		stamp, rest, ok := sentAt(stream)
		if !ok || stamp < before || stamp > time.Now().UnixNano() {
			t.Fatalf("stamp %d (%v), sent after %d", stamp, ok, before)
		}
		stream = rest
	}
	if _, _, ok := sentAt(stream); ok {
		t.Error("found a third stamp")
	}
}

// echo is a broadcast server for one publisher: what comes on /pub goes to all.
func echo(t *testing.T, config *tls.Config) harness.Target {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	target := harness.Target{Name: "echo", Addr: l.Addr().String(), Opts: map[string]string{}}
	if config != nil {
		l = tls.NewListener(l, config)
		target.Opts["tls"] = "yes"
	}
	var up websocket.Upgrader
	receivers := make(chan *websocket.Conn, 100)
	s := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		if r.URL.Path != "/pub" {
			receivers <- c
			return
		}
		defer c.Close()
		for {
			op, msg, err := c.ReadMessage()
			if err != nil {
				return
			}
			for n := len(receivers); n > 0; n-- {
				x := <-receivers
				_ = x.WriteMessage(op, msg)
				receivers <- x
			}
		}
	})}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	return target
}

func TestFanoutCountsEveryDelivery(t *testing.T) {
	for name, config := range map[string]*tls.Config{"plain": nil, "TLS": serverTLS(t)} {
		t.Run(name, func(t *testing.T) {
			target := echo(t, config)
			f := Fanout{Receivers: 10, Size: 128, Window: 1, Duration: 200 * time.Millisecond}
			ms, err := f.Measure(target)
			if err != nil {
				t.Fatal(err)
			}
			v := harness.NewResult("", 0, "", ms, nil).Values
			if v[Lost] != 0 || v[Deliveries] < 100 || v[WireBytes] != 132 || v[P50] <= 0 {
				t.Errorf("unlikely result: %v", v)
			}
		})
	}
}

func serverTLS(t *testing.T) *tls.Config {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: k}},
	}
}
