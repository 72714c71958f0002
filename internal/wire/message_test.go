// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestMessage(t *testing.T) {
	b, err := Encode(TypeHeartbeat, "7", Heartbeat{Timestamp: 12})
	if err != nil || string(b) != `{"type":"heartbeat","id":"7","payload":{"timestamp":12}}` {
		t.Fatalf("%s, %v", b, err)
	}
	m, err := Decode(b)
	var h Heartbeat
	if err != nil || m.Unmarshal(&h) != nil || m.ID != "7" || h.Timestamp != 12 {
		t.Fatalf("%+v, %v", m, err)
	}
	if b, err = Encode(TypeGetClientList, "", nil); err != nil || string(b) != `{"type":"get_client_list"}` {
		t.Fatalf("%s, %v", b, err)
	}
	if _, err := Encode(TypeError, "", ErrorPayload{Message: strings.Repeat("x", MaxMessage)}); err == nil {
		t.Error("a message that is too large is made")
	}
}

// TestFirstDesign: what the first design's messages look like, field by field.
func TestFirstDesign(t *testing.T) {
	for _, tc := range []struct {
		payload any
		want    string
	}{
		{
			Register{ClientID: "client-a", Services: []Service{{ID: "web-server", Protocol: "http", LocalPort: 8080, LocalHost: "localhost", Description: "Web"}}},
			`{"clientId":"client-a","services":[{"id":"web-server","protocol":"http","localPort":8080,"localHost":"localhost","description":"Web"}]}`,
		},
		{RegisterResponse{Success: true, AssignedID: "client-a"}, `{"success":true,"assignedId":"client-a"}`},
		{ClientList{Clients: []ClientInfo{{ID: "a", Status: Online, Services: []Service{}}}}, `{"clients":[{"id":"a","status":"online","services":[]}]}`},
		{ConnectRequest{FromClientID: "b", ToClientID: "a", ServiceID: "web", SessionID: "s"}, `{"fromClientId":"b","toClientId":"a","serviceId":"web","sessionId":"s"}`},
		{
			CreateSession{SessionID: "s", PeerClientID: "a", Service: Service{ID: "web", Protocol: "tcp"}, RelayAddr: RelayAddr{"h", 9001, "tcp"}},
			`{"sessionId":"s","peerClientId":"a","service":{"id":"web","protocol":"tcp"},"relayAddr":{"host":"h","port":9001,"protocol":"tcp"}}`,
		},
		{AcceptSession{"s"}, `{"sessionId":"s"}`},
		{RejectSession{SessionID: "s", Reason: "no"}, `{"sessionId":"s","reason":"no"}`},
		{Heartbeat{5}, `{"timestamp":5}`},
	} {
		if b, err := json.Marshal(tc.payload); err != nil || string(b) != tc.want {
			t.Errorf("%T: %s, %v; want %s", tc.payload, b, err, tc.want)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, bad := range []string{
		"", "{", "[]", `"x"`, `{}`, `{"type":""}`, `{"type":1}`, "{\"type\":\"\xff\"}",
		`{"type":"error","id":"` + strings.Repeat("x", MaxName+1) + `"}`, strings.Repeat(" ", MaxMessage) + `{"type":"x"}`,
	} {
		if m, err := Decode([]byte(bad)); err == nil {
			t.Errorf("%.40q is %+v", bad, m)
		}
	}
	m := Message{Type: TypeRegister, Payload: []byte(`{"clientId":1}`)}
	if err := m.Unmarshal(&Register{}); err == nil || !strings.Contains(err.Error(), "register") {
		t.Error(err)
	}
}

// payloads has one of each.
func payloads() []any {
	return []any{
		new(Register), new(RegisterResponse), new(ClientList), new(ConnectRequest), new(AcceptSession), new(RejectSession),
		new(CreateSession), new(SessionConnected), new(SessionClosed), new(Heartbeat), new(ChannelsWanted), new(ErrorPayload),
	}
}

// FuzzMessage: whatever arrives is an error or has a form that stays the same.
func FuzzMessage(f *testing.F) {
	k := NewKey()
	for _, p := range []any{Register{ClientID: "a"}, CreateSession{SessionID: "s", Key: &k}, SessionClosed{SessionID: "s", Final: true}, Heartbeat{1}} {
		b, _ := Encode(TypeRegister, "1", p)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b)
		if err != nil {
			return
		}
		for _, p := range payloads() {
			if m.Unmarshal(p) != nil {
				continue
			}
			once, err := json.Marshal(p)
			if err != nil {
				t.Fatalf("%T: %v", p, err)
			}
			if err := json.Unmarshal(once, p); err != nil {
				t.Fatalf("%T: %s: %v", p, once, err)
			}
			if twice, _ := json.Marshal(p); string(once) != string(twice) {
				t.Errorf("%T: %s becomes %s", p, once, twice)
			}
		}
	})
}

func TestValidName(t *testing.T) {
	for s, want := range map[string]bool{
		"client-a": true, "A_1": true, "x": true, strings.Repeat("x", 63): true,
		"": false, "-x": false, "a.b": false, "a/b": false, "a b": false, "é": false, strings.Repeat("x", 64): false, "a\n": false,
	} {
		if ValidName(s) != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
}
