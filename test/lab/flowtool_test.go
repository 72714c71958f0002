// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package lab

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/culvertd/culvert/test/process"
)

// flows are those of one process. It is asked and steered over HTTP on a Unix
// socket, which is the same file in all network namespaces.
type flows struct {
	seed uint64
	stop chan struct{}
	once sync.Once

	mu      sync.Mutex
	all     map[uint32]*flow
	running sync.WaitGroup
}

// flowState is what the process says at any time.
type flowState struct {
	Flows  int      `json:"flows"`
	Stands []uint32 `json:"stands"` // paced flows that have got nothing new
	Failed []string `json:"failed"`
}

// bulkEvery makes one flow in twenty a bulk one: each fills all buffers on its
// way, which is megabytes.
const bulkEvery = 20

// flowServe is the application at the provider; its arguments are the socket,
// the address and the seed.
func flowServe(args []string) {
	f := newFlows(args[0], args[2])
	ln, err := net.Listen("tcp", args[1])
	if err != nil {
		log.Fatal(err)
	}
	log.Print("flowing")
	for {
		c, err := ln.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go func() {
			header := make([]byte, headerSize)
			if _, err := io.ReadFull(c, header); err != nil {
				log.Print("a connection without a header: ", err)
				_ = c.Close()
				return
			}
			id, bulk := binary.LittleEndian.Uint32(header), header[4] == 1
			f.run(newFlow(f.seed, id, bulk, false, c.(*net.TCPConn))) //nolint:forcetypeassert // it is
		}()
	}
}

// flowDial is the application at the visitor; its arguments are those of
// flowServe, the first id and the number of flows.
func flowDial(args []string) {
	f := newFlows(args[0], args[2])
	first, err := strconv.ParseUint(args[3], 10, 32)
	if err != nil {
		log.Fatal(err)
	}
	count, err := strconv.ParseUint(args[4], 10, 32)
	if err != nil {
		log.Fatal(err)
	}
	for i := range uint32(count) {
		c, err := net.Dial("tcp", args[1])
		if err != nil {
			log.Fatal(err)
		}
		own := newFlow(f.seed, uint32(first)+i, i%bulkEvery == 0, true, c.(*net.TCPConn)) //nolint:forcetypeassert // it is
		if _, err := c.Write(own.header()); err != nil {
			log.Fatal(err)
		}
		go f.run(own)
		time.Sleep(pace / time.Duration(count)) // so that not all write at once
	}
	log.Print("flowing")
	select {}
}

func newFlows(socket, seed string) *flows {
	f := &flows{stop: make(chan struct{}), all: make(map[uint32]*flow)}
	var err error
	if f.seed, err = strconv.ParseUint(seed, 10, 64); err != nil {
		log.Fatal(err)
	}
	ln, err := net.Listen("unix", socket)
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /state/{since}", func(w http.ResponseWriter, r *http.Request) {
		since, err := strconv.ParseInt(r.PathValue("since"), 10, 64)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answerJSON(w, f.state(since))
	})
	mux.HandleFunc("POST /freeze/{id}/{on}", f.freeze)
	mux.HandleFunc("POST /stop", func(w http.ResponseWriter, _ *http.Request) {
		f.once.Do(func() { close(f.stop) })
		f.running.Wait()
		answerJSON(w, f.reports())
	})
	mux.HandleFunc("GET /reports", func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, f.reports()) })
	go func() { log.Fatal(http.Serve(ln, mux)) }()
	return f
}

func (f *flows) run(one *flow) {
	f.mu.Lock()
	f.all[one.id] = one
	f.running.Add(1)
	f.mu.Unlock()
	defer f.running.Done()
	one.run(f.stop)
}

func (f *flows) state(since int64) flowState {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := flowState{Flows: len(f.all)}
	for id, one := range f.all {
		if one.stands(since) {
			s.Stands = append(s.Stands, id)
		}
		if e := one.done().Error; e != "" {
			s.Failed = append(s.Failed, fmt.Sprintf("%d: %s", id, e))
		}
	}
	return s
}

func (f *flows) reports() []flowReport {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := make([]flowReport, 0, len(f.all))
	for _, one := range f.all {
		all = append(all, one.done())
	}
	return all
}

func (f *flows) freeze(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseUint(r.PathValue("id"), 10, 32)
	f.mu.Lock()
	one := f.all[uint32(id)]
	f.mu.Unlock()
	if err != nil || one == nil {
		http.Error(w, "no such flow", http.StatusNotFound)
		return
	}
	one.frozen.Store(r.PathValue("on") == "true")
}

func answerJSON(w http.ResponseWriter, v any) {
	if err := json.NewEncoder(w).Encode(v); err != nil {
		log.Print("answering: ", err)
	}
}

// steer asks one of the two processes above.
type steer struct {
	name   string
	client http.Client
}

// startFlows runs flow-serve or flow-dial in a namespace and waits until it
// has its listener or its connections.
func startFlows(t *testing.T, ns, kind, address string, seed uint64, more ...string) *steer {
	t.Helper()
	dir, err := os.MkdirTemp("", "flow-") //nolint:usetesting // its path may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	argv := tool(t, kind, append([]string{socket, address, strconv.FormatUint(seed, 10)}, more...)...)
	process.Start(t, nil, in(ns, argv...)).Says(t, "flowing", 30*time.Second)
	s := &steer{name: ns}
	s.client.Transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}
	t.Cleanup(s.client.CloseIdleConnections)
	return s
}

// state is that of flows which should have got something that was written after
// since, ns since 1970.
func (s *steer) state(t *testing.T, since int64) (st flowState) {
	t.Helper()
	s.do(t, 10*time.Second, http.MethodGet, fmt.Sprintf("/state/%d", since), &st)
	return st
}

func (s *steer) freeze(t *testing.T, id uint32, on bool) {
	t.Helper()
	s.do(t, 10*time.Second, http.MethodPost, fmt.Sprintf("/freeze/%d/%v", id, on), nil)
}

// reports are those so far.
func (s *steer) reports(t *testing.T) (all []flowReport) {
	t.Helper()
	s.do(t, 10*time.Second, http.MethodGet, "/reports", &all)
	return all
}

// stop has both ends of all flows send their last chunks, and returns all
// reports when everything has arrived.
func stopFlows(t *testing.T, timeout time.Duration, ends ...*steer) [][]flowReport {
	t.Helper()
	all := make([][]flowReport, len(ends))
	errs := make([]error, len(ends))
	var waiting sync.WaitGroup
	for i, s := range ends {
		waiting.Go(func() { errs[i] = s.ask(t.Context(), timeout, http.MethodPost, "/stop", &all[i]) })
	}
	waiting.Wait()
	for i, err := range errs {
		if err != nil {
			t.Errorf("%s has not finished: %v; %+v", ends[i].name, err, ends[i].state(t, 0))
		}
	}
	return all
}

func (s *steer) do(t *testing.T, timeout time.Duration, method, path string, into any) {
	t.Helper()
	if err := s.ask(t.Context(), timeout, method, path, into); err != nil {
		t.Fatal(err)
	}
}

func (s *steer) ask(ctx context.Context, timeout time.Duration, method, path string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://flows"+path, nil)
	if err != nil {
		return err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return fmt.Errorf("asking the flows of %s: %w", s.name, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("asking the flows of %s: %s", s.name, resp.Status)
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(into)
}
