// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/culvertd/culvert/internal/localsocket"
)

// maxBody bounds a request: a list of a thousand origins fits.
const maxBody = 64 << 10

// Server answers commands on the socket of one data folder.
type Server struct {
	svc  Service
	log  func(msg string, err error)
	http *http.Server
	ln   net.Listener
	done chan struct{} // closed when Serve has returned
}

// Serve opens the socket of the data folder dir, whose lock the caller holds,
// and answers commands by calling svc until Close. Errors that are the
// gateway's own go to log.
func Serve(dir string, svc Service, log func(msg string, err error)) (*Server, error) {
	ln, err := localsocket.Listen(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the control socket: %w", err)
	}
	s := &Server{svc: svc, log: log, ln: ln, done: make(chan struct{})}
	s.http = &http.Server{
		Handler:           s.routes(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       30 * time.Second,
		MaxHeaderBytes:    16 << 10,
	}
	go func() {
		defer close(s.done)
		if err := s.http.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			log("serving the control socket", err)
		}
	}()
	return s, nil
}

// SocketPath returns where the control socket of the data folder dir is.
func SocketPath(dir string) string { return localsocket.Path(dir) }

// Close stops answering, waits for requests in progress until ctx ends, and
// removes the socket.
func (s *Server) Close(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	<-s.done
	return err
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/endpoints", s.handle(func(r *http.Request) (any, error) {
		return s.svc.Endpoints(r.Context())
	}))
	mux.HandleFunc("POST /v1/endpoints", s.handle(func(r *http.Request) (any, error) {
		var req createRequest
		if err := decode(r, &req); err != nil {
			return nil, err
		}
		return s.svc.CreateEndpoint(r.Context(), req.Owner, req.Name, req.Settings)
	}))
	mux.HandleFunc("PATCH /v1/endpoints/{id}", s.handle(func(r *http.Request) (any, error) {
		var c Changes
		if err := decode(r, &c); err != nil {
			return nil, err
		}
		return s.svc.UpdateEndpoint(r.Context(), r.PathValue("id"), c)
	}))
	mux.HandleFunc("DELETE /v1/endpoints/{id}", s.handle(func(r *http.Request) (any, error) {
		return nil, s.svc.DeleteEndpoint(r.Context(), r.PathValue("id"))
	}))
	mux.HandleFunc("GET /v1/endpoints/{id}/log", s.handle(func(r *http.Request) (any, error) {
		limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
		if err != nil {
			return nil, &Error{Code: CodeInvalid, Message: "limit must be a number"}
		}
		return s.svc.ConnectionLog(r.Context(), r.PathValue("id"), limit)
	}))
	s.clientRoutes(mux)
	s.accountRoutes(mux)
	s.inviteRoutes(mux)
	mux.HandleFunc("/", s.handle(func(r *http.Request) (any, error) {
		return nil, &Error{Code: CodeInvalid, Message: "this gateway does not know the request " + r.Method + " " +
			r.URL.Path + "; gateway and command must be of one version"}
	}))
	return mux
}

func (s *Server) clientRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /v1/client-tokens", s.handle(func(r *http.Request) (any, error) {
		return s.svc.ClientTokens(r.Context())
	}))
	mux.HandleFunc("POST /v1/client-tokens", s.handle(func(r *http.Request) (any, error) {
		var req createTokenRequest
		if err := decode(r, &req); err != nil {
			return nil, err
		}
		return s.svc.CreateClientToken(r.Context(), req.Owner, req.Client)
	}))
	mux.HandleFunc("DELETE /v1/client-tokens/{id}", s.handle(func(r *http.Request) (any, error) {
		return nil, s.svc.RevokeClientToken(r.Context(), r.PathValue("id"))
	}))
	mux.HandleFunc("POST /v1/clients/forget-key", s.handle(func(r *http.Request) (any, error) {
		var req forgetKeyRequest
		if err := decode(r, &req); err != nil {
			return nil, err
		}
		return nil, s.svc.ForgetClientKey(r.Context(), req.Client)
	}))
	mux.HandleFunc("GET /v1/clients", s.handle(func(r *http.Request) (any, error) {
		return s.svc.Clients(r.Context())
	}))
}

type createRequest struct {
	Owner    string   `json:"owner,omitempty"`
	Name     string   `json:"name"`
	Settings Settings `json:"settings"`
}

type createTokenRequest struct {
	Owner  string `json:"owner,omitempty"`
	Client string `json:"client"`
}

type forgetKeyRequest struct {
	Client string `json:"client"` // the name, or owner/name
}

// handle turns what f returns into an answer.
func (s *Server) handle(f func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		v, err := f(r)
		if err == nil {
			writeJSON(w, http.StatusOK, v)
			return
		}
		e := asError(err)
		if e.Code == CodeInternal {
			s.log("answering a command", err)
		}
		writeJSON(w, e.Code.status(), e)
	}
}

// decode reads the body strictly: a field that this gateway does not know
// would otherwise be a setting that silently does nothing.
func decode(r *http.Request, v any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil && d.More() {
		err = errors.New("more than one JSON value")
	}
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &tooLarge):
		return &Error{Code: CodeTooLarge, Message: fmt.Sprintf("the request is larger than %d bytes", tooLarge.Limit)}
	default:
		return &Error{Code: CodeInvalid, Message: "reading the request: " + err.Error()}
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// An error here means that the command has gone away.
	_ = json.NewEncoder(w).Encode(v)
}
