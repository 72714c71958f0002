// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/internal/wire"
	"github.com/culvertd/culvert/test/process"
)

// realTunnel is one of the real programs, to a service of the test's.
type realTunnel struct {
	gw                *process.Gateway
	provider, visitor *process.Client
	service           *net.TCPListener
	local             string // where the visitor listens
}

func openReal(t *testing.T, limits ...string) *realTunnel {
	t.Helper()
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	r := &realTunnel{gw: process.StartGateway(t, process.GatewayConfig{Programs: programs(t), Culvert: strings.Join(limits, "\n")}), service: ln}
	r.provider = process.StartClient(t, process.ClientConfig{
		Programs: programs(t), Token: r.gw.Token(t, "provider"), ServerURL: r.gw.URL(), ClientID: "provider",
		Services: []process.Service{{ID: "service", Protocol: "tcp", LocalHost: "127.0.0.1", LocalPort: portOf(ln), Encryption: wire.EncryptionNone}},
	})
	r.provider.Online(t, 20*time.Second)
	r.local = fmt.Sprintf("127.0.0.1:%d", process.FreePort(t))
	r.visitor = process.StartClient(t, process.ClientConfig{
		Programs: programs(t), Token: r.gw.Token(t, "visitor"), ServerURL: r.gw.URL(), ClientID: "visitor",
		Connects: []process.Connect{{Target: "provider", Service: "service", Local: r.local, Encryption: wire.EncryptionNone}},
	})
	r.visitor.Online(t, 20*time.Second)
	return r
}

func portOf(ln *net.TCPListener) int {
	return ln.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // it is
}

// passes reports whether a byte makes its way through the tunnel and back,
// given so much time.
func (r *realTunnel) passes(timeout time.Duration) bool {
	c, err := net.DialTimeout("tcp", r.local, timeout)
	if err != nil {
		return false
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(timeout))
	if _, err := c.Write([]byte("x")); err != nil {
		return false
	}
	_, err = io.ReadFull(c, make([]byte, 1))
	return err == nil
}

// TestGatewayRestarts: after a kill, the clients are back within 2 s after the
// gateway is; one that stops in order tells them when to come.
func TestGatewayRestarts(t *testing.T) {
	r := openReal(t, "reconnect_window 2s")
	serveEcho(t, r.service)
	if !r.passes(5 * time.Second) {
		t.Fatal("nothing passes before the restart")
	}
	var took []time.Duration
	for range 3 {
		r.gw.Kill()
		time.Sleep(time.Second)
		r.gw.Start(t)
		began := time.Now()
		process.Until(t, 15*time.Second, func() bool { return r.passes(time.Second) }, "a connection gets through")
		took = append(took, time.Since(began))
	}
	t.Logf("clients were back after %v", took)
	slices.Sort(took)
	if median := took[1]; median > 2*time.Second { // one in three may meet a busy machine
		t.Errorf("the clients were back after %v", took)
	}

	r.gw.Signal(t, syscall.SIGTERM)
	if code := r.gw.Wait(t, 20*time.Second); code != 0 {
		t.Errorf("the gateway ends with exit code %d", code)
	}
	r.gw.Start(t)
	process.Until(t, 40*time.Second, func() bool { return r.passes(time.Second) }, "a connection gets through")
}

// TestTakeover: the newest process with the right to a name has it, at once,
// and the other one does not fight.
func TestTakeover(t *testing.T) {
	s := startSite(t, "")
	token := s.token(t, "home").Token
	old := signIn(t, s.tunnel(), token, "home", "service")
	began := time.Now()
	signIn(t, s.tunnel(), token, "home", "service")
	var why wire.ErrorPayload
	old.receive(t, wire.TypeError, &why)
	if why.Code != wire.CodeReplaced {
		t.Errorf("the old one is told %+v", why)
	}
	if _, _, err := old.ws.ReadMessage(); !websocket.IsCloseError(err, wire.CloseReplaced) {
		t.Errorf("the old one's connection ends with %v", err)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("the takeover took %v", took)
	}
	// The old one hears of it a moment before its key is void; a channel that
	// it parks in that moment is reset.
	var answer []byte
	for n := uint64(1); len(answer) == 0 && time.Since(began) < 5*time.Second; n++ {
		answer, _ = readAnswer(t, s.relayAddr(), wire.Line{
			Role: wire.Park, Protocol: wire.TCP, Key: old.key.ID, Counter: n,
		}.Append(nil, old.key.Secret))
	}
	if !strings.HasPrefix(string(answer), "-denied ") {
		t.Errorf("with the old one's key the relay answers %q", answer)
	}
}

// TestTakeoverByTunnelclient is the same with the real program: the first
// exits and says why, and visitors reach the second.
func TestTakeoverByTunnelclient(t *testing.T) {
	g := process.StartGateway(t, process.GatewayConfig{Programs: programs(t)})
	token := g.Token(t, "home")
	key := filepath.Join(t.TempDir(), "key") // another one would be refused
	var ends []*process.Client
	for n := range 2 {
		c := process.StartClient(t, process.ClientConfig{
			Programs: programs(t), Token: token, ServerURL: g.URL(), ClientID: "home", KeyFile: key,
			Services: []process.Service{{ID: "web", Protocol: "http", LocalHost: "127.0.0.1", LocalPort: serveNumber(t, n)}},
		})
		c.Online(t, 20*time.Second)
		ends = append(ends, c)
	}
	const nameTaken = 4
	if code := ends[0].Wait(t, 5*time.Second); code != nameTaken {
		t.Errorf("the first one ends with exit code %d, want %d", code, nameTaken)
	}
	port := process.FreePort(t)
	v := process.StartClient(t, process.ClientConfig{
		Programs: programs(t), Token: g.Token(t, "visitor"), ServerURL: g.URL(), ClientID: "visitor",
		Connects: []process.Connect{{Target: "home", Service: "web", Local: fmt.Sprint(port)}},
	})
	v.Online(t, 20*time.Second)
	resp, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/", port))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "service 1" {
		t.Errorf("the visitor reads %q (%v)", body, err)
	}
}

// serveNumber serves a page that says n, and returns its port.
func serveNumber(t *testing.T, n int) int {
	t.Helper()
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "service ", n) })}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(ln) // until it is closed
	}()
	t.Cleanup(func() {
		_ = srv.Close()
		<-done
	})
	return portOf(ln)
}
