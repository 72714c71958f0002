// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"
)

// flags are those that every command has.
type flags struct {
	config      string
	server      string
	client      string
	tokenFile   string
	transport   string
	noReconnect bool
	json        bool
	verbose     bool
}

const rootLong = `Offers services of this machine to the other clients of a Culvert gateway, and
makes theirs reachable at local ports.

With --config and no command it signs in, offers the services of that file,
opens its connects, and stays until SIGINT or SIGTERM; a second signal ends it
at once. SIGHUP reads the file again and touches only what has changed.

The token comes from tokenFile in the configuration, from --token-file, or from
CULVERT_TOKEN; the gateway's address from serverUrl, --server or CULVERT_SERVER.
Flags go before the environment, the environment before the file. What none of
them says comes from tunnelclient login.

Exit codes: 0 done, 1 internal error, 2 usage or configuration, 3 refused by the
gateway, 4 name taken, 5 unreachable, 6 target refused, 7 local port, 8 another
key than the known one.`

const rootExample = `  tunnelclient login https://example.com
  tunnelclient --config client-a.json
  tunnelclient connect --target client-a --service web-server --local 3000
  tunnelclient http 8080
  tunnelclient list
  tunnelclient status --json`

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "tunnelclient",
		Short:         "Client of a Culvert gateway: offers services and reaches those of others",
		Long:          rootLong,
		Example:       rootExample,
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          a.own(a.run),
	}
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	f := root.PersistentFlags()
	f.StringVarP(&a.flags.config, "config", "c", "", "configuration `file`, JSON or YAML")
	f.StringVar(&a.flags.server, "server", "", "`URL` of the gateway, such as wss://example.com")
	f.StringVar(&a.flags.client, "client", "", "`name` to sign in with (default: the token's)")
	f.StringVar(&a.flags.tokenFile, "token-file", "", "`file` that holds the token")
	f.StringVar(&a.flags.transport, "transport", "", "`way` of data: auto, relay or websocket")
	f.BoolVar(&a.flags.noReconnect, "no-reconnect", false, "exit when the gateway cannot be reached or is lost")
	f.BoolVar(&a.flags.json, "json", false, "print JSON, and log it")
	f.BoolVarP(&a.flags.verbose, "verbose", "v", false, "log more")
	// The only errors are names of flags that do not exist.
	_ = root.MarkPersistentFlagFilename("config", "json", "yaml", "yml")
	_ = root.MarkPersistentFlagFilename("token-file")
	_ = root.RegisterFlagCompletionFunc("transport",
		cobra.FixedCompletions([]string{"auto", "relay", "websocket"}, cobra.ShellCompDirectiveNoFileComp))
	root.AddCommand(a.connectCommand(), a.httpCommand(), a.tcpCommand(), a.udpCommand(), a.listCommand(), a.statusCommand(), a.loginCommand(), a.logoutCommand(),
		a.keyCommand(), a.doctorCommand(), a.verifyCommand(), a.versionCommand())
	return root
}

// own notes that a command has begun. Errors before that come from cobra and
// are mistakes in the command line.
func (a *app) own(run func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		a.began, a.log = true, a.logger()
		return run(cmd, args)
	}
}
