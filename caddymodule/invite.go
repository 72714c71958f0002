// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/spf13/cobra"

	"github.com/culvertd/culvert/internal/control"
)

// pageSize is how much of a list commands ask for at once.
const pageSize = 200

// inviteCommands gives cmd its children.
func inviteCommands(cmd *cobra.Command) {
	cmd.PersistentFlags().String("data", defaultData(), "data folder of the gateway")
	cmd.AddCommand(inviteCreate(), inviteList(), inviteRevoke())
}

func inviteCreate() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Creates invites and prints their links",
		Long: "Creates invites and prints the link of each on a line. Each lets one person register, once. Links are shown\n" +
			"this once; the gateway keeps hashes only. What follows the # of a link is the invite's code.",
		Args: cobra.NoArgs,
	}
	count := cmd.Flags().Int("count", 1, "how many")
	expires := cmd.Flags().String("expires", "72h", "for how long they are good, such as 12h or 30d; or never")
	note := cmd.Flags().String("note", "", "what to recognise them by in the list")
	asJSON := cmd.Flags().Bool("json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		r := control.InviteRequest{Count: *count, Note: *note}
		if *expires != "never" {
			d, err := caddy.ParseDuration(*expires)
			if err != nil || d <= 0 {
				return fmt.Errorf("--expires must be never, or a duration such as 12h or 30d, not %q", *expires)
			}
			r.ExpiresAt = time.Now().Add(d)
		}
		return withService(cmd, true, func(ctx context.Context, s control.Service) error {
			list, err := s.CreateInvites(ctx, r)
			if err != nil {
				return err
			}
			if *asJSON {
				return printJSON(cmd, list)
			}
			for _, v := range list {
				if _, err := fmt.Fprintln(cmd.OutOrStdout(), v.URL); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return cmd
}

func inviteList() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Lists invites, without their codes",
		Args:  cobra.NoArgs,
	}
	state := cmd.Flags().String("state", "", "only those that are unused, used, expired or revoked")
	asJSON := cmd.Flags().Bool("json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return withService(cmd, false, func(ctx context.Context, s control.Service) error {
			list, err := allPages(func(p control.Page) ([]control.Invite, string, error) {
				v, err := s.Invites(ctx, *state, p)
				return v.Invites, v.Next, err
			})
			if err != nil {
				return err
			}
			if *asJSON {
				return printJSON(cmd, list)
			}
			return printTable(cmd.OutOrStdout(), "ID\tSTATE\tCREATED\tEXPIRES\tUSED BY\tNOTE", func(w io.Writer) {
				for _, v := range list {
					_, _ = fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\n", v.ID, v.State, v.CreatedAt.Local().Format(time.DateTime),
						date(v.ExpiresAt), dash(printable(v.UsedBy)), dash(printable(v.Note)))
				}
			})
		})
	}
	return cmd
}

func inviteRevoke() *cobra.Command {
	return &cobra.Command{
		Use:   "revoke ID",
		Short: "Revokes an invite that nobody has used",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return fmt.Errorf("an invite's id is a number, not %q; `culvert invite list` shows it", args[0])
			}
			return withService(cmd, false, func(ctx context.Context, s control.Service) error {
				return s.RevokeInvite(ctx, id)
			})
		},
	}
}

// allPages asks for one page after the other until the last.
func allPages[T any](get func(control.Page) ([]T, string, error)) (list []T, err error) {
	p := control.Page{Limit: pageSize}
	for {
		items, next, err := get(p)
		if err != nil {
			return nil, err
		}
		list = append(list, items...)
		if next == "" {
			return list, nil
		}
		p.After = next
	}
}

func date(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Local().Format(time.DateTime)
}
