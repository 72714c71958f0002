// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/store"
)

// AuditEntry is a line of the audit log.
type AuditEntry struct {
	ID      int64           `json:"id"`
	Time    time.Time       `json:"time"`
	ActorID int64           `json:"actor_id" doc:"The account's id; 0 is the operator or a stranger."`
	Actor   string          `json:"actor"`
	Address string          `json:"address"`
	Agent   string          `json:"agent,omitempty"`
	Action  string          `json:"action" doc:"Such as user.login or endpoint.delete."`
	Target  string          `json:"target,omitempty"`
	Before  json.RawMessage `json:"before,omitempty"`
	After   json.RawMessage `json:"after,omitempty"`
}

// Sought is what entries shall be of.
type Sought struct {
	Actor  int64     `query:"actor" minimum:"0" doc:"The id of an account."`
	Action string    `query:"action" maxLength:"64"`
	Target string    `query:"target" maxLength:"128"`
	From   time.Time `query:"from"`
	To     time.Time `query:"to"`
}

func (s Sought) filter() store.AuditFilter {
	return store.AuditFilter{Actor: s.Actor, Action: s.Action, Target: s.Target, From: s.From, To: s.To}
}

type auditIn struct {
	Paged
	Sought
}

type exportIn struct {
	Sought
	Format string `query:"format" enum:"jsonl,csv" default:"jsonl"`
}

type exportOut struct {
	Body func(huma.Context)
}

func (a *API) audit() {
	tag := every.tag + "Audit log"
	handle(a, tag, every.with(get, "/audit", "list-audit", adminReader, "Lists changes and log-ins, newest first"),
		func(ctx context.Context, q *request, in *auditIn) (*listOut[AuditEntry], error) {
			list, next, err := q.accounts.Audit(ctx, q.who, in.filter(), in.page())
			return shown(list, showAudit, next, err)
		})
	rt := every.with(get, "/audit/export", "export-audit", adminReader, "Exports the audit log, newest first")
	text := &huma.Schema{Type: huma.TypeString}
	rt.responses = map[string]*huma.Response{"200": {
		Description: "An AuditEntry a line, or a table.",
		Content:     map[string]*huma.MediaType{"application/jsonl": {Schema: text}, "text/csv": {Schema: text}},
	}}
	handle(a, tag, rt, func(ctx context.Context, q *request, in *exportIn) (*exportOut, error) {
		// The first page decides whether it can be done at all.
		p := store.Page{Limit: 200}
		list, next, err := q.accounts.Audit(ctx, q.who, in.filter(), p)
		if err != nil {
			return nil, err
		}
		return &exportOut{func(hc huma.Context) { a.export(ctx, hc, q, in, list, next) }}, nil
	})
}

// export writes page after page, so that the log need not fit into memory.
func (a *API) export(ctx context.Context, hc huma.Context, q *request, in *exportIn, list []store.AuditEntry, next string) {
	ans := answerOf(hc)
	ans.Header().Set("Content-Disposition", `attachment; filename="culvert-audit.`+in.Format+`"`)
	write, contentType := jsonLines(ans), "application/jsonl"
	if in.Format == "csv" {
		write, contentType = csvLines(ans), "text/csv; charset=utf-8"
	}
	ans.Header().Set("Content-Type", contentType)
	ans.stream()
	for {
		if write(list) != nil || next == "" {
			return // or the client has gone
		}
		var err error
		if list, next, err = q.accounts.Audit(ctx, q.who, in.filter(), store.Page{After: next, Limit: 200}); err != nil {
			a.cfg.Logger().Error("exporting the audit log", zap.Error(err))
			panic(http.ErrAbortHandler) // a file that ends early must not look complete
		}
	}
}

func jsonLines(ans *answer) func([]store.AuditEntry) error {
	enc := json.NewEncoder(ans)
	enc.SetEscapeHTML(false)
	return func(list []store.AuditEntry) error {
		for _, e := range list {
			if err := enc.Encode(showAudit(e)); err != nil {
				return err
			}
		}
		return nil
	}
}

func csvLines(ans *answer) func([]store.AuditEntry) error {
	w := csv.NewWriter(ans)
	header := []string{"id", "time", "actor_id", "actor", "address", "agent", "action", "target", "before", "after"}
	return func(list []store.AuditEntry) error {
		if header != nil {
			_ = w.Write(header) // Flush reports it
			header = nil
		}
		for _, e := range list {
			_ = w.Write([]string{
				strconv.FormatInt(e.ID, 10), e.Time.UTC().Format(time.RFC3339Nano), strconv.FormatInt(e.ActorID, 10),
				plain(e.Actor), e.Addr, plain(e.Agent), plain(e.Action), plain(e.Target), plain(string(e.Before)), plain(string(e.After)),
			})
		}
		w.Flush()
		return w.Error()
	}
}

// plain keeps a spreadsheet from taking what a stranger wrote for a formula.
func plain(s string) string {
	if s == "" {
		return s
	}
	switch s[0] {
	case '=', '+', '-', '@', '\t', '\r':
		return "'" + s
	}
	return s
}

func showAudit(e store.AuditEntry) AuditEntry {
	return AuditEntry{
		ID: e.ID, Time: e.Time, ActorID: e.ActorID, Actor: e.Actor, Address: e.Addr, Agent: e.Agent,
		Action: e.Action, Target: e.Target, Before: e.Before, After: e.After,
	}
}
