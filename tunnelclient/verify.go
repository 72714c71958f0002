// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/culvertd/culvert/internal/wire"
)

func (a *app) verifyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "verify",
		Short: "Checks configuration, flags, environment, token file and key file",
		Long:  "Checks the configuration, the flags, the environment, the token file and the key\nfile, without reaching for the gateway. All that is wrong in the configuration is reported.",
		Args:  cobra.NoArgs,
		RunE:  a.own(func(*cobra.Command, []string) error { return a.verify() }),
	}
}

func (a *app) verify() error {
	s, err := a.settings()
	if err != nil {
		return err
	}
	if _, err := s.client(nil, nil); err != nil {
		return err
	}
	if err := s.checkKey(); err != nil {
		return err
	}
	out := struct {
		Valid    bool   `json:"valid"`
		Config   string `json:"config,omitempty"`
		Server   string `json:"server"`
		ClientID string `json:"clientId,omitempty"`
		Services int    `json:"services"`
		Connects int    `json:"connects"`
	}{true, s.path, s.server.String(), s.clientID, len(s.file.Services), len(s.file.Connects)}
	if a.flags.json {
		return a.printJSON(out)
	}
	_, err = fmt.Fprintf(a.stdout, "%s is valid: %s at %s, services: %d, connects: %d\n", cmp.Or(s.path, "The environment"),
		cmp.Or(s.clientID, "the token's name"), s.server, out.Services, out.Connects)
	return err
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Prints the version",
		Args:  cobra.NoArgs,
		RunE: a.own(func(*cobra.Command, []string) error {
			if a.flags.json {
				return a.printJSON(map[string]any{
					"version": version(), "protocol": wire.ProtocolVersion,
					"go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH,
				})
			}
			_, err := fmt.Fprintf(a.stdout, "tunnelclient %s, protocol %d, %s, %s/%s\n",
				version(), wire.ProtocolVersion, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		}),
	}
}

// userAgent is this program as gateways know it (RFC 9110 §10.1.5).
func userAgent() string {
	return fmt.Sprintf("tunnelclient/%s (%s; %s)", version(), runtime.GOOS, runtime.GOARCH)
}

// version is what the go command knows of the source.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "unknown"
	}
	return info.Main.Version
}
