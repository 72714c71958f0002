// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/culvertd/culvert/internal/tunnel"
)

func TestExitCodes(t *testing.T) {
	run := func(err error) func(*fake) { return func(f *fake) { f.runErr = err } }
	forward := func(err error) func(*fake) { return func(f *fake) { f.forwardErr = err } }
	connect := []string{"connect", "--target", "a", "--service", "b", "--local", "0"}
	for name, tc := range map[string]struct {
		args   []string
		change func(*fake)
		want   int
		says   string
	}{
		"done":                       {[]string{"list"}, nil, 0, ""},
		"internal":                   {[]string{"list"}, run(errors.New("the reason")), 1, "the reason"},
		"internal, forward":          {connect, forward(errors.New("the reason")), 1, "the reason"},
		"no command":                 {nil, nil, 2, "nothing to do; give --config FILE"},
		"unknown command":            {[]string{"lst"}, nil, 2, `unknown command "lst"`},
		"unknown flag":               {[]string{"list", "--frob"}, nil, 2, "unknown flag: --frob"},
		"argument":                   {[]string{"status", "x"}, nil, 2, `unknown command "x"`},
		"no triple":                  {[]string{"connect"}, nil, 2, "nothing to connect to"},
		"part of a triple":           {connect[:5], nil, 2, "there are 1, 1 and 0 of them"},
		"bad target":                 {[]string{"connect", "a.b/c:1"}, nil, 2, `--target: "a.b" is not a name`},
		"bad full target":            {[]string{"connect", "a/b/c/d:1"}, nil, 2, `--target: "a/b/c" is not a client's name; write another account's as owner/client`},
		"bad service":                {[]string{"connect", "a/b.c:1"}, nil, 2, `--service: "b.c" is not a name`},
		"bad local":                  {[]string{"connect", "a/b:http"}, nil, 2, `--local: "http" is no place`},
		"bad short form":             {[]string{"connect", "a/b"}, nil, 2, "TARGET/SERVICE:LOCAL"},
		"bad server":                 {[]string{"list", "--server", "x"}, nil, 2, `--server: "x" is not a URL`},
		"bad client":                 {[]string{"list", "--client", "a b"}, nil, 2, `--client: "a b" is not a name`},
		"bad transport":              {[]string{"list", "--transport", "quic"}, nil, 2, `--transport: "quic" is not one of`},
		"no token file":              {[]string{"list", "--token-file", "nonesuch"}, nil, 2, "nonesuch cannot be read"},
		"no config":                  {[]string{"--config", "nonesuch"}, nil, 2, "nonesuch: cannot be read"},
		"refused":                    {[]string{"list"}, run(refusal(tunnel.Refused)), 3, "the reason"},
		"name taken":                 {connect, run(refusal(tunnel.NameTaken)), 4, "the reason"},
		"unreachable":                {[]string{"list"}, run(refusal(tunnel.Unreachable)), 5, "the reason"},
		"unreachable, status":        {[]string{"status"}, nil, 5, "no tunnelclient runs here"},
		"target refused":             {connect, forward(refusal(tunnel.TargetRefused)), 6, "the reason"},
		"local port":                 {connect, forward(refusal(tunnel.LocalFailed)), 7, "the reason"},
		"another key":                {connect, forward(refusal(tunnel.PeerChanged)), 8, "the reason"},
		"unreachable before forward": {connect, run(refusal(tunnel.Unreachable)), 5, "the reason"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t).signedIn()
			b.change = tc.change
			code, stdout, stderr := b.run(t, tc.args...)
			if code != tc.want || !strings.Contains(stderr, tc.says) || strings.Contains(stdout+stderr, "secret-token") {
				t.Errorf("exit code %d, want %d; stderr %q, wanted in it: %q", code, tc.want, stderr, tc.says)
			}
		})
	}
}

func TestErrorAsJSON(t *testing.T) {
	b := newBench(t).signedIn()
	b.change = func(f *fake) { f.forwardErr = refusal(tunnel.TargetRefused) }
	_, stdout, stderr := b.run(t, "connect", "a/b:0", "--json")
	lines := strings.Split(strings.TrimSpace(stderr), "\n")
	var got map[string]any
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &got); err != nil {
		t.Fatalf("%v: %s", err, stderr)
	}
	if got["kind"] != "target_refused" || got["code"] != "a_code" || got["exitCode"] != 6.0 || got["error"] != "the reason" || stdout != "" {
		t.Errorf("got %v, stdout %q", got, stdout)
	}
	path := b.file(t, "c.json", "{\n\"clientID\": \"a\"}")
	_, _, stderr = b.run(t, "verify", "--json", "--config", path)
	if err := json.Unmarshal([]byte(stderr), &got); err != nil {
		t.Fatalf("%v: %s", err, stderr)
	}
	ps, _ := got["problems"].([]any)
	if len(ps) != 1 || got["kind"] != "usage" || ps[0].(map[string]any)["line"] != 2.0 {
		t.Errorf("got %v", got)
	}
}

