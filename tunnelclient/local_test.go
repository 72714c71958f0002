// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
)

const fileA = "serverUrl: ws://127.0.0.1:9\nclientId: client-a\ntokenFile: token\n"

// configured writes a configuration with more lines.
func (b *bench) configured(t *testing.T, more string) string {
	t.Helper()
	b.file(t, "token", "secret-token")
	return b.file(t, "a.yaml", fileA+more)
}

// TestCommandsGoThroughTheRunningClient: however they name it, they ask it and
// sign in nowhere.
func TestCommandsGoThroughTheRunningClient(t *testing.T) {
	b := newBench(t)
	path := b.configured(t, "")
	host := b.start(t, "--config", path)
	host.says(t, "online as client-a")
	for name, tc := range map[string]struct {
		args []string
		env  map[string]string
	}{
		"by its file":               {[]string{"--config", path}, nil},
		"as the only one":           {nil, nil},
		"by its name":               {[]string{"--client", "client-a"}, nil},
		"by its server":             {nil, map[string]string{"CULVERT_SERVER": "http://127.0.0.1:9/tunnel"}},
		"by its token":              {nil, map[string]string{"CULVERT_TOKEN": "secret-token"}},
		"by its server and a token": {[]string{"--client", "client-a"}, map[string]string{"CULVERT_SERVER": "ws://127.0.0.1:9/", "CULVERT_TOKEN": "another"}},
	} {
		t.Run(name, func(t *testing.T) {
			home := b.env["CULVERT_HOME"]
			other := newBench(t)
			other.env = tc.env
			if other.env == nil {
				other.env = map[string]string{}
			}
			other.env["CULVERT_HOME"] = home
			if code, stdout, stderr := other.run(t, append([]string{"list"}, tc.args...)...); code != 0 || !strings.Contains(stdout, "web-server") {
				t.Errorf("list: %d, %s%s", code, stdout, stderr)
			}
			if code, stdout, stderr := other.run(t, append([]string{"status"}, tc.args...)...); code != 0 || !strings.Contains(stdout, "client-a") {
				t.Errorf("status: %d, %s%s", code, stdout, stderr)
			}
			c := other.start(t, append([]string{"connect", "target/service:0"}, tc.args...)...)
			c.prints(t, " → target/service\n")
			url := strings.Fields(c.stdout.String())[0]
			if got := greeting(strings.TrimPrefix(url, "http://")); got != "target" {
				t.Errorf("%s: got %q", url, got)
			}
			c.cancel()
			if code := c.wait(t); code != 0 {
				t.Errorf("connect: %d, %s", code, &c.stderr)
			}
			until(t, "the forward's end", func() bool { return len(b.engine(t, 0).opened()) == 0 })
			if len(other.made) != 0 {
				t.Error("a command signed in by itself")
			}
		})
	}
	if code, _, stderr := b.run(t, "--config", path); code != exitNameTaken || !strings.Contains(stderr, "client-a at ws://127.0.0.1:9 (process ") {
		t.Errorf("a second one: %d, %s", code, stderr)
	}
	host.cancel()
	if code := host.wait(t); code != 0 {
		t.Errorf("%d: %s", code, &host.stderr)
	}
	if code, _, _ := b.run(t, "status"); code != exitUnreachable {
		t.Errorf("status without a client: %d", code)
	}
}

func TestSeveralRunningClients(t *testing.T) {
	b := newBench(t).signedIn()
	b.start(t, "--config", b.file(t, "a.json", `{"clientId":"a"}`)).says(t, "online as a")
	b.start(t, "--config", b.file(t, "b.json", `{"clientId":"b"}`)).says(t, "online as b")
	if code, _, stderr := b.run(t, "status"); code != exitUsage || !strings.Contains(stderr, "choose one with --config or --client") {
		t.Errorf("%d: %s", code, stderr)
	}
	if code, stdout, stderr := b.run(t, "status", "--client", "b", "--json"); code != 0 || !strings.Contains(stdout, `"clientId": "b"`) {
		t.Errorf("%d: %s%s", code, stdout, stderr)
	}
}

