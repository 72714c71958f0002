// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/culvertd/culvert/internal/identity"
	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/tunnelclient/internal/local"
)

const doctorLong = `Looks at everything that tunnels need: the key, the server's name, its site and
certificate, the clock, the token, the relay port by TCP and UDP, and WebSocket
as the way where that port is blocked. One line each: ok, warn or fail, and what
to do about it.

It disturbs no client that is online: it signs in for a moment under a passing
name, if the token allows that. A token of "tunnelclient login" is good for one
name only; then what needs a sign-in is not tested, unless --sign-in lets it
take that name. Do that only while no client with the name runs on any machine.

The exit code is 1 if something fails.`

func (a *app) doctorCommand() *cobra.Command {
	var signIn bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Finds out what keeps tunnels from working",
		Long:  doctorLong,
		Args:  cobra.NoArgs,
		RunE: a.own(func(cmd *cobra.Command, _ []string) error {
			s, err := a.settings()
			if err != nil {
				return err
			}
			return a.doctor(cmd.Context(), s, signIn)
		}),
	}
	cmd.Flags().BoolVar(&signIn, "sign-in", false, "sign in under the client's own name, to test all")
	return cmd
}

func (a *app) doctor(ctx context.Context, s *settings, signIn bool) error {
	cfg, err := s.client(nil, nil)
	if err != nil {
		return err
	}
	found, err := a.find(ctx, s)
	if err != nil {
		return err
	}
	if signIn {
		instance, err := a.takeName(ctx, s, cfg.Token)
		if err != nil {
			return err
		}
		defer a.close("letting the state's folder go", instance.Close)
	}
	r := &findings{app: a}
	cfg.Key = r.key(s, signIn)
	r.known(s)
	o := tunnel.DoctorOptions{SignIn: signIn}
	if found != nil {
		var told bool
		if o.Relay, told = r.running(ctx, found, cfg); told {
			cfg.Key = nil // what the gateway thinks of it has been said
		}
	}
	a.diagnose(ctx, cfg, o, r.say)
	if err := r.end(); err != nil {
		return err
	}
	return ctx.Err()
}

// takeName keeps other commands from the name. It fails if one has it.
func (a *app) takeName(ctx context.Context, s *settings, token string) (*local.Instance, error) {
	return local.Acquire(ctx, s.home, local.Info{
		Identity: local.Identity{Server: local.Canonical(s.server), ClientID: s.clientID, TokenHash: local.HashToken(token)},
		Command:  "doctor", Config: s.path,
	})
}

// findings are the checks so far.
type findings struct {
	*app
	checks []tunnel.Check
	failed int
	err    error // of writing
}

// say prints a check as soon as it is done: the next may take a while.
func (r *findings) say(c tunnel.Check) {
	r.checks = append(r.checks, c)
	if c.State == tunnel.Fail {
		r.failed++
	}
	if r.flags.json || r.err != nil {
		return
	}
	text := clean(c.Detail)
	if c.Remedy != "" {
		text += " → " + clean(c.Remedy)
	}
	_, r.err = fmt.Fprintf(r.stdout, "%-4s  %-13s  %s\n", c.State, c.Name, text)
}

// end prints what has not been printed, and makes the exit code.
func (r *findings) end() error {
	if r.flags.json {
		r.err = r.printJSON(map[string]any{"ok": r.failed == 0, "checks": r.checks})
	}
	switch {
	case r.err != nil:
		return r.err
	case r.failed > 0:
		return fmt.Errorf("%d of %d checks failed", r.failed, len(r.checks))
	}
	return nil
}

// key looks at the key's file, and returns what is in it. To sign in is to use
// it, so that it is made then.
func (r *findings) key(s *settings, signIn bool) *identity.Key {
	load := identity.Load
	if signIn {
		load = identity.LoadOrCreate
	}
	c := tunnel.Check{Name: "key", State: tunnel.Fine}
	k, err := load(s.keyFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.Detail = "there is none yet; it is made in " + s.keyFile + " at first use"
	case err != nil:
		c.State, c.Detail, c.Remedy = tunnel.Fail, err.Error(), "mend the file as the error says"
	default:
		c.Detail = k.String() + ", in " + s.keyFile
	}
	r.say(c)
	return k
}

// known looks at the file of the keys of others.
func (r *findings) known(s *settings) {
	c := tunnel.Check{Name: "known keys", State: tunnel.Fine}
	if list, err := s.known().List(); err != nil {
		c.State, c.Detail, c.Remedy = tunnel.Fail, err.Error(), "mend the file as the error says"
	} else {
		c.Detail = fmt.Sprintf("%d of other clients", len(list))
	}
	r.say(c)
}

// running asks the client that runs here. It returns the relay's address if
// that knows it, and whether the gateway's word on the key has been told.
func (r *findings) running(ctx context.Context, found *local.Found, cfg tunnel.Config) (relay string, told bool) {
	client := found.Dial()
	defer client.Close()
	c := tunnel.Check{Name: "client", State: tunnel.Fine}
	st, err := client.Status(ctx)
	switch {
	case err != nil:
		c.State, c.Detail, c.Remedy = tunnel.Warn, found.String()+": "+err.Error(), "it may be about to start or to end: try again"
	case st.State != tunnel.StateOnline:
		c.State, c.Remedy = tunnel.Warn, "the checks below tell why; its log tells more"
		c.Detail = fmt.Sprintf("%s is %s: %s", found, st.State, cmp.Or(st.LastError, "it has not said why"))
	default:
		c.Detail = fmt.Sprintf("%s is online, data goes by %s", found, st.Transport)
	}
	r.say(c)
	if c.State != tunnel.Fine || cfg.Key == nil {
		return st.Relay, false
	}
	list, err := client.List(ctx)
	if err != nil {
		return st.Relay, false // the checks that follow tell why
	}
	cfg.ClientID = st.ClientID
	r.say(tunnel.RememberedKey(cfg, list))
	return st.Relay, true
}
