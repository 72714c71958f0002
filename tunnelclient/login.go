// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
	"github.com/culvertd/culvert/tunnelclient/internal/config"
	"github.com/culvertd/culvert/tunnelclient/internal/login"
)

const loginLong = `Gets a token for this machine from a gateway where you have an account, and
keeps it for its owner alone. Open the address that it prints in any browser, on
this or another device, and confirm the code there.

The token is good for one client name: --client, or clientId in the
configuration, or else a name made of this machine's. Commands and
configurations without a token of their own use it from then on; with logins at
several gateways, --server says which.`

const logoutLong = `Forgets the token that login has kept. The gateway still takes it from whoever
has a copy: to revoke it, remove it from the client tokens of your account.`

func (a *app) loginCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "login [URL]",
		Short:             "Gets a token from a gateway by confirming a code in a browser",
		Long:              loginLong,
		Example:           "  tunnelclient login https://example.com\n  tunnelclient login https://example.com --client nas",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: a.own(func(cmd *cobra.Command, args []string) error {
			s, server, err := a.loginSettings(args)
			if err != nil {
				return err
			}
			if server == nil {
				return usagef("no gateway; run tunnelclient login URL, such as tunnelclient login https://example.com")
			}
			return a.login(cmd.Context(), s, server)
		}),
	}
}

func (a *app) logoutCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "logout [URL]",
		Short:             "Forgets the token that login has kept",
		Long:              logoutLong,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: a.own(func(_ *cobra.Command, args []string) error {
			s, server, err := a.loginSettings(args)
			if err != nil {
				return err
			}
			return a.logout(s, server)
		}),
	}
}

// loginSettings returns the settings and the gateway that they or the argument
// name, if any.
func (a *app) loginSettings(args []string) (*settings, *url.URL, error) {
	s, err := a.settings()
	switch {
	case err != nil:
		return nil, nil, err
	case len(args) == 0 && s.implied:
		return s, nil, nil
	case len(args) == 0:
		return s, s.server, nil
	}
	server, err := config.ParseServer(args[0])
	if err != nil {
		return nil, nil, usagef("the URL %w", err)
	}
	return s, server, nil
}

func (a *app) login(ctx context.Context, s *settings, server *url.URL) error {
	if tokenInTheOpen(server) {
		a.log.Warn("the token will cross the network unencrypted; use https:// outside a trusted network",
			zap.String("server", server.String()))
	}
	client := cmp.Or(s.clientID, machineName())
	device := login.NewDevice(server, userAgent(), nil)
	code, err := device.Start(ctx, client)
	if err != nil {
		return err
	}
	if err := a.printCode(code, client); err != nil {
		return err
	}
	token, err := device.Wait(ctx, code)
	if err != nil {
		if ctx.Err() != nil { // a script must not take this for a login
			return &tunnel.Error{Kind: tunnel.Refused, Err: errors.New("interrupted before the code was confirmed; nothing was kept")}
		}
		return err
	}
	file, err := login.Save(s.home, login.Login{Server: server.String(), Client: client, Since: time.Now()}, token)
	if err != nil {
		return err
	}
	if a.flags.json {
		return a.printJSON(map[string]string{"server": server.String(), "client": client, "file": file})
	}
	_, err = fmt.Fprintf(a.stdout, "Logged in at %s as %s; the token is in %s\n", server, cmp.Or(client, "any client"), file)
	return err
}

// printCode says what the person is to do, on stderr, because the program's
// answer is still to come.
func (a *app) printCode(c login.Code, client string) error {
	if a.flags.json {
		return json.NewEncoder(a.stderr).Encode(map[string]any{
			"verificationUri": c.URL, "verificationUriComplete": c.Complete, "userCode": c.UserCode,
			"expiresIn": int(time.Until(c.Expires).Seconds()), "client": client,
		})
	}
	_, err := fmt.Fprintf(a.stderr, "Open %s\nand confirm the code %s for the client %s. It is good for %v.\n",
		clean(cmp.Or(c.Complete, c.URL)), clean(c.UserCode), cmp.Or(client, "(any name)"),
		time.Until(c.Expires).Round(time.Minute))
	return err
}

func (a *app) logout(s *settings, server *url.URL) error {
	l, err := login.Find(s.home, server)
	if err != nil {
		return usageError{err}
	}
	if l == nil {
		return usagef("there is no login to forget; tunnelclient login makes one")
	}
	if err := l.Remove(); err != nil {
		return err
	}
	if a.flags.json {
		return a.printJSON(map[string]string{"server": l.Server, "client": l.Client})
	}
	site := l.Server
	if u, err := config.ParseServer(l.Server); err == nil {
		site = login.Site(u)
	}
	_, err = fmt.Fprintf(a.stdout, "Logged out of %s. To revoke the token too, remove the one of %s from the client tokens of your account at %s\n",
		l.Server, cmp.Or(l.Client, "any client"), site)
	return err
}

// machineName makes a client's name of the machine's; empty if it cannot.
func machineName() string {
	host, err := os.Hostname()
	if err != nil {
		return ""
	}
	host, _, _ = strings.Cut(host, ".")
	name := strings.Map(func(r rune) rune {
		if r < 0x80 && wire.ValidName("a"+string(r)) {
			return r
		}
		return '-'
	}, host)
	name = strings.Trim(name, "-")
	return name[:min(len(name), wire.MaxName)]
}
