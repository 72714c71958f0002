// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/culvertd/culvert/internal/control"
	"github.com/culvertd/culvert/internal/gateway"
)

// backupCommand makes cmd the command `culvert backup`.
func backupCommand(cmd *cobra.Command) {
	cmd.Flags().String("data", defaultData(), "data folder of the gateway")
	cmd.Args = cobra.ExactArgs(1)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		file, err := filepath.Abs(args[0])
		if err != nil {
			return fmt.Errorf("resolving the backup's name: %w", err)
		}
		return withService(cmd, false, func(ctx context.Context, s control.Service) error {
			return s.Backup(ctx, file)
		})
	}
}

// migrateCommand makes cmd the command `culvert migrate`.
func migrateCommand(cmd *cobra.Command) {
	cmd.Flags().String("data", defaultData(), "data folder of the gateway")
	to := cmd.Flags().String("to", "", "URL of the PostgreSQL database, without a password")
	toFile := cmd.Flags().String("to-file", "", "file with that URL, which may have a password, or - for standard input")
	cmd.MarkFlagsMutuallyExclusive("to", "to-file")
	cmd.Args = cobra.NoArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		target, err := migrationTarget(cmd, *to, *toFile)
		if err != nil {
			return err
		}
		data, err := cmd.Flags().GetString("data")
		if err != nil {
			return err
		}
		dir, err := gateway.DataDir(data)
		if err != nil {
			return err
		}
		cmd.SilenceUsage = true // from here on, an error is none of syntax
		if err := gateway.Migrate(cmd.Context(), dir, target); err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "Everything has been copied. Set the option database, or %s, before you start the gateway.\n", envDatabase)
		return err
	}
}

func migrationTarget(cmd *cobra.Command, to, toFile string) (string, error) {
	if toFile != "" {
		s, err := readSecret(cmd.InOrStdin(), toFile)
		if err != nil {
			return "", fmt.Errorf("reading the database's URL: %w", err)
		}
		return s, nil
	}
	if hasPassword(to) {
		return "", errors.New("other users of this machine can read the arguments of a command; " +
			"put the URL with its password into a file and name that with --to-file, or set " + envDatabase)
	}
	if s := cmp.Or(to, os.Getenv(envDatabase)); s != "" {
		return s, nil
	}
	return "", fmt.Errorf("name the database with --to, --to-file or %s", envDatabase)
}

func hasPassword(databaseURL string) bool {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return false // no URL at all, which is refused later
	}
	_, has := u.User.Password()
	return has || u.Query().Has("password")
}
