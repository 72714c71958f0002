// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"net/netip"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/inventory"
)

// PublicName names one of the account's own names or ports.
type PublicName struct {
	Name string `path:"name" maxLength:"253" doc:"Such as web-alice, www.example.org or tcp:20022."`
}

// AnyPublicName names anybody's.
type AnyPublicName struct {
	Owner int64 `path:"owner" minimum:"0" doc:"The id of its account; 0 is the operator."`
	PublicName
}

// AccessBody says who may come.
type AccessBody struct {
	Body struct {
		Mode     string   `json:"mode" enum:"open,password,login"`
		Password string   `json:"password,omitempty" maxLength:"72" doc:"With the mode password; without it, the one that is set stays."`
		Visitors []string `json:"visitors,omitempty" maxItems:"100" nullable:"false" doc:"With the mode login: accounts that may come besides the owner; none: all."`
		Allow    []string `json:"allow,omitempty" maxItems:"100" nullable:"false" doc:"Addresses, or addresses in CIDR notation. If any, no others may come."`
		Deny     []string `json:"deny,omitempty" maxItems:"100" nullable:"false" doc:"Addresses, or addresses in CIDR notation, that may not come."`
	}
}

type accessIn struct {
	PublicName
	AccessBody
}

type anyAccessIn struct {
	AnyPublicName
	AccessBody
}

func (a *API) published() {
	for _, s := range []side{own, every} {
		handle(a, s.tag+"Publishing", s.with(get, "/published", "list-published", s.read,
			"Lists public names and ports: those of services, and those with rules for who may come"),
			func(ctx context.Context, q *request, in *Searched) (*listOut[inventory.Publication], error) {
				return listed(q.core.Published(ctx, s.scope(q), in.Search, in.page()))
			})
	}
	publicRoutes(a, own, "/published/{name}", func(q *request, in *accessIn) (int64, string, *AccessBody) {
		return q.who.User.ID, in.Name, &in.AccessBody
	}, func(q *request, in *PublicName) (int64, string) { return q.who.User.ID, in.Name })
	publicRoutes(a, every, "/published/{owner}/{name}", func(_ *request, in *anyAccessIn) (int64, string, *AccessBody) {
		return in.Owner, in.Name, &in.AccessBody
	}, func(_ *request, in *AnyPublicName) (int64, string) { return in.Owner, in.Name })
}

// publicRoutes are those to one name, whose account and name change and which tell.
func publicRoutes[C, I any](a *API, s side, path string, change func(*request, *C) (int64, string, *AccessBody),
	which func(*request, *I) (int64, string),
) {
	tag := s.tag + "Publishing"
	handle(a, tag, s.with(put, path+"/access", "set-access", s.write,
		"Says who may come to a public name, whether a service has it or not; open without addresses forgets it"),
		func(ctx context.Context, q *request, in *C) (*none, error) {
			owner, name, body := change(q, in)
			b := &body.Body
			r := account.AccessRules{Mode: b.Mode, Password: b.Password, Visitors: b.Visitors}
			var err error
			if r.Allow, err = parsePrefixes("body.allow", b.Allow); err != nil {
				return nil, err
			}
			if r.Deny, err = parsePrefixes("body.deny", b.Deny); err != nil {
				return nil, err
			}
			return done(q.accounts.SetAccess(ctx, q.who, owner, name, r, q.from()))
		})
	handle(a, tag, s.with(get, path+"/requests", "list-requests", s.read,
		"Lists the latest requests to a published website, newest first; they are in memory only"),
		func(ctx context.Context, q *request, in *I) (*listOut[inventory.PublicRequest], error) {
			owner, name := which(q, in)
			list, err := q.core.PublicRequests(ctx, owner, name)
			return listed(list, "", err)
		})
}

func parsePrefixes(field string, texts []string) ([]netip.Prefix, error) {
	list := make([]netip.Prefix, 0, len(texts))
	for _, text := range texts {
		p, err := parsePrefix(field, text)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}
