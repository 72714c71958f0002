// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package compare

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"

	"github.com/culvertd/culvert/bench/internal/cases"
	"github.com/culvertd/culvert/bench/internal/daemon"
	"github.com/culvertd/culvert/bench/internal/harness"
)

// starter knows how to start each server.
type starter struct {
	culvert, caddyfile     string
	centrifugo, centrifuge string
	uws                    string // folder with server.js and node_modules

	work string // a folder of this run
	self string // this program
	ref  string // a copy of it for the references: a page shared with the load would count less in PSS
	cert string // for peers that take files
	key  string

	ports daemon.Ports
}

func (s *starter) prepare(ctx context.Context) (err error) {
	if s.work, err = os.MkdirTemp("", "culvert-bench-"); err != nil {
		return fmt.Errorf("making a work folder: %w", err)
	}
	if s.self, err = os.Executable(); err != nil {
		return err
	}
	s.ref = filepath.Join(s.work, "ref")
	b, err := os.ReadFile(s.self)
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.ref, b, 0o755); err != nil {
		return err
	}
	s.cert, s.key = filepath.Join(s.work, "cert.pem"), filepath.Join(s.work, "key.pem")
	if s.caddyfile, err = filepath.Abs(s.caddyfile); err != nil {
		return err
	}
	return errors.Join(writeCertificate(s.cert, s.key), ctx.Err())
}

// has tells whether a server was given.
func (s *starter) has(name string) bool {
	switch name {
	case cases.Culvert:
		return s.culvert != ""
	case cases.Centrifugo:
		return s.centrifugo != "" || s.centrifuge != ""
	case cases.UWS:
		return s.uws != ""
	}
	return true
}

// up starts a server and returns when it can be loaded.
func (s *starter) up(ctx context.Context, name string, tls bool) (*server, error) {
	free, err := s.ports.Take(3)
	if err != nil {
		return nil, err
	}
	p := free[0]
	addr := "127.0.0.1:" + p
	t := harness.Target{Name: name, Addr: addr, Opts: map[string]string{}}
	if tls {
		t.Opts["tls"] = "yes"
	}
	switch name {
	case cases.Culvert:
		return s.upCulvert(ctx, t, free, tls)
	case cases.Centrifugo:
		t.Opts["proto"] = "centrifugo"
		// Its metrics are behind the same TLS, which the counting of
		// goroutines does not speak.
		if !tls {
			t.Opts["metrics"] = "http://" + addr + "/metrics"
		}
		if s.centrifugo == "" {
			t.Name = cases.Centrifuge
			args := []string{"-listen", addr}
			if tls {
				args = append(args, "-cert", s.cert, "-key", s.key)
			}
			return s.launch(ctx, t, nil, s.centrifuge, args...)
		}
		config, err := s.centrifugoConfig(p, tls)
		if err != nil {
			return nil, err
		}
		return s.launch(ctx, t, nil, s.centrifugo, "-c", config)
	case cases.UWS:
		args := []string{filepath.Join(s.uws, "server.js"), p}
		if tls {
			args = append(args, s.key, s.cert)
		}
		return s.launch(ctx, t, nil, "node", args...)
	case cases.Batch, cases.BatchRaw, cases.GWS, cases.Gorilla:
		t.Opts["metrics"] = "http://" + addr + "/metrics"
		return s.launch(ctx, t, nil, s.ref, "ref-hub", "-listen", addr, "-mode", name[len("ref-"):])
	}
	return nil, fmt.Errorf("unknown server %q", name)
}

func (s *starter) launch(ctx context.Context, t harness.Target, env []string, program string, args ...string) (*server, error) {
	return launch(ctx, s.work, t, func(ctx context.Context) *exec.Cmd {
		c := exec.CommandContext(ctx, program, args...)
		c.Env = append(os.Environ(), env...)
		return c
	})
}

var endpointPath = regexp.MustCompile(`/ws/[A-Za-z0-9_-]{22}`)

// upCulvert starts Culvert in a fresh data folder, the way its operator would,
// and makes one endpoint.
func (s *starter) upCulvert(ctx context.Context, t harness.Target, free []string, tls bool) (*server, error) {
	data, err := os.MkdirTemp(s.work, "culvert-")
	if err != nil {
		return nil, err
	}
	env := []string{
		"BENCH_HTTP=" + free[0], "BENCH_HTTPS=" + free[1], "BENCH_ADMIN=" + free[2],
		"CULVERT_DATA=" + filepath.Join(data, "culvert"), "BENCH_LOG=" + filepath.Join(data, "access.log"),
		"XDG_DATA_HOME=" + data, "XDG_CONFIG_HOME=" + data,
	}
	t.Opts["metrics"] = "http://127.0.0.1:" + free[2] + "/metrics"
	srv, err := s.launch(ctx, t, env, s.culvert, "run", "--config", s.caddyfile, "--adapter", "caddyfile")
	if err != nil {
		return nil, err
	}
	create := exec.CommandContext(ctx, s.culvert, "endpoint", "create", "--name", "bench")
	create.Env = append(os.Environ(), env...)
	out, err := create.Output()
	path := endpointPath.FindString(string(out))
	if err != nil || path == "" {
		srv.Stop()
		return nil, fmt.Errorf("creating an endpoint: %w, printed %q", err, out)
	}
	srv.target.Opts["path"], srv.target.Opts["pubpath"] = path, path
	if tls {
		srv.target.Addr = "127.0.0.1:" + free[1]
		srv.target.Opts["host"] = "localhost:" + free[1]
	}
	return srv, nil
}
