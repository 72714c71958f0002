// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package login

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/tunnelclient/internal/config"
)

// golang.org/x/oauth2 has this flow too, but sends forms, which the gateway's
// API does not take, and gives up when the network fails once.

const (
	codePath = "/api/v1/device/code"
	pollPath = "/api/v1/device/token"

	requestTimeout = 20 * time.Second
	maxAnswer      = 64 << 10

	defaultInterval = 5 * time.Second // RFC 8628 §3.2
	slowDown        = 5 * time.Second // §3.5
	longest         = time.Minute     // between two questions while the gateway is away
	maxLife         = time.Hour
)

// The errors of §3.5 that are answers to a question.
const (
	codePending  = "authorization_pending"
	codeSlowDown = "slow_down"
	codeDenied   = "access_denied"
	codeExpired  = "expired_token"
)

// Device asks one gateway.
type Device struct {
	base  string
	agent string
	http  *http.Client
}

// NewDevice returns one for the gateway at server. agent is the program, which
// is shown to whoever is to allow it. transport is nil but in tests.
func NewDevice(server *url.URL, agent string, transport http.RoundTripper) *Device {
	return &Device{base: Site(server), agent: agent, http: &http.Client{
		Transport: transport,
		Timeout:   requestTimeout,
		// A redirect would repeat the question without its body.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Site returns the address of a gateway's web site.
func Site(server *url.URL) string {
	scheme := "https"
	if server.Scheme == "ws" || server.Scheme == "http" {
		scheme = "http"
	}
	return scheme + "://" + server.Host
}

// Code is what a person is to confirm.
type Code struct {
	UserCode string
	URL      string // to enter it at
	Complete string // the same with the code in it; may be empty
	Expires  time.Time

	secret   string
	interval time.Duration
}

// Start asks for a code. clientName is the name that the token is to be good
// for; empty for any.
func (d *Device) Start(ctx context.Context, clientName string) (Code, error) {
	var a struct {
		DeviceCode string `json:"device_code"`
		UserCode   string `json:"user_code"`
		URL        string `json:"verification_uri"`
		Complete   string `json:"verification_uri_complete"`
		ExpiresIn  int64  `json:"expires_in"`
		Interval   int64  `json:"interval"`
	}
	asked := time.Now()
	if err := d.ask(ctx, codePath, map[string]string{"client_name": clientName}, &a); err != nil {
		return Code{}, err
	}
	if a.DeviceCode == "" || a.UserCode == "" || a.URL == "" || a.ExpiresIn <= 0 {
		return Code{}, refused("", errors.New("the gateway's answer to the request for a code lacks fields"))
	}
	return Code{
		UserCode: a.UserCode, URL: a.URL, Complete: a.Complete, secret: a.DeviceCode,
		Expires:  asked.Add(min(seconds(a.ExpiresIn), maxLife)),
		interval: cmp.Or(min(seconds(max(a.Interval, 0)), longest), defaultInterval),
	}, nil
}

// Wait asks until the person has decided, and returns the token.
func (d *Device) Wait(ctx context.Context, c Code) (string, error) {
	pause := c.interval
	for {
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(pause):
		}
		if time.Now().After(c.Expires) {
			return "", errExpired
		}
		token, err := d.token(ctx, c)
		var no *tunnel.Error
		switch {
		case err == nil:
			return token, nil
		case !errors.As(err, &no) || no.Kind == tunnel.Unreachable: // for now
			pause = min(2*pause, longest)
		case no.Code == codePending:
			pause = c.interval
		case no.Code == codeSlowDown:
			c.interval = min(c.interval+slowDown, longest)
			pause = c.interval
		case no.Code == codeDenied:
			return "", refused(codeDenied, errors.New("the request was declined"))
		case no.Code == codeExpired:
			return "", errExpired
		default:
			return "", err
		}
	}
}

var errExpired = refused(codeExpired, errors.New("nobody confirmed the code in time; run tunnelclient login again"))

func (d *Device) token(ctx context.Context, c Code) (string, error) {
	var a struct {
		Token string `json:"access_token"`
	}
	if err := d.ask(ctx, pollPath, map[string]string{"device_code": c.secret}, &a); err != nil {
		return "", err
	}
	token, err := config.CheckToken(a.Token)
	if err != nil {
		return "", refused("", fmt.Errorf("the gateway's token %w", err))
	}
	return token, nil
}

// ask sends a question and decodes the answer. What the gateway refuses is
// Refused with its code, all else Unreachable.
func (d *Device) ask(ctx context.Context, path string, question, answer any) error {
	body, err := json.Marshal(question)
	if err != nil {
		return fmt.Errorf("encoding the request: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.base+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("making the request: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", d.agent)
	resp, err := d.http.Do(r)
	if err != nil {
		return &tunnel.Error{Kind: tunnel.Unreachable, Err: fmt.Errorf("asking the gateway: %w", err)}
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return &tunnel.Error{Kind: tunnel.Unreachable, Err: fmt.Errorf("reading the gateway's answer: %w", err)}
	}
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusCreated {
		return refusal(resp, text)
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return refused("", fmt.Errorf("there is no Culvert gateway with accounts at %s: its answer is not JSON", d.base))
	}
	return nil
}

// refusal makes an error of an answer that says no.
func refusal(resp *http.Response, text []byte) error {
	var a struct {
		Error   string `json:"error"` // RFC 8628
		Code    string `json:"code"`  // of all other routes
		Message string `json:"message"`
	}
	_ = json.Unmarshal(text, &a) // else it says nothing more than its status
	code := cmp.Or(a.Error, a.Code)
	err := fmt.Errorf("the gateway refuses: %s", cmp.Or(a.Message, code, resp.Status))
	switch s := resp.StatusCode; {
	case s >= 500:
		return &tunnel.Error{Kind: tunnel.Unreachable, Code: code, Err: err}
	case s == http.StatusTooManyRequests:
		return &tunnel.Error{Kind: tunnel.Unreachable, Code: code, Err: fmt.Errorf("%w%s", err, later(resp))}
	case s >= 300 && s < 400:
		return refused(code, fmt.Errorf("the gateway is at %s now", resp.Header.Get("Location")))
	case s == http.StatusNotFound && code == "":
		return refused(code, fmt.Errorf("there is no Culvert gateway with accounts at %s://%s", resp.Request.URL.Scheme, resp.Request.URL.Host))
	}
	return refused(code, err)
}

// later says when a gateway that has had enough wants to be asked again.
func later(resp *http.Response) string {
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 {
		return fmt.Sprintf("; try again in %v", seconds(int64(s)))
	}
	return ""
}

func refused(code string, err error) *tunnel.Error {
	return &tunnel.Error{Kind: tunnel.Refused, Code: code, Err: err}
}

func seconds(n int64) time.Duration { return time.Duration(min(n, 1<<20)) * time.Second }
