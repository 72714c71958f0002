// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
)

// seedA is the file of the first design's example, as it stands there.
const seedA = `{
  "serverUrl": "ws://server-ip:9000",
  "clientId": "client-a",
  "services": [
    {
      "id": "web-server",
      "protocol": "http",
      "localPort": 8080,
      "localHost": "localhost",
      "description": "本地Web服务"
    }
  ]
}
`

const seedB = `{
  "serverUrl": "ws://server-ip:9000",
  "clientId": "client-b",
  "services": []
}
`

const zeroKey = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

var webServer = wire.Service{
	ID: "web-server", Protocol: "http", LocalPort: 8080, LocalHost: "localhost", Description: "本地Web服务",
}

func TestParse(t *testing.T) {
	with := func(change func(*Config)) *Config {
		c := Default()
		change(c)
		return c
	}
	a := with(func(c *Config) {
		c.ServerURL, c.ClientID, c.Services = "ws://server-ip:9000", "client-a", []wire.Service{webServer}
	})
	for name, tc := range map[string]struct {
		text string
		want *Config
	}{
		"seed a":         {seedA, a},
		"seed a, tabs":   {strings.ReplaceAll(seedA, "  ", "\t"), a},
		"seed a, CRLF":   {strings.ReplaceAll(seedA, "\n", "\r\n"), a},
		"seed a, BOM":    {"\ufeff" + seedA, a},
		"seed a, 1 line": {strings.Join(strings.Fields(seedA), " "), a},
		"seed b":         {seedB, with(func(c *Config) { c.ServerURL, c.ClientID = "ws://server-ip:9000", "client-b" })},
		"escapes in JSON": {
			`{"serverUrl":"wss:\/\/x.example","services":[{"id":"s","protocol":"ws","localPort":1,"description":"\u672c\ud83d\ude00"}]}`,
			with(func(c *Config) {
				c.ServerURL = "wss://x.example"
				c.Services = []wire.Service{{ID: "s", Protocol: "ws", LocalPort: 1, LocalHost: "localhost", Description: "本😀"}}
			}),
		},
		"one key": {"clientId: x", with(func(c *Config) { c.ClientID = "x" })},
		"YAML": {`# comment
serverUrl: wss://example.com
clientId: "123"
tokenFile: token
services:
  - id: web-server   # the same
    protocol: http
    localPort: 8080
    description: 本地Web服务
  - {id: open, protocol: tcp, localPort: 1, encryption: none}
  - id: closed
    protocol: tcp
    localPort: 2
    peers:
      - SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
      - SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+8
connects:
  - {target: bob/client-b, service: dns, local: 5353, encryption: none}
  - target: client-b
    service: ssh
    local: ./ssh.sock
    peerKey: SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
keyFile: my-key
resumeWindow: 1h30m
autoReconnect: false
reconnectInterval: 3000
transport: websocket
`, &Config{
			ServerURL: "wss://example.com", ClientID: "123", TokenFile: "token",
			Services: []wire.Service{
				webServer,
				{ID: "open", Protocol: "tcp", LocalPort: 1, LocalHost: "localhost", Encryption: "none"},
				{ID: "closed", Protocol: "tcp", LocalPort: 2, LocalHost: "localhost", Peers: []string{
					zeroKey, "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+8",
				}},
			},
			Connects: []tunnel.ForwardSpec{
				{Target: "bob/client-b", Service: "dns", Local: "5353", Encryption: "none"},
				{Target: "client-b", Service: "ssh", Local: "./ssh.sock", PeerKey: zeroKey},
			},
			KeyFile: "my-key", ResumeWindow: 90 * time.Minute,
			ReconnectInterval: 3 * time.Second, Transport: tunnel.WebSocket,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Parse("c", []byte(tc.text))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got  %+v\nwant %+v", got, tc.want)
			}
		})
	}
}

