// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
	"github.com/culvertd/culvert/tunnelclient/internal/local"
)

// fake is an engine without a gateway. Its forwards listen for real and greet
// each connection with the target's name.
type fake struct {
	cfg        tunnel.Config
	runErr     error
	listErr    error
	forwardErr error

	ready chan struct{}
	mu    sync.Mutex
	sets  [][]wire.Service
	open  map[tunnel.ForwardSpec]*fakeForward
}

func newFake(cfg tunnel.Config) *fake {
	return &fake{cfg: cfg, ready: make(chan struct{}), open: map[tunnel.ForwardSpec]*fakeForward{}}
}

func (f *fake) Run(ctx context.Context) error {
	if f.runErr != nil {
		return f.runErr
	}
	f.cfg.Logger.Info("online as " + f.Status().ClientID)
	close(f.ready)
	<-ctx.Done()
	return nil
}

func (f *fake) Ready() <-chan struct{} { return f.ready }

// listKey is the key of a client in the list.
var listKey = wire.PublicKey{7}

func (f *fake) List(context.Context) ([]wire.ClientInfo, error) {
	return []wire.ClientInfo{
		{ID: "client-a", Status: wire.Online, PublicKey: &listKey, Services: []wire.Service{
			{ID: "web-server", Protocol: "http", Description: "本地Web服务\x1b[2J"},
			{ID: "dns", Protocol: "udp"},
		}},
		{ID: "of-process-" + strconv.Itoa(os.Getpid()), Status: wire.Offline},
	}, f.listErr
}

func (f *fake) SetServices(s []wire.Service) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sets = append(f.sets, s)
	return nil
}

// streams are more than a table has.
var streams = append([]wire.StreamInfo{{
	ID: "0123456789abcdef0123456789abcdef", Role: wire.Visitor, Peer: "client-b", Service: "ssh", Path: "relay",
	Begun: time.Now().Add(-time.Hour).UnixMilli(), BytesIn: 1 << 20, BytesOut: 2 << 10, Unacked: 512, Resumptions: 3,
	LastFault: "connection reset\nby peer", Latency: 41.25, Leg: 20.5,
}}, make([]wire.StreamInfo, maxPrinted+1)...)

func (f *fake) Status() tunnel.Status {
	id := f.cfg.ClientID
	if id == "" {
		id = "name-of-the-token"
	}
	return tunnel.Status{
		Server: f.cfg.Server.String(), ClientID: id, State: tunnel.StateOnline, Transport: tunnel.Relay, Relay: "relay.example:9001",
		Services: []tunnel.ServiceStatus{{
			Service:  wire.Service{ID: "web-server", Protocol: "http", LocalHost: "localhost", LocalPort: 8080},
			Sessions: 1, Connections: 2, Total: 40, BytesIn: 1500, BytesOut: 3 << 20,
		}},
		Forwards: []tunnel.ForwardStatus{{
			Target: "client-b", Service: "ssh", Local: "127.0.0.1:2222", Protocol: "tcp", State: tunnel.StateOnline,
			LastError: "connection\nrefused", Encryption: wire.ModeTLS, PeerFingerprint: "SHA256:peer",
		}},
		Fingerprint: "SHA256:own",
		Streams:     streams,
	}
}

func (f *fake) Forward(_ context.Context, spec tunnel.ForwardSpec) (local.Forward, error) {
	if f.forwardErr != nil {
		return nil, f.forwardErr
	}
	addr := spec.Local
	if !strings.Contains(addr, ":") {
		addr = "127.0.0.1:" + addr
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, &tunnel.Error{Kind: tunnel.LocalFailed, Err: err}
	}
	fw := &fakeForward{ln: ln, spec: spec}
	fw.wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte(spec.Target))
			_ = c.Close()
		}
	})
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open[spec] = fw
	fw.forget = func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.open, spec)
	}
	return fw, nil
}

func (f *fake) opened() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var names []string
	for spec := range f.open {
		names = append(names, spec.Target)
	}
	return names
}

