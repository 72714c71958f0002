// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/culvertd/culvert/internal/identity"
)

const keyLong = `Each user of tunnelclient has a key, which proves to other clients who is at the
end of a tunnel, whatever the gateway says. It is made at first use.

Like ssh, tunnelclient remembers the key of each client that it connects to, and
refuses another one later. It cannot know whether the first was right: to be
sure, compare fingerprints, or give --peer-key to connect.`

const rotateLong = `Replaces this user's key by a new one that the old one signs, and forgets the old
one. Restart running tunnelclients; their open connections end.

Gateways accept the new key, for the old one has signed it; one that did not see
this client between two rotations does not. Clients that have remembered the old
key refuse the new one until somebody there has compared fingerprints and runs
"tunnelclient key forget" with this client's name. Lists of peers and
--peer-key name the old one until they are changed.`

const forgetLong = `Forgets the key of another client, so that the next one that it shows is
accepted and remembered. Compare fingerprints first: "tunnelclient key show" on
that machine.`

func (a *app) keyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "key",
		Short: "Shows and changes the keys of this user and of the clients it knows",
		Long:  keyLong,
		Args:  cobra.NoArgs,
		RunE: a.own(func(*cobra.Command, []string) error {
			return usagef("say what to do: show, rotate, known or forget; see tunnelclient key --help")
		}),
	}
	var yes bool
	rotate := a.keyCommandOf("rotate", "Replaces this user's key by a new one", rotateLong, cobra.NoArgs,
		func(s *settings, _ []string) error { return a.rotateKey(s, yes) })
	rotate.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	cmd.AddCommand(
		a.keyCommandOf("show", "Shows this user's key, to be compared on other machines", "", cobra.NoArgs,
			func(s *settings, _ []string) error { return a.showKey(s) }),
		rotate,
		a.keyCommandOf("known", "Lists the keys of other clients that are known", "", cobra.NoArgs,
			func(s *settings, _ []string) error { return a.listKnown(s) }),
		a.keyCommandOf("forget CLIENT", "Forgets the key of another client", forgetLong, cobra.ExactArgs(1),
			func(s *settings, args []string) error { return a.forgetKey(s, args[0]) }),
	)
	return cmd
}

// keyCommandOf is a command that needs nothing but the settings.
func (a *app) keyCommandOf(use, short, long string, args cobra.PositionalArgs, run func(*settings, []string) error) *cobra.Command {
	return &cobra.Command{
		Use:               use,
		Short:             short,
		Long:              long,
		Args:              args,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: a.own(func(_ *cobra.Command, args []string) error {
			s, err := a.settings()
			if err != nil {
				return err
			}
			return run(s, args)
		}),
	}
}

func (a *app) showKey(s *settings) error {
	k, err := s.key()
	if err != nil {
		return err
	}
	return a.printKey(s, k)
}

func (a *app) printKey(s *settings, k *identity.Key) error {
	replaced := ""
	if r := k.Rotation(); r != nil {
		replaced = r.Previous.Fingerprint()
	}
	if a.flags.json {
		return a.printJSON(struct {
			Fingerprint string `json:"fingerprint"`
			PublicKey   string `json:"publicKey"`
			File        string `json:"file"`
			Replaced    string `json:"replaced,omitempty"` // fingerprint of the last one
		}{k.String(), k.Public().String(), s.keyFile, replaced})
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, kv := range [][2]string{
		{"fingerprint:", k.String()}, {"public key:", k.Public().String()}, {"file:", s.keyFile}, {"replaced:", replaced},
	} {
		if kv[1] != "" {
			row(w, kv[0], kv[1])
		}
	}
	return w.Flush()
}

func (a *app) rotateKey(s *settings, yes bool) error {
	old, err := identity.Load(s.keyFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return usagef("there is no key in %s yet, so there is none to replace", s.keyFile)
	case err != nil:
		return usageError{err}
	}
	if !yes {
		question := fmt.Sprintf("Replace the key %s? Clients that know it refuse the new one until somebody there accepts it.", old)
		if err := a.confirm(question); err != nil {
			return err
		}
	}
	k, err := identity.Rotate(s.keyFile)
	if err != nil {
		return err
	}
	a.log.Info("the key is another; restart running tunnelclients, then compare fingerprints where the old one is known")
	return a.printKey(s, k)
}

// confirm asks on the terminal; nobody there is no consent.
func (a *app) confirm(question string) error {
	if _, err := fmt.Fprint(a.stderr, question+" [y/N] "); err != nil {
		return err
	}
	answer, err := bufio.NewReader(a.stdin).ReadString('\n')
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	if err != nil {
		return usagef("nobody has agreed, so nothing was changed; answer y, or give --yes")
	}
	return usagef("nothing was changed")
}
