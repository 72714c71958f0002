// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/culvertd/culvert/internal/control"
)

// adminCommands gives cmd its children.
func adminCommands(cmd *cobra.Command) {
	cmd.PersistentFlags().String("data", defaultData(), "data folder of the gateway")
	cmd.AddCommand(adminCreate(), adminLink())
}

func adminCreate() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Creates an administrator",
		Long: "Creates an account that is an administrator. The first one gets the endpoints and client tokens that\n" +
			"were made before there was any account.\n\n" +
			"\tculvert admin create alice --email alice@example.com --password-file -\n\n" +
			"The password comes from a file or, with -, from standard input, because other users of the machine can\n" +
			"read the arguments of a command. A line break at its end does not count.",
		Args: cobra.ExactArgs(1),
	}
	email := cmd.Flags().String("email", "", "e-mail address, to log in with and to tell people apart by")
	file := cmd.Flags().String("password-file", "", "file with the password, or - for standard input")
	_ = cmd.MarkFlagRequired("email") // errs only without such a flag
	_ = cmd.MarkFlagRequired("password-file")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		password, err := readPassword(cmd, *file)
		if err != nil {
			return err
		}
		return withService(cmd, true, func(ctx context.Context, s control.Service) error {
			u, err := s.CreateAdmin(ctx, control.NewAdmin{Name: args[0], Email: *email, Password: password})
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "Administrator %s has been created.\n", printable(u.Name))
			return err
		})
	}
	return cmd
}

func adminLink() *cobra.Command {
	return &cobra.Command{
		Use:   "link",
		Short: "Prints a one-time link that makes the first administrator",
		Long: "Prints a link by which the first administrator is made in a browser: good once, for 30 minutes, and in\n" +
			"place of any link before. When there is an administrator, it is for them to make others.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withService(cmd, true, func(ctx context.Context, s control.Service) error {
				l, err := s.SetupLink(ctx)
				return printLink(cmd, l, err)
			})
		},
	}
}

// printLink prints the link alone, for scripts.
func printLink(cmd *cobra.Command, l control.Link, err error) error {
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), l.URL)
	return err
}

// maxSecret bounds what is read of a file that may be the wrong one.
const maxSecret = 4 << 10

// readPassword reads a password without the line break at its end. At a
// terminal it asks, and shows nothing.
func readPassword(cmd *cobra.Command, file string) (string, error) {
	in := cmd.InOrStdin()
	if f, ok := in.(*os.File); ok && file == "-" && term.IsTerminal(int(f.Fd())) {
		_, _ = fmt.Fprint(cmd.ErrOrStderr(), "Password: ")
		b, err := term.ReadPassword(int(f.Fd()))
		_, _ = fmt.Fprintln(cmd.ErrOrStderr())
		if err != nil {
			return "", fmt.Errorf("reading the password: %w", err)
		}
		return string(b), nil
	}
	s, err := readSecret(in, file)
	if err != nil {
		return "", fmt.Errorf("reading the password: %w", err)
	}
	return s, nil
}

// readSecret reads the one line of a file, or of in if the file is "-".
func readSecret(in io.Reader, file string) (string, error) {
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", err
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, maxSecret+1))
	if err != nil {
		return "", err
	}
	s := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
	switch {
	case s == "":
		return "", errors.New("it is empty")
	case len(s) > maxSecret || strings.ContainsAny(s, "\r\n"):
		return "", errors.New("it must be one line")
	}
	return s, nil
}
