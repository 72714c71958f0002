// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/identity"
	"github.com/culvertd/culvert/internal/wire"
)

// sessionPatience is how long a channel waits for its session: the gateway
// tells us of both, on different connections.
const sessionPatience = 5 * time.Second

var (
	errNoKey    = errors.New("the other end knows no encryption")
	errNotAsked = errors.New("the gateway offers a session without encryption, to which this end has not agreed")
)

// publicKey is what this end registers with; nil if it knows no encryption.
func (c *Client) publicKey() *wire.PublicKey {
	if c.cfg.Key == nil {
		return nil
	}
	key := c.cfg.Key.Public()
	return &key
}

func (c *Client) rotation() *wire.Rotation {
	if c.cfg.Key == nil {
		return nil
	}
	return c.cfg.Key.Rotation()
}

// mayBePlain reports whether this end agrees to channels without TLS.
func (c *Client) mayBePlain(encryption string) bool {
	return c.cfg.Key == nil || encryption == wire.EncryptionNone
}

// tlsConfig is for all channels of a session. To the visitor the provider proves
// the key that is known; to the provider the visitor proves the one that the
// gateway has named, or that the service's own list has.
func (c *Client) tlsConfig(ss *session) *tls.Config {
	if ss.role == wire.Visitor {
		return c.cfg.Key.Client(func(key wire.PublicKey) error { return c.checkProvider(ss, key) })
	}
	return c.cfg.Key.Server(func(key wire.PublicKey) error { return c.checkVisitor(ss, key) })
}

// server is the name of the gateway in the file of known keys.
func (c *Client) server() string { return identity.ServerName(c.cfg.Server) }

// checkProvider compares a key, which is not proven yet, with what was said by
// the user, is known from before, or was told by the gateway: the first of
// these that there is (rules S14).
func (c *Client) checkProvider(ss *session, key wire.PublicKey) error {
	if want := ss.spec.PeerKey; want != "" {
		if key.Fingerprint() != want {
			return &Error{Kind: PeerChanged, Err: fmt.Errorf(
				"the key of %s is %s, and peerKey wants %s; compare it with tunnelclient key show there", ss.peer, key.Fingerprint(), want)}
		}
		return nil
	}
	if c.cfg.Known != nil {
		if was, ok := c.cfg.Known.Lookup(c.server(), ss.spec.Target); ok {
			if was != key {
				return &Error{Kind: PeerChanged, Err: &identity.ChangedError{Server: c.server(), Client: ss.spec.Target, Was: was, Is: key}}
			}
			return nil
		}
	}
	return checkNamed(ss, key)
}

func checkNamed(ss *session, key wire.PublicKey) error {
	switch {
	case ss.peerKey == nil:
		return errNoKey
	case *ss.peerKey != key:
		return fmt.Errorf("the key of %s is %s, and the gateway names %s", ss.peer, key.Fingerprint(), ss.peerKey.Fingerprint())
	}
	return nil
}

// met remembers a provider's key that has been proven.
func (c *Client) met(ss *session, key wire.PublicKey) error {
	if c.cfg.Known == nil || ss.spec.PeerKey != "" {
		return nil
	}
	first, err := c.cfg.Known.Check(c.server(), ss.spec.Target, key)
	if err == nil && first {
		c.log.Info("the key of "+ss.spec.Target+" is remembered from now on", zap.String("fingerprint", key.Fingerprint()))
	}
	return err
}

// checkVisitor compares a visitor's key with the service's list, which is this
// end's own; without one, with what the gateway has told.
func (c *Client) checkVisitor(ss *session, key wire.PublicKey) error {
	if err := checkNamed(ss, key); err != nil {
		return err
	}
	v, ok := c.offers.find(ss.service.ID)
	if !ok {
		return errors.New("there is no such service any more")
	}
	if !c.mayCome(v.service, key) {
		return fmt.Errorf("the key %s of %s is not among the peers of %s", key.Fingerprint(), ss.peer, ss.service.ID)
	}
	return nil
}

// mayCome looks at the list of a service of ours. The gateway itself may come to
// what is published, and to nothing else (rules S14).
func (c *Client) mayCome(v wire.Service, key wire.PublicKey) bool {
	if c.isGateway(&key) {
		return v.Publish != nil
	}
	return len(v.Peers) == 0 || slices.Contains(v.Peers, key.Fingerprint())
}

// isGateway reports whether a key is the one that the gateway has named as its
// own.
func (c *Client) isGateway(key *wire.PublicKey) bool {
	own := c.gatewayKey.Load()
	return own != nil && key != nil && *own == *key
}

// secureProvider is the handshake at a provider's channel, which begins with
// first.
func (c *Client) secureProvider(ctx context.Context, ch channel, session string, first []byte) (*securePath, *session, error) {
	known, cancel := context.WithTimeout(ctx, sessionPatience)
	defer cancel()
	ss, err := c.sessions.await(known, sessionKey{session, wire.Provider})
	if err != nil {
		_ = ch.Reset()
		return nil, nil, err
	}
	p, err := secure(ctx, ch.Conn, true, func(under *bulkConn) *tls.Conn {
		under.begin(first)
		return tls.Server(under, ss.tls)
	})
	return p, ss, err
}

// secureVisitor is the handshake at a visitor's.
func (c *Client) secureVisitor(ctx context.Context, ch channel, ss *session) (*securePath, error) {
	p, err := secure(ctx, ch.Conn, !c.answers(), func(under *bulkConn) *tls.Conn { return tls.Client(under, ss.tls) })
	if err != nil {
		return nil, err
	}
	key, err := identity.Peer(p.Conn)
	if err == nil {
		err = c.met(ss, key)
	}
	if err != nil {
		_ = p.Close()
		return nil, err
	}
	return p, nil
}