// TestConnectSignsIn: with none running; the next one goes through the first.
func TestConnectSignsIn(t *testing.T) {
	b := newBench(t).signedIn()
	first := b.start(t, "connect", "--target", "x", "--service", "s", "--local", "0", "--target", "y", "--service", "s", "--local", "0", "--json")
	first.prints(t, `"target":"x"`)
	first.prints(t, `"target":"y"`)
	var got struct{ URL, Target, Service, Protocol, Local string }
	if err := json.Unmarshal([]byte(strings.SplitN(first.stdout.String(), "\n", 2)[0]), &got); err != nil {
		t.Fatal(err)
	}
	if got.URL != "http://"+got.Local || got.Target != "x" || got.Service != "s" || greeting(got.Local) != "x" {
		t.Errorf("got %+v", got)
	}
	if e := b.engine(t, 0); len(e.cfg.Services) != 0 || e.cfg.ClientID != "" {
		t.Errorf("signed in with %+v", e.cfg)
	}
	second := b.start(t, "connect", "z/s:0")
	second.prints(t, "z/s")
	// The first one goes, the second signs in itself, at the same port.
	at := strings.TrimPrefix(strings.Fields(second.stdout.String())[0], "http://")
	first.cancel()
	if code := first.wait(t); code != 0 {
		t.Errorf("%d: %s", code, &first.stderr)
	}
	for _, f := range b.engine(t, 0).opened() {
		if f == "z" {
			t.Error("the second one's forward was left")
		}
	}
	second.says(t, "connected again")
	if got := greeting(at); got != "z" {
		t.Errorf("at %s: got %q", at, got)
	}
	if n := strings.Count(second.stdout.String(), "→"); n != 1 {
		t.Errorf("printed %d times: %s", n, &second.stdout)
	}
}

// TestOneOfManyFails: all are closed and the reason is told.
func TestOneOfManyFails(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	b := newBench(t)
	host := b.start(t, "--config", b.configured(t, ""))
	host.says(t, "online")
	code, stdout, stderr := b.run(t, "connect", "x/s:0", "y/s:"+taken.Addr().String())
	if code != exitLocal || stdout != "" || !strings.Contains(stderr, "in use") {
		t.Errorf("%d: %q, %s", code, stdout, stderr)
	}
	until(t, "the other forward's end", func() bool { return len(b.engine(t, 0).opened()) == 0 })
}

// TestConnectWithNothingToSignInWith ends when the client that carried it does.
func TestConnectWithNothingToSignInWith(t *testing.T) {
	b := newBench(t)
	host := b.start(t, "--config", b.configured(t, ""))
	host.says(t, "online")
	c := b.start(t, "connect", "x/s:0")
	c.prints(t, "x/s")
	host.cancel()
	if code := c.wait(t); code != exitUnreachable || !strings.Contains(c.stderr.String(), "has ended") {
		t.Errorf("%d: %s", code, &c.stderr)
	}
}

func TestConnects(t *testing.T) {
	b := newBench(t)
	path := b.configured(t, "connects:\n- {target: x, service: s, local: 0}\n- {target: y, service: s, local: 0}\n")
	host := b.start(t, "--config", path)
	host.prints(t, "x/s")
	host.prints(t, "y/s")
	for _, addr := range []string{"x", "y"} {
		for line := range strings.Lines(host.stdout.String()) {
			if strings.Contains(line, addr+"/s") {
				if got := greeting(strings.TrimPrefix(strings.Fields(line)[0], "http://")); got != addr {
					t.Errorf("%s: got %q", line, got)
				}
			}
		}
	}
}

// TestConnectsTryAgain: a connect that fails stops nothing.
func TestConnectsTryAgain(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t)
	host := b.start(t, "--config", b.configured(t, "connects: [{target: x, service: s, local: '"+taken.Addr().String()+"'}]"))
	host.says(t, "cannot connect")
	_ = taken.Close()
	host.prints(t, "x/s")
}

