// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/culvertd/culvert/internal/localsocket"
	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
)

// maxAnswer bounds what a client reads at once.
const maxAnswer = 64 << 20

// ErrGone says that the client that was asked has ended.
var ErrGone = errors.New("the running tunnelclient has ended")

// Client asks a running client.
type Client struct {
	http *http.Client
}

// Dial returns a client for the one that was found.
func (f Found) Dial() *Client {
	return &Client{http: &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return localsocket.Dial(ctx, f.Dir)
		},
	}}}
}

// Close lets the connections go.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Status asks for the state.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var s Status
	err := c.get(ctx, "/v1/status", &s)
	return s, err
}

// List asks for the clients that the gateway knows.
func (c *Client) List(ctx context.Context) ([]wire.ClientInfo, error) {
	var list []wire.ClientInfo
	err := c.get(ctx, "/v1/clients", &list)
	return list, err
}

// Forward opens forwards, calls ready when all listen, and keeps them until ctx
// or the running client ends (then its error is ErrGone).
func (c *Client) Forward(ctx context.Context, specs []tunnel.ForwardSpec, ready func([]tunnel.ForwardStatus) error) error {
	body, err := json.Marshal(forwardRequest{Forwards: specs})
	if err != nil {
		return fmt.Errorf("encoding the request: %w", err)
	}
	resp, err := c.do(ctx, http.MethodPost, "/v1/forwards", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	var opened []tunnel.ForwardStatus
	for d := json.NewDecoder(resp.Body); ; {
		var l line
		switch err := d.Decode(&l); {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return ErrGone
		case l.Error != nil:
			return l.Error.err()
		case l.Forward != nil:
			opened = append(opened, *l.Forward)
		case l.Ready:
			if err := ready(opened); err != nil {
				return err
			}
		}
	}
}

func (c *Client) get(ctx context.Context, path string, out any) error {
	resp, err := c.do(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(out); err != nil {
		return fmt.Errorf("reading the answer of the running tunnelclient: %w", err)
	}
	return nil
}

// do returns an answer that is not an error.
func (c *Client) do(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://tunnelclient"+path, body)
	if err != nil {
		return nil, fmt.Errorf("making the request: %w", err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrGone, err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer func() { _ = resp.Body.Close() }()
	var l line
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxBody)).Decode(&l); err != nil || l.Error == nil {
		return nil, fmt.Errorf("the running tunnelclient answered %s", resp.Status)
	}
	return nil, l.Error.err()
}
