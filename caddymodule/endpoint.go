// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/culvertd/culvert/internal/control"
)

// endpointCommands gives cmd its children.
func endpointCommands(cmd *cobra.Command) {
	cmd.PersistentFlags().String("data", defaultData(), "data folder of the gateway")
	cmd.AddCommand(endpointCreate(), endpointList(), endpointSet(), endpointDelete(), endpointLog())
}

func endpointCreate() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Creates an endpoint and prints its URL",
		Args:  cobra.NoArgs,
	}
	changes := settingsFlags(cmd)
	owner := ownerFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := changes()
		if err != nil {
			return err
		}
		var name string
		if c.Name != nil {
			name = *c.Name
		}
		return withService(cmd, true, func(ctx context.Context, es control.Service) error {
			e, err := es.CreateEndpoint(ctx, *owner, name, c.Apply(control.Settings{}))
			if err != nil {
				return err
			}
			// The URL alone, for scripts.
			_, err = fmt.Fprintln(cmd.OutOrStdout(), e.URL)
			return err
		})
	}
	return cmd
}

func endpointList() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Lists all endpoints",
		Args:  cobra.NoArgs,
	}
	asJSON := cmd.Flags().Bool("json", false, "print JSON with all settings and counters")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return withService(cmd, false, func(ctx context.Context, es control.Service) error {
			list, err := es.Endpoints(ctx)
			if err != nil {
				return err
			}
			if *asJSON {
				return printJSON(cmd, list)
			}
			return printTable(cmd.OutOrStdout(), "ID\tUSER\tNAME\tOPEN\tIN\tOUT\tDROPPED\tLAST ACTIVE\tURL", func(w io.Writer) {
				for _, e := range list {
					_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%s\t%s\n", e.ID, dash(e.Owner), dash(e.Name), e.Stats.Connections,
						e.Stats.MessagesIn, e.Stats.MessagesOut, e.Stats.Dropped, ago(e.LastActiveAt), e.URL)
				}
			})
		})
	}
	return cmd
}

func endpointSet() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "set ID",
		Short: "Changes settings of an endpoint, for live connections too",
		Args:  cobra.ExactArgs(1),
	}
	changes := settingsFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := changes()
		if err != nil {
			return err
		}
		if c == (control.Changes{}) {
			return fmt.Errorf("nothing to change; name a setting (%s --help lists them)", cmd.CommandPath())
		}
		return withService(cmd, false, func(ctx context.Context, es control.Service) error {
			_, err := es.UpdateEndpoint(ctx, args[0], c)
			return err
		})
	}
	return cmd
}

func endpointDelete() *cobra.Command {
	return &cobra.Command{
		Use:   "delete ID",
		Short: "Deletes an endpoint and closes its connections",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withService(cmd, false, func(ctx context.Context, es control.Service) error {
				return es.DeleteEndpoint(ctx, args[0])
			})
		},
	}
}

func endpointLog() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "log ID",
		Short: "Shows who connected and how connections ended, newest first",
		Args:  cobra.ExactArgs(1),
	}
	limit := cmd.Flags().Int("limit", 50, "number of lines")
	asJSON := cmd.Flags().Bool("json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return withService(cmd, false, func(ctx context.Context, es control.Service) error {
			lines, err := es.ConnectionLog(ctx, args[0], *limit)
			if err != nil {
				return err
			}
			if *asJSON {
				return printJSON(cmd, lines)
			}
			return printTable(cmd.OutOrStdout(), "TIME\tEVENT\tCONN\tADDRESS\tLASTED\tIN\tOUT\tDROPPED\tREASON", func(w io.Writer) {
				for _, l := range lines {
					printLine(w, l)
				}
			})
		})
	}
	return cmd
}

func printLine(w io.Writer, l control.LogLine) {
	at := l.Time.Local().Format(time.DateTime)
	if l.Event != "disconnected" {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%d\t%s\t-\t-\t-\t-\t-\n", at, l.Event, l.Conn, dash(l.Address))
		return
	}
	lasted := time.Duration(l.Seconds * float64(time.Second)).Round(time.Millisecond)
	_, _ = fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%d\t%d\t%d\t%d %s\n", at, l.Event, l.Conn, dash(l.Address), lasted,
		l.MessagesIn, l.MessagesOut, l.Dropped, l.Code, printable(l.Reason))
}

// printTable aligns the columns of rows below header.
func printTable(out io.Writer, header string, rows func(io.Writer)) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, header) // tabwriter reports errors at Flush
	rows(w)
	return w.Flush()
}

func printJSON[T any](cmd *cobra.Command, list []T) error {
	if list == nil {
		list = []T{} // not null
	}
	enc := json.NewEncoder(cmd.OutOrStdout())
	enc.SetIndent("", "  ")
	return enc.Encode(list)
}

// printable keeps what a client wrote from driving the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '·'
		}
		return r
	}, s)
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func ago(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return humanize.Time(t)
}