// TestReload: a new file changes what changed and nothing else.
func TestReload(t *testing.T) {
	b := newBench(t)
	service := func(id string) string { return "{id: " + id + ", protocol: tcp, localPort: 1}" }
	forward := func(target string) string { return "{target: " + target + ", service: s, local: 0}" }
	path := b.configured(t, "services: ["+service("one")+"]\nconnects: ["+forward("x")+","+forward("y")+"]")
	host := b.start(t, "--config", path)
	host.prints(t, "x/s")
	host.prints(t, "y/s")
	e := b.engine(t, 0)
	again := 0
	reload := func(text string) {
		t.Helper()
		again++
		b.file(t, "a.yaml", text)
		b.hup <- syscall.SIGHUP
	}
	done := func() {
		t.Helper()
		until(t, "the reload", func() bool { return strings.Count(host.stderr.String(), "read the configuration again") == again })
	}

	x := e.forward("x")
	reload(fileA + "services: [" + service("one") + "]\nconnects: [" + forward("x") + "," + forward("z") + "]")
	host.prints(t, "z/s")
	done()
	until(t, "the end of y", func() bool { return len(e.opened()) == 2 })
	if e.forward("x") != x || e.forward("z") == nil {
		t.Errorf("open are %v", e.opened())
	}
	if len(e.sets) != 0 {
		t.Errorf("services were set: %v", e.sets)
	}

	reload(fileA + "services: [" + service("two") + "," + service("one") + "]\nconnects: [" + forward("x") + "," + forward("z") + "]")
	done()
	if len(e.sets) != 1 || len(e.sets[0]) != 2 || e.sets[0][0].ID != "two" {
		t.Errorf("services were set: %v", e.sets)
	}

	reload("serverUrl: nonsense\nfrob: 1")
	again--
	host.says(t, "the new configuration is not used")
	host.says(t, "frob")
	if len(e.opened()) != 2 || len(e.sets) != 1 {
		t.Errorf("something was changed: %v, %v", e.opened(), e.sets)
	}

	reload(strings.Replace(fileA, "client-a", "client-c", 1) + "transport: relay\nservices: [" + service("one") + "," + service("two") + "]")
	done()
	host.says(t, `"keys": ["clientId", "transport"]`)
	until(t, "the end of all forwards", func() bool { return len(e.opened()) == 0 })
	if len(e.sets) != 1 {
		t.Error("an order of services was taken for a change")
	}
	b.file(t, "token", "another-token")
	reload(strings.Replace(fileA, "client-a", "client-c", 1))
	done()
	host.says(t, `"keys": ["clientId", "token"]`)
	if strings.Contains(host.stderr.String(), "another-token") || len(b.made) != 1 {
		t.Errorf("engines: %d, stderr: %s", len(b.made), &host.stderr)
	}
}

func (f *fake) forward(target string) *fakeForward {
	f.mu.Lock()
	defer f.mu.Unlock()
	for spec, fw := range f.open {
		if spec.Target == target {
			return fw
		}
	}
	return nil
}

