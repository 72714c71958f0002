// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
	"github.com/culvertd/culvert/tunnelclient/internal/config"
	"github.com/culvertd/culvert/tunnelclient/internal/local"
)

const connectLong = `Makes services of other clients reachable here, until SIGINT or SIGTERM.

Give --target, --service and --local once for each, or write them in one as
TARGET/SERVICE:LOCAL. LOCAL is a port (on 127.0.0.1), host:port, or the path of
a unix socket with a slash in it; port 0 takes any free one. When all of them
listen, their URLs are printed. TARGET is a client of your own account, or
OWNER/CLIENT for one whose service another account shares with yours.

What goes through is encrypted from here to TARGET, whose key is remembered at
the first contact. With --peer-key, once for each or once for one TARGET, only
that key will do. --encryption none agrees to no encryption, where the service's
own configuration says so too.

If a tunnelclient of the same name runs on this machine already, it carries
them, and this command only waits. Otherwise the command signs in itself; the
services of the configuration are not offered then.`

const connectExample = `  tunnelclient connect --target client-a --service web-server --local 3000
  tunnelclient connect client-a/web-server:3000 client-a/ssh:2222
  ssh -p 2222 localhost`

// How long connect waits for another process that holds the name but does not
// answer yet.
const (
	heldTries = 5
	heldPause = 300 * time.Millisecond
)

type connectFlags struct {
	targets, services, locals []string
	peerKeys                  []string
	encryption                string
}

func (a *app) connectCommand() *cobra.Command {
	var f connectFlags
	cmd := &cobra.Command{
		Use:               "connect [TARGET/SERVICE:LOCAL]...",
		Short:             "Makes services of other clients reachable at local ports",
		Long:              connectLong,
		Example:           connectExample,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: a.own(func(cmd *cobra.Command, args []string) error {
			specs, err := f.specs(args)
			if err != nil {
				return err
			}
			s, err := a.settings()
			if err != nil {
				return err
			}
			return a.connect(cmd.Context(), s, specs)
		}),
	}
	cmd.Flags().StringArrayVar(&f.targets, "target", nil, "`name` of the client that offers the service (repeatable)")
	cmd.Flags().StringArrayVar(&f.services, "service", nil, "`id` of the service (repeatable)")
	cmd.Flags().StringArrayVar(&f.locals, "local", nil, "`place` to listen: port, host:port or path of a unix socket (repeatable)")
	cmd.Flags().StringArrayVar(&f.peerKeys, "peer-key", nil, "`fingerprint` that the target's key must have (repeatable)")
	cmd.Flags().StringVar(&f.encryption, "encryption", "", "`none`: agree to no encryption")
	_ = cmd.RegisterFlagCompletionFunc("encryption", cobra.FixedCompletions([]string{wire.EncryptionNone}, cobra.ShellCompDirectiveNoFileComp))
	for _, name := range []string{"target", "service", "peer-key"} {
		// The only error is the name of a flag that does not exist.
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
	}
	return cmd
}

// specs checks what is to be connected.
func (f *connectFlags) specs(args []string) ([]tunnel.ForwardSpec, error) {
	if len(f.targets) != len(f.services) || len(f.targets) != len(f.locals) {
		return nil, usagef("--target, --service and --local belong together: there are %d, %d and %d of them",
			len(f.targets), len(f.services), len(f.locals))
	}
	var specs []tunnel.ForwardSpec
	for i := range f.targets {
		specs = append(specs, tunnel.ForwardSpec{Target: f.targets[i], Service: f.services[i], Local: f.locals[i]})
	}
	for _, arg := range args {
		what, at, ok := strings.Cut(arg, ":")
		slash := strings.LastIndexByte(what, '/') // the target may have one too
		if !ok || slash < 0 {
			return nil, usagef("%q is not of the form TARGET/SERVICE:LOCAL, such as client-a/web-server:3000", arg)
		}
		specs = append(specs, tunnel.ForwardSpec{Target: what[:slash], Service: what[slash+1:], Local: at})
	}
	if len(specs) == 0 {
		return nil, usagef("nothing to connect to; give --target, --service and --local, see tunnelclient connect --help")
	}
	if err := f.trust(specs); err != nil {
		return nil, err
	}
	for i, s := range specs {
		for _, c := range []struct {
			flag string
			err  error
		}{
			{"--target", config.CheckTarget(s.Target)},
			{"--service", config.CheckName(s.Service)},
			{"--local", config.CheckLocal(s.Local)},
			{"--encryption", config.CheckEncryption(s.Encryption)},
			{"--encryption", config.CheckKeyless(s.Encryption, "--peer-key", s.PeerKey != "")},
		} {
			if c.err != nil {
				return nil, usagef("%s: %w", c.flag, c.err)
			}
		}
		var err error
		if specs[i].Local, err = config.AbsLocal(".", s.Local); err != nil {
			return nil, err
		}
	}
	return specs, nil
}

