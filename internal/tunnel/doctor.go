// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"net/url"
	"time"

	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/internal/wire"
)

// Check is one thing that Diagnose has looked at.
type Check struct {
	Name   string  `json:"name"`
	State  Verdict `json:"state"`
	Detail string  `json:"detail"`
	// Remedy is what to do about it, for all but Fine.
	Remedy string `json:"remedy,omitempty"`
}

// Verdict is how a Check has ended.
type Verdict string

// The verdicts.
const (
	Fine Verdict = "ok"
	Warn Verdict = "warn" // works, but not as well as it could; or could not be looked at
	Fail Verdict = "fail" // nothing works until it is mended
)

// DoctorOptions is what Diagnose knows and may do beside the configuration.
type DoctorOptions struct {
	// SignIn lets it sign in under the configured name, which takes the name
	// from a client that is online. Else it takes a passing name of its own,
	// which a token that is good for one name does not allow.
	SignIn bool
	// Relay is the relay's host and port, if a client has learned it.
	Relay string

	usualPort string // for tests, whose machine may have a relay; default: 9001
}

// checkTimeout bounds each check.
const checkTimeout = 10 * time.Second

// Diagnose looks at everything that a client needs of its gateway and of the
// way there, and says what it finds, check by check. What depends on a check
// that has failed is left out.
func Diagnose(ctx context.Context, cfg Config, o DoctorOptions, say func(Check)) {
	cfg = cfg.withDefaults()
	d := &doctor{cfg: cfg, c: &Client{cfg: cfg}, o: o, say: say, relay: o.Relay}
	d.site = siteOf(cfg)
	defer d.leave()
	if !d.resolve(ctx) || !d.web(ctx) || !d.signaling(ctx) {
		return
	}
	d.channels(ctx)
}

// doctor is one run of Diagnose.
type doctor struct {
	cfg   Config
	c     *Client // of which only its ways of dialling are used
	o     DoctorOptions
	say   func(Check)
	site  *url.URL // the gateway's, as https or http
	proxy *url.URL // in between; nil if there is none

	ws *websocket.Conn // of signaling, while we are signed in

	// What the gateway has said of its relay. Without a key none of it is
	// certain.
	key   *wire.Key
	relay string // empty: it is not known
	path  string // of channels over WebSocket
	known bool   // the gateway has said it
}

func (d *doctor) fine(name, detail string) { d.say(Check{Name: name, State: Fine, Detail: detail}) }

func (d *doctor) warn(name, detail, remedy string) {
	d.say(Check{Name: name, State: Warn, Detail: detail, Remedy: remedy})
}

func (d *doctor) fail(name, detail, remedy string) {
	d.say(Check{Name: name, State: Fail, Detail: detail, Remedy: remedy})
}

// siteOf is the root of the gateway's site.
func siteOf(cfg Config) *url.URL {
	u := &url.URL{Scheme: "https", Host: cfg.Server.Host, Path: "/"}
	if s := cfg.serverURL("").Scheme; s == "ws" {
		u.Scheme = "http"
	}
	return u
}

// millis is how long something took, as it is printed.
func millis(since time.Time) string { return time.Since(since).Round(100 * time.Microsecond).String() }