func TestTables(t *testing.T) {
	b := newBench(t)
	b.start(t, "--config", b.configured(t, "")).says(t, "online as client-a")
	_, stdout, _ := b.run(t, "list")
	want := "CLIENT              STATUS   SERVICE     PROTOCOL  DESCRIPTION KEY\n" +
		"client-a            online   web-server  http      本地Web服务 [2J " + listKey.Fingerprint() + "\n" +
		"client-a            online   dns         udp       - " + listKey.Fingerprint() + "\n"
	if !strings.HasPrefix(spaces(stdout), spaces(want)) || strings.ContainsRune(stdout, '\x1b') {
		t.Errorf("got\n%s\nwant\n%s", stdout, want)
	}
	_, stdout, _ = b.run(t, "status")
	if got := peerKey(tunnel.ForwardStatus{Encryption: wire.EncryptionNone}); got != "not encrypted" {
		t.Errorf("the key of a bare forward is %q", got)
	}
	for _, want := range []string{
		"client: client-a", "server: ws://127.0.0.1:9", "state: online", "transport: relay relay.example:9001",
		"web-server http localhost:8080 1 2 40 1.5 KiB 3.0 MiB -",
		"client-b/ssh tcp://127.0.0.1:2222 online 0 0 0 B 0 B SHA256:peer connection refused", "key: SHA256:own",
		"01234567 client-b/ssh relay 1 hour ago 1.0 MiB 2.0 KiB 512 B 3 41.2 ms 20.5 ms connection reset by peer",
		"/ waiting", "and 2 more, which --json has",
	} {
		if !strings.Contains(spaces(stdout), want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
	_, stdout, _ = b.run(t, "list", "--json")
	var clients []listed
	if err := json.Unmarshal([]byte(stdout), &clients); err != nil || len(clients) != 2 || clients[0].Fingerprint != listKey.Fingerprint() ||
		*clients[0].PublicKey != listKey || clients[1].Fingerprint != "" {
		t.Errorf("%v: %s", err, stdout)
	}
	_, stdout, _ = b.run(t, "status", "--json")
	var st struct {
		tunnel.Status
		PID int
	}
	if err := json.Unmarshal([]byte(stdout), &st); err != nil || st.PID != os.Getpid() || st.ClientID != "client-a" || len(st.Forwards) != 1 {
		t.Errorf("%v: %s", err, stdout)
	}
}

func TestForwardURL(t *testing.T) {
	for _, tc := range []struct{ local, protocol, want string }{
		{"127.0.0.1:3000", "http", "http://127.0.0.1:3000"},
		{"127.0.0.1:3000", "tcp", "tcp://127.0.0.1:3000"},
		{"[::1]:53", "udp", "udp://[::1]:53"},
		{"0.0.0.0:80", "ws", "ws://0.0.0.0:80"},
		{"127.0.0.1:1", "", "tcp://127.0.0.1:1"},
		{"/run/app.sock", "http", "unix:/run/app.sock"},
	} {
		if got := forwardURL(tunnel.ForwardStatus{Local: tc.local, Protocol: tc.protocol}); got != tc.want {
			t.Errorf("got %s, want %s", got, tc.want)
		}
	}
}

// TestSocketIsOurs: nobody else can reach it.
func TestSocketIsOurs(t *testing.T) {
	b := newBench(t)
	b.start(t, "--config", b.configured(t, "")).says(t, "online")
	dirs, err := filepath.Glob(filepath.Join(b.env["CULVERT_HOME"], strings.Repeat("[0-9a-f]", 16)))
	if err != nil || len(dirs) != 1 {
		t.Fatalf("%v, %v", dirs, err)
	}
	for path, want := range map[string]os.FileMode{
		dirs[0]:                                0o700,
		filepath.Join(dirs[0], "control.sock"): 0o600,
		filepath.Join(dirs[0], "client.json"):  0o600,
		b.env["CULVERT_HOME"]:                  0o700,
	} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want %v", path, info.Mode(), err, want)
		}
	}
	if text, err := os.ReadFile(filepath.Join(dirs[0], "client.json")); err != nil || strings.Contains(string(text), "secret") {
		t.Errorf("%s, %v", text, err)
	}
}

// greeting is what a fake forward says.
func greeting(addr string) string {
	var c net.Conn
	var err error
	for range 100 { // after a change of who carries it, it listens soon
		if c, err = net.Dial("tcp", addr); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err != nil {
		return err.Error()
	}
	defer c.Close()
	b, _ := io.ReadAll(c)
	return string(b)
}

func spaces(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = strings.Join(strings.Fields(l), " ")
	}
	return strings.Join(lines, "\n")
}
