// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/culvertd/culvert/internal/account"
	"github.com/culvertd/culvert/internal/inventory"
	"github.com/culvertd/culvert/internal/publish"
	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/store"
	"github.com/culvertd/culvert/internal/wire"
)

// What a Publication's Status can be besides wire.Online and wire.Offline.
const (
	statusRefused = "refused"
	statusUnused  = "unused"
)

// Published lists public names and ports whose name, client, service or owner has
// search in it.
func (a *API) Published(ctx context.Context, scope int64, search string, p store.Page) ([]inventory.Publication, string, error) {
	all, err := a.publications(ctx, scope)
	if err != nil {
		return nil, "", err
	}
	search = strings.ToLower(search)
	all = slices.DeleteFunc(all, func(v inventory.Publication) bool {
		return !strings.Contains(strings.ToLower(v.Name+" "+v.Owner+"/"+v.Client+"/"+v.Service), search)
	})
	return pageOf(all, p, publicationKey)
}

// publicationKey sorts; several services can want one name.
func publicationKey(v inventory.Publication) string {
	return sortable(v.OwnerID) + "/" + v.Name + "/" + v.Client + "/" + v.Service
}

// publications returns what is within a scope, in order.
func (a *API) publications(ctx context.Context, scope int64) ([]inventory.Publication, error) {
	rules, err := a.b.store.AllAccess(ctx)
	if err != nil {
		return nil, err
	}
	access := make(map[publish.Key]store.PublicAccess, len(rules))
	for _, r := range rules {
		access[publish.Key{Owner: r.UserID, Name: r.Name}] = r
	}
	var list []inventory.Publication
	used := make(map[publish.Key]bool)
	for _, v := range a.b.tunnels.Publications() {
		if !within(scope, v.Account.ID) {
			continue
		}
		k := publish.Key{Owner: v.Account.ID, Name: v.Name}
		list = append(list, a.showPublication(k, v, access[k]))
		used[k] = used[k] || v.Code == ""
	}
	for k, r := range access {
		if within(scope, k.Owner) && !used[k] {
			unused := signaling.Publication{Name: k.Name, Account: a.b.accountOf(k.Owner)}
			list = append(list, a.showPublication(k, unused, r))
		}
	}
	slices.SortFunc(list, func(v, w inventory.Publication) int { return strings.Compare(publicationKey(v), publicationKey(w)) })
	return list, nil
}

func (a *API) showPublication(k publish.Key, v signaling.Publication, r store.PublicAccess) inventory.Publication {
	out := inventory.Publication{
		Name: v.Name, Kind: kindOf(v.Name), URL: v.URL, OwnerID: v.Account.ID, Owner: v.Account.Name,
		Client: v.Client, Service: v.Service, Protocol: v.Protocol, Status: wire.Offline, Code: v.Code, Error: v.Error,
		Access: a.b.showAccess(r),
	}
	switch {
	case v.Code != "":
		out.Status = statusRefused
		return out
	case v.Service == "":
		out.Status = statusUnused
	case v.Online:
		out.Status = wire.Online
	}
	out.Open, out.Requests = a.b.publisher.Counts(k)
	return out
}

func kindOf(name string) string {
	if protocol, _, isPort := strings.Cut(name, ":"); isPort {
		return protocol
	}
	if strings.Contains(name, ".") {
		return "domain"
	}
	return "label"
}

func (b *book) showAccess(r store.PublicAccess) inventory.Access {
	out := inventory.Access{
		Mode: r.Mode, HasPassword: r.PasswordHash != "", Visitors: []string{}, Allow: texts(r.Allow), Deny: texts(r.Deny),
	}
	if out.Mode == "" {
		out.Mode = store.AccessOpen
	}
	for _, id := range r.Visitors {
		out.Visitors = append(out.Visitors, account.VisitorName(id, b.ledger.name(id)))
	}
	return out
}

func texts(list []netip.Prefix) []string {
	out := make([]string, len(list))
	for i, p := range list {
		out[i] = p.String()
	}
	return out
}

// PublicRequests lists the latest requests to one of an account's names, newest
// first.
func (a *API) PublicRequests(ctx context.Context, owner int64, name string) ([]inventory.PublicRequest, error) {
	all, err := a.publications(ctx, owner)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(all, func(v inventory.Publication) bool { return v.OwnerID == owner && v.Name == name }) {
		return nil, missing("published name")
	}
	list := a.b.publisher.Gate().Requests(publish.Key{Owner: owner, Name: name})
	out := make([]inventory.PublicRequest, len(list))
	for i, q := range list {
		out[i] = inventory.PublicRequest{
			ID: q.ID, Time: q.Began.UTC(), Method: q.Method, Path: q.Path, Status: q.Status, Open: q.Open,
			Seconds: q.Took.Seconds(), BytesOut: q.Sent, Visitor: q.User,
		}
		if q.Addr.IsValid() {
			out[i].Address = q.Addr.String()
		}
	}
	return out, nil
}

// Visit lets p on to the website at host, which has its port if it has one; state
// and to are what the website has sent along.
func (a *API) Visit(ctx context.Context, p account.Principal, host, state, to string) (account.Visit, error) {
	if bare, _, err := net.SplitHostPort(host); err == nil {
		host = bare
	}
	public := a.b.public.Load()
	name, ok := public.name(host)
	n, published := a.b.tunnels.Named(name)
	if !ok || !published {
		return account.Visit{}, missing("published website")
	}
	mode, visitors := a.b.publisher.Gate().Asks(publish.Key{Owner: n.Owner, Name: name})
	switch {
	case mode != publish.ModeLogin:
		return account.Visit{}, missing("published website that asks for a log-in")
	case !account.MayVisit(p, n.Owner, visitors):
		return account.Visit{}, &account.Error{
			Code: account.CodeForbidden, Message: "This website is for other accounts. Ask whoever publishes it.",
		}
	case !publish.IsPath(to):
		to = "/"
	}
	ticket, expires, err := a.b.accounts.VisitTicket(ctx, p, name, state)
	if err != nil {
		return account.Visit{}, err
	}
	q := url.Values{"ticket": {ticket}, "to": {to}}
	return account.Visit{URL: public.url(name) + publish.EnterPath + "?" + q.Encode(), ExpiresAt: expires}, nil
}
