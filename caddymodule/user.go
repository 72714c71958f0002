// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/culvertd/culvert/internal/control"
)

// userCommands gives cmd its children.
func userCommands(cmd *cobra.Command) {
	cmd.PersistentFlags().String("data", defaultData(), "data folder of the gateway")
	cmd.AddCommand(
		userList(),
		userChange("disable", "Locks a user out, and ends their connections and tunnels", control.Service.DisableUser),
		userChange("enable", "Lets a disabled user in again", control.Service.EnableUser),
		userChange("delete", "Deletes a user with their endpoints, clients, tokens and grants", control.Service.DeleteUser),
		userResetPassword(),
	)
}

func userList() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Lists users",
		Args:  cobra.NoArgs,
	}
	search := cmd.Flags().String("search", "", "only those whose name or e-mail contains this")
	asJSON := cmd.Flags().Bool("json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return withService(cmd, false, func(ctx context.Context, s control.Service) error {
			list, err := allPages(func(p control.Page) ([]control.User, string, error) {
				u, err := s.Users(ctx, *search, p)
				return u.Users, u.Next, err
			})
			if err != nil {
				return err
			}
			if *asJSON {
				return printJSON(cmd, list)
			}
			return printTable(cmd.OutOrStdout(), "NAME\tE-MAIL\tROLE\tSTATE\tCREATED", func(w io.Writer) {
				for _, u := range list {
					_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", printable(u.Name), printable(u.Email), role(u), state(u),
						u.CreatedAt.Local().Format(time.DateTime))
				}
			})
		})
	}
	return cmd
}

// userChange is a command that does one thing to one user.
func userChange(name, short string, do func(control.Service, context.Context, string) error) *cobra.Command {
	return &cobra.Command{
		Use:   name + " NAME",
		Short: short,
		Long:  short + ". NAME is the user's name or e-mail.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withService(cmd, false, func(ctx context.Context, s control.Service) error {
				return do(s, ctx, args[0])
			})
		},
	}
}

func userResetPassword() *cobra.Command {
	return &cobra.Command{
		Use:   "reset-password NAME",
		Short: "Prints a one-time link by which a user sets another password",
		Long: "Prints a link by which a user sets another password: good once, and in place of any link before. Send it to\n" +
			"them by a way that nobody else reads. NAME is the user's name or e-mail.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withService(cmd, false, func(ctx context.Context, s control.Service) error {
				l, err := s.ResetPassword(ctx, args[0])
				return printLink(cmd, l, err)
			})
		},
	}
}

func role(u control.User) string {
	if u.Admin {
		return "administrator"
	}
	return "user"
}

func state(u control.User) string {
	if !u.DisabledAt.IsZero() {
		return "disabled"
	}
	return "enabled"
}