// trust notes what the flags say of encryption and keys.
func (f *connectFlags) trust(specs []tunnel.ForwardSpec) error {
	for _, key := range f.peerKeys {
		if err := config.CheckFingerprint(key); err != nil {
			return usagef("--peer-key: %w", err)
		}
	}
	for i := range specs {
		specs[i].Encryption = f.encryption
		switch {
		case len(f.peerKeys) == len(specs):
			specs[i].PeerKey = f.peerKeys[i]
		case len(f.peerKeys) == 1 && specs[i].Target == specs[0].Target:
			specs[i].PeerKey = f.peerKeys[0]
		case len(f.peerKeys) > 0:
			return usagef("--peer-key is there %d times for %d connections; give it once for each, in their order, "+
				"or once if all are to one client", len(f.peerKeys), len(specs))
		}
	}
	return nil
}

// connect keeps the forwards open: through a client that runs here, or by
// signing in. When the one that carries them ends, it looks again.
func (a *app) connect(ctx context.Context, s *settings, specs []tunnel.ForwardSpec) error {
	c := &connection{app: a, settings: s, specs: specs}
	for held := 0; ; {
		err := c.once(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // a signal ended it, as wanted
		}
		switch _, isHeld := errors.AsType[*local.HeldError](err); {
		case errors.Is(err, local.ErrGone):
			if s.noReconnect || !s.canSignIn() {
				return &tunnel.Error{Kind: tunnel.Unreachable, Err: err}
			}
			held = 0
			a.log.Info("the tunnelclient that carried the connection has ended; trying again")
		case isHeld && held < heldTries:
			held++ // it may be about to open its socket
		default:
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(heldPause):
		}
	}
}

// connection is one connect command.
type connection struct {
	*app
	settings *settings
	specs    []tunnel.ForwardSpec // with the ports that were taken for 0
	printed  bool
}

func (c *connection) once(ctx context.Context) error {
	found, err := c.find(ctx, c.settings)
	if err != nil {
		return err
	}
	if found != nil {
		client := found.Dial()
		defer client.Close()
		return client.Forward(ctx, c.specs, c.opened)
	}
	return c.host(ctx, c.settings, "connect", nil, func(ctx context.Context, h *hosted) error {
		if !h.online(ctx) {
			return nil
		}
		forwards, err := local.OpenAll(ctx, h.engine, c.specs)
		if err != nil {
			return err
		}
		list := make([]tunnel.ForwardStatus, len(forwards))
		for i, f := range forwards {
			list[i] = f.Status()
		}
		if err := c.opened(list); err != nil {
			return err
		}
		<-ctx.Done()
		return nil
	})
}

// opened prints where the forwards listen, once: after a change of who carries
// them they listen at the same places.
func (c *connection) opened(list []tunnel.ForwardStatus) error {
	if len(list) != len(c.specs) {
		return fmt.Errorf("%d forwards were opened, %d were asked for", len(list), len(c.specs))
	}
	for i, f := range list {
		c.specs[i].Local = f.Local
		if c.printed {
			c.log.Info("connected again", zap.String("url", forwardURL(f)))
		} else if err := c.printForward(f); err != nil {
			return err
		}
	}
	c.printed = true
	return nil
}
