// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/culvertd/culvert/internal/wire"
	"github.com/culvertd/culvert/tunnelclient/internal/local"
)

const listLong = `Lists the clients that the gateway shows to this one, with their services.

A tunnelclient of the same name that runs on this machine is asked; without one
the command signs in for a moment. Do not let it: with a name that is in use on
another machine it takes the name over.`

func (a *app) listCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "Lists clients and their services",
		Long:  listLong,
		Args:  cobra.NoArgs,
		RunE: a.own(func(cmd *cobra.Command, _ []string) error {
			s, err := a.settings()
			if err != nil {
				return err
			}
			list, err := a.list(cmd.Context(), s)
			if err != nil {
				return err
			}
			return a.printClients(list)
		}),
	}
}

func (a *app) list(ctx context.Context, s *settings) (list []wire.ClientInfo, err error) {
	found, err := a.find(ctx, s)
	if err != nil {
		return nil, err
	}
	if found != nil {
		client := found.Dial()
		defer client.Close()
		return client.List(ctx)
	}
	s.noReconnect = true // an answer now, or none
	err = a.host(ctx, s, "list", nil, func(ctx context.Context, h *hosted) error {
		if !h.online(ctx) {
			return context.Cause(ctx)
		}
		list, err = h.List(ctx)
		return err
	})
	return list, err
}

const statusLong = `Shows the state of the tunnelclient that runs on this machine: where it is
signed in, how its data goes, and what its services and forwards have carried.
If several run, choose one with --config or --client.`

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Shows the state of the client that runs here",
		Long:  statusLong,
		Args:  cobra.NoArgs,
		RunE: a.own(func(cmd *cobra.Command, _ []string) error {
			s, err := a.settings()
			if err != nil {
				return err
			}
			st, err := a.status(cmd.Context(), s)
			if err != nil {
				return err
			}
			return a.printStatus(st)
		}),
	}
}

func (a *app) status(ctx context.Context, s *settings) (local.Status, error) {
	found, err := a.find(ctx, s)
	if err != nil {
		return local.Status{}, err
	}
	if found == nil {
		return local.Status{}, errNotRunning
	}
	client := found.Dial()
	defer client.Close()
	return client.Status(ctx)
}