// TestPrecedence: flags beat environment, environment beats file.
func TestPrecedence(t *testing.T) {
	for name, tc := range map[string]struct {
		file, env, flags []string // of s(erver), t(oken), c(lient), w(ay)
		want             tunnel.Config
	}{
		"file":        {[]string{"s", "t", "c", "w"}, nil, nil, tunnel.Config{Token: "file", ClientID: "file", Transport: "relay"}},
		"environment": {nil, []string{"s", "t"}, nil, tunnel.Config{Token: "env", Transport: "auto"}},
		"flags":       {nil, nil, []string{"s", "t", "c", "w"}, tunnel.Config{Token: "flag", ClientID: "flag", Transport: "websocket"}},
		"environment before file": {
			[]string{"s", "t", "c"},
			[]string{"s", "t"},
			nil,
			tunnel.Config{Token: "env", ClientID: "file", Transport: "auto"},
		},
		"flags before environment": {
			nil,
			[]string{"s", "t"},
			[]string{"s", "t"},
			tunnel.Config{Token: "flag", Transport: "auto"},
		},
		"flags before all": {
			[]string{"s", "t", "c", "w"},
			[]string{"s", "t"},
			[]string{"s", "t", "c", "w"},
			tunnel.Config{Token: "flag", ClientID: "flag", Transport: "websocket"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.file(t, "file-token", "file\n")
			text := "autoReconnect: true\n"
			for _, k := range tc.file {
				text += map[string]string{
					"s": "serverUrl: wss://file\n", "t": "tokenFile: file-token\n", "c": "clientId: file\n", "w": "transport: relay\n",
				}[k]
			}
			for _, k := range tc.env {
				b.env[map[string]string{"s": "CULVERT_SERVER", "t": "CULVERT_TOKEN"}[k]] = map[string]string{"s": "wss://env", "t": "env"}[k]
			}
			args := []string{"list", "--config", b.file(t, "c.yaml", text)}
			for _, k := range tc.flags {
				args = append(args, map[string][]string{
					"s": {"--server", "wss://flag"}, "t": {"--token-file", b.file(t, "flag-token", "flag")},
					"c": {"--client", "flag"}, "w": {"--transport", "websocket"},
				}[k]...)
			}
			code, _, stderr := b.run(t, args...)
			if code != 0 {
				t.Fatalf("exit code %d: %s", code, stderr)
			}
			got := b.engine(t, 0).cfg
			if got.Server.String() != "wss://"+tc.want.Token || got.Token != tc.want.Token || got.ClientID != tc.want.ClientID || got.Transport != tc.want.Transport {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestNothingToSignInWith(t *testing.T) {
	b := newBench(t)
	if code, _, stderr := b.run(t, "list"); code != 2 || !strings.Contains(stderr, "no gateway: set serverUrl") {
		t.Errorf("%d: %s", code, stderr)
	}
	b.env["CULVERT_SERVER"] = "ws://x"
	if code, _, stderr := b.run(t, "list"); code != 2 || !strings.Contains(stderr, "no token: set tokenFile") {
		t.Errorf("%d: %s", code, stderr)
	}
	b.env["CULVERT_TOKEN"] = "two words"
	code, _, stderr := b.run(t, "list")
	if code != 2 || !strings.Contains(stderr, "CULVERT_TOKEN holds more than a token") || strings.Contains(stderr, "words") {
		t.Errorf("%d: %s", code, stderr)
	}
}

func TestVerify(t *testing.T) {
	b := newBench(t)
	b.file(t, "token", "x")
	path := b.file(t, "c.yaml", "serverUrl: wss://x.example\nclientId: a\ntokenFile: token\nconnects: [{target: b, service: c, local: 0}]")
	code, stdout, stderr := b.run(t, "verify", "--config", path)
	if want := path + " is valid: a at wss://x.example, services: 0, connects: 1\n"; code != 0 || stdout != want || stderr != "" {
		t.Errorf("%d: %q, %q", code, stdout, stderr)
	}
	_, stdout, _ = b.run(t, "verify", "--config", path, "--json")
	var got map[string]any
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || got["valid"] != true || got["connects"] != 1.0 {
		t.Errorf("%v, %v", got, err)
	}
	if err := os.Chmod(filepath.Join(b.dir, "token"), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := b.run(t, "verify", "--config", path); code != 2 || !strings.Contains(stderr, "chmod 600") {
		t.Errorf("%d: %s", code, stderr)
	}
}

func TestVersionAndCompletions(t *testing.T) {
	b := newBench(t)
	if code, stdout, _ := b.run(t, "version"); code != 0 || !strings.HasPrefix(stdout, "tunnelclient ") || !strings.Contains(stdout, "protocol 1") {
		t.Errorf("%d: %s", code, stdout)
	}
	if _, stdout, _ := b.run(t, "version", "--json"); !strings.Contains(stdout, `"protocol": 1`) {
		t.Errorf("%s", stdout)
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		code, stdout, stderr := b.run(t, "completion", shell)
		if code != 0 || len(stdout) < 1000 || !strings.Contains(stdout, "tunnelclient") {
			t.Errorf("%s: %d, %d bytes, %s", shell, code, len(stdout), stderr)
		}
	}
	// What the scripts ask for.
	if _, stdout, _ := b.run(t, "__complete", "--transport", ""); !strings.Contains(stdout, "websocket") {
		t.Errorf("transports: %s", stdout)
	}
	if _, stdout, _ := b.run(t, "__complete", "co"); !strings.Contains(stdout, "connect\t") {
		t.Errorf("commands: %s", stdout)
	}
}

func TestPlainTextWarning(t *testing.T) {
	for server, want := range map[string]bool{
		"ws://127.0.0.1:1": false, "ws://localhost": false, "http://[::1]": false, "wss://example.com": false,
		"ws://example.com": true, "http://192.0.2.1": true,
	} {
		b := newBench(t).signedIn()
		_, _, stderr := b.run(t, "list", "--server", server)
		if got := strings.Contains(stderr, "unencrypted"); got != want {
			t.Errorf("%s: %v, want %v", server, got, want)
		}
	}
}
