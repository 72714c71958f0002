// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package process

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/wire"
)

// Service is a service in a client's config.
type Service struct {
	ID        string `json:"id"`
	Protocol  string `json:"protocol"`
	LocalPort int    `json:"localPort"`
	LocalHost string `json:"localHost,omitempty"`
	// Encryption is "none", or empty.
	Encryption string        `json:"encryption,omitempty"`
	Peers      []string      `json:"peers,omitempty"`
	Publish    *wire.Publish `json:"publish,omitempty"`
}

// Connect is a forward in a client's config.
type Connect struct {
	Target  string `json:"target"`
	Service string `json:"service"`
	Local   string `json:"local"`

	Encryption string `json:"encryption,omitempty"`
	PeerKey    string `json:"peerKey,omitempty"`
}

// ClientConfig is a client's config file, and how to run it.
type ClientConfig struct {
	Wrap     []string `json:"-"`
	Programs Programs `json:"-"`
	Token    string   `json:"-"`
	Env      []string `json:"-"` // more of the environment

	ServerURL         string    `json:"serverUrl"`
	ClientID          string    `json:"clientId,omitempty"`
	Services          []Service `json:"services"`
	Connects          []Connect `json:"connects,omitempty"`
	Transport         string    `json:"transport,omitempty"`
	ReconnectInterval int       `json:"reconnectInterval,omitempty"`
	KeyFile           string    `json:"keyFile,omitempty"` // default: one of its own
}

// Client is a tunnelclient that runs.
type Client struct {
	*Process
	config ClientConfig
	file   string
	env    []string
}

// StartClient writes the config file and runs tunnelclient.
func StartClient(t testing.TB, c ClientConfig) *Client {
	t.Helper()
	dir := t.TempDir()
	client := &Client{config: c, file: filepath.Join(dir, "client.json")}
	client.env = Environment(dir, append([]string{"CULVERT_HOME=" + filepath.Join(dir, "culvert"), "CULVERT_TOKEN=" + c.Token}, c.Env...)...)
	if c.Services == nil {
		client.config.Services = []Service{}
	}
	text, err := json.MarshalIndent(client.config, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(client.file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	client.Start(t)
	return client
}

// Start runs the client, again after Kill.
func (c *Client) Start(t testing.TB) {
	t.Helper()
	c.Process = Start(t, c.env, c.command())
}

// Status is what the tests read of `tunnelclient status --json`.
type Status struct {
	State     string `json:"state"`
	ClientID  string `json:"clientId"`
	Transport string `json:"transport"`
	Forwards  []struct {
		Service   string `json:"service"`
		Local     string `json:"local"`
		State     string `json:"state"`
		LastError string `json:"lastError"`
	} `json:"forwards"`
	Fingerprint string `json:"fingerprint"`
	// Streams is nil if the program does not know them.
	Streams []wire.StreamInfo `json:"streams"`
}

// Status asks the running client. It is the zero value while the client has
// no control socket yet.
func (c *Client) Status(t testing.TB) Status {
	t.Helper()
	argv := c.command("status", "--json")
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	cmd.Env = c.env
	var s Status
	out, err := cmd.Output()
	if err != nil {
		return s
	}
	if err := json.Unmarshal(out, &s); err != nil {
		t.Fatalf("status: %v\n%s", err, out)
	}
	return s
}

// Online waits until the client is registered and all its forwards are ready.
func (c *Client) Online(t testing.TB, timeout time.Duration) {
	t.Helper()
	Until(t, timeout, func() bool {
		s := c.Status(t)
		if s.State != "online" || len(s.Forwards) != len(c.config.Connects) {
			return false
		}
		for _, f := range s.Forwards {
			if f.State != "online" {
				return false
			}
		}
		return true
	}, "%s is online with its forwards", c.config.ClientID)
}

func (c *Client) command(args ...string) []string {
	argv := append([]string(nil), c.config.Wrap...)
	argv = append(argv, c.config.Programs.Client)
	return append(append(argv, args...), "--config", c.file)
}
