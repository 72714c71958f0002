// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wsload

import (
	"fmt"

	"github.com/culvertd/culvert/bench/internal/harness"
)

// proto is how a broadcast server is spoken to. The options path and pubpath
// of a target replace the paths.
type proto struct {
	path    string   // where a receiver connects
	pubPath string   // where the publisher connects
	hello   [][]byte // what a receiver sends after the handshake, one frame each
	waitFor []byte   // it is subscribed when these bytes have come
	pubHas  [][]byte // the same for the publisher
	pubWait []byte
	ping    []byte                        // a message of the server that must be answered with itself
	publish func(id int, p []byte) []byte // the payload of a publishing frame
}

var protos = map[string]proto{
	// Every frame that a client sends reaches the others as it is.
	"raw": {path: "/", pubPath: "/pub", publish: func(_ int, p []byte) []byte { return p }},
	// Centrifugo's JSON protocol, which its JavaScript client uses by default.
	"centrifugo": {
		path:    "/connection/websocket",
		pubPath: "/connection/websocket",
		hello:   [][]byte{[]byte(`{"id":1,"connect":{}}`), []byte(`{"id":2,"subscribe":{"channel":"bench"}}`)},
		waitFor: []byte(`"id":2`),
		pubHas:  [][]byte{[]byte(`{"id":1,"connect":{}}`)},
		pubWait: []byte(`"id":1`),
		ping:    []byte("{}"),
		publish: func(id int, p []byte) []byte {
			return fmt.Appendf(nil, `{"id":%d,"publish":{"channel":"bench","data":"%s"}}`, id+10, p)
		},
	},
}

func protoOf(t harness.Target) (proto, error) {
	name := t.Opts["proto"]
	if name == "" {
		name = "raw"
	}
	p, ok := protos[name]
	if !ok {
		return p, fmt.Errorf("unknown proto %q", name)
	}
	if t.Opts["path"] != "" {
		p.path = t.Opts["path"]
	}
	if t.Opts["pubpath"] != "" {
		p.pubPath = t.Opts["pubpath"]
	}
	return p, nil
}
