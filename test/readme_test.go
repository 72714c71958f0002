// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// curlScript is the block of commands in a README that uses curl alone.
func curlScript(t *testing.T, readme, heading string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", readme))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("%s has no section %q", readme, heading)
	}
	_, rest, _ = strings.Cut(rest, "\n```sh\n")
	block, _, ok := strings.Cut(rest, "```\n")
	if !ok {
		t.Fatalf("%s has no commands in the section %q", readme, heading)
	}
	var lines []string
	for line := range strings.Lines(block) {
		line, _, _ = strings.Cut(strings.TrimSuffix(line, "\n"), " # ")
		if line = strings.TrimRight(line, " "); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines
}

// TestReadmeFromAnEmptyFolder runs what the README promises: from an empty
// folder to the first message, by the API alone, in at most 15 lines.
func TestReadmeFromAnEmptyFolder(t *testing.T) {
	for _, name := range []string{"bash", "curl", "jq"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("no %s", name)
		}
	}
	script := curlScript(t, "README.md", "By curl alone")
	if len(script) > 15 {
		t.Errorf("%d lines, want at most 15", len(script))
	}
	if zh := curlScript(t, "README.zh-CN.md", "只用 curl"); strings.Join(zh, "\n") != strings.Join(script, "\n") {
		t.Errorf("the README in Chinese has other commands:\n%s", strings.Join(zh, "\n"))
	}
	p := newPlace(t)
	g := p.start(t)
	bin, err := built()
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"culvert": bin, "websocat": self} {
		if err := os.MkdirAll(filepath.Join(p.dir, "bin"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, filepath.Join(p.dir, "bin", name)); err != nil {
			t.Fatal(err)
		}
	}
	text := strings.ReplaceAll(strings.Join(script, "\n"), "http://localhost:8080", p.site())
	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", text)
	cmd.Dir = p.dir
	cmd.Env = append(slices.Clone(p.env), "PATH="+filepath.Join(p.dir, "bin")+":"+os.Getenv("PATH"))
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s\n%s\n%s\nthe gateway: %s", err, text, &out, &errOut, g.stderr)
	}
	if got := out.String(); !strings.HasSuffix(got, "hello\n") {
		t.Errorf("no message came:\n%s\n%s", got, &errOut)
	}
}

// websocat is the program of this name as far as the README needs it: with -1U
// it prints the first message that comes, with -1u it sends the first line of
// its input. The test binary is it when it is called so.
func websocat(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("websocat: %q", args)
	}
	c, resp, err := websocket.DefaultDialer.Dial(args[1], nil)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	defer func() { _ = c.Close() }()
	switch args[0] {
	case "-1U":
		if err := c.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			return err
		}
		_, m, err := c.ReadMessage()
		if err != nil {
			return err
		}
		fmt.Println(string(m))
		return nil
	case "-1u":
		var line string
		if _, err := fmt.Scanln(&line); err != nil {
			return err
		}
		return c.WriteMessage(websocket.TextMessage, []byte(line))
	default:
		return fmt.Errorf("websocat: unknown option %s", args[0])
	}
}
