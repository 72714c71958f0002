// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/internal/wire"
)

// signaling tries the token, and signs in for a moment.
func (d *doctor) signaling(ctx context.Context) bool {
	u, begun := d.cfg.serverURL(""), time.Now()
	ws, resp, err := d.c.dialWebSocket(ctx, u, http.Header{"Authorization": {"Bearer " + d.cfg.Token}}, checkTimeout)
	if resp != nil {
		err = refusal(resp, err)
		_ = resp.Body.Close() // in memory
	}
	if err != nil {
		d.fail("signaling", err.Error(), signalingRemedy(err, resp))
		return false
	}
	d.ws = ws
	stop := context.AfterFunc(ctx, func() { _ = ws.NetConn().SetDeadline(time.Unix(1, 0)) })
	defer stop()
	_ = ws.SetReadDeadline(time.Now().Add(checkTimeout))
	d.path = strings.TrimSuffix(u.Path, "/") + "/channel"
	return d.register(ws, begun)
}

// leave gives the name back.
func (d *doctor) leave() {
	if d.ws == nil {
		return
	}
	_ = d.ws.SetWriteDeadline(time.Now().Add(time.Second)) // best effort from here on
	if b, err := wire.Encode(wire.TypeUnregister, "", nil); err == nil && d.key != nil {
		_ = d.ws.WriteMessage(websocket.TextMessage, b)
	}
	bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	_ = d.ws.WriteControl(websocket.CloseMessage, bye, time.Now().Add(time.Second))
	// A socket that is closed with bytes unread resets the connection, and what
	// we have just said with it.
	_ = d.ws.SetReadDeadline(time.Now().Add(time.Second))
	for err := error(nil); err == nil; {
		_, _, err = d.ws.ReadMessage()
	}
	_ = d.ws.Close()
}

func signalingRemedy(err error, resp *http.Response) string {
	if e, ok := errors.AsType[*Error](err); ok && e.Code == wire.CodeUnauthorized {
		return "get another token: tunnelclient login, or `culvert client token create` on the gateway"
	}
	switch {
	case resp == nil:
		return "a proxy or firewall in between may not let WebSockets pass; HTTPS gets through more of them than HTTP"
	case resp.StatusCode == http.StatusNotFound:
		return "check the path of the server's URL; without one it is " + signalingPath
	case resp.StatusCode == http.StatusBadRequest || resp.StatusCode == http.StatusUpgradeRequired || resp.StatusCode == http.StatusOK:
		return "have the proxy before the gateway pass WebSockets on (the headers Upgrade and Connection)"
	}
	return "do what the gateway says, or look at its log"
}

// register learns what the gateway says to a client, under a name that nobody
// has, unless it may take the configured one.
func (d *doctor) register(ws *websocket.Conn, begun time.Time) bool {
	const name = "signaling"
	r := wire.Register{ClientID: passingName(), Services: []wire.Service{}, Version: wire.ProtocolVersion, Instance: rand.Text()}
	if d.o.SignIn {
		r.ClientID = d.cfg.ClientID
		if k := d.cfg.Key; k != nil {
			key := k.Public()
			r.PublicKey, r.Rotation = &key, k.Rotation()
		}
	}
	a, err := inquire[wire.RegisterResponse](ws, wire.TypeRegister, r, wire.TypeRegisterResponse)
	token := fmt.Sprintf("the token is accepted, in %s", millis(begun))
	switch {
	case err != nil:
		d.fail(name, token+"; signing in: "+err.Error(), "a proxy in between may end WebSockets; look at the gateway's log")
		return false
	case !a.Success && !d.o.SignIn && a.Code == wire.CodeUnauthorized:
		// Its name may be in use right now, and there is only one with it.
		d.fine(name, token+"; it is good for one name, so that this did not sign in")
		return true
	case !a.Success:
		d.fail(name, token+", and signing in refused: "+cmp.Or(a.Error, a.Code), registerRemedy(a.Code))
		return false
	}
	d.fine(name, fmt.Sprintf("%s; signed in for a moment as %s", token, a.AssignedID))
	d.key, d.known, d.relay = a.Key, true, ""
	d.path = cmp.Or(a.Channels, d.path)
	if a.Relay != nil {
		d.relay = net.JoinHostPort(a.Relay.Host, strconv.Itoa(a.Relay.Port))
	}
	d.remembered(ws)
	return true
}

func registerRemedy(code string) string {
	switch code {
	case wire.CodeNameTaken:
		return "choose another name with --client or clientId, or have the other token revoked"
	case wire.CodeKeyChanged:
		return "if this is the right machine, forget the old key at the gateway: in the web interface, or `culvert client forget-key NAME`"
	}
	return "do what the gateway says"
}

// remembered compares our key with the one that the gateway has for our name.
func (d *doctor) remembered(ws *websocket.Conn) {
	const name = "gateway's key"
	if d.cfg.Key == nil || d.cfg.ClientID == "" {
		return
	}
	list, err := inquire[wire.ClientList](ws, wire.TypeGetClientList, nil, wire.TypeClientList)
	if err != nil {
		d.warn(name, "asking for the clients: "+err.Error(), "try again")
		return
	}
	d.say(RememberedKey(d.cfg, list.Clients))
}

// RememberedKey tells whether the gateway would take the key of the
// configuration from its client, by the gateway's list of clients.
func RememberedKey(cfg Config, list []wire.ClientInfo) Check {
	c := Check{Name: "gateway's key", State: Fine, Detail: "the gateway remembers no key of " + cfg.ClientID + ", and takes the first"}
	for _, info := range list {
		if info.ID != cfg.ClientID || info.PublicKey == nil {
			continue
		}
		has := *info.PublicKey
		switch {
		case has == cfg.Key.Public():
			c.Detail = "the gateway remembers this key for " + cfg.ClientID
		case cfg.Key.Rotation().Leads(has, cfg.Key.Public()):
			c.Detail = "the gateway remembers the last key for " + cfg.ClientID + ", and will take this one, which that has signed"
		default:
			c.State, c.Remedy = Fail, registerRemedy(wire.CodeKeyChanged)
			c.Detail = fmt.Sprintf("the gateway remembers %s for %s, and refuses this one", has.Fingerprint(), cfg.ClientID)
		}
	}
	return c
}

// inquire sends a message and returns the answer, and passes over what comes
// between.
func inquire[T any](ws *websocket.Conn, t wire.Type, payload any, answer wire.Type) (T, error) {
	var got T
	const id = "doctor"
	b, err := wire.Encode(t, id, payload)
	if err == nil {
		err = ws.WriteMessage(websocket.TextMessage, b)
	}
	for err == nil {
		var m wire.Message
		if _, b, err = ws.ReadMessage(); err != nil {
			break
		}
		if m, err = wire.Decode(b); err != nil || m.ID != id {
			continue
		}
		if m.Type == answer {
			return got, m.Unmarshal(&got)
		}
		var no wire.ErrorPayload
		if err = m.Unmarshal(&no); err == nil {
			err = &no
		}
	}
	return got, err
}

// passingName is of the kind that gateways give to those who bring none, and
// forget when they have gone.
func passingName() string { return "c-" + strings.ToLower(rand.Text()[:8]) }
