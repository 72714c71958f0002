// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// recipe says how an example is run, as its own comment says, with what is
// here: prepare leaves the command to run.
type recipe struct {
	needs   []string
	prepare func(t *testing.T, dir string) []string
	mute    bool // it only receives
}

func runs(command ...string) func(*testing.T, string) []string {
	return func(*testing.T, string) []string { return command }
}

// recipes has all examples but that for browsers, which examples.mjs runs.
var recipes = map[string]recipe{
	"node":          {needs: []string{"node"}, prepare: nodePackages},
	"node_built_in": {needs: []string{"node"}, prepare: runs("node", "--experimental-websocket", "client-built-in.mjs")},
	"python":        {needs: []string{"python3"}, prepare: pythonPackages},
	"go":            {needs: []string{"go"}, prepare: goModule},
	"java":          {needs: []string{"java"}, prepare: runs("java", "Client.java")},
	"ruby":          {needs: []string{"ruby"}, prepare: rubyPackages},
	"rust":          {needs: []string{"cargo"}, prepare: rustCrate},
	"websocat":      {needs: []string{"websocat"}, prepare: runs("sh", "websocat.sh")},
	"curl":          {needs: []string{"curl"}, prepare: runs("sh", "curl.sh"), mute: true},
	"csharp":        {needs: []string{"dotnet"}},
	"php":           {needs: []string{"composer"}},
	"swift":         {needs: []string{"swift"}},
	"arduino":       {needs: []string{"arduino-cli"}},
}

// TestExamples takes the examples of code from an endpoint's page and has each
// of them that can run here exchange a message with a client of ours.
func TestExamples(t *testing.T) {
	g := newGateway(t).withAdmin(t).start(t)
	s := play(t, g, "examples.mjs", append(slices.Collect(maps.Keys(recipes)), "browser"))
	var page struct {
		URL      string
		Examples map[string]struct{ File, Text string }
	}
	if err := json.Unmarshal(s.result, &page); err != nil {
		t.Fatal(err)
	}
	_, path, _ := strings.Cut(page.URL, "/ws/")
	for key, r := range recipes {
		t.Run(key, func(t *testing.T) {
			example := page.Examples[key]
			if !strings.Contains(example.Text, "/ws/"+path) {
				t.Errorf("it has not the URL %s in it:\n%s", page.URL, example.Text)
			}
			for _, program := range r.needs {
				find(t, program)
			}
			if r.prepare == nil {
				t.Skip("SKIPPED: it is not known how to run it without its whole tool chain")
			}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, example.File), []byte(example.Text), 0o600); err != nil {
				t.Fatal(err)
			}
			converse(t, page.URL, dir, r)
		})
	}
}

// converse runs an example beside a client, and has each hear the other.
func converse(t *testing.T, url, dir string, r recipe) {
	t.Helper()
	command := r.prepare(t, dir) // before the peer is there, who answers no pings while it compiles
	peer, res, err := websocket.DefaultDialer.DialContext(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	defer peer.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if !r.mute {
		command = append(command, "hello from "+filepath.Base(t.Name()))
	}
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir, cmd.WaitDelay = dir, time.Second
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe() // some end with their input
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if !r.mute {
		_ = peer.SetReadDeadline(time.Now().Add(50 * time.Second))
		if _, got, err := peer.ReadMessage(); err != nil || string(got) != command[len(command)-1] {
			t.Errorf("it sent %q, %v", got, err)
		}
	}
	answer := "answer to " + filepath.Base(t.Name())
	var answering sync.WaitGroup
	answering.Go(func() { // one that only receives does not say when it has connected
		for ctx.Err() == nil && peer.WriteMessage(websocket.TextMessage, []byte(answer)) == nil {
			time.Sleep(200 * time.Millisecond)
		}
	})
	if !contains(stdout, answer) {
		t.Errorf("it did not print what it was sent")
	}
	cancel()
	answering.Wait()
	_ = cmd.Wait() // it was killed
	if t.Failed() {
		t.Logf("%s", &stderr)
	}
}

// contains reads until some text has come.
func contains(r io.Reader, text string) bool {
	var all bytes.Buffer
	for buf := make([]byte, 1024); ; {
		n, err := r.Read(buf)
		all.Write(buf[:n])
		if strings.Contains(all.String(), text) {
			return true
		}
		if err != nil {
			return false
		}
	}
}
