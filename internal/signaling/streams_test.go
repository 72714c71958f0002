// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package signaling

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/wire"
)

const someStream = "00112233445566778899aabbccddeeff"

func TestResumeWanted(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, b *bed) {
		p, v, x := b.join("t1", "p", "i", web("web")), b.join("t1", "v", "v"), b.join("t2", "x", "")
		s, _ := open(v, p, "web")
		ids := make([]string, wire.MaxResumes)
		for i := range ids {
			ids[i] = fmt.Sprintf("%032x", i)
		}
		for _, ids := range [][]string{ids, {}} { // none: a channel, for its keys
			p.send(wire.TypeResumeWanted, "", wire.ResumeWanted{SessionID: s.SessionID, Streams: ids})
			got, _ := hear[wire.ResumeWanted](v, wire.TypeResumeWanted)
			if got.SessionID != s.SessionID || !reflect.DeepEqual(got.Streams, ids) {
				t.Errorf("%+v", got)
			}
		}

		for _, bad := range [][]string{
			append(ids, someStream), {""}, {someStream[1:]}, {someStream + "0"}, {strings.ToUpper(someStream)}, {someStream, "x"},
		} {
			p.send(wire.TypeResumeWanted, "", wire.ResumeWanted{SessionID: s.SessionID, Streams: bad})
			if e, _ := hear[wire.ErrorPayload](p, wire.TypeError); e.Code != wire.CodeInvalid {
				t.Errorf("%d of %.40q: %+v", len(bad), bad, e)
			}
		}
		// Only the provider of the session may.
		for _, who := range []*peer{v, x} {
			who.send(wire.TypeResumeWanted, "", wire.ResumeWanted{SessionID: s.SessionID, Streams: []string{someStream}})
			if e, _ := hear[wire.ErrorPayload](who, wire.TypeError); e.Code != wire.CodeSessionNotFound {
				t.Errorf("%s: %+v", who.name, e)
			}
		}
		v.quiet()
		v.hangUp() // nobody listens, and that is no mistake
		p.send(wire.TypeResumeWanted, "", wire.ResumeWanted{SessionID: s.SessionID, Streams: []string{someStream}})
		p.quiet()
	})
}

func TestStreamsReport(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, b *bed) {
		if _, ok := b.Streams(0, "p"); ok {
			t.Error("a client that nobody knows")
		}
		p := b.join("t1", "p", "i")
		if r, ok := b.Streams(0, "p"); !ok || !r.At.IsZero() || len(r.Streams) != 0 {
			t.Errorf("%+v, %t", r, ok)
		}
		one := wire.StreamInfo{
			ID: someStream, Role: wire.Provider, Peer: "bob/laptop", Service: "ssh", Path: "relay", Begun: 1,
			BytesIn: 2, BytesOut: 3, Unacked: 4, Resumptions: 5, LastFault: strings.Repeat("é", 200), FaultAt: 6, Latency: 7.5, Leg: 3.25,
		}
		p.send(wire.TypeStreams, "", wire.Streams{Streams: []wire.StreamInfo{one}, Total: 9})
		p.quiet()
		r, _ := b.Streams(0, "p")
		want := one
		want.LastFault = strings.Repeat("é", 128)
		if len(r.Streams) != 1 || r.Streams[0] != want || r.Total != 9 || !r.At.Equal(time.Now()) {
			t.Errorf("%+v", r)
		}
		for name, bad := range map[string]func(*wire.StreamInfo){
			"id":      func(v *wire.StreamInfo) { v.ID = "<b>" },
			"role":    func(v *wire.StreamInfo) { v.Role = "admin" },
			"peer":    func(v *wire.StreamInfo) { v.Peer = "a/b/c" },
			"service": func(v *wire.StreamInfo) { v.Service = "" },
			"path":    func(v *wire.StreamInfo) { v.Path = strings.Repeat("x", 33) },
			"times":   func(v *wire.StreamInfo) { v.Latency = -1 },
		} {
			v := one
			bad(&v)
			p.send(wire.TypeStreams, "", wire.Streams{Streams: []wire.StreamInfo{v}, Total: 1})
			if e, _ := hear[wire.ErrorPayload](p, wire.TypeError); e.Code != wire.CodeInvalid || !strings.Contains(e.Message, "streams[0]."+name) {
				t.Errorf("%s: %+v", name, e)
			}
		}
		many := make([]wire.StreamInfo, wire.MaxStreamInfos+1)
		for i := range many {
			many[i] = one
		}
		for _, bad := range []wire.Streams{{Streams: many, Total: len(many)}, {Streams: many[:2], Total: 1}} {
			p.send(wire.TypeStreams, "", bad)
			if e, _ := hear[wire.ErrorPayload](p, wire.TypeError); e.Code != wire.CodeInvalid {
				t.Errorf("%+v", e)
			}
		}
		if again, _ := b.Streams(0, "p"); !reflect.DeepEqual(again, r) {
			t.Error("a report that is refused changes what is known")
		}
		// It is there while the process may come back, and not longer.
		p.hangUp()
		if again, _ := b.Streams(0, "p"); len(again.Streams) != 1 {
			t.Errorf("%+v", again)
		}
		time.Sleep(grace + 2*tick)
		if again, ok := b.Streams(0, "p"); !ok || len(again.Streams) != 0 {
			t.Errorf("%+v", again)
		}
		q, _ := b.dial("t1")
		q.send(wire.TypeStreams, "", wire.Streams{})
		if e, _ := hear[wire.ErrorPayload](q, wire.TypeError); e.Code != wire.CodeNotRegistered {
			t.Errorf("%+v", e)
		}
	})
}
