// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/culvertd/culvert/internal/tunnel"
)

func TestDoctor(t *testing.T) {
	b := newBench(t).signedIn()
	b.checks = []tunnel.Check{
		{Name: "dns", State: tunnel.Fine, Detail: "it is there"},
		{Name: "relay udp", State: tunnel.Warn, Detail: "no\x1b answer", Remedy: "open the port"},
	}
	code, stdout, stderr := b.run(t, "doctor")
	lines := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
	want := []string{
		"ok    key            there is none yet; it is made in " + filepath.Join(b.dir, "home", "key") + " at first use",
		"ok    known keys     0 of other clients",
		"ok    dns            it is there",
		"warn  relay udp      no  answer → open the port",
	}
	if code != 0 || stderr != "" || strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("%d:\n%s%s", code, stdout, stderr)
	}
	if cfg := b.asked[0]; cfg.Token != "secret-token" || cfg.Server == nil || cfg.Key != nil || b.about[0] != (tunnel.DoctorOptions{}) {
		t.Errorf("it looked at %+v, %+v", cfg, b.about[0])
	}
}

func TestDoctorFindsAFault(t *testing.T) {
	b := newBench(t).signedIn()
	k := b.show(t)
	b.file(t, "home/known_keys", "what is this\n")
	b.checks = []tunnel.Check{{Name: "https", State: tunnel.Fail, Detail: "nobody there", Remedy: "start it"}}
	code, stdout, stderr := b.run(t, "doctor")
	if code != 1 || !strings.Contains(stderr, "2 of 3 checks failed") || !strings.Contains(stdout, "ok    key            "+k.Fingerprint+", in ") ||
		!strings.Contains(stdout, "known_keys:1: ") {
		t.Errorf("%d:\n%s%s", code, stdout, stderr)
	}
	if b.asked[0].Key.String() != k.Fingerprint {
		t.Error("the key is not looked for at the gateway")
	}
	if err := os.Chmod(filepath.Join(b.dir, "home", "key"), 0o644); err != nil {
		t.Fatal(err)
	}
	code, stdout, _ = b.run(t, "doctor", "--json")
	var got struct {
		OK     bool
		Checks []struct{ Name, State, Detail, Remedy string }
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatalf("%v: %s", err, stdout)
	}
	if code != 1 || got.OK || len(got.Checks) != 3 || got.Checks[0].State != "fail" || !strings.Contains(got.Checks[0].Detail, "chmod 600") || got.Checks[2].Name != "https" {
		t.Errorf("%d: %+v", code, got)
	}
}

// TestDoctorBesideAClient: it asks the one that runs, and never takes its name.
func TestDoctorBesideAClient(t *testing.T) {
	b := newBench(t)
	config := b.configured(t, "")
	b.start(t, "--config", config).says(t, "online")
	code, stdout, stderr := b.run(t, "doctor", "--config", config)
	// The list of this client names another key than the file has.
	if code != 1 || !strings.Contains(stdout, "is online, data goes by relay") || strings.Count(stdout, "gateway's key") != 1 ||
		!strings.Contains(stdout, "the gateway remembers "+listKey.Fingerprint()+" for client-a, and refuses this one") {
		t.Errorf("%d:\n%s%s", code, stdout, stderr)
	}
	if b.about[0].Relay != "relay.example:9001" || b.about[0].SignIn || b.asked[0].Key != nil {
		t.Errorf("it looked with %+v", b.about[0])
	}
	code, _, stderr = b.run(t, "doctor", "--sign-in", "--config", config)
	if code != 4 || !strings.Contains(stderr, "stop it first") || len(b.about) != 1 {
		t.Errorf("%d: %s", code, stderr)
	}
}

func TestDoctorSignsIn(t *testing.T) {
	b := newBench(t).signedIn()
	if code, _, stderr := b.run(t, "doctor", "--sign-in"); code != 0 || !b.about[0].SignIn {
		t.Errorf("%d: %s", code, stderr)
	}
	if k := b.asked[0].Key; k == nil || k.String() != b.show(t).Fingerprint {
		t.Errorf("it signs in with the key %v", k)
	}
}

func TestDoctorNeedsAServer(t *testing.T) {
	if code, _, stderr := newBench(t).run(t, "doctor"); code != 2 || !strings.Contains(stderr, "no gateway") {
		t.Errorf("%d: %s", code, stderr)
	}
}
