// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
)

// maxSize bounds the file: a client offers at most wire.MaxServices services.
const maxSize = 1 << 20

// Config is what a file says. What it leaves out is empty or the default.
type Config struct {
	ServerURL         string
	ClientID          string
	TokenFile         string // as seen from the working folder
	Services          []wire.Service
	Connects          []tunnel.ForwardSpec
	AutoReconnect     bool
	ReconnectInterval time.Duration
	Transport         tunnel.Transport
	KeyFile           string        // as seen from the working folder
	ResumeWindow      time.Duration // 0: the client's default
}

// Default is the configuration without a file.
func Default() *Config {
	return &Config{AutoReconnect: true, ReconnectInterval: 500 * time.Millisecond, Transport: tunnel.Auto}
}

// Load reads the file. What is wrong in it is reported as Problems.
func Load(path string) (*Config, error) {
	text, err := read(path)
	if err != nil {
		return nil, err
	}
	c, err := Parse(path, text)
	if err != nil {
		return nil, err
	}
	dir := filepath.Dir(path)
	for _, file := range []*string{&c.TokenFile, &c.KeyFile} {
		if *file != "" && !filepath.IsAbs(*file) {
			*file = filepath.Join(dir, *file)
		}
	}
	for i := range c.Connects {
		if c.Connects[i].Local, err = AbsLocal(dir, c.Connects[i].Local); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// AbsLocal makes the path of a unix socket absolute, seen from dir: the process
// that listens may run in another folder. Other places stay as they are.
func AbsLocal(dir, local string) (string, error) {
	if !strings.ContainsRune(local, '/') {
		return local, nil
	}
	if !filepath.IsAbs(local) {
		local = filepath.Join(dir, local)
	}
	abs, err := filepath.Abs(local)
	if err != nil {
		return "", fmt.Errorf("resolving %s: %w", local, err)
	}
	return filepath.ToSlash(abs), nil // the slash is what makes it a path
}

// read returns the file's text, and refuses what cannot be a configuration
// before it fills the memory.
func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, Problems{{File: path, Text: "cannot be read: " + reason(err)}}
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	switch {
	case err != nil:
		return nil, Problems{{File: path, Text: "cannot be read: " + reason(err)}}
	case len(text) > maxSize:
		return nil, Problems{{File: path, Text: fmt.Sprintf("is larger than %d bytes; is it the right file?", maxSize)}}
	}
	return text, nil
}
