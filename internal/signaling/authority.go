// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import "github.com/culvertd/culvert/internal/wire"

// Account is whom a token belongs to. Tokens of the command line are the
// operator's.
type Account string

// Operator is the account of tokens that `culvert client token create` makes.
const Operator Account = ""

// All questions of who may do what with whose are here. An account's clients
// see and may use each other, and nobody else's: to others they do not exist.

// maySee reports whether who's clients see owner's.
func maySee(who, owner Account) bool { return who == owner }

// mayUse reports whether a client of who may visit the service of a client of
// owner's.
func mayUse(who, owner Account, _ wire.Service) bool { return maySee(who, owner) }

// forEyes returns services as who may see them: where a service listens at
// home is its owner's business.
func forEyes(who, owner Account, services []wire.Service) []wire.Service {
	if who == owner {
		return services
	}
	list := make([]wire.Service, len(services))
	for i, v := range services {
		list[i] = abroad(v)
	}
	return list
}

// abroad is a service without what describes its provider's network.
func abroad(v wire.Service) wire.Service {
	v.LocalHost, v.LocalPort = "", 0
	return v
}
