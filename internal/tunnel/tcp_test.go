// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/wire"
)

// both runs f over the relay port and over WebSocket, with TLS between the ends
// and without.
func both(t *testing.T, f func(t *testing.T, tr Transport)) {
	for _, tr := range []Transport{Relay, WebSocket} {
		for _, mode := range []string{wire.ModeTLS, wire.ModePlain} {
			t.Run(string(tr)+"/"+mode, func(t *testing.T) { f(t, tr) })
		}
	}
}

// ends starts a gateway, a provider with the services, and a visitor.
func ends(t *testing.T, tr Transport, services ...wire.Service) (*gate, *Client, *Client) {
	t.Helper()
	g := open(t, signaling.Config{})
	cfg := g.config("client-a")
	cfg.Services, cfg.Transport = services, tr
	provider := run(t, cfg)
	cfg = g.config("client-b")
	cfg.Transport = tr
	return g, provider, run(t, cfg)
}

func TestEcho(t *testing.T) {
	both(t, func(t *testing.T, tr Transport) {
		_, provider, visitor := ends(t, tr, service(t, "echo", echo))
		f := forward(t, visitor, "client-a", "echo")
		var all sync.WaitGroup
		for range 40 { // more than are warm or parked
			all.Go(func() {
				c := dial(t, f)
				if err := say(c, "hello", "hello"); err != nil {
					t.Error(err)
				}
				c.CloseWrite()
				if b, err := io.ReadAll(c); err != nil || len(b) > 0 {
					t.Errorf("at the end: %q, %v", b, err)
				}
			})
		}
		all.Wait()
		eventually(t, 5*time.Second, "the figures are settled", func() bool {
			s, p := f.Status(), provider.Status().Services[0]
			return s.Connections == 0 && p.Connections == 0 && s.Total == 40 && p.Total == 40 &&
				s.BytesIn == 200 && s.BytesOut == 200 && p.BytesIn == 200 && p.BytesOut == 200
		})
		if st := visitor.Status(); st.State != StateOnline || st.Transport != tr || len(st.Forwards) != 1 ||
			st.Forwards[0].State != StateOnline || st.ClientID != "client-b" {
			t.Errorf("%+v", st)
		}
		if st := provider.Status(); st.Services[0].Sessions != 1 || st.Services[0].LastError != "" {
			t.Errorf("%+v", st)
		}
	})
}

func TestServerSpeaksFirst(t *testing.T) {
	both(t, func(t *testing.T, tr Transport) {
		_, _, visitor := ends(t, tr, service(t, "ssh", func(c *net.TCPConn) {
			io.WriteString(c, "SSH-2.0-x\r\n")
			io.Copy(io.Discard, c)
		}))
		c := dial(t, forward(t, visitor, "client-a", "ssh"))
		if err := say(c, "", "SSH-2.0-x\r\n"); err != nil {
			t.Error(err)
		}
	})
}

func TestEndsOfConnections(t *testing.T) {
	both(t, func(t *testing.T, tr Transport) {
		// What the service does once it has heard a line, and what the
		// application is to see.
		seen := make(chan error, 1)
		_, _, visitor := ends(t, tr,
			service(t, "fin", func(c *net.TCPConn) { // answers after the end
				b, _ := io.ReadAll(c)
				c.Write(b)
			}),
			service(t, "half", func(c *net.TCPConn) { // ends first, goes on hearing
				io.WriteString(c, "bye")
				c.CloseWrite()
				b, err := io.ReadAll(c)
				if string(b) != "late" && err == nil {
					err = errors.New("heard " + string(b))
				}
				seen <- err
			}),
			service(t, "rst", func(c *net.TCPConn) {
				io.ReadFull(c, make([]byte, 5))
				c.SetLinger(0)
			}),
			service(t, "cut", func(c *net.TCPConn) {
				_, err := io.ReadFull(c, make([]byte, 5))
				seen <- err
				_, err = io.Copy(io.Discard, c)
				seen <- err
			}),
			service(t, "empty", func(*net.TCPConn) {}),
		)
		at := func(id string) *net.TCPConn { return dial(t, forward(t, visitor, "client-a", id)) }

		c := at("fin")
		io.WriteString(c, "all of it")
		c.CloseWrite()
		if b, err := io.ReadAll(c); err != nil || string(b) != "all of it" {
			t.Errorf("fin: %q, %v", b, err)
		}

		c = at("half")
		if b, err := io.ReadAll(c); err != nil || string(b) != "bye" {
			t.Errorf("half: %q, %v", b, err)
		}
		io.WriteString(c, "late")
		c.CloseWrite()
		if err := <-seen; err != nil {
			t.Errorf("half, service: %v", err)
		}

		c = at("rst")
		io.WriteString(c, "hello")
		if b, err := io.ReadAll(c); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("rst: %q, %v", b, err)
		}

		c = at("cut")
		io.WriteString(c, "hello")
		if err := <-seen; err != nil { // whoever goes before it is heard was never there
			t.Errorf("cut, service: %v", err)
		}
		c.SetLinger(0)
		c.Close()
		if err := <-seen; !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("cut, service: %v", err)
		}

		c = at("empty")
		if b, err := io.ReadAll(c); err != nil || len(b) > 0 {
			t.Errorf("empty: %q, %v", b, err)
		}
	})
}

func TestServiceThatIsNotThere(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := wire.Service{ID: "dead", Protocol: wire.ServiceTCP, LocalHost: "127.0.0.1", LocalPort: ln.Addr().(*net.TCPAddr).Port}
	ln.Close()
	both(t, func(t *testing.T, tr Transport) {
		_, provider, visitor := ends(t, tr, dead)
		// The reset may be there before the application has said anything.
		c, err := net.Dial("tcp", forward(t, visitor, "client-a", "dead").Addr().String())
		if err == nil {
			defer c.Close()
			_, err = io.WriteString(c, "hello")
		}
		if err == nil {
			_, err = io.ReadAll(c)
		}
		if !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the application sees %v", err)
		}
		if st := provider.Status().Services[0]; st.LastError == "" || st.Total != 1 || st.Connections != 0 {
			t.Errorf("%+v", st)
		}
	})
}

// TestLargeBothWays moves more than any buffer holds while the other end does
// not read.
func TestLargeBothWays(t *testing.T) {
	both(t, func(t *testing.T, tr Transport) {
		_, _, visitor := ends(t, tr, service(t, "echo", echo))
		c := dial(t, forward(t, visitor, "client-a", "echo"))
		said, heard := sha256.New(), sha256.New()
		go func() {
			src := io.TeeReader(io.LimitReader(rand.NewChaCha8([32]byte{}), 24<<20), said)
			if _, err := io.Copy(struct{ io.Writer }{c}, src); err != nil {
				t.Error(err)
			}
			c.CloseWrite()
		}()
		n, err := io.Copy(heard, struct{ io.Reader }{c})
		if err != nil || n != 24<<20 || !bytes.Equal(said.Sum(nil), heard.Sum(nil)) {
			t.Errorf("%d bytes, %v", n, err)
		}
	})
}
