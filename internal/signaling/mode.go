// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import "github.com/culvertd/culvert/internal/wire"

// pact is what both ends have said about encryption.
type pact struct {
	visitor, provider *life
	// visitorBare and providerBare are their consent to go without.
	visitorBare, providerBare bool
}

// agree returns what the ends of a request say, now: either may have changed
// its mind since it was asked.
func agree(visitor, provider *life, wish string, v wire.Service) pact {
	return pact{
		visitor: visitor, provider: provider,
		visitorBare:  wish == wire.EncryptionNone || visitor.publicKey == nil,
		providerBare: v.Encryption == wire.EncryptionNone || provider.publicKey == nil,
	}
}

// mode returns the mode of a session, or why there is none. A program without
// a key knows no encryption; that the other end goes without, it must have
// said itself.
func (p pact) mode() (string, *wire.ErrorPayload) {
	if p.visitorBare && p.providerBare {
		return wire.ModePlain, nil
	}
	if p.visitor.publicKey != nil && p.provider.publicKey != nil {
		return wire.ModeTLS, nil
	}
	provider := p.provider.client.nameFor(p.visitor.client.account)
	no := &wire.ErrorPayload{
		Code: wire.CodeNoEncryption,
		Message: "the client " + provider + " knows no encryption; install a newer tunnelclient there, or go without: " +
			"connect with --encryption none (encryption: none in a forward)",
	}
	if p.provider.publicKey != nil {
		no.Message = "the service is for encrypted connections, and the program that asks for it knows none; use a newer " +
			"tunnelclient, or let the service go without: encryption: none in the configuration of " + provider
	}
	return "", no
}
