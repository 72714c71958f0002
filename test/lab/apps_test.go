// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package lab

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/culvertd/culvert/test/process"
)

// Ports of the applications, the same at the provider and, through the tunnel,
// on the visitor's loopback.
const (
	webPort   = 8080
	sshPort   = 2222
	iperfPort = 5201
	dnsPort   = 5353
)

// Folders of this process's own mount namespace, so that nothing of the
// machine's is touched.
const privilegeSeparation = "/run/sshd"

// apps are other people's programs, at the provider.
type apps struct {
	*network
	dir string
	web string // its address, as the visitor sees it
}

// startApps runs the servers in a namespace.
func startApps(t *testing.T, n *network, ns string) *apps {
	t.Helper()
	a := &apps{network: n, dir: t.TempDir(), web: fmt.Sprintf("127.0.0.1:%d", webPort)}
	web := process.Start(t, nil, in(ns, tool(t, "serve", fmt.Sprintf("127.0.0.1:%d", webPort))...))
	web.Says(t, "serving", 10*time.Second)
	a.startSSH(t, ns)
	if has("iperf3") {
		p := process.Start(t, nil, in(ns, "iperf3", "--server", "--port", fmt.Sprint(iperfPort), "--forceflush"))
		p.Says(t, "listening", 10*time.Second)
	}
	if has("dnsmasq") {
		process.Start(t, nil, in(ns, "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--user=root",
			"--no-resolv", "--no-hosts", "--edns-packet-max=8192", "--listen-address=127.0.0.1", "--bind-interfaces",
			fmt.Sprintf("--port=%d", dnsPort), "--address=/small.lab.test/192.0.2.99", "--txt-record=large.lab.test,"+largeRecord))
	}
	return a
}

// largeRecord is more than a packet can hold.
var largeRecord = strings.TrimSuffix(strings.Repeat(strings.Repeat("x", 200)+",", 15), ",")

func has(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if !has(p) {
			t.Skipf("SKIP: no %s on this machine (ci/deps.sh installs it)", p)
		}
	}
}

