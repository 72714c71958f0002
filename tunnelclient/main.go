// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Command tunnelclient offers services of this machine to the other clients of
// a Culvert gateway, and makes theirs reachable at local ports. It needs no
// public address and opens no port to the world.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/tunnel"
)

func main() {
	ctx, stop := onSignal(context.Background(), func() { os.Exit(exitInternal) })
	hup := make(chan os.Signal, 1) // one is enough: they all say "read again"
	signal.Notify(hup, syscall.SIGHUP)
	a := &app{
		getenv:   os.Getenv,
		stdin:    os.Stdin,
		stdout:   os.Stdout,
		stderr:   os.Stderr,
		engine:   func(cfg tunnel.Config) engine { return realEngine{tunnel.New(cfg)} },
		diagnose: tunnel.Diagnose,
		reload:   hup,
	}
	code := a.main(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// app is what the commands share, and what tests replace.
type app struct {
	getenv   func(string) string
	stdin    io.Reader // for consent
	stdout   io.Writer
	stderr   io.Writer
	engine   func(tunnel.Config) engine
	diagnose func(context.Context, tunnel.Config, tunnel.DoctorOptions, func(tunnel.Check))
	reload   <-chan os.Signal
	flags    flags
	log      *zap.Logger // to stderr
	began    bool        // a command of ours runs
}

// main runs the command line and returns the exit code.
func (a *app) main(ctx context.Context, args []string) int {
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil && !a.began {
		err = usagef("%w; see tunnelclient --help", err)
	}
	if err != nil {
		a.report(err)
	}
	return exitCode(err)
}

// onSignal returns a context that ends with the first SIGINT or SIGTERM; the
// second calls force. stop must be called.
func onSignal(parent context.Context, force func()) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range signals {
			if ctx.Err() != nil {
				force()
				return
			}
			cancel()
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(signals)
		cancel()
		<-done
	}
}