// TestProblems: each names file, line and key, the problem and the remedy.
func TestProblems(t *testing.T) {
	service := func(s string) string { return "services:\n- {id: a, protocol: tcp, localPort: 1, " + s + "}" }
	connect := func(local string) string {
		return "connects:\n- {target: a, service: b, local: " + local + "}"
	}
	for _, tc := range []struct{ text, want string }{
		{"", "c: holds no settings; docs/client.md has an example"},
		{"# nothing\n", "c: holds no settings; docs/client.md has an example"},
		{"- a", "c:1: is a list where an object with keys is wanted"},
		{"{\"serverUrl\": \"ws://x\"\n\"a\": 1}", "c:2: "},
		{"clientId: a\nclientId: b", "c:2: "},
		{"clientId: a\nserverURL: ws://x", "c:2: serverURL: is not a known key; did you mean serverUrl?"},
		{"{\n\"sevices\": []\n}", "c:2: sevices: is not a known key; did you mean services?"},
		{"frobnicate: 1", "c:1: frobnicate: is not a known key; known are serverUrl, clientId, tokenFile, keyFile"},
		{"services:\n- id: a\n  protocol: tcp\n  localPort: 1\n  localport: 2", "c:5: services[0].localport: is not a known key; did you mean localPort?"},
		{"serverUrl: x", `c:1: serverUrl: "x" is not a URL; write it like wss://`},
		{"serverUrl: x:9000", `c:1: serverUrl: "x:9000" is not a URL; write it like wss://`},
		{"serverUrl: ''", "c:1: serverUrl: is empty; give the gateway's URL"},
		{"serverUrl: tcp://x", "c:1: serverUrl: begins with tcp://; use wss://"},
		{"serverUrl: wss://", `c:1: serverUrl: "wss://" names no host; write`},
		{"serverUrl: wss://a:b@x", "c:1: serverUrl: holds a name or password; the token goes into"},
		{"serverUrl: wss://x/?a", "c:1: serverUrl: has something after ? or #; leave"},
		{"serverUrl: wss://x:0", "c:1: serverUrl: 0 is not a port; give"},
		{"clientId: a.b", `c:1: clientId: "a.b" is not a name; use 1 to 63 letters`},
		{"clientId: 12", "c:1: clientId: is the number 12 where text is wanted; put it in quotes"},
		{"clientId: [a]", "c:1: clientId: is a list where text is wanted"},
		{"clientId: null", "c:1: clientId: is nothing where text is wanted"},
		{"clientId: &a x", "c:1: clientId: is an anchor or alias, which is not supported here,"},
		{"tokenFile: ''", "c:1: tokenFile: is empty; fill it in or leave it out"},
		{"services: a", "c:1: services: is text where a list is wanted; write [] for none"},
		{"services: [a]", "c:1: services[0]: is text where an object with keys is wanted"},
		{"services: [{}]", "c:1: services[0].id: is missing; it is text"},
		{service("protocol: smtp"), ""}, // a key that is there twice
		{"services: [{id: a, protocol: smtp, localPort: 1}]", `c:1: services[0].protocol: "smtp" is not one of tcp, udp, http, ws`},
		{"services: [{id: a, protocol: tcp, localPort: 65536}]", "c:1: services[0].localPort: 65536 is out of range; give a number from 1 to 65535"},
		{"services: [{id: a, protocol: tcp, localPort: 99999999999999999999}]", "c:1: services[0].localPort: "},
		{"services: [{id: a, protocol: tcp, localPort: '80'}]", "c:1: services[0].localPort: is text where a number is wanted; give one from 1 to 65535, without quotes"},
		{service("localHost: 'x:80'"), `c:2: services[0].localHost: "x:80" is not a host; give a name or an address alone, and the port as localPort`},
		{service("localHost: 'http://x'"), `c:2: services[0].localHost: "http://x" is not a host`},
		{service("description: 5"), "c:2: services[0].description: is the number 5 where text is wanted"},
		{"services:\n- {id: a, protocol: tcp, localPort: 1}\n- {id: a, protocol: tcp, localPort: 2}", `c:3: services[1]: another service has the id "a" too; give`},
		{"connects: [{target: /a, service: b, local: 1}]", `c:1: connects[0].target: "/a" is not a client's name; write another account's as owner/client`},
		{"connects: [{target: a, service: b}]", "c:1: connects[0].local: is missing; it is port"},
		{connect("x"), `c:2: connects[0].local: "x" is no place to listen; give a port`},
		{connect("65536"), `c:2: connects[0].local: "65536" is no place to listen`},
		{connect("true"), "c:2: connects[0].local: is true where text is wanted"},
		{connect("'h:http'"), `c:2: connects[0].local: "h:http" is no place to listen`},
		{connect("1") + "\n- {target: a, service: b, local: 1}", "c:3: connects[1]: is there twice; remove one"},
		{"autoReconnect: yes", "c:1: autoReconnect: is text where true or false is wanted"},
		{"reconnectInterval: 0", "c:1: reconnectInterval: 0 is out of range; give a number from 1 to 15000"},
		{"reconnectInterval: 1.5", "c:1: reconnectInterval: is the number 1.5 where a number is wanted"},
		{service("encryption: tls"), `c:2: services[0].encryption: "tls" is not one of none`},
		{service("encryption: false"), "c:2: services[0].encryption: is false where text is wanted"},
		{service("peers: " + zeroKey), "c:2: services[0].peers: is text where a list is wanted"},
		{service("peers: []"), "c:2: services[0].peers: is empty; name the fingerprints of those who may come, or leave it out"},
		{service("peers: [" + zeroKey + "]"), "c:2: services[0].peers[0]: is an object where text is wanted; put it in quotes"},
		{service("peers: [5]"), "c:2: services[0].peers[0]: is the number 5 where text is wanted"},
		{service("peers: ['" + zeroKey + "', 'SHA256:AAAA']"), `c:2: services[0].peers[1]: "SHA256:AAAA" is not a fingerprint; ` + "`tunnelclient key show`"},
		{service("peers: ['" + zeroKey[7:] + "']"), "c:2: services[0].peers[0]: "},
		{service("encryption: none, peers: ['" + zeroKey + "']"), "c:2: services[0]: has both encryption: none and peers; without"},
		{connect("1, encryption: off"), `c:2: connects[0].encryption: "off" is not one of none`},
		{connect("1, peerKey: '" + zeroKey + "='"), "c:2: connects[0].peerKey: "},
		{connect("1, encryption: none, peerKey: '" + zeroKey + "'"), "c:2: connects[0]: has both encryption: none and peerKey; without"},
		{"keyFile: ''", "c:1: keyFile: is empty; fill it in or leave it out"},
		{"resumeWindow: 120", "c:1: resumeWindow: is the number 120 where text is wanted; put it in quotes"},
		{"resumeWindow: '120'", `c:1: resumeWindow: "120" is not a duration; write it like 90s, 2m or 1h30m`},
		{"resumeWindow: 0s", "c:1: resumeWindow: 0s is out of range; give a duration from 1s to 24h"},
		{"resumeWindow: 24h1s", "c:1: resumeWindow: 24h1s is out of range"},
		{"transport: quic", `c:1: transport: "quic" is not one of auto, relay, websocket`},
	} {
		c, err := Parse("c", []byte(tc.text))
		var ps Problems
		if !errors.As(err, &ps) || c != nil {
			t.Errorf("%s: got %+v, %v", tc.text, c, err)
			continue
		}
		if len(ps) > 1 && !strings.HasPrefix(tc.text, "services: [{}") || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%s:\ngot  %v\nwant %s", tc.text, err, tc.want)
		}
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	_, err := Parse("c.json", []byte(`{
  "serverUrl": "server",
  "clientID": "client-a",
  "services": [
    {"id": "a b", "protocol": "http", "localPort": 0},
    {"protocol": "x"}
  ]
}`))
	var got []string
	var ps Problems
	if !errors.As(err, &ps) {
		t.Fatal(err)
	}
	for _, p := range ps {
		got = append(got, fmt.Sprintf("%d %s", p.Line, p.Key))
	}
	want := []string{
		"2 serverUrl", "3 clientID", "5 services[0].id", "5 services[0].localPort",
		"6 services[1].protocol", "6 services[1].id", "6 services[1].localPort",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestTooManyServices(t *testing.T) {
	var b strings.Builder
	b.WriteString("services:\n")
	for i := range wire.MaxServices + 1 {
		fmt.Fprintf(&b, "- {id: s%d, protocol: tcp, localPort: 1}\n", i)
	}
	if _, err := Parse("c", []byte(b.String())); err == nil || !strings.Contains(err.Error(), "257 services, 256 are allowed") {
		t.Errorf("got %v", err)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "c.yaml")
	write(t, path, "tokenFile: secret/token\nkeyFile: secret/key\n", 0o644)
	c, err := Load(path)
	if err != nil || c.TokenFile != filepath.Join(dir, "secret", "token") || c.KeyFile != filepath.Join(dir, "secret", "key") {
		t.Errorf("got %+v, %v", c, err)
	}
	write(t, path, "connects: [{target: a, service: b, local: ./x.sock}, {target: a, service: b, local: 80}]", 0o644)
	c, err = Load(path)
	if err != nil || c.Connects[0].Local != filepath.ToSlash(filepath.Join(dir, "x.sock")) || c.Connects[1].Local != "80" {
		t.Errorf("got %+v, %v", c, err)
	}
	write(t, path, "clientId: "+strings.Repeat("x", maxSize), 0o644)
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "is it the right file?") {
		t.Errorf("a huge file: %v", err)
	}
	if _, err := Load(filepath.Join(dir, "none")); err == nil || !strings.HasSuffix(err.Error(), "none: cannot be read: no such file or directory") && runtime.GOOS != "windows" {
		t.Errorf("no file: %v", err)
	}
	if _, err := Load(dir); err == nil {
		t.Error("a folder was read")
	}
}

func TestReadToken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	for _, tc := range []struct {
		text string
		mode os.FileMode
		want string
		err  string
	}{
		{"cvt_abc\n", 0o600, "cvt_abc", ""},
		{"  cvt_abc\r\n", 0o400, "cvt_abc", ""},
		{"cvt_abc", 0o640, "", "chmod 600"},
		{"cvt_abc", 0o604, "", "chmod 600"},
		{" \n", 0o600, "", "is empty"},
		{"cvt_abc\nmore", 0o600, "", "more than a token"},
		{"cvt_äbc", 0o600, "", "more than a token"},
		{strings.Repeat("x", maxToken+1), 0o600, "", "more than 4096 bytes"},
	} {
		write(t, path, tc.text, tc.mode)
		got, err := ReadToken(path)
		if got != tc.want || (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
			t.Errorf("%.20q %o: got %q, %v", tc.text, tc.mode, got, err)
		}
		if err != nil && (strings.Contains(err.Error(), "abc") || !strings.Contains(err.Error(), path)) {
			t.Errorf("the error holds the token, or not the file: %v", err)
		}
	}
	if _, err := ReadToken(path + "x"); err == nil || !strings.Contains(err.Error(), "culvert client token create") {
		t.Errorf("no file: %v", err)
	}
}

// TestPasswordIsHidden: a URL with a password in it is refused without
// repeating the password.
func TestPasswordIsHidden(t *testing.T) {
	for _, s := range []string{"user:hunter2@x", "://user:hunter2@x", "ws://user:hunter2@", "ws://u:hunter2@x y:z"} {
		if _, err := ParseServer(s); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{seedA, seedB, "a: [", "services: [{}]", "? a\n: b", "- - -", "<<: *a", "!!map {}", "|", "%YAML 1.2\n---\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Parse("c", text)
		if (c == nil) == (err == nil) {
			t.Errorf("got %v and %v", c, err)
		}
		var ps Problems
		if err != nil && !errors.As(err, &ps) {
			t.Errorf("%T: %v", err, err)
		}
	})
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	_ = os.Remove(path)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask
		t.Fatal(err)
	}
}
