// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/store"
)

// Bounds of what a stranger sends and the audit log keeps.
const (
	maxAgent  = 200
	maxDetail = 16 << 10
)

// Audit returns entries of the audit log, the newest first.
func (s *Service) Audit(ctx context.Context, p Principal, f store.AuditFilter, page store.Page) ([]store.AuditEntry, string, error) {
	if !p.User.Admin {
		return nil, "", errForbidden
	}
	if !isClean(f.Action, maxNote) || !isClean(f.Target, maxNote) {
		return nil, "", nil // there is no such entry
	}
	list, next, err := s.store.Audit(ctx, f, page)
	return list, next, fail("reading audit log", err)
}

// Note writes down what another package has changed. before and after become
// JSON; that no secret is in them is the caller's care.
func (s *Service) Note(ctx context.Context, from From, action, target string, before, after any) {
	s.audit(ctx, Principal{User: store.User{ID: from.UserID, Name: from.Name}}, from, action, target, before, after)
}

// audit writes an entry, also if whoever asked has hung up: what it tells of
// has happened. If it cannot be written, the log has it.
func (s *Service) audit(ctx context.Context, p Principal, from From, action, target string, before, after any) {
	e := store.AuditEntry{
		Time: time.Now().UTC(), ActorID: p.User.ID, Actor: p.User.Name, Addr: addrText(from),
		Agent: clean(from.Agent, maxAgent), Action: action, Target: target, Before: detail(before), After: detail(after),
	}
	if err := s.store.AppendAudit(context.WithoutCancel(ctx), e); err != nil {
		s.logger().Error("writing audit log", zap.Error(err), zap.String("actor", e.Actor), zap.String("action", action), zap.String("target", target))
	}
}

// detail is v as JSON; nil is nothing.
func detail(v any) json.RawMessage {
	if v == nil {
		return nil
	}
	text, err := json.Marshal(v)
	if err != nil || len(text) > maxDetail {
		return json.RawMessage(`{"omitted":true}`)
	}
	return text
}

func addrText(from From) string {
	if !from.Addr.IsValid() {
		return ""
	}
	return from.Addr.Unmap().String()
}

// userView is what the audit log says of a user.
type userView struct {
	Name     string           `json:"name"`
	Email    string           `json:"email"`
	Admin    bool             `json:"admin"`
	Disabled bool             `json:"disabled"`
	Limits   store.UserLimits `json:"limits"`
}

func viewUser(u store.User) userView {
	return userView{Name: u.Name, Email: u.Email, Admin: u.Admin, Disabled: !u.DisabledAt.IsZero(), Limits: u.Limits}
}

func userTarget(u store.User) string {
	if u.Name == "" {
		return ""
	}
	return "user/" + u.Name
}

func idTarget(kind string, id int64) string { return kind + "/" + strconv.FormatInt(id, 10) }
