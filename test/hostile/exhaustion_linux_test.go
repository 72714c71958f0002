// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package hostile

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/hub"
	ws "github.com/culvertd/culvert/internal/wstest"
	"github.com/culvertd/culvert/test/hubserver"
)

// serverVar makes a re-executed test binary a gateway with few descriptors.
const serverVar = "CULVERT_HOSTILE_DESCRIPTORS"

func TestMain(m *testing.M) {
	if limit, err := strconv.ParseUint(os.Getenv(serverVar), 10, 64); err == nil {
		serveWith(limit)
		return
	}
	os.Exit(m.Run())
}

// serveWith is the gateway's process: it says where it listens, and ends with
// its stdin.
func serveWith(limit uint64) {
	// Not from outside: the runtime raises the soft limit when it starts.
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
		panic(err)
	}
	srv, err := hubserver.Listen("127.0.0.1:0", hub.Config{})
	if err != nil {
		panic(err)
	}
	srv.URL("a", hub.Settings{})
	fmt.Println(srv.Addr)
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	if err := srv.Close(); err != nil {
		panic(err)
	}
}

// TestDescriptorExhaustion fills a gateway that has 256 descriptors, first with
// WebSockets, which it sheds in time and says why, and then with connections
// that never say anything, which take the last descriptor. Whoever is in goes
// on; when the crowd leaves, everything is as it was.
func TestDescriptorExhaustion(t *testing.T) {
	const limit, reserve = 256, 64
	cmd := exec.CommandContext(t.Context(), os.Args[0]) // this very binary
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", serverVar, limit))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url, pid := "ws://"+strings.TrimSpace(line)+"/ws/a", strconv.Itoa(cmd.Process.Pid)
	dial := func() (*ws.Conn, error) { return ws.Dial(t.Context(), url, ws.Options{Timeout: 5 * time.Second}) }
	pair := [2]*ws.Conn{}
	for i := range pair {
		if pair[i], err = dial(); err != nil {
			t.Fatal(err)
		}
		defer pair[i].Close()
		if err := pair[i].PingPong("in"); err != nil {
			t.Fatal(err)
		}
	}
	said := 0
	exchange := func(when string) {
		t.Helper()
		for i := range pair {
			said++
			if err := pair[i].SendMessage(ws.Text, []byte(strconv.Itoa(said))); err != nil {
				t.Fatalf("%s: %v", when, err)
			}
			if m, err := pair[1-i].ReadMessage(); err != nil || string(m.Payload) != strconv.Itoa(said) {
				t.Fatalf("%s: got %q, %v", when, m.Payload, err)
			}
		}
	}
	exchange("at the start")
	before := countDescriptors(t, pid)

	var crowd []interface{ Close() error }
	leave := func() {
		for _, c := range crowd {
			c.Close()
		}
		crowd = nil
		within(t, "the gateway's descriptors return to the start", func() error {
			if n := countDescriptors(t, pid); n > before {
				return fmt.Errorf("%d, were %d", n, before)
			}
			return nil
		})
	}
	for range 2 { // the second time shows that the first left nothing behind
		shed := 0
		for len(crowd) < limit && shed < 20 {
			c, err := dial()
			var refused *ws.RefusedError
			switch {
			case err == nil: // also after a refusal, when that one's descriptor is free
				crowd = append(crowd, c)
			case errors.As(err, &refused):
				checkShed(t, refused)
				shed++
			default:
				t.Fatalf("after %d connections: %v", len(crowd), err)
			}
		}
		t.Logf("%d connections, then 503; %d of %d descriptors in use", len(crowd)+len(pair), countDescriptors(t, pid), limit)
		if used := countDescriptors(t, pid); shed == 0 || used < limit-reserve-8 || used > limit-reserve+8 {
			t.Errorf("%d turned away with %d descriptors in use, want it with about %d", shed, used, limit-reserve)
		}
		// The address that pair talks to does not depend on new descriptors.
		exchange("while upgrades are shed")
		for range limit {
			if nc, err := net.DialTimeout("tcp", strings.TrimSpace(line), time.Second); err == nil {
				crowd = append(crowd, nc)
			}
		}
		exchange("with no descriptor left")
		leave()
		exchange("when the crowd has left")
		// What still waited to be accepted is accepted now, to find that its
		// client has gone; meanwhile a newcomer may be told to come again.
		var c *ws.Conn
		within(t, "a newcomer gets in", func() (err error) {
			c, err = dial()
			return err
		})
		if m := pair[0].SendMessage(ws.Text, []byte("welcome")); m != nil {
			t.Fatal(m)
		}
		for _, r := range []*ws.Conn{c, pair[1]} {
			if m, err := r.ReadMessage(); err != nil || string(m.Payload) != "welcome" {
				t.Fatalf("got %q, %v", m.Payload, err)
			}
		}
		if err := c.Shake(1000); err != nil {
			t.Error(err)
		}
	}
	in.Close()
	for _, c := range pair {
		ended(t, c, 1001)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the gateway's end: %v", err)
	}
}

func checkShed(t *testing.T, refused *ws.RefusedError) {
	t.Helper()
	var body struct{ Code, Message string }
	err := json.Unmarshal([]byte(refused.Body), &body)
	if err != nil || refused.Status != http.StatusServiceUnavailable || body.Code != "overloaded" || body.Message == "" {
		t.Errorf("turned away with %d %q, want 503 and the code overloaded", refused.Status, refused.Body)
	}
	if s, err := strconv.Atoi(refused.Header.Get("Retry-After")); err != nil || s < 1 {
		t.Errorf("turned away with Retry-After %q", refused.Header.Get("Retry-After"))
	}
}
