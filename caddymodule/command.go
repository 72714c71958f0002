// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/culvertd/culvert/internal/control"
	"github.com/culvertd/culvert/internal/gateway"
)

// The environment, which gateway and commands share, so that a command finds
// the gateway that was started in the same folder.
const (
	envSite     = "CULVERT_SITE"
	envPublish  = "CULVERT_PUBLISH_SITE"
	envDomains  = "CULVERT_DOMAINS_SITE"
	envData     = "CULVERT_DATA"
	envDatabase = "CULVERT_DATABASE"
)

// Caddyfile.example has sites for what is published too. Where they are follows
// from the gateway's site, so that whoever moves that one need not think of the
// others.
func init() {
	own := os.Getenv(envSite)
	if os.Getenv(envPublish) == "" {
		site, err := gateway.ParseSite(own)
		if err != nil {
			return // which is told when the config is read
		}
		_ = os.Setenv(envPublish, site.Apps()) // it is a valid name, as below
	}
	if os.Getenv(envDomains) != "" {
		return
	}
	site, err := gateway.ParsePublicSite(os.Getenv(envPublish))
	if err != nil {
		return
	}
	all := site.AllHosts()
	if gateway.HasAllHosts(own) || gateway.HasAllHosts(os.Getenv(envPublish)) {
		// All hosts are somebody's already. No request is for this one (RFC 6761
		// §6.4).
		scheme, port, _ := strings.Cut(all, "://")
		all = scheme + "://domains.invalid" + port
	}
	_ = os.Setenv(envDomains, all)
}

func defaultData() string { return cmp.Or(os.Getenv(envData), "./culvert-data") }

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "culvert",
		Usage: "<command>",
		Short: "Manages the Culvert gateway's accounts, endpoints and tunnel clients",
		CobraFunc: func(cmd *cobra.Command) {
			for _, c := range commands() {
				child := &cobra.Command{Use: c.Name + " " + c.Usage, Short: c.Short, Long: c.Long}
				c.CobraFunc(child)
				cmd.AddCommand(child)
			}
		},
	})
}

// LiftCommands makes the children of `caddy culvert` commands of the program
// itself, for a program that is called culvert.
func LiftCommands() {
	for _, c := range commands() {
		caddycmd.RegisterCommand(c)
	}
}

func commands() []caddycmd.Command {
	return []caddycmd.Command{{
		Name:  "endpoint",
		Usage: "<command>",
		Short: "Manages broadcast endpoints",
		Long: "Creates, lists, changes and deletes broadcast endpoints, whether the gateway runs or not.\n\n" +
			"Whoever knows the URL of an endpoint can connect to it; what one client sends, all others receive.",
		CobraFunc: endpointCommands,
	}, {
		Name:  "client",
		Usage: "<command>",
		Short: "Manages tunnel clients and their tokens",
		Long: "Lists tunnel clients, and creates, lists and revokes the tokens that they sign in with, whether the gateway\n" +
			"runs or not. Clients with tokens made here see each other, and may use each other's services.",
		CobraFunc: clientCommands,
	}, {
		Name:      "admin",
		Usage:     "<command>",
		Short:     "Makes administrators",
		Long:      "Makes administrators, of whom the first can be made by these commands only, whether the gateway runs or not.",
		CobraFunc: adminCommands,
	}, {
		Name:  "invite",
		Usage: "<command>",
		Short: "Manages invites",
		Long: "Creates, lists and revokes invites, whether the gateway runs or not. Nobody can register without one,\n" +
			"and each is good for one person.",
		CobraFunc: inviteCommands,
	}, {
		Name:      "user",
		Usage:     "<command>",
		Short:     "Manages users",
		Long:      "Lists, disables and deletes users, and resets their passwords, whether the gateway runs or not.",
		CobraFunc: userCommands,
	}, {
		Name:  "backup",
		Usage: "FILE",
		Short: "Writes a copy of the database",
		Long: "Writes a consistent copy of the database into FILE, which must not exist yet, while the gateway goes on. It is\n" +
			"the gateway that writes, if it runs, so FILE must be where it may. A gateway on PostgreSQL is backed up by\n" +
			"PostgreSQL's own pg_dump.",
		CobraFunc: backupCommand,
	}, {
		Name:  "migrate",
		Usage: "[--to URL | --to-file FILE]",
		Short: "Copies the data of a stopped gateway from SQLite to PostgreSQL",
		Long: "Copies all that the gateway has in SQLite into an empty PostgreSQL database, in one transaction. The gateway\n" +
			"must be stopped, and the old file stays as it is. The URL, such as postgres://culvert@db.example.com/culvert,\n" +
			"is taken from --to, --to-file or the environment's " + envDatabase + "; with a password it must not be an argument.",
		CobraFunc: migrateCommand,
	}}
}

// serviceFunc is the work of a command.
type serviceFunc func(ctx context.Context, s control.Service) error

// withService calls f with the gateway of the command's data folder, whether
// it runs or not. With create, the folder need not exist.
func withService(cmd *cobra.Command, create bool, f serviceFunc) (err error) {
	cmd.SilenceUsage = true // from here on, an error is none of syntax
	data, err := cmd.Flags().GetString("data")
	if err != nil {
		return err
	}
	dir, err := gateway.DataDir(data)
	if err != nil {
		return err
	}
	opt := gateway.Options{Database: os.Getenv(envDatabase), Create: create}
	if s := os.Getenv(envSite); s != "" {
		if opt.Site, err = gateway.ParseSite(s); err != nil {
			return fmt.Errorf("reading %s: %w", envSite, err)
		}
	}
	svc, closeAll, err := gateway.Open(cmd.Context(), dir, opt)
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w; run the command as the user that the gateway runs as", err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeAll()) }()
	return f(cmd.Context(), svc)
}
