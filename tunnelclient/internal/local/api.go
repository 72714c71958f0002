// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"errors"
	"sync"

	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
)

// Engine is the running client as commands see it.
type Engine interface {
	Status() tunnel.Status
	List(ctx context.Context) ([]wire.ClientInfo, error)
	Forward(ctx context.Context, spec tunnel.ForwardSpec) (Forward, error)
}

// Forward is an open forward.
type Forward interface {
	Status() tunnel.ForwardStatus
	Close() error
}

// Status is an Engine's with what only its process knows.
type Status struct {
	tunnel.Status
	PID     int    `json:"pid"`
	Version string `json:"version"`
	Command string `json:"command"`
	Config  string `json:"config,omitempty"`
}

// maxForwards bounds one request.
const maxForwards = 1000

// OpenAll opens all forwards, or none.
func OpenAll(ctx context.Context, e Engine, specs []tunnel.ForwardSpec) ([]Forward, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	opened, errs := make([]Forward, len(specs)), make([]error, len(specs))
	var once sync.Once
	var first error
	var wg sync.WaitGroup
	for i, spec := range specs {
		wg.Go(func() {
			if opened[i], errs[i] = e.Forward(ctx, spec); errs[i] != nil {
				// The others now fail with the context's error, which says nothing.
				once.Do(func() { first = errs[i] })
				cancel()
			}
		})
	}
	wg.Wait()
	if first == nil {
		return opened, nil
	}
	for i, f := range opened {
		if errs[i] == nil {
			first = errors.Join(first, f.Close())
		}
	}
	return nil, first
}

// The lines of a stream of forwards: one for each forward, then one that is
// ready, or one with an error at any time.
type line struct {
	Forward *tunnel.ForwardStatus `json:"forward,omitempty"`
	Ready   bool                  `json:"ready,omitempty"`
	Error   *failure              `json:"error,omitempty"`
}

type forwardRequest struct {
	Forwards []tunnel.ForwardSpec `json:"forwards"`
}

// failure is an error on its way through the socket.
type failure struct {
	Kind    string `json:"kind"`
	Code    string `json:"code,omitempty"`
	Message string `json:"message"`
}

const kindInternal = "internal"

var kinds = map[tunnel.Kind]string{
	tunnel.Refused:       "refused",
	tunnel.NameTaken:     "name_taken",
	tunnel.Unreachable:   "unreachable",
	tunnel.TargetRefused: "target_refused",
	tunnel.LocalFailed:   "local_failed",
	tunnel.PeerChanged:   "peer_changed",
}

// KindName is the stable name of a kind of error.
func KindName(k tunnel.Kind) string {
	if name, ok := kinds[k]; ok {
		return name
	}
	return kindInternal
}

func toFailure(err error) *failure {
	if e, ok := errors.AsType[*tunnel.Error](err); ok {
		return &failure{Kind: KindName(e.Kind), Code: e.Code, Message: err.Error()}
	}
	return &failure{Kind: kindInternal, Message: err.Error()}
}

func (f *failure) err() error {
	for k, name := range kinds {
		if name == f.Kind {
			return &tunnel.Error{Kind: k, Code: f.Code, Err: errors.New(f.Message)}
		}
	}
	return errors.New(f.Message)
}
