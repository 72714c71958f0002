// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
	"github.com/culvertd/culvert/tunnelclient/internal/config"
)

const httpLong = `Publishes a website of this machine under a name of the gateway's, until SIGINT
or SIGTERM. PORT is one of this machine; HOST:PORT is one that it reaches.

The public URL is printed, alone, on stdout: NAME-ACCOUNT below the gateway's
domain for published names, or a NAME with dots as it is, a domain of your own that
the gateway knows to be yours. Whoever knows it can come, unless the web interface of
the gateway says who may, and the gateway reads what
goes through, since it speaks HTTPS in place of the website. Websites that stay
belong into the configuration, as services with publish.`

const httpExample = `  tunnelclient http 8080
  tunnelclient http 8080 --name web
  tunnelclient http 8080 --name www.example.org
  tunnelclient http 192.168.1.20:80 --name camera`

const tcpLong = `Publishes a TCP service of this machine at a port of the gateway's, until SIGINT or
SIGTERM. PORT is one of this machine; HOST:PORT is one that it reaches.

The public URL is printed, alone, on stdout, such as tcp://example.com:20022. What
connects there reaches the service as it is: whoever finds the port can try. From
the gateway to this machine it is encrypted. Services that stay belong into the
configuration, with publish; they keep their port.`

const tcpExample = `  tunnelclient tcp 22
  tunnelclient tcp 22 --port 20022
  ssh -p 20022 example.com`

const udpLong = `Publishes a UDP service of this machine at a port of the gateway's, until SIGINT or
SIGTERM. PORT is one of this machine; HOST:PORT is one that it reaches.

The public URL is printed, alone, on stdout, such as udp://example.com:20053. To the
service each source of datagrams is a port of this machine. Until a source has
answered it gets at most three times the bytes that it has sent, so that nobody is
flooded in another's name. Services that stay belong into the configuration, with
publish; they keep their port.`

const udpExample = `  tunnelclient udp 53
  tunnelclient udp 53 --port 20053
  dig @example.com -p 20053 nas.lan`

// What the commands offer.
const (
	httpService = "website"
	tcpService  = "port"
	udpService  = "udp-port"
)

func (a *app) httpCommand() *cobra.Command {
	var name string
	cmd := a.publishCommand(&cobra.Command{
		Use: "http", Short: "Publishes a website of this machine and prints its URL", Long: httpLong, Example: httpExample,
	}, func(at string) (wire.Service, error) { return website(at, name) })
	cmd.Flags().StringVar(&name, "name", "", "`name` in front of the account's, or a domain (default: http-PORT)")
	plain(cmd, "name")
	return cmd
}

func (a *app) tcpCommand() *cobra.Command {
	return a.portCommand(&cobra.Command{
		Use: "tcp", Short: "Publishes a TCP service of this machine and prints its address", Long: tcpLong, Example: tcpExample,
	}, func(port *int) wire.Service {
		return wire.Service{ID: tcpService, Protocol: wire.ServiceTCP, Publish: &wire.Publish{TCP: port}}
	})
}

func (a *app) udpCommand() *cobra.Command {
	return a.portCommand(&cobra.Command{
		Use: "udp", Short: "Publishes a UDP service of this machine and prints its address", Long: udpLong, Example: udpExample,
	}, func(port *int) wire.Service {
		return wire.Service{ID: udpService, Protocol: wire.ServiceUDP, Publish: &wire.Publish{UDP: port}}
	})
}

// portCommand makes a command that publishes at a port.
func (a *app) portCommand(cmd *cobra.Command, at func(port *int) wire.Service) *cobra.Command {
	var port int
	a.publishCommand(cmd, func(local string) (v wire.Service, err error) {
		if port < 0 || port > 65535 {
			return v, usagef("--port: %d is no port; give one up to 65535, or 0 for any", port)
		}
		v = at(&port)
		v.LocalHost, v.LocalPort, err = place(local)
		return v, err
	})
	cmd.Flags().IntVar(&port, "port", 0, "public `port` (default: any)")
	plain(cmd, "port")
	return cmd
}

// publishCommand completes a command that offers one service, which its argument
// and its flag mean, for as long as it runs.
func (a *app) publishCommand(cmd *cobra.Command, service func(at string) (wire.Service, error)) *cobra.Command {
	cmd.Use += " PORT|HOST:PORT"
	cmd.Args = cobra.ExactArgs(1)
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	cmd.RunE = a.own(func(cmd *cobra.Command, args []string) error {
		v, err := service(args[0])
		if err != nil {
			return err
		}
		s, err := a.settings()
		if err != nil {
			return err
		}
		return a.host(cmd.Context(), s, cmd.Name(), []wire.Service{v}, a.showPublished)
	})
	return cmd
}

// plain has a shell propose no files for a flag.
func plain(cmd *cobra.Command, flag string) {
	// The only error is the name of a flag that does not exist.
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.NoFileCompletions)
}

// website is the service that the arguments mean.
func website(at, name string) (wire.Service, error) {
	host, port, err := place(at)
	if err != nil {
		return wire.Service{}, err
	}
	name = cmp.Or(name, "http-"+strconv.Itoa(port))
	if err := config.CheckHost(name); err != nil {
		return wire.Service{}, usagef("--name: %w", err)
	}
	return wire.Service{
		ID: httpService, Protocol: wire.ServiceHTTP, LocalHost: host, LocalPort: port, Publish: &wire.Publish{Host: name},
	}, nil
}

// place is where a service listens: PORT or HOST:PORT.
func place(at string) (host string, port int, err error) {
	host, text := "localhost", at
	if h, p, err := net.SplitHostPort(at); err == nil {
		host, text = h, p
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || n == 0 || host == "" || config.CheckLocalHost(host) != nil {
		return "", 0, usagef("%q is no port of this machine, nor a host and a port; write it like 8080 or 192.168.1.20:80", at)
	}
	return host, int(n), nil
}

// showPublished prints the URL, and what goes on where somebody sees it.
func (a *app) showPublished(ctx context.Context, h *hosted) error {
	if !h.online(ctx) {
		return nil
	}
	v := h.Status().Services[0]
	if v.URL == "" {
		return &tunnel.Error{Kind: tunnel.Refused, Err: errors.New(cmp.Or(v.PublishError,
			"the gateway publishes nothing in this way; it may be an older one"))}
	}
	if err := a.printURL(v.URL); err != nil {
		return err
	}
	out, ok := a.stderr.(*os.File)
	if !ok || !term.IsTerminal(int(out.Fd())) {
		<-ctx.Done()
		return nil
	}
	watch(ctx, out, func() tunnel.ServiceStatus { return h.Status().Services[0] })
	return nil
}

func (a *app) printURL(url string) error {
	if a.flags.json {
		return json.NewEncoder(a.stdout).Encode(struct {
			URL string `json:"url"`
		}{url})
	}
	_, err := fmt.Fprintln(a.stdout, url)
	return err
}

// watch keeps a line on a terminal until ctx ends.
func watch(ctx context.Context, out io.Writer, status func() tunnel.ServiceStatus) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for was := ""; ; {
		v := status()
		line := fmt.Sprintf("%d open, %d in all, %s in, %s out", v.Connections, v.Total, humanize.IBytes(v.BytesIn), humanize.IBytes(v.BytesOut))
		if v.LastError != "" {
			line += "; " + clean(v.LastError)
		}
		if line != was {
			_, _ = fmt.Fprintf(out, "\r\x1b[K%s", line) // for people alone
			was = line
		}
		select {
		case <-ctx.Done():
			_, _ = fmt.Fprintln(out)
			return
		case <-tick.C:
		}
	}
}
