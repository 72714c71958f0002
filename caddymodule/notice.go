// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyevents"
	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"
	"golang.org/x/term"

	"github.com/culvertd/culvert/internal/control"
	"github.com/culvertd/culvert/internal/gateway"
)

// announced is the process's, because the notice is for whoever started it.
var announced sync.Once

// announce arranges for the start notice to be printed when everything runs.
func announce(ctx caddy.Context, n startNotice) error {
	v, err := ctx.App("events")
	if err != nil {
		return fmt.Errorf("loading the events app: %w", err)
	}
	events, ok := v.(*caddyevents.App)
	if !ok {
		return fmt.Errorf("the app events is a %T", v)
	}
	return events.On("started", n)
}

// startNotice prints where to go next, once.
type startNotice struct {
	site      gateway.Site
	dir       string
	relayPort func() int // 0: there is none
	core      *gateway.Core
	log       *zap.Logger
}

// Handle implements caddyevents.Handler.
func (n startNotice) Handle(ctx context.Context, _ caddy.Event) error {
	announced.Do(func() {
		var terminal io.Writer
		if term.IsTerminal(int(os.Stderr.Fd())) {
			terminal = os.Stderr
		}
		if err := n.firstAdmin(ctx, terminal); err != nil {
			n.log.Error("making a link for the first administrator", zap.Error(err))
		}
		// Nobody may be listening on stdout, which must stop nothing.
		_ = n.print(os.Stdout)
	})
	return nil
}

// firstAdmin says how to make the first administrator, if there is none: on
// the terminal, or, without one, in a file, since logs go to many places.
func (n startNotice) firstAdmin(ctx context.Context, terminal io.Writer) error {
	l, err := n.core.FirstLink(ctx)
	if err != nil {
		return err
	}
	if terminal != nil && l != (control.Link{}) {
		_, err := fmt.Fprintf(terminal, "There is no administrator yet. Until %s, once, this link makes one:\n\n    %s\n\n"+
			"Another link: %s\nOr without a browser: %s\n\n", l.ExpiresAt.Local().Format(time.TimeOnly), l.URL,
			n.command("admin link"), n.command("admin create NAME --email E --password-file -"))
		if err != nil {
			return err
		}
		l = control.Link{} // and nowhere else
	}
	path, err := n.core.LeaveFirstLink(l)
	if path != "" {
		n.log.Warn("there is no administrator yet; a file has the one-time link that makes one",
			zap.String("file", path), zap.Time("expires", l.ExpiresAt))
	}
	return err
}

func (n startNotice) print(w io.Writer) error {
	_, err := fmt.Fprintf(w, "Listening on %s (control)\n%s%sCreate an endpoint: %s\nCreate a client token: %s\nDocumentation: %s\n",
		n.site, n.relay(), n.certificate(), n.command("endpoint create"), n.command("client token create"), docsURL)
	return err
}

// relay says where tunnels' data goes.
func (n startNotice) relay() string {
	if port := n.relayPort(); port != 0 {
		return fmt.Sprintf("Relay listening on :%d (tcp/udp)\n", port)
	}
	return ""
}

// command is a line that can be pasted into another terminal in this folder.
func (n startNotice) command(what string) string {
	c := os.Args[0]
	if caddy.CustomBinaryName == "" {
		c += " culvert" // a Caddy that was built with the module
	}
	c += " " + what
	if dir, err := gateway.DataDir(defaultData()); err != nil || dir != n.dir {
		c += " --data " + n.dir
	}
	return c
}

const docsURL = "https://github.com/culvertd/culvert#readme"

// certificate says what clients have to trust. Caddy decides by the same
// function of certmagic.
func (n startNotice) certificate() string {
	switch {
	case !n.site.TLS:
		return ""
	case certmagic.SubjectQualifiesForPublicCert(n.site.Host):
		return "Certificate: a public one, obtained and renewed automatically\n"
	default:
		return "Certificate: from Caddy's own authority, because " + n.site.Host +
			" is no public name; `caddy trust` makes this machine accept it\n"
	}
}

var _ caddyevents.Handler = startNotice{}
