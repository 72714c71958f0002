// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package lab

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/wire"
	"github.com/culvertd/culvert/test/process"
)

const (
	rpcPort = 7200 // at the provider

	webSite = "web.apps.test" // by name
	rpcSite = "rpc.test"      // a site of its own
)

// website is a gateway with sites in front of what a client behind a NAT box
// publishes. Their visitor is this process, in the core.
type website struct {
	*pairs
	at      *place
	home    *process.Client
	roots   *x509.CertPool
	config  int // how often it was changed
	browser *http.Client
}

func newWebsite(t *testing.T) *website {
	t.Helper()
	r := &website{pairs: &pairs{network: bareNetwork(t)}, roots: x509.NewCertPool()}
	storage := t.TempDir()
	r.gw = process.StartGateway(t, process.GatewayConfig{
		Programs: programs, Wrap: in(gateway), Host: gatewayHost, Port: gatewayPort, RelayPort: relayPort,
		Culvert: r.options(), Sites: r.sites(),
		Global: fmt.Sprintf("local_certs\nskip_install_trust\nstorage file_system %s\non_demand_tls {\npermission culvert\n}", storage),
	})
	ca, err := os.ReadFile(filepath.Join(storage, "pki", "authorities", "local", "root.crt"))
	if err != nil || !r.roots.AppendCertsFromPEM(ca) {
		t.Fatalf("the authority of Caddy's: %v\n%s", err, ca)
	}
	r.browser = r.newBrowser(t, true, true)

	r.at = r.place(t, provider, 0, nil)
	web := fmt.Sprintf("127.0.0.1:%d", webPort)
	process.Start(t, nil, in(r.at.ns, tool(t, "serve", web)...)).Says(t, "serving", 10*time.Second)
	rpc := fmt.Sprintf("127.0.0.1:%d", rpcPort)
	process.Start(t, nil, in(r.at.ns, tool(t, "rpc", rpc)...)).Says(t, "serving", 10*time.Second)
	r.home = process.StartClient(t, process.ClientConfig{
		Wrap: in(r.at.ns), Programs: programs, Token: r.gw.Token(t, "home"), ServerURL: r.gw.URL(), ClientID: "home",
		Services: []process.Service{
			{ID: "files", Protocol: "http", LocalPort: webPort, Publish: &wire.Publish{Host: "web"}},
			{ID: "rpc", Protocol: "tcp", LocalPort: rpcPort, Publish: new(wire.Publish)},
		},
	})
	r.home.Online(t, 20*time.Second)
	return r
}

// options are those of the global option culvert; they depend on r.config.
func (r *website) options() string {
	const own = "publish https://*.apps.test\nheartbeat_timeout 6s\n"
	return own + [...]string{
		"heartbeat_interval 2s",
		"heartbeat_interval 3s\nmax_sessions 500",
		"heartbeat_interval 2s\nsession_timeout 10m",
	}[r.config%3]
}

// sites say in each answer which config it is.
func (r *website) sites() string {
	return fmt.Sprintf(`https://*.apps.test {
	tls {
		on_demand
	}
	header Lab-Config %d
	culvert_publish
}
https://%s {
	reverse_proxy culvert/rpc.home {
		transport culvert {
			versions h2c
		}
		flush_interval -1
		stream_close_delay 24h
	}
}
`, r.config, rpcSite)
}

// reload puts another config in force.
func (r *website) reload(t *testing.T) {
	t.Helper()
	r.config++
	r.gw.Config.Sites = r.sites()
	r.gw.Write(t, r.options())
	r.gw.Reload(t)
	config, _, err := r.get(t.Context(), r.newBrowser(t, false, false))
	if err != nil || config != r.config {
		t.Errorf("after reload %d answers config %d, %v", r.config, config, err)
	}
}

// dial is for all host names.
func (r *website) dial(ctx context.Context) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", gatewayHost+":443")
}

func (r *website) trust() *tls.Config { return &tls.Config{RootCAs: r.roots} }

// newBrowser returns a client that keeps its connections, or has a fresh one for
// each request, and speaks HTTP/2 or HTTP/1.1.
func (r *website) newBrowser(t *testing.T, keep, h2 bool) *http.Client {
	c := &http.Client{Transport: &http.Transport{
		DialContext:     func(ctx context.Context, _, _ string) (net.Conn, error) { return r.dial(ctx) },
		TLSClientConfig: r.trust(), ForceAttemptHTTP2: h2, DisableKeepAlives: !keep,
	}}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// ask sends a GET, or body.
func (r *website) ask(ctx context.Context, c *http.Client, path string, body io.Reader, size int64) (*http.Response, error) {
	method := http.MethodGet
	if body != nil {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(ctx, method, "https://"+webSite+path, body)
	if err != nil {
		return nil, err
	}
	req.ContentLength = size
	return c.Do(req)
}

// get fetches a small file and returns which config has answered, and whether it
// was asked for once more: each reload replaces Caddy's listener, and on Linux
// connections that wait in the old one are reset.
func (r *website) get(ctx context.Context, c *http.Client) (config int, again bool, err error) {
	const size = 50_000
	path := fmt.Sprintf("/file?size=%d", size)
	resp, err := r.ask(ctx, c, path, nil, 0)
	if again = errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF); again {
		resp, err = r.ask(ctx, c, path, nil, 0)
	}
	if err != nil {
		return 0, again, err
	}
	defer resp.Body.Close()
	if err := same(resp.Body, size); err != nil {
		return 0, again, fmt.Errorf("the answer is %s: %w", resp.Status, err)
	}
	config, err = strconv.Atoi(resp.Header.Get("Lab-Config"))
	return config, again, err
}

// download fetches a file, through what the body is wrapped in.
func (r *website) download(ctx context.Context, size int64, wrap func(io.Reader) io.Reader) error {
	resp, err := r.ask(ctx, r.browser, fmt.Sprintf("/file?size=%d", size), nil, 0)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if err := same(wrap(resp.Body), size); err != nil {
		return fmt.Errorf("the answer is %s: %w", resp.Status, err)
	}
	return nil
}

// upload sends a file, and compares the hash that the service has made of it.
func (r *website) upload(ctx context.Context, size int64, body io.Reader) error {
	resp, err := r.ask(ctx, r.browser, "/upload", body, size)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if want := digest(file(size)); string(got) != want {
		return fmt.Errorf("the answer is %s, %.100q, want %s", resp.Status, got, want)
	}
	return nil
}

// same checks that what r holds is a file of this size.
func same(r io.Reader, size int64) error {
	h := sha256.New()
	if n, err := io.Copy(h, r); err != nil {
		return fmt.Errorf("after %d bytes: %w", n, err)
	}
	if got, want := hex.EncodeToString(h.Sum(nil)), digest(file(size)); got != want {
		return fmt.Errorf("the hash is %s, want %s", got, want)
	}
	return nil
}

// digest is hashOf for what cannot fail.
func digest(noise io.Reader) string {
	h := sha256.New()
	_, _ = io.Copy(h, noise)
	return hex.EncodeToString(h.Sum(nil))
}

// memory is the gateway's resident memory in bytes; 0 if it cannot be read.
func (r *website) memory() int64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.gw.PID()))
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kb << 10
		}
	}
	return 0
}

// peak watches the gateway's memory until the returned function is called, which
// returns the most.
func (r *website) peak() (stop func() int64) {
	done, most := make(chan struct{}), make(chan int64, 1)
	go func() {
		highest := int64(0)
		for {
			highest = max(highest, r.memory())
			select {
			case <-done:
				most <- highest
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	return func() int64 {
		close(done)
		return <-most
	}
}
