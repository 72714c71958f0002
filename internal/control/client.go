// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/culvertd/culvert/internal/localsocket"
)

// maxAnswer bounds what a client reads: MaxLogLines lines fit many times.
const maxAnswer = 64 << 20

// Client asks a running gateway through its socket.
type Client struct {
	http *http.Client
}

// Dial returns a client of the gateway that runs on the data folder dir. It
// fails at once if none listens there.
func Dial(ctx context.Context, dir string) (*Client, error) {
	conn, err := localsocket.Dial(ctx, dir)
	if err != nil {
		return nil, fmt.Errorf("reaching the gateway: %w", err)
	}
	if err := conn.Close(); err != nil {
		return nil, fmt.Errorf("reaching the gateway: %w", err)
	}
	return &Client{http: &http.Client{
		Timeout: time.Minute,
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return localsocket.Dial(ctx, dir)
		}},
	}}, nil
}

// Close lets the connection to the gateway go.
func (c *Client) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

// CreateEndpoint implements Endpoints.
func (c *Client) CreateEndpoint(ctx context.Context, owner, name string, s Settings) (Endpoint, error) {
	var e Endpoint
	err := c.call(ctx, http.MethodPost, "/v1/endpoints", createRequest{Owner: owner, Name: name, Settings: s}, &e)
	return e, err
}

// Endpoints implements Endpoints.
func (c *Client) Endpoints(ctx context.Context) ([]Endpoint, error) {
	var es []Endpoint
	err := c.call(ctx, http.MethodGet, "/v1/endpoints", nil, &es)
	return es, err
}

// UpdateEndpoint implements Endpoints.
func (c *Client) UpdateEndpoint(ctx context.Context, id string, ch Changes) (Endpoint, error) {
	var e Endpoint
	if !ValidID(id) {
		return e, NotFound(id)
	}
	err := c.call(ctx, http.MethodPatch, endpointPath(id), ch, &e)
	return e, err
}

// DeleteEndpoint implements Endpoints.
func (c *Client) DeleteEndpoint(ctx context.Context, id string) error {
	if !ValidID(id) {
		return NotFound(id)
	}
	return c.call(ctx, http.MethodDelete, endpointPath(id), nil, nil)
}

// ConnectionLog implements Endpoints.
func (c *Client) ConnectionLog(ctx context.Context, id string, limit int) ([]LogLine, error) {
	if !ValidID(id) {
		return nil, NotFound(id)
	}
	var lines []LogLine
	err := c.call(ctx, http.MethodGet, endpointPath(id)+"/log?limit="+strconv.Itoa(limit), nil, &lines)
	return lines, err
}

// CreateClientToken implements Clients.
func (c *Client) CreateClientToken(ctx context.Context, owner, client string) (NewClientToken, error) {
	var t NewClientToken
	err := c.call(ctx, http.MethodPost, "/v1/client-tokens", createTokenRequest{Owner: owner, Client: client}, &t)
	return t, err
}

// ClientTokens implements Clients.
func (c *Client) ClientTokens(ctx context.Context) ([]ClientToken, error) {
	var ts []ClientToken
	err := c.call(ctx, http.MethodGet, "/v1/client-tokens", nil, &ts)
	return ts, err
}

// RevokeClientToken implements Clients.
func (c *Client) RevokeClientToken(ctx context.Context, id string) error {
	if !ValidTokenID(id) { // which would need escaping
		return NoToken(id)
	}
	return c.call(ctx, http.MethodDelete, "/v1/client-tokens/"+id, nil, nil)
}

// ForgetClientKey implements Clients.
func (c *Client) ForgetClientKey(ctx context.Context, client string) error {
	return c.call(ctx, http.MethodPost, "/v1/clients/forget-key", forgetKeyRequest{Client: client}, nil)
}

// Clients implements Clients.
func (c *Client) Clients(ctx context.Context) ([]TunnelClient, error) {
	var cs []TunnelClient
	err := c.call(ctx, http.MethodGet, "/v1/clients", nil, &cs)
	return cs, err
}

// endpointPath is for valid ids, which need no escaping.
func endpointPath(id string) string { return "/v1/endpoints/" + id }

// call sends in, if any, and reads the answer into out, if any.
func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("encoding the request: %w", err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://culvert"+path, body) //nolint:gosec // the dialler knows the local socket only
	if err != nil {
		return fmt.Errorf("making the request: %w", err)
	}
	resp, err := c.http.Do(req) //nolint:gosec // as above
	if err != nil {
		return fmt.Errorf("asking the gateway: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	d := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer))
	if resp.StatusCode != http.StatusOK {
		e := new(Error)
		if err := d.Decode(e); err != nil || e.Code == "" {
			return fmt.Errorf("the gateway answered %s", resp.Status)
		}
		return e
	}
	if out == nil {
		return nil
	}
	if err := d.Decode(out); err != nil {
		return fmt.Errorf("reading the gateway's answer: %w", err)
	}
	return nil
}

var _ Service = (*Client)(nil)
