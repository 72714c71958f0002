// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

// Package refhub has reference WebSocket broadcast hubs: what it costs on this
// machine to bring a frame of any client to all clients, with several ways to
// write. They have no limits, no accounts and no care for hostile clients; they
// are yardsticks, not servers. A client of the path /pub publishes and gets
// nothing.
package refhub

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"runtime"
)

// Command is "bench ref-hub".
func Command(args []string) error {
	fs := flag.NewFlagSet("ref-hub", flag.ExitOnError)
	listen := fs.String("listen", "127.0.0.1:8100", "address")
	mode := fs.String("mode", "batch", "batch or batchraw (own writers, no goroutine per client for writing, the latter with raw system calls); gws; gorilla (a writer goroutine per client)")
	if err := fs.Parse(args); err != nil {
		return err
	}
	var hub http.Handler
	switch *mode {
	case "batch":
		hub = newBatcher(false)
	case "batchraw":
		hub = newBatcher(true)
	case "gws":
		hub = newGWS()
	case "gorilla":
		hub = newGorilla()
	default:
		return fmt.Errorf("unknown mode %q", *mode)
	}
	mux := http.NewServeMux()
	mux.Handle("/", hub)
	mux.HandleFunc("/metrics", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "go_goroutines %d\n", runtime.NumGoroutine())
	})
	log.Printf("%s hub on %s, pid %d", *mode, *listen, os.Getpid())
	return http.ListenAndServe(*listen, mux)
}

// encode makes one unmasked server frame.
func encode(op byte, p []byte) []byte {
	b := make([]byte, 0, len(p)+10)
	b = append(b, 0x80|op)
	switch n := len(p); {
	case n < 126:
		b = append(b, byte(n))
	case n < 1<<16:
		b = append(b, 126, byte(n>>8), byte(n))
	default:
		b = append(b, 127, 0, 0, 0, 0, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	return append(b, p...)
}
