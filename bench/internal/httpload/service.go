// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package httpload

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/culvertd/culvert/bench/internal/harness"
)

// page is what the website has.
var page = strings.Repeat("A page of a hundred bytes.\r\n", 4)[:100]

// Serve is the website, until ln is closed.
func Serve(ln net.Listener) error {
	srv := &http.Server{
		ReadHeaderTimeout: time.Minute,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, page) // or the client has gone
		}),
	}
	err := srv.Serve(ln)
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	return errors.Join(err, srv.Close())
}

// Command is "bench http-load".
func Command(args []string) error {
	r := harness.NewRun("http-load")
	var l Load
	r.FS.IntVar(&l.Conns, "conns", 32, "parallel connections")
	r.FS.DurationVar(&l.Duration, "duration", 3*time.Second, "time of one run")
	if err := r.FS.Parse(args); err != nil {
		return err
	}
	return r.Do(l.Measure)
}
