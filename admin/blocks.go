// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"github.com/culvertd/culvert/internal/store"
)

// Block shuts addresses out of everything: the API, endpoints, tunnels and the
// relay.
type Block struct {
	ID        int64     `json:"id"`
	Prefix    string    `json:"prefix" doc:"In CIDR notation."`
	Note      string    `json:"note"`
	CreatedBy int64     `json:"created_by" doc:"The administrator's id; 0 is the operator."`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}

type newBlockIn struct {
	Repeatable
	Body struct {
		Prefix    string    `json:"prefix" minLength:"2" maxLength:"64" doc:"An address, or addresses in CIDR notation, such as 192.0.2.0/24."`
		Note      string    `json:"note,omitempty" maxLength:"200"`
		ExpiresAt time.Time `json:"expires_at,omitzero" doc:"Without it, it does not expire."`
	}
}

func (a *API) blocks() {
	tag := every.tag + "Blocks"
	handle(a, tag, every.with(get, "/blocks", "list-blocks", adminReader, "Lists blocked addresses"),
		func(ctx context.Context, q *request, _ *none) (*listOut[Block], error) {
			list, err := q.accounts.Blocks(ctx, q.who)
			return shown(list, showBlock, "", err)
		})
	create := every.with(post, "/blocks", "create-block", adminManager, "Blocks addresses, and cuts what they have open")
	create.status, create.create = http.StatusCreated, true
	handle(a, tag, create, func(ctx context.Context, q *request, in *newBlockIn) (*out[Block], error) {
		prefix, err := parsePrefix("body.prefix", in.Body.Prefix)
		if err != nil {
			return nil, err
		}
		if prefix.Contains(q.client.Addr) {
			return nil, invalidField("body.prefix", "holds the address that you come from")
		}
		b, err := q.accounts.Block(ctx, q.who, prefix, in.Body.Note, in.Body.ExpiresAt, q.from())
		return answered(showBlock(b), err)
	})
	handle(a, tag, every.with(remove, "/blocks/{id}", "delete-block", adminManager, "Lets blocked addresses in again"),
		func(ctx context.Context, q *request, in *NumericID) (*none, error) {
			return done(q.accounts.Unblock(ctx, q.who, in.ID, q.from()))
		})
}

// parsePrefix takes a single address for the prefix that holds it alone.
func parsePrefix(field, text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" {
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return p, invalidField(field, "is neither an address nor a prefix such as 192.0.2.0/24")
	}
	return p.Masked(), nil
}

func invalidField(field, problem string) error {
	e := fail(http.StatusUnprocessableEntity, codeInvalid, "%s %s", field, problem)
	e.Details = map[string]string{field: problem}
	return e
}

func showBlock(b store.Block) Block {
	return Block{
		ID: b.ID, Prefix: b.Prefix.String(), Note: b.Note,
		CreatedBy: b.CreatedBy, CreatedAt: b.CreatedAt, ExpiresAt: b.ExpiresAt,
	}
}
