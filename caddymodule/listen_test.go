// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"reflect"
	"strings"
	"testing"

	"github.com/culvertd/culvert/internal/publish"
	"github.com/culvertd/culvert/internal/signaling"
)

func TestListen(t *testing.T) {
	t.Setenv("CULVERT_TEST", "22")
	ssh := []signaling.Named{{Client: "alice/nas", Service: "ssh"}, {Client: "box", Service: "ssh"}}
	both := []string{"alice/nas/ssh", "box/ssh"}
	for _, tc := range []struct {
		in   Listen
		want publish.Static
	}{
		{Listen{Address: "tcp/:2222", Services: both}, publish.Static{Address: ":2222", Services: ssh}},
		{Listen{Address: ":2222", Services: both, ProxyProtocol: "v2"}, publish.Static{Address: ":2222", Services: ssh, ProxyProtocol: "v2"}},
		{Listen{Address: "tcp/[::1]:2222", Services: both}, publish.Static{Address: "[::1]:2222", Services: ssh}},
		{Listen{Address: "tcp/localhost:2222-2222", Services: both}, publish.Static{Address: "localhost:2222", Services: ssh}},
		{
			Listen{Address: "tcp/:{env.CULVERT_TEST}", Services: []string{"alice/nas/ssh{env.CULVERT_TEST}"}},
			publish.Static{Address: ":22", Services: []signaling.Named{{Client: "alice/nas", Service: "ssh22"}}},
		},
	} {
		got, err := (&App{Listen: []Listen{tc.in}}).listens()
		if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], tc.want) {
			t.Errorf("%+v: %+v, %v", tc.in, got, err)
		}
	}
}

// TestListenProblems: what cannot work is refused by name, before anything is
// opened.
func TestListenProblems(t *testing.T) {
	dir := t.TempDir()
	for _, tc := range []struct {
		app  App
		want []string
	}{
		{App{Listen: []Listen{{Address: "udp/192.0.2.1:53", Services: []string{"nas/dns"}}}}, []string{"listen udp/192.0.2.1:53: ", "only TCP", "write tcp/192.0.2.1:53"}},
		{App{Listen: []Listen{{Address: "unix//run/x", Services: []string{"nas/x"}}}}, []string{"listen unix//run/x: ", "this is unix"}},
		{App{Listen: []Listen{{Address: "tcp/:2222-2224", Services: []string{"nas/x"}}}}, []string{"listen tcp/:2222-2224: it has 3 ports"}},
		{App{Listen: []Listen{{Address: "tcp/:x", Services: []string{"nas/x"}}}}, []string{"listen tcp/:x: this is no address to listen on", "tcp/:2222"}},
		{App{Listen: []Listen{{Address: "tcp/2222", Services: []string{"nas/x"}}}}, []string{"listen tcp/2222: it needs a port"}},
		{App{Listen: []Listen{{}}}, []string{"it needs a port"}},
		{App{Listen: []Listen{{Address: "tcp/:2222"}}}, []string{"listen :2222: it has no service"}},
		{App{Listen: []Listen{{Address: "{env.CULVERT_TEST_NOT_SET}"}}}, []string{"listen", "CULVERT_TEST_NOT_SET"}},
		{App{Listen: []Listen{{Address: "tcp/:2222", Services: []string{"{env.CULVERT_TEST_NOT_SET}"}}}}, []string{"listen", "CULVERT_TEST_NOT_SET"}},
		{
			App{Listen: []Listen{{Address: "tcp/:2222", Services: []string{"ssh", "a/b/c/d", "/ssh", "a/", "culvert/ssh.nas", ""}}}},
			[]string{`"ssh" is no service`, `"a/b/c/d" is no service`, `"a/" is no service`, `"culvert/ssh.nas" is no service`, `"" is no service`, "account/client/service"},
		},
		{
			App{TCPPorts: "20000-20999", Relay: &Relay{}, Listen: []Listen{
				{Address: "tcp/:20000", Services: []string{"nas/x"}}, {Address: "tcp/:9001", Services: []string{"nas/x"}}, {Address: "tcp/[::1]:9001", Services: []string{"nas/x"}},
			}},
			[]string{"listen :20000: the port is among those that clients may have", "listen :9001: this is the address of relay", "listen [::1]:9001: there is a listen for :9001 already"},
		},
		{App{Listen: []Listen{{Address: ":1", Services: []string{"nas/x"}, ProxyProtocol: "v3"}}}, []string{`listen :1: proxy_protocol "v3"; use v1 or v2`}},
	} {
		tc.app.Data = dir
		err := validate(t, tc.app)
		for _, want := range tc.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%+v: got %v, want %q", tc.app.Listen, err, want)
			}
		}
	}
}
