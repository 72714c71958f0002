// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/culvertd/culvert/internal/control"
)

// clientCommands gives cmd its children.
func clientCommands(cmd *cobra.Command) {
	cmd.PersistentFlags().String("data", defaultData(), "data folder of the gateway")
	token := &cobra.Command{
		Use:   "token <command>",
		Short: "Manages the tokens that clients sign in with",
	}
	token.AddCommand(tokenCreate(), tokenList(), tokenRevoke())
	cmd.AddCommand(token, clientList(), clientForgetKey())
}

func clientForgetKey() *cobra.Command {
	return &cobra.Command{
		Use:   "forget-key NAME",
		Short: "Forgets the key that a client's name is bound to",
		Long: "Forgets the key that a client's name is bound to, so that the client can come with another one:\n\n" +
			"\tculvert client forget-key client-a\n" +
			"\tculvert client forget-key alice/client-a\n\n" +
			"Compare the new key first: `tunnelclient key show` on the client's machine writes its fingerprint. " +
			"Without an owner the client is the first administrator's.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withService(cmd, false, func(ctx context.Context, s control.Service) error {
				return s.ForgetClientKey(ctx, args[0])
			})
		},
	}
}

func tokenCreate() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Creates a token and prints it",
		Long: "Creates a token and prints it alone, so that it can be written to a file:\n\n" +
			"\tculvert client token create --client client-a > token\n\n" +
			"It is shown this once; the gateway keeps a hash only.",
		Args: cobra.NoArgs,
	}
	client := cmd.Flags().String("client", "", "only name that clients may use the token for (default: any that is free)")
	owner := ownerFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return withService(cmd, true, func(ctx context.Context, s control.Service) error {
			t, err := s.CreateClientToken(ctx, *owner, *client)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), t.Token)
			return err
		})
	}
	return cmd
}

func tokenList() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Lists the tokens in force, without themselves",
		Args:  cobra.NoArgs,
	}
	asJSON := cmd.Flags().Bool("json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return withService(cmd, false, func(ctx context.Context, s control.Service) error {
			list, err := s.ClientTokens(ctx)
			if err != nil {
				return err
			}
			if *asJSON {
				return printJSON(cmd, list)
			}
			return printTable(cmd.OutOrStdout(), "ID\tUSER\tCLIENT\tCREATED\tLAST USED", func(w io.Writer) {
				for _, t := range list {
					_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", t.ID, dash(t.Owner), dash(t.Client),
						t.CreatedAt.Local().Format(time.DateTime), ago(t.LastUsedAt))
				}
			})
		})
	}
	return cmd
}

func tokenRevoke() *cobra.Command {
	return &cobra.Command{
		Use:   "revoke ID",
		Short: "Revokes a token, and parts from the clients that use it",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withService(cmd, false, func(ctx context.Context, s control.Service) error {
				return s.RevokeClientToken(ctx, args[0])
			})
		},
	}
}

func clientList() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Lists clients, online and offline, with their services and sessions",
		Args:  cobra.NoArgs,
	}
	asJSON := cmd.Flags().Bool("json", false, "print JSON with all services and sessions")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return withService(cmd, false, func(ctx context.Context, s control.Service) error {
			list, err := s.Clients(ctx)
			if err != nil {
				return err
			}
			if *asJSON {
				return printJSON(cmd, list)
			}
			return printTable(cmd.OutOrStdout(), "CLIENT\tSTATUS\tLAST SEEN\tSESSIONS\tTRANSFERRED\tSERVICES", func(w io.Writer) {
				for _, c := range list {
					_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\n", c.Name, c.Status, ago(c.LastSeenAt),
						len(c.Sessions), humanize.IBytes(transferred(c)), serviceNames(c))
				}
			})
		})
	}
	return cmd
}

// transferred sums over the sessions that exist.
func transferred(c control.TunnelClient) (sum uint64) {
	for _, s := range c.Sessions {
		sum += s.BytesTransferred
	}
	return sum
}

func serviceNames(c control.TunnelClient) string {
	names := make([]string, len(c.Services))
	for i, v := range c.Services {
		names[i] = v.ID + " (" + v.Protocol + ")"
	}
	return dash(strings.Join(names, ", "))
}
