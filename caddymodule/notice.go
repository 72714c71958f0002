// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyevents"
	"github.com/caddyserver/certmagic"

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
}

// Handle implements caddyevents.Handler.
func (n startNotice) Handle(context.Context, caddy.Event) error {
	// Nobody may be listening on stdout, which must stop nothing.
	announced.Do(func() { _ = n.print(os.Stdout) })
	return nil
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
