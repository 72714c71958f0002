// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/culvertd/culvert/internal/datagram"
	"github.com/culvertd/culvert/internal/wire"
	"github.com/culvertd/culvert/internal/wsconn"
)

// defaultRelayPort is where a gateway has its relay unless it says otherwise.
const defaultRelayPort = "9001"

// channels tries the ways of data. One that does not work is bad luck as long
// as another one does.
func (d *doctor) channels(ctx context.Context) {
	begun := time.Now()
	webErr := d.probe(ctx, d.dialWeb)
	webTook := millis(begun)
	relayWorks := d.relayTCP(ctx, webErr == nil)
	d.relayUDP(ctx)
	const name = "websocket"
	detail := "channels over WebSocket"
	switch {
	case webErr == nil:
		d.fine(name, detail+" work, in "+webTook)
	case relayWorks && d.cfg.Transport != WebSocket:
		d.warn(name, detail+" do not work: "+webErr.Error(), webChannelRemedy+"; until then there is no other way when the relay port is blocked")
	default:
		d.fail(name, detail+" do not work: "+webErr.Error(), webChannelRemedy)
	}
}

const webChannelRemedy = "have the proxy before the gateway pass WebSockets on, at this path too"

// relayTCP tries the relay port.
func (d *doctor) relayTCP(ctx context.Context, otherWay bool) bool {
	const name = "relay tcp"
	if d.known && d.relay == "" {
		d.warn(name, "the gateway has no relay port, so that data goes through WebSocket", "set relay in the gateway's configuration: it is faster")
		return false
	}
	addr := cmp.Or(d.relay, net.JoinHostPort(d.site.Hostname(), cmp.Or(d.o.usualPort, defaultRelayPort)))
	begun := time.Now()
	err := d.probe(ctx, func(ctx context.Context) (net.Conn, error) {
		return d.cfg.dialVia(ctx, &url.URL{Scheme: "https", Host: addr}) // as channels do
	})
	remedy := "open TCP port " + portOf(addr) + " on the way to the gateway: in its firewall, its router, and the network here"
	switch {
	case err == nil:
		d.fine(name, fmt.Sprintf("the relay answers at %s, in %s", addr, millis(begun)))
		return true
	case d.relay == "":
		d.warn(name, fmt.Sprintf("not tested: without signing in, the relay's address is not known; at the usual %s: %v", addr, err), signInRemedy)
	case otherWay && d.cfg.Transport != Relay:
		d.warn(name, fmt.Sprintf("no relay at %s: %v; data goes through WebSocket, which is slower", addr, err), remedy)
	default:
		d.fail(name, fmt.Sprintf("no relay at %s: %v", addr, err), remedy)
	}
	return false
}

const signInRemedy = "while no client with this name runs on any machine, run tunnelclient doctor --sign-in"

// relayUDP proves our address to the relay, as UDP services do.
func (d *doctor) relayUDP(ctx context.Context) {
	const name = "relay udp"
	switch {
	case d.known && d.relay == "":
		return
	case d.key == nil:
		d.warn(name, "not tested: the relay answers by UDP only to who has signed in", signInRemedy)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, helloPatience)
	defer cancel()
	begun, bound := time.Now(), false
	p := newUDPPath(&channelKey{Key: *d.key}, datagram.NewPool(1), d.c.dialUDP(d.relay))
	p.deliver = func(*datagram.Train) {} // nobody has anything for us
	p.away = func(uint32) {}
	p.opened = func() {
		bound = true
		cancel()
	}
	p.run(ctx)
	if !bound {
		d.warn(name, fmt.Sprintf("no answer from %s; UDP services work, but their packets go through TCP", d.relay),
			"open UDP port "+portOf(d.relay)+" on the way to the gateway: in its firewall, its router, and the network here")
		return
	}
	d.fine(name, fmt.Sprintf("the relay answers at %s, in %s", d.relay, millis(begun)))
}

func (d *doctor) dialWeb(ctx context.Context) (net.Conn, error) {
	ws, resp, err := d.c.dialWebSocket(ctx, d.cfg.serverURL(d.path), nil, checkTimeout)
	if resp != nil {
		err = refusal(resp, err)
		_ = resp.Body.Close() // in memory
	}
	if err != nil {
		return nil, err
	}
	return wsconn.New(ws), nil
}

// probe asks for a channel with a key that nobody has. To be refused for it is
// the proof that a relay is there, and that bytes pass both ways.
func (d *doctor) probe(ctx context.Context, dial func(context.Context) (net.Conn, error)) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	nc, err := dial(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = nc.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = nc.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	key := wire.NewKey()
	line := wire.Line{Role: wire.Open, Protocol: wire.TCP, Key: key.ID, Session: "doctor", Counter: 1}
	if _, err := nc.Write(line.Append(nil, key.Secret)); err != nil {
		return err
	}
	answer, err := bufio.NewReaderSize(nc, wire.MaxLine).ReadSlice('\n')
	if err != nil {
		return fmt.Errorf("waiting for the relay's answer: %w", err)
	}
	err = wire.ParseRefusal(answer[:len(answer)-1])
	if no, ok := errors.AsType[*wire.Refusal](err); ok && no.Code == wire.RefusedDenied {
		return nil
	}
	return err
}

func portOf(addr string) string {
	_, p, _ := net.SplitHostPort(addr)
	return p
}
