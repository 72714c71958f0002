// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/inventory"
	"github.com/culvertd/culvert/internal/store"
)

// DomainProof is what shows that a domain is an account's.
type DomainProof struct {
	Prefix string `json:"prefix" doc:"What stands in front of the domain in the name of the DNS record, such as _culvert."`
	Type   string `json:"type" enum:"TXT"`
	Value  string `json:"value" doc:"What the record says. The same for all domains of the account, and no secret."`
}

type newDomainIn struct {
	Repeatable
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"253" doc:"Such as www.example.org."`
	}
}

type newAnyDomainIn struct {
	Repeatable
	Body struct {
		Name  string `json:"name" minLength:"1" maxLength:"253" doc:"Such as www.example.org."`
		Owner string `json:"owner,omitempty" maxLength:"64" doc:"The name of the account; without it, the operator's."`
	}
}

type domainName struct {
	Name string `path:"name" maxLength:"253"`
}

type visitIn struct {
	Body struct {
		Host  string `json:"host" minLength:"1" maxLength:"253" doc:"The host of the published website, with its port if it has one."`
		State string `json:"state" minLength:"1" maxLength:"64" doc:"What the website has sent along."`
		To    string `json:"to" maxLength:"2048" doc:"The path there."`
	}
}

// Visit is the way on to a published website.
type Visit struct {
	URL       string    `json:"url" doc:"Good once, for the browser that has come from there."`
	ExpiresAt time.Time `json:"expires_at"`
}

func (a *API) domains() {
	const tag = "Publishing"
	handle(a, tag, route{method: get, path: "/domains", id: "list-domains", access: reader, summary: "Lists one's own domains"},
		func(ctx context.Context, q *request, _ *none) (*listOut[inventory.Domain], error) {
			list, err := q.accounts.Domains(ctx, q.who, false)
			return shown(list, showDomain, "", err)
		})
	handle(a, tag, route{method: get, path: "/domains/proof", id: "get-domain-proof", access: reader, summary: "Shows the DNS record that proves a domain"},
		func(_ context.Context, q *request, _ *none) (*out[DomainProof], error) {
			return answered(DomainProof{Prefix: account.ProofPrefix, Type: "TXT", Value: q.accounts.DomainProof(q.who.User.ID)}, nil)
		})
	handle(a, tag, route{
		method: post, path: "/domains", id: "prove-domain", access: manager, status: http.StatusCreated, create: true,
		summary: "Looks for the DNS record that proves a domain, and makes it one's own",
	}, func(ctx context.Context, q *request, in *newDomainIn) (*out[inventory.Domain], error) {
		d, err := q.accounts.ProveDomain(ctx, q.who, in.Body.Name, q.from())
		return answered(showDomain(d), err)
	})
	handle(a, tag, route{method: remove, path: "/domains/{name}", id: "drop-domain", access: manager, summary: "Gives a domain up; what is published there is not any more"},
		func(ctx context.Context, q *request, in *domainName) (*none, error) {
			return done(q.accounts.DropDomain(ctx, q.who, false, in.Name, q.from()))
		})
	handle(a, tag, route{
		method: post, path: "/visits", id: "create-visit", access: person,
		summary: "Lets who is logged in on to a published website that asks for it",
	}, func(ctx context.Context, q *request, in *visitIn) (*out[Visit], error) {
		v, err := q.core.Visit(ctx, q.who, in.Body.Host, in.Body.State, in.Body.To)
		return answered(Visit{URL: v.URL, ExpiresAt: v.ExpiresAt}, err)
	})
	a.anyDomains()
}

func (a *API) anyDomains() {
	tag := every.tag + "Publishing"
	handle(a, tag, every.with(get, "/domains", "list-domains", adminReader, "Lists everybody's domains"),
		func(ctx context.Context, q *request, _ *none) (*listOut[inventory.Domain], error) {
			list, err := q.accounts.Domains(ctx, q.who, true)
			return shown(list, showDomain, "", err)
		})
	assign := every.with(post, "/domains", "assign-domain", adminManager, "Makes a domain an account's, on an administrator's word")
	assign.status, assign.create = http.StatusCreated, true
	handle(a, tag, assign, func(ctx context.Context, q *request, in *newAnyDomainIn) (*out[inventory.Domain], error) {
		d, err := q.accounts.AssignDomain(ctx, q.who, in.Body.Owner, in.Body.Name, q.from())
		return answered(showDomain(d), err)
	})
	handle(a, tag, every.with(remove, "/domains/{name}", "drop-domain", adminManager, "Takes a domain away"),
		func(ctx context.Context, q *request, in *domainName) (*none, error) {
			return done(q.accounts.DropDomain(ctx, q.who, true, in.Name, q.from()))
		})
}

func showDomain(d store.Domain) inventory.Domain {
	out := inventory.Domain{Name: d.Name, OwnerID: d.UserID, Owner: d.UserName, Proof: "administrator", CreatedAt: d.CreatedAt}
	if d.ByDNS {
		out.Proof = "dns"
	}
	return out
}
