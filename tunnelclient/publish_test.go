// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
)

func TestWebsite(t *testing.T) {
	for _, tc := range []struct {
		at, name string
		host     string
		port     int
		label    string
	}{
		{"8080", "", "localhost", 8080, "http-8080"},
		{"8080", "Shop", "localhost", 8080, "Shop"},
		{"1", "", "localhost", 1, "http-1"},
		{"65535", "", "localhost", 65535, "http-65535"},
		{"192.168.1.20:80", "", "192.168.1.20", 80, "http-80"},
		{"camera.lan:80", "camera", "camera.lan", 80, "camera"},
		{"[::1]:8080", "", "::1", 8080, "http-8080"},
	} {
		want := wire.Service{
			ID: httpService, Protocol: wire.ServiceHTTP, LocalHost: tc.host, LocalPort: tc.port, Publish: &wire.Publish{Host: tc.label},
		}
		if got, err := website(tc.at, tc.name); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s, %s: %+v, %v", tc.at, tc.name, got, err)
		}
	}
	for at, want := range map[string]string{
		"": "write it like 8080", "0": "no port", "65536": "no port", "-1": "no port", "+80": "no port", "http": "no port", "localhost": "no port", "8 0": "no port",
		":8080": "no port", "localhost:": "no port", "localhost:0": "no port", "localhost:http": "no port", "http://localhost:8080": "no port", "::1": "no port", "[::1]": "no port",
		"1:2:3": "no port", "8080/path": "no port",
	} {
		_, err := website(at, "")
		if _, usage := errors.AsType[usageError](err); !usage || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", at, err)
		}
	}
	for _, name := range []string{"-a", "a-", "a..b", "a_b", "xn--a", "é", " ", "*", strings.Repeat("a", 64)} {
		_, err := website("8080", name)
		if _, usage := errors.AsType[usageError](err); !usage || !strings.HasPrefix(err.Error(), "--name: ") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// publishing is an engine that has been told what came of its one service.
type publishing struct {
	*fake
	url, problem string
}

func (p publishing) Status() tunnel.Status {
	st := p.fake.Status()
	st.Services = []tunnel.ServiceStatus{{Service: p.cfg.Services[0], URL: p.url, PublishError: p.problem}}
	return st
}

// publish starts a command with such an engine.
func (b *bench) publish(t *testing.T, url, problem string, args ...string) *command {
	t.Helper()
	c := &command{code: make(chan int, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	a := &app{
		getenv: func(name string) string { return b.env[name] }, stdin: strings.NewReader(""), stdout: &c.stdout, stderr: &c.stderr, reload: b.hup,
		engine: func(cfg tunnel.Config) engine {
			f := newFake(cfg)
			if b.change != nil {
				b.change(f)
			}
			b.mu.Lock()
			defer b.mu.Unlock()
			b.made = append(b.made, f)
			return publishing{f, url, problem}
		},
	}
	go func() { c.code <- a.main(ctx, args) }()
	t.Cleanup(func() { // its home is not to go before it
		cancel()
		c.wait(t)
	})
	return c
}

// TestHTTPCommand: the URL is alone on stdout, once, and the command stays.
func TestHTTPCommand(t *testing.T) {
	const url = "https://shop-alice.apps.example.com"
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"text": {[]string{"http", "8080", "--name", "shop"}, url + "\n"},
		"JSON": {[]string{"http", "8080", "--name", "shop", "--json"}, `{"url":"` + url + `"}` + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t).signedIn()
			c := b.publish(t, url, "", tc.args...)
			c.prints(t, "\n")
			select {
			case code := <-c.code:
				t.Fatalf("it ended: %d, %s", code, &c.stderr)
			case <-time.After(50 * time.Millisecond):
			}
			c.cancel()
			if code := c.wait(t); code != exitOK {
				t.Errorf("%d: %s", code, &c.stderr)
			}
			if got := c.stdout.String(); got != tc.want {
				t.Errorf("stdout is %q", got)
			}
			if s := c.stderr.String(); strings.Contains(s, "secret-token") || strings.Contains(s, "\x1b") {
				t.Errorf("stderr is %q", s)
			}
			want := []wire.Service{{ID: httpService, Protocol: wire.ServiceHTTP, LocalHost: "localhost", LocalPort: 8080, Publish: &wire.Publish{Host: "shop"}}}
			if e := b.engine(t, 0); !reflect.DeepEqual(e.cfg.Services, want) {
				t.Errorf("%+v", e.cfg.Services)
			}
		})
	}
}

// TestHTTPCommandOffersOneService: those of the configuration are not offered.
func TestHTTPCommandOffersOneService(t *testing.T) {
	b := newBench(t)
	path := b.configured(t, "services: [{id: ssh, protocol: tcp, localPort: 22}]\n")
	c := b.publish(t, "https://x.example", "", "http", "--config", path, "8080")
	c.prints(t, "https://x.example\n")
	if e := b.engine(t, 0); len(e.cfg.Services) != 1 || e.cfg.Services[0].ID != httpService || e.cfg.ClientID != "client-a" {
		t.Errorf("%+v", e.cfg)
	}
	// Whoever asks about clients here finds it.
	if code, stdout, stderr := b.run(t, "status", "--config", path); code != 0 || !strings.Contains(stdout, "https://x.example") {
		t.Errorf("%d: %s%s", code, stdout, stderr)
	}
}

