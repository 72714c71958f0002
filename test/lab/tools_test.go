// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package lab

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/test/lab/emulate"
)

// tools are what this binary does in other namespaces, where this process
// cannot go: a namespace belongs to a thread.
var tools = map[string]func(args []string){
	"no-offload": noOffload,
	"serve":      serve,
	"ws":         wsClient,
	"hear":       hear,
	"tick":       tick,
	"flow-serve": flowServe,
	"flow-dial":  flowDial,
	"parrot":     parrot,
	"plant":      plant,
	"rpc":        serveRPC,
}

// tool returns the command that runs one of tools.
func tool(t *testing.T, name string, args ...string) []string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return append([]string{"env", toolVar + "=" + name, path}, args...)
}

func noOffload(args []string) {
	if err := emulate.NoOffload(args[0]); err != nil {
		log.Fatal(err)
	}
}

// serve is the application at the provider: large files, and a WebSocket that
// echoes. It says so when it listens.
func serve(args []string) {
	mux := http.NewServeMux()
	mux.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) {
		size, err := strconv.ParseInt(r.FormValue("size"), 10, 64)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
		_, _ = io.Copy(w, file(size))
	})
	mux.HandleFunc("/upload", func(w http.ResponseWriter, r *http.Request) {
		h := sha256.New()
		if _, err := io.Copy(h, r.Body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		fmt.Fprint(w, hex.EncodeToString(h.Sum(nil)))
	})
	mux.HandleFunc("/echo", echo)
	log.Printf("serving on %s", args[0])
	log.Fatal(http.ListenAndServe(args[0], mux))
}

// echo answers every message with itself, and a close with its code.
func echo(w http.ResponseWriter, r *http.Request) {
	c, err := new(websocket.Upgrader).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer c.Close()
	for {
		kind, message, err := c.ReadMessage()
		if err != nil {
			return
		}
		if err := c.WriteMessage(kind, message); err != nil {
			return
		}
	}
}

// wsClient sends messages of growing size to args[0], compares what comes
// back, and prints how many did.
func wsClient(args []string) {
	c, _, err := websocket.DefaultDialer.Dial(args[0], nil)
	if err != nil {
		log.Fatal(err)
	}
	same := 0
	for size := 1; size <= 1<<20; size *= 4 {
		for _, kind := range []int{websocket.TextMessage, websocket.BinaryMessage} {
			sent, err := io.ReadAll(text(int64(size)))
			if err != nil {
				log.Fatal(err)
			}
			if err := c.WriteMessage(kind, sent); err != nil {
				log.Fatal(err)
			}
			gotKind, got, err := c.ReadMessage()
			if err != nil {
				log.Fatal(err)
			}
			if gotKind != kind || string(got) != string(sent) {
				log.Fatalf("message of %d bytes came back as another", size)
			}
			same++
		}
	}
	closing := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "done")
	if err := c.WriteMessage(websocket.CloseMessage, closing); err != nil {
		log.Fatal(err)
	}
	if _, _, err := c.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		log.Fatalf("the close was answered with %v", err)
	}
	fmt.Println(same)
}

// hear accepts connections and says how each of them ends.
func hear(args []string) {
	ln, err := net.Listen("tcp", args[0])
	if err != nil {
		log.Fatal(err)
	}
	log.Print("listening")
	for {
		c, err := ln.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go func() {
			defer c.Close()
			log.Print("accepted")
			sayEnd(io.Copy(io.Discard, c))
		}()
	}
}

// tick connects, sends a byte now and then, and says how it ends.
func tick(args []string) {
	c, err := net.Dial("tcp", args[0])
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	go func() {
		for {
			if _, err := c.Write([]byte{1}); err != nil {
				return // the reader says why
			}
			time.Sleep(300 * time.Millisecond)
		}
	}()
	sayEnd(io.Copy(io.Discard, c))
}

func sayEnd(_ int64, err error) {
	switch {
	case err == nil:
		log.Print("ended well")
	case errors.Is(err, syscall.ECONNRESET):
		log.Print("ended by reset")
	default:
		log.Print("ended with ", err)
	}
}

// file is content that both ends can make: size bytes of noise.
func file(size int64) io.Reader {
	return io.LimitReader(rand.NewChaCha8([32]byte{'l', 'a', 'b'}), size)
}

// text is size letters of noise.
func text(size int64) io.Reader { return letters{file(size)} }

type letters struct{ r io.Reader }

func (l letters) Read(b []byte) (int, error) {
	n, err := l.r.Read(b)
	for i := range b[:n] {
		b[i] = 'a' + b[i]%26
	}
	return n, err
}

// hashOf is the SHA-256 of what r holds.
func hashOf(t *testing.T, r io.Reader) string {
	t.Helper()
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}
