// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package lab

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/culvertd/culvert/test/process"
)

const (
	parrotPort = 7200
	secretSize = 32
	planted    = 1200 // bytes that are sent at once: a datagram with its headers still fits
)

// parrot is an application that repeats what it hears, over TCP and UDP.
func parrot(args []string) {
	ln, err := net.Listen("tcp", args[0])
	if err != nil {
		log.Fatal(err)
	}
	udp, err := net.ListenPacket("udp", args[0])
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		b := make([]byte, 65536)
		for {
			n, from, err := udp.ReadFrom(b)
			if err != nil {
				log.Fatal(err)
			}
			_, _ = udp.WriteTo(b[:n], from) // a datagram may be lost
		}
	}()
	log.Print("listening")
	for {
		c, err := ln.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go func() {
			defer c.Close()
			_, _ = io.Copy(c, c) // the one who speaks sees what is wrong
		}()
	}
}

// plant sends the secret of its standard input, in hex, again and again for
// some seconds and compares what comes back; arguments are network, address
// and a duration.
func plant(args []string) {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	secret, err := hex.DecodeString(string(text))
	if err != nil {
		log.Fatal(err)
	}
	lasting, err := time.ParseDuration(args[2])
	if err != nil {
		log.Fatal(err)
	}
	c, err := net.Dial(args[0], args[1])
	if err != nil {
		log.Fatal(err)
	}
	sent := bytes.Repeat(secret, planted/len(secret))
	got := make([]byte, len(sent))
	back := 0
	for end := time.Now().Add(lasting); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if _, err := c.Write(sent); err != nil {
			log.Fatal(err)
		}
		_ = c.SetReadDeadline(time.Now().Add(time.Second))
		_, err := io.ReadFull(c, got)
		if err != nil && args[0] == "tcp" {
			log.Fatal(err)
		}
		if err != nil { // a datagram was lost
			continue
		}
		if !bytes.Equal(got, sent) {
			log.Fatal("something else came back")
		}
		back++
	}
	fmt.Println(back)
}

// TestSecretsStaySecret: what crosses the gateway is neither in its memory nor
// on its cable, over the relay and over WebSocket. The same scans find what
// both ends have agreed to send unencrypted: on the cable, and in the memory of
// a gateway that copies it, which the WebSocket makes it do.
func TestSecretsStaySecret(t *testing.T) {
	for _, transport := range []string{"relay", "websocket"} {
		t.Run(transport, func(t *testing.T) {
			r := newPairs(t, 1, nil, "")
			p := r.all[0]
			p.transport = transport
			address := fmt.Sprintf("127.0.0.1:%d", parrotPort)
			process.Start(t, nil, in(p.provider.ns, tool(t, "parrot", address)...)).Says(t, "listening", 10*time.Second)
			p.clients(t, r.gw,
				process.Service{ID: "tls", Protocol: "tcp", LocalPort: parrotPort},
				process.Service{ID: "tls-udp", Protocol: "udp", LocalPort: parrotPort, LocalHost: "127.0.0.1"},
				process.Service{ID: "plain", Protocol: "tcp", LocalPort: parrotPort, Encryption: "none"},
				process.Service{ID: "plain-udp", Protocol: "udp", LocalPort: parrotPort, LocalHost: "127.0.0.1", Encryption: "none"})
			for i, plain := range []bool{false, true} {
				for j, network := range []string{"tcp", "udp"} {
					r.cross(t, network, 2*i+j, plain)
				}
			}
		})
	}
}

// cross has a secret cross the gateway, over TCP or UDP, and looks for it.
func (r *pairs) cross(t *testing.T, network string, service int, plain bool) {
	t.Helper()
	p := r.all[0]
	what := fmt.Sprintf("%s, plain %v", network, plain)
	secret := make([]byte, secretSize)
	_, _ = rand.Read(secret)
	seen := startCapture(t, "gateway", secret)
	done := p.plants(t, network, p.local(service), secret)
	inMemory := false
	for crossing := true; crossing; { // one scan more when all is over
		select {
		case <-done:
			crossing = false
		case <-time.After(300 * time.Millisecond):
		}
		size, found := scanMemory(t, r.gw.PID(), secret)
		inMemory = inMemory || found
		if size < 1<<20 {
			t.Fatalf("only %d bytes of the gateway's memory were read", size)
		}
	}
	size, onCable := seen.end(t)
	if size < 100*planted {
		t.Errorf("%s: the capture has seen %d bytes", what, size)
	}
	if onCable != plain {
		t.Errorf("%s: the secret is on the gateway's cable: %v, want %v", what, onCable, plain)
	}
	if !plain && inMemory {
		t.Errorf("%s: the secret is in the gateway's memory", what)
	}
	if plain && p.transport == "websocket" && network == "tcp" && !inMemory {
		t.Error("the scan does not find the secret in the memory of a gateway that copies it")
	}
}

// plants runs plant at the visitor; the channel is closed when it has ended.
func (p *pair) plants(t *testing.T, network, address string, secret []byte) <-chan struct{} {
	t.Helper()
	argv := in(p.visitor.ns, tool(t, "plant", network, address, "2s")...)
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	cmd.Stdin = strings.NewReader(hex.EncodeToString(secret))
	done := make(chan struct{})
	go func() {
		defer close(done)
		out, err := cmd.CombinedOutput()
		var back int
		if _, scan := fmt.Sscan(string(out), &back); err != nil || scan != nil || back < 100 {
			t.Errorf("planting over %s: %v, %q, want at least 100 answers", network, err, out)
		}
	}()
	return done
}