// TestHTTPCommandFails: why there is no URL is said on stderr, and nothing on
// stdout.
func TestHTTPCommandFails(t *testing.T) {
	for name, tc := range map[string]struct {
		problem string
		runErr  error
		args    []string
		code    int
		says    string
	}{
		"name taken":     {"somebody else has the name shop-alice; use another host", nil, []string{"http", "80"}, exitRefused, "somebody else has the name"},
		"an old gateway": {"", nil, []string{"http", "80"}, exitRefused, "publishes nothing in this way; it may be an older one"},
		"refused":        {"", refusal(tunnel.Refused), []string{"http", "80"}, exitRefused, "the reason"},
		"unreachable":    {"", refusal(tunnel.Unreachable), []string{"http", "80"}, exitUnreachable, "the reason"},
		"no port":        {"", nil, []string{"http"}, exitUsage, "accepts 1 arg(s), received 0"},
		"two ports":      {"", nil, []string{"http", "80", "81"}, exitUsage, "accepts 1 arg(s), received 2"},
		"bad port":       {"", nil, []string{"http", "0"}, exitUsage, `"0" is no port`},
		"bad name":       {"", nil, []string{"http", "80", "--name", "a..b"}, exitUsage, `--name: "a..b" cannot be part of a host's name`},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t).signedIn()
			b.change = func(f *fake) { f.runErr = tc.runErr }
			c := b.publish(t, "", tc.problem, tc.args...)
			if code := c.wait(t); code != tc.code || !strings.Contains(c.stderr.String(), tc.says) || c.stdout.String() != "" {
				t.Errorf("exit code %d, want %d; stdout %q, stderr %q", code, tc.code, &c.stdout, &c.stderr)
			}
		})
	}
	b := newBench(t).signedIn()
	c := b.publish(t, "", "the name shop is reserved", "http", "80", "--json")
	code := c.wait(t)
	lines := strings.Split(strings.TrimSpace(c.stderr.String()), "\n")
	var got map[string]any
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &got); err != nil {
		t.Fatalf("%v: %s", err, &c.stderr)
	}
	if code != exitRefused || got["kind"] != "refused" || got["exitCode"] != 3.0 || got["error"] != "the name shop is reserved" || c.stdout.String() != "" {
		t.Errorf("%d: %v, stdout %q", code, got, &c.stdout)
	}
}

// TestPortCommands offer one service of their protocol, at the port that is wanted.
func TestPortCommands(t *testing.T) {
	service := func(id, protocol, host string, local int, at wire.Publish) wire.Service {
		return wire.Service{ID: id, Protocol: protocol, LocalHost: host, LocalPort: local, Publish: &at}
	}
	any, chosen := 0, 20053
	for _, tc := range []struct {
		args []string
		want wire.Service
	}{
		{[]string{"tcp", "22"}, service("port", wire.ServiceTCP, "localhost", 22, wire.Publish{TCP: &any})},
		{[]string{"tcp", "192.168.1.20:22", "--port", "20053"}, service("port", wire.ServiceTCP, "192.168.1.20", 22, wire.Publish{TCP: &chosen})},
		{[]string{"udp", "53"}, service("udp-port", wire.ServiceUDP, "localhost", 53, wire.Publish{UDP: &any})},
		{[]string{"udp", "--port", "20053", "[::1]:53"}, service("udp-port", wire.ServiceUDP, "::1", 53, wire.Publish{UDP: &chosen})},
	} {
		b := newBench(t).signedIn()
		url := tc.args[0] + "://example.com:20053"
		c := b.publish(t, url, "", tc.args...)
		c.prints(t, "\n")
		c.cancel()
		if code := c.wait(t); code != exitOK || c.stdout.String() != url+"\n" {
			t.Errorf("%v: %d, stdout %q, stderr %q", tc.args, code, &c.stdout, &c.stderr)
		}
		if e := b.engine(t, 0); !reflect.DeepEqual(e.cfg.Services, []wire.Service{tc.want}) {
			t.Errorf("%v: %+v", tc.args, e.cfg.Services)
		}
	}
	for _, command := range []string{"tcp", "udp"} {
		for _, tc := range []struct {
			args []string
			says string
		}{
			{nil, "accepts 1 arg(s), received 0"},
			{[]string{"0"}, `"0" is no port`},
			{[]string{"53", "--port", "-1"}, "--port: -1 is no port; give one up to 65535, or 0 for any"},
			{[]string{"53", "--port", "65536"}, "--port: 65536 is no port"},
			{[]string{"53", "--name", "x"}, "unknown flag: --name"},
		} {
			b := newBench(t).signedIn()
			if code, stdout, stderr := b.run(t, append([]string{command}, tc.args...)...); code != exitUsage || stdout != "" || !strings.Contains(stderr, tc.says) {
				t.Errorf("%s %v: %d, stdout %q, stderr %q", command, tc.args, code, stdout, stderr)
			}
		}
	}
}

// TestWatch: a terminal has one line of what goes on, as it is now, and no
// sequences of the service's.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out buffer
		var st tunnel.ServiceStatus
		ctx, cancel := context.WithTimeout(t.Context(), 4500*time.Millisecond)
		defer cancel()
		looks := 0
		watch(ctx, &out, func() tunnel.ServiceStatus {
			if looks++; looks == 3 {
				st = tunnel.ServiceStatus{Connections: 2, Total: 40, BytesIn: 1500, BytesOut: 3 << 20, LastError: "connection\nrefused\x1b[2J"}
			}
			return st
		})
		got := out.String()
		lines := strings.Split(got, "\r\x1b[K")
		if looks != 5 || len(lines) != 3 || lines[1] != "0 open, 0 in all, 0 B in, 0 B out" || !strings.HasPrefix(lines[2], "2 open, 40 in all, 1.5 KiB in, 3.0 MiB out; connection") ||
			strings.Contains(lines[2], "\x1b") || strings.Count(got, "\n") != 1 || !strings.HasSuffix(got, "\n") {
			t.Errorf("after %d looks: %q", looks, got)
		}
	})
}