// startSSH runs a server with keys of its own, which lets one key in.
func (a *apps) startSSH(t *testing.T, ns string) {
	t.Helper()
	if !has("sshd") {
		return
	}
	for _, name := range []string{"host", "user"} {
		a.must(t, "", "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(a.dir, name))
	}
	if err := os.MkdirAll(privilegeSeparation, 0o755); err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf("Port %d\nListenAddress 127.0.0.1\nHostKey %s/host\nAuthorizedKeysFile %s/user.pub\n"+
		"PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\nStrictModes no\nUsePAM no\nPidFile none\n"+
		"Subsystem sftp internal-sftp\n", sshPort, a.dir, a.dir)
	file := filepath.Join(a.dir, "sshd_config")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	sshd, err := exec.LookPath("sshd") // it insists on an absolute path
	if err != nil {
		t.Fatal(err)
	}
	p := process.Start(t, nil, in(ns, sshd, "-D", "-e", "-f", file))
	p.Says(t, "Server listening", 10*time.Second)
	key, err := os.ReadFile(filepath.Join(a.dir, "host.pub"))
	if err != nil {
		t.Fatal(err)
	}
	known := fmt.Sprintf("[127.0.0.1]:%d %s", sshPort, key)
	if err := os.WriteFile(filepath.Join(a.dir, "known_hosts"), []byte(known), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (a *apps) sshOptions() []string {
	return []string{
		"-F", "/dev/null", "-i", filepath.Join(a.dir, "user"), "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes",
		"-o", "UserKnownHostsFile=" + filepath.Join(a.dir, "known_hosts"), "-o", "ConnectTimeout=20",
	}
}

// ssh runs a command at the provider, and copies a file there and back.
func (a *apps) ssh(t *testing.T, size int64) {
	need(t, "sshd", "ssh", "scp")
	port := fmt.Sprint(sshPort)
	run := append([]string{"ssh", "-p", port}, a.sshOptions()...)
	if got := a.must(t, visitor, append(run, "root@127.0.0.1", "echo hello from $((6*7))")...); got != "hello from 42\n" {
		t.Errorf("ssh prints %q", got)
	}
	local, remote, back := filepath.Join(a.dir, "local"), filepath.Join(a.dir, "remote"), filepath.Join(a.dir, "back")
	out, err := os.Create(local)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := out.ReadFrom(file(size)); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	scp := append([]string{"scp", "-q", "-P", port}, a.sshOptions()...)
	a.must(t, visitor, slices.Concat(scp, []string{local, "root@127.0.0.1:" + remote})...)
	a.must(t, visitor, slices.Concat(scp, []string{"root@127.0.0.1:" + remote, back})...)
	for _, name := range []string{remote, back} {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := hashOf(t, f), hashOf(t, file(size)); got != want {
			t.Errorf("%s has hash %s, want %s", filepath.Base(name), got, want)
		}
		_ = f.Close()
		_ = os.Remove(name)
	}
}

// curl fetches a file and sends one.
func (a *apps) curl(t *testing.T, size int64) {
	need(t, "curl")
	want := hashOf(t, file(size))
	if got := a.download(t, "http://"+a.web+"/file", size); got != want {
		t.Errorf("a download of %d bytes has hash %s, want %s", size, got, want)
	}
	const most = 64 << 20 // curl reads the file into memory
	size = min(size, most)
	argv := in(visitor, "curl", "-sS", "--fail", "--data-binary", "@-", "http://"+a.web+"/upload")
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	cmd.Stdin = file(size)
	out, err := cmd.Output()
	if want := hashOf(t, file(size)); err != nil || string(out) != want {
		t.Errorf("an upload of %d bytes has hash %s (%v), want %s", size, out, err, want)
	}
}

// download has curl at the visitor fetch a file and returns its hash.
func (n *network) download(t *testing.T, url string, size int64) string {
	t.Helper()
	argv := in(visitor, "curl", "-sS", "--fail", fmt.Sprintf("%s?size=%d", url, size))
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	hash := hashOf(t, out)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("curl: %v\n%s", err, stderr.Bytes())
	}
	return hash
}

// websocket has a client of another library echo messages up to 1 MiB.
func (a *apps) websocket(t *testing.T) {
	const messages = 22
	got := a.must(t, visitor, tool(t, "ws", "ws://"+a.web+"/echo")...)
	if strings.TrimSpace(got) != fmt.Sprint(messages) {
		t.Errorf("%s messages came back as they were, want %d", got, messages)
	}
}

// iperf sends as fast as it can over TCP and at a steady rate over UDP, both
// ways.
func (a *apps) iperf(t *testing.T) {
	need(t, "iperf3")
	type sum struct {
		Bytes       int64   `json:"bytes"`
		Packets     int     `json:"packets"`
		LostPercent float64 `json:"lost_percent"`
	}
	for name, flags := range map[string][]string{
		"tcp": nil, "tcp reverse": {"-R"},
		"udp": {"-u", "-b", "10M", "-l", "1200"}, "udp reverse": {"-u", "-b", "10M", "-l", "1200", "-R"},
	} {
		args := []string{"iperf3", "-c", "127.0.0.1", "-p", fmt.Sprint(iperfPort), "-t", "1", "--json"}
		var result struct {
			End struct {
				Sum      sum `json:"sum"`
				Received sum `json:"sum_received"`
			} `json:"end"`
		}
		out := a.must(t, visitor, append(args, flags...)...)
		if err := json.Unmarshal([]byte(out), &result); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
		if flags == nil || flags[0] == "-R" {
			if result.End.Received.Bytes < 1<<20 {
				t.Errorf("%s: %d bytes received", name, result.End.Received.Bytes)
			}
			continue
		}
		// Not a measure of quality: a busy machine may lose some.
		if s := result.End.Sum; s.Packets < 500 || s.LostPercent > 20 {
			t.Errorf("%s: %d packets, %.1f %% lost", name, s.Packets, s.LostPercent)
		}
	}
}

// dig asks over UDP and TCP; one answer is larger than a packet.
func (a *apps) dig(t *testing.T) {
	need(t, "dig", "dnsmasq")
	for _, transport := range []string{"+notcp", "+tcp"} {
		query := []string{"dig", "@127.0.0.1", "-p", fmt.Sprint(dnsPort), "+short", "+tries=5", "+time=2", transport}
		if got := answer(a.must(t, visitor, append(query, "small.lab.test", "A")...)); got != "192.0.2.99\n" {
			t.Errorf("dig %s: %q", transport, got)
		}
		got := a.must(t, visitor, append(query, "+bufsize=8192", "+ignore", "large.lab.test", "TXT")...)
		if n := strings.Count(got, "x"); n != strings.Count(largeRecord, "x") {
			t.Errorf("dig %s: %d bytes of the large record, want %d", transport, n, strings.Count(largeRecord, "x"))
		}
	}
}

// answer is what dig prints without its remarks on tries that failed: over
// UDP, trying again is the application's part.
func answer(out string) string {
	var b strings.Builder
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, ";;") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// all runs every application at the visitor, with files of some size.
func (a *apps) all(t *testing.T, copied, fetched int64) {
	t.Helper()
	t.Run("ssh", func(t *testing.T) { a.ssh(t, copied) })
	t.Run("curl", func(t *testing.T) { a.curl(t, fetched) })
	t.Run("websocket", a.websocket)
	t.Run("iperf3", a.iperf)
	t.Run("dig", a.dig)
}
