// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"errors"
	"net/http"
	"strconv"
	"time"
)

// accountRoutes: names and e-mails of users may hold anything, and so are
// parameters of the query, not of the path.
func (s *Server) accountRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST /v1/admins", s.handle(func(r *http.Request) (any, error) {
		var req NewAdmin
		if err := decode(r, &req); err != nil {
			return nil, err
		}
		return s.svc.CreateAdmin(r.Context(), req)
	}))
	mux.HandleFunc("POST /v1/setup-link", s.handle(func(r *http.Request) (any, error) {
		return s.svc.SetupLink(r.Context())
	}))
	mux.HandleFunc("GET /v1/users", s.handle(func(r *http.Request) (any, error) {
		p, err := page(r)
		if err != nil {
			return nil, err
		}
		return s.svc.Users(r.Context(), r.URL.Query().Get("search"), p)
	}))
	mux.HandleFunc("POST /v1/users/disable", s.handle(func(r *http.Request) (any, error) {
		return nil, s.svc.DisableUser(r.Context(), r.URL.Query().Get("name"))
	}))
	mux.HandleFunc("POST /v1/users/enable", s.handle(func(r *http.Request) (any, error) {
		return nil, s.svc.EnableUser(r.Context(), r.URL.Query().Get("name"))
	}))
	mux.HandleFunc("DELETE /v1/users", s.handle(func(r *http.Request) (any, error) {
		return nil, s.svc.DeleteUser(r.Context(), r.URL.Query().Get("name"))
	}))
	mux.HandleFunc("POST /v1/users/reset-link", s.handle(func(r *http.Request) (any, error) {
		return s.svc.ResetPassword(r.Context(), r.URL.Query().Get("name"))
	}))
	mux.HandleFunc("POST /v1/backup", s.backup)
}

func (s *Server) inviteRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST /v1/invites", s.handle(func(r *http.Request) (any, error) {
		var req InviteRequest
		if err := decode(r, &req); err != nil {
			return nil, err
		}
		return s.svc.CreateInvites(r.Context(), req)
	}))
	mux.HandleFunc("GET /v1/invites", s.handle(func(r *http.Request) (any, error) {
		p, err := page(r)
		if err != nil {
			return nil, err
		}
		return s.svc.Invites(r.Context(), r.URL.Query().Get("state"), p)
	}))
	mux.HandleFunc("DELETE /v1/invites/{id}", s.handle(func(r *http.Request) (any, error) {
		id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
		if err != nil {
			return nil, &Error{Code: CodeInvalid, Message: "an invite's id is a number"}
		}
		return nil, s.svc.RevokeInvite(r.Context(), id)
	}))
}

type backupRequest struct {
	File string `json:"file"`
}

// backup may take as long as the database is large. Both deadlines go: net/http
// cancels the request when that for reading passes, although all has been read.
func (s *Server) backup(w http.ResponseWriter, r *http.Request) {
	c := http.NewResponseController(w)
	if err := errors.Join(c.SetReadDeadline(time.Time{}), c.SetWriteDeadline(time.Time{})); err != nil {
		s.log("letting a backup take its time", err)
	}
	s.handle(func(r *http.Request) (any, error) {
		var req backupRequest
		if err := decode(r, &req); err != nil {
			return nil, err
		}
		return nil, s.svc.Backup(r.Context(), req.File)
	})(w, r)
}

func page(r *http.Request) (Page, error) {
	q := r.URL.Query()
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil {
		return Page{}, &Error{Code: CodeInvalid, Message: "limit must be a number"}
	}
	return Page{After: q.Get("after"), Limit: limit}, nil
}
