// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/culvertd/culvert/internal/localsocket"
)

// maxBody bounds a request.
const maxBody = 1 << 20

// Server answers the commands of other processes.
type Server struct {
	engine Engine
	about  Status // all but the engine's part
	log    *zap.Logger
	http   *http.Server
	cancel context.CancelFunc // ends the context of every request
	done   chan struct{}      // closed when Serve has returned
}

// Serve opens the instance's socket and answers until Close.
func (i *Instance) Serve(engine Engine, version string, log *zap.Logger) (*Server, error) {
	ln, err := localsocket.Listen(i.Dir)
	if err != nil {
		return nil, fmt.Errorf("opening the control socket: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{
		engine: engine,
		about:  Status{PID: i.info.PID, Version: version, Command: i.info.Command, Config: i.info.Config},
		log:    log,
		cancel: cancel,
		done:   make(chan struct{}),
	}
	s.http = &http.Server{
		Handler:           s.routes(),
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       30 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          zap.NewStdLog(log),
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	go func() {
		defer close(s.done)
		if err := s.http.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the control socket failed", zap.Error(err))
		}
	}()
	return s, nil
}

// Close ends all streams, for which Shutdown alone would wait, gives other
// requests a moment, and removes the socket.
func (s *Server) Close() error {
	s.cancel()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	<-s.done
	return err
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/status", func(w http.ResponseWriter, _ *http.Request) {
		st := s.about
		st.Status = s.engine.Status()
		answer(w, st)
	})
	mux.HandleFunc("GET /v1/clients", func(w http.ResponseWriter, r *http.Request) {
		list, err := s.engine.List(r.Context())
		if err != nil {
			fail(w, http.StatusBadGateway, toFailure(err))
			return
		}
		answer(w, list)
	})
	mux.HandleFunc("POST /v1/forwards", s.forwards)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fail(w, http.StatusNotFound, &failure{Kind: kindInternal, Message: "the running tunnelclient does not know the request " +
			r.Method + " " + r.URL.Path + "; both must be of one version"})
	})
	return mux
}

// forwards opens what is asked for and keeps it until the command goes away.
func (s *Server) forwards(w http.ResponseWriter, r *http.Request) {
	var req forwardRequest
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	err := d.Decode(&req)
	if err == nil && (len(req.Forwards) == 0 || len(req.Forwards) > maxForwards) {
		err = fmt.Errorf("%d forwards are asked for, 1 to %d are allowed", len(req.Forwards), maxForwards)
	}
	if err != nil {
		fail(w, http.StatusBadRequest, &failure{Kind: kindInternal, Message: "reading the request: " + err.Error()})
		return
	}
	opened, err := OpenAll(r.Context(), s.engine, req.Forwards)
	if err != nil {
		fail(w, http.StatusBadGateway, toFailure(err))
		return
	}
	defer func() {
		for _, f := range opened {
			if err := f.Close(); err != nil {
				s.log.Warn("closing a forward", zap.Error(err))
			}
		}
	}()
	enc := json.NewEncoder(w)
	for _, f := range opened {
		st := f.Status()
		// An error here means that the command has gone away; the context says so too.
		_ = enc.Encode(line{Forward: &st})
	}
	_ = enc.Encode(line{Ready: true})
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // an error means that the command has gone away
}

func fail(w http.ResponseWriter, status int, f *failure) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(line{Error: f})
}
