// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package process

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

const module = "github.com/culvertd/culvert"

// Programs are the paths of the built programs.
type Programs struct {
	Culvert, Client string
}

// In returns where Build puts the programs.
func In(dir string) Programs {
	return Programs{Culvert: filepath.Join(dir, "culvert"), Client: filepath.Join(dir, "tunnelclient")}
}

// Build compiles both programs into dir.
func Build(dir string) (Programs, error) {
	p := In(dir)
	// The flags of ci/env.sh, so that Caddy is compiled once for all.
	for path, out := range map[string]string{"/cmd/culvert": p.Culvert, "/tunnelclient": p.Client} {
		cmd := exec.Command("go", "build", "-trimpath", "-tags=nobadger,nomysql,nopgx", "-o", out, module+path)
		if said, err := cmd.CombinedOutput(); err != nil {
			return p, fmt.Errorf("building %s: %w\n%s", out, err, said)
		}
	}
	return p, nil
}

// Buffer is a bytes.Buffer for several goroutines.
type Buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// String returns all that was written.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// Environment is this process's without what would lead a program to files or
// settings of the user's, or through a proxy.
func Environment(home string, more ...string) []string {
	env := []string{"HOME=" + home, "XDG_DATA_HOME=" + home, "XDG_CONFIG_HOME=" + home, "XDG_STATE_HOME=" + home}
	for _, name := range []string{"PATH", "TMPDIR", "LANG"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return append(env, more...)
}