type fakeForward struct {
	ln     net.Listener
	spec   tunnel.ForwardSpec
	forget func()
	wg     sync.WaitGroup
}

func (f *fakeForward) Status() tunnel.ForwardStatus {
	return tunnel.ForwardStatus{
		Target: f.spec.Target, Service: f.spec.Service, Local: f.ln.Addr().String(), Protocol: "http", State: tunnel.StateOnline,
	}
}

func (f *fakeForward) Close() error {
	err := f.ln.Close()
	f.wg.Wait()
	f.forget()
	return err
}

// buffer can be read while a command writes to it.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// bench is a place for commands: a home, an environment, and the engine that
// they get.
type bench struct {
	dir    string
	env    map[string]string
	stdin  string
	checks []tunnel.Check // what the doctor is told
	asked  []tunnel.Config
	about  []tunnel.DoctorOptions
	change func(*fake) // of the next engine
	hup    chan os.Signal

	mu   sync.Mutex
	made []*fake
}

func newBench(t *testing.T) *bench {
	t.Helper()
	dir := t.TempDir()
	return &bench{dir: dir, env: map[string]string{"CULVERT_HOME": filepath.Join(dir, "home")}, hup: make(chan os.Signal, 1)}
}

// signedIn gives commands what they need for signing in without a file.
func (b *bench) signedIn() *bench {
	b.env["CULVERT_SERVER"], b.env["CULVERT_TOKEN"] = "ws://127.0.0.1:9", "secret-token"
	return b
}

// file writes a file that only its owner may read.
func (b *bench) file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(b.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// command is one that runs.
type command struct {
	stdout, stderr buffer
	cancel         context.CancelFunc
	code           chan int
}

func (b *bench) start(t *testing.T, args ...string) *command {
	t.Helper()
	c := &command{code: make(chan int, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	a := &app{
		getenv: func(name string) string { return b.env[name] },
		stdin:  strings.NewReader(b.stdin),
		diagnose: func(_ context.Context, cfg tunnel.Config, o tunnel.DoctorOptions, say func(tunnel.Check)) {
			b.asked, b.about = append(b.asked, cfg), append(b.about, o)
			for _, c := range b.checks {
				say(c)
			}
		},
		stdout: &c.stdout, stderr: &c.stderr, reload: b.hup,
		engine: func(cfg tunnel.Config) engine {
			f := newFake(cfg)
			if b.change != nil {
				b.change(f)
			}
			b.mu.Lock()
			defer b.mu.Unlock()
			b.made = append(b.made, f)
			return f
		},
	}
	go func() { c.code <- a.main(ctx, args) }()
	t.Cleanup(cancel)
	return c
}

// run runs a command to its end.
func (b *bench) run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	c := b.start(t, args...)
	code = c.wait(t)
	return code, c.stdout.String(), c.stderr.String()
}

func (b *bench) engine(t *testing.T, n int) *fake {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.made) <= n {
		t.Fatalf("%d engines were made, wanted is the one at %d", len(b.made), n)
	}
	return b.made[n]
}

func (c *command) wait(t *testing.T) int {
	t.Helper()
	select {
	case code := <-c.code:
		c.code <- code
		return code
	case <-time.After(20 * time.Second):
		t.Fatalf("the command did not end\nstdout: %s\nstderr: %s", &c.stdout, &c.stderr)
		return 0
	}
}

// until waits for a condition.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func (c *command) says(t *testing.T, text string) {
	t.Helper()
	until(t, strconv.Quote(text)+" on stderr", func() bool { return strings.Contains(c.stderr.String(), text) })
}

func (c *command) prints(t *testing.T, text string) {
	t.Helper()
	until(t, strconv.Quote(text)+" on stdout", func() bool { return strings.Contains(c.stdout.String(), text) })
}

func refusal(k tunnel.Kind) error {
	return &tunnel.Error{Kind: k, Code: "a_code", Err: errors.New("the reason")}
}
