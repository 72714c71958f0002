// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/culvertd/culvert/internal/wire"
	"github.com/culvertd/culvert/test/process"
)

func (s *site) tunnel() string { return fmt.Sprintf("ws://127.0.0.1:%d/tunnel", s.port) }

// TestTokens: whoever has none that is good gets one and the same answer, so
// that it tells nothing of the tokens there are.
func TestTokens(t *testing.T) {
	s := startSite(t, "")
	good, revoked := s.token(t, "good"), s.token(t, "revoked")
	s.revoke(t, revoked.ID)
	signIn(t, s.tunnel(), good.Token, "good")

	var first []byte
	for name, header := range map[string]http.Header{
		"none":        {},
		"empty":       {"Authorization": {"Bearer "}},
		"garbage":     {"Authorization": {"Bearer x"}},
		"unknown":     {"Authorization": {"Bearer cvt_" + strings.Repeat("A", 43)}},
		"almost":      {"Authorization": {"Bearer " + good.Token[:len(good.Token)-1]}},
		"revoked":     {"Authorization": {"Bearer " + revoked.Token}},
		"its id":      {"Authorization": {"Bearer " + good.ID}},
		"basic":       {"Authorization": {"Basic " + good.Token}},
		"in a cookie": {"Cookie": {"token=" + good.Token}},
	} {
		ws, resp, err := websocket.DefaultDialer.DialContext(t.Context(), s.tunnel(), header)
		if err == nil {
			_ = ws.Close()
			t.Errorf("%s: signed in", name)
			continue
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %s, %v", name, resp.Status, err)
		}
		if first == nil {
			first = body
		}
		if !bytes.Equal(body, first) {
			t.Errorf("%s: answered with %s, another with %s", name, body, first)
		}
	}
}

// TestGuessing: tokens cannot be tried at will.
func TestGuessing(t *testing.T) {
	s := startSite(t, "")
	var limited *http.Response
	for n := 0; n < 50 && limited == nil; n++ {
		ws, resp, err := websocket.DefaultDialer.DialContext(t.Context(), s.tunnel(), http.Header{"Authorization": {fmt.Sprint("Bearer guess", n)}})
		if err == nil {
			_ = ws.Close()
			t.Fatal("a guess is right")
		}
		if resp.StatusCode == http.StatusTooManyRequests {
			limited = resp
		}
	}
	if limited == nil || limited.Header.Get("Retry-After") == "" {
		t.Fatalf("50 guesses, and the last answer is %v", limited)
	}
	// Who has a token is not kept out by neighbours who guess.
	signIn(t, s.tunnel(), s.token(t, "good").Token, "good")
}

// thief has what an attacker may come to know or hold.
type thief struct {
	*site
	provider, visitor, other *raw // other is a client in good standing
	session                  wire.CreateSession
	own                      wire.CreateSession // of other
	ended                    wire.CreateSession // closed since
	gone                     wire.Key           // of a client that has left
	revoked                  wire.Key           // of a client whose token was revoked
	seen                     []byte             // a line that was used
}

func newThief(t *testing.T) *thief {
	t.Helper()
	x := &thief{site: startSite(t, "")}
	x.provider = signIn(t, x.tunnel(), x.token(t, "provider").Token, "provider", "service")
	x.visitor = signIn(t, x.tunnel(), x.token(t, "visitor").Token, "visitor")
	x.other = signIn(t, x.tunnel(), x.token(t, "other").Token, "other")
	x.session = x.visitor.ask(t, x.provider, "service")
	x.own = x.other.ask(t, x.provider, "service")
	x.ended = x.visitor.ask(t, x.provider, "service")
	x.visitor.send(t, wire.TypeSessionClosed, wire.SessionClosed{SessionID: x.ended.SessionID})
	x.provider.receive(t, wire.TypeSessionClosed, new(wire.SessionClosed))

	gone := signIn(t, x.tunnel(), x.token(t, "gone").Token, "gone", "service")
	x.gone = gone.key
	gone.send(t, wire.TypeUnregister, nil)
	gone.send(t, wire.TypeGetClientList, nil)
	gone.receive(t, wire.TypeError, new(wire.ErrorPayload)) // so it has left

	token := x.token(t, "revoked")
	revoked := signIn(t, x.tunnel(), token.Token, "revoked", "service")
	x.revoked = revoked.key
	x.revoke(t, token.ID)
	if _, _, err := revoked.ws.ReadMessage(); !websocket.IsCloseError(err, wire.CloseUnauthorized) {
		t.Errorf("the connection of a revoked token ends with %v", err)
	}

	// A connection that somebody on the path has watched.
	x.seen = opening(x.session.SessionID, *x.session.Key, 1)
	parked := park(t, x.relayAddr(), x.provider.key, 1)
	pairs(t, dialRelay(t, x.relayAddr(), x.seen), parked, x.session.SessionID)
	return x
}

// TestStolenAndForged: every line that is not its sender's own and fresh is
// refused with one and the same answer, and the provider does not hear of it.
func TestStolenAndForged(t *testing.T) {
	x := newThief(t)
	victim := x.session.SessionID
	guess := wire.NewKey()
	forged := wire.Key{ID: x.session.Key.ID, Secret: guess.Secret}
	udp := wire.Line{Role: wire.Open, Protocol: wire.UDP, Key: x.session.Key.ID, Session: victim, Counter: 9}
	parkWith := func(k wire.Key) []byte {
		return wire.Line{Role: wire.Park, Protocol: wire.TCP, Key: k.ID, Counter: 99}.Append(nil, k.Secret)
	}
	lines := map[string][]byte{
		"unknown key":                      opening(victim, guess, 1),
		"session id and key id, no secret": opening(victim, forged, 2),
		"replayed line":                    x.seen,
		"another session's id":             opening(victim, *x.own.Key, 1),
		"key of a session that has ended":  opening(x.ended.SessionID, *x.ended.Key, 1),
		"visitor's client key opens":       opening(victim, x.visitor.key, 1),
		"provider's client key opens":      opening(victim, x.provider.key, 77),
		"session's key parks":              parkWith(*x.session.Key),
		"forged parking":                   parkWith(wire.Key{ID: x.provider.key.ID, Secret: guess.Secret}),
		"key of a client that has left":    parkWith(x.gone),
		"key of a revoked token":           parkWith(x.revoked),
		"another protocol":                 udp.Append(nil, x.session.Key.Secret),
		"another MAC":                      spoil(opening(victim, *x.session.Key, 3)),
		"another counter, same MAC":        bytes.Replace(x.seen, []byte(" 1 0 "), []byte(" 5 0 "), 1),
	}
	parked := park(t, x.relayAddr(), x.provider.key, 2)
	var first []byte
	for _, transport := range []string{"tcp", "websocket"} {
		for name, line := range lines {
			line = append(bytes.Clone(line), "to the service"...)
			var answer []byte
			if transport == "tcp" {
				answer = tcpAnswer(t, x.relayAddr(), line)
			} else {
				answer = websocketAnswer(t, x.tunnel()+"/channel", line)
			}
			if first == nil {
				first = answer
			}
			if !bytes.HasPrefix(answer, []byte("-denied ")) || !bytes.Equal(answer, first) {
				t.Errorf("%s over %s: answered with %q, another with %q", name, transport, answer, first)
			}
		}
	}
	// The channel that was parked all the time is still untouched.
	pairs(t, dialRelay(t, x.relayAddr(), opening(victim, *x.session.Key, 50)), parked, victim)
}

// spoil changes the first character of a line's MAC.
func spoil(line []byte) []byte {
	at := bytes.LastIndexByte(line, ' ') + 1
	if line[at] == 'A' {
		line[at] = 'B'
	} else {
		line[at] = 'A'
	}
	return line
}

// tcpAnswer is all that the relay says to a line.
func tcpAnswer(t *testing.T, addr string, line []byte) []byte {
	t.Helper()
	answer, err := readAnswer(t, addr, line)
	if err != nil {
		t.Errorf("the answer ends with %v", err)
	}
	return answer
}

func readAnswer(t *testing.T, addr string, line []byte) ([]byte, error) {
	t.Helper()
	return io.ReadAll(dialRelay(t, addr, line).r)
}

// websocketAnswer is the same over a WebSocket.
func websocketAnswer(t *testing.T, url string, line []byte) []byte {
	t.Helper()
	ws, _, err := websocket.DefaultDialer.DialContext(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	if err := ws.WriteMessage(websocket.BinaryMessage, line); err != nil {
		t.Fatal(err)
	}
	if err := ws.SetReadDeadline(time.Now().Add(15 * time.Second)); err != nil {
		t.Fatal(err)
	}
	var answer []byte
	for {
		_, b, err := ws.ReadMessage()
		if err != nil || len(b) == 0 { // the FIN
			return answer
		}
		answer = append(answer, b...)
	}
}

// TestOthersSessions: what is between two clients is no third one's business,
// and the answer is as if it did not exist.
func TestOthersSessions(t *testing.T) {
	x := newThief(t)
	x.visitor.send(t, wire.TypeConnectRequest, wire.ConnectRequest{ToClientID: "provider", ServiceID: "service", FromClientID: "other"})
	var asked wire.ConnectRequest
	x.provider.receive(t, wire.TypeConnectRequest, &asked)
	if asked.FromClientID != "visitor" {
		t.Errorf("the provider is asked in the name of %q", asked.FromClientID)
	}
	var first wire.ErrorPayload
	for _, session := range []string{"no-such-session", x.session.SessionID, asked.SessionID} {
		for kind, payload := range map[wire.Type]any{
			wire.TypeSessionClosed:    wire.SessionClosed{SessionID: session},
			wire.TypeSessionConnected: wire.SessionConnected{SessionID: session},
			wire.TypeAcceptSession:    wire.AcceptSession{SessionID: session},
			wire.TypeRejectSession:    wire.RejectSession{SessionID: session},
		} {
			x.other.send(t, kind, payload)
			var got wire.ErrorPayload
			x.other.receive(t, wire.TypeError, &got)
			if first.Code == "" {
				first = got
			}
			if got.Code != wire.CodeSessionNotFound || got.Message != first.Message {
				t.Errorf("%s of %s: %+v", kind, session, got)
			}
		}
	}
	// And nothing of it had an effect.
	x.provider.send(t, wire.TypeAcceptSession, wire.AcceptSession{SessionID: asked.SessionID})
	x.visitor.receive(t, wire.TypeCreateSession, new(wire.CreateSession))
	parked := park(t, x.relayAddr(), x.provider.key, 10)
	pairs(t, dialRelay(t, x.relayAddr(), opening(x.session.SessionID, *x.session.Key, 60)), parked, x.session.SessionID)
}

// TestOthersNames: a token gives the right to its own name only.
func TestOthersNames(t *testing.T) {
	s := startSite(t, "")
	signIn(t, s.tunnel(), s.token(t, "alice").Token, "alice")
	free := s.token(t, "").Token
	signIn(t, s.tunnel(), free, "bob")
	for token, name := range map[string]string{
		free:                     "alice", // bound to another token
		s.token(t, "eve").Token:  "alice",
		s.token(t, "").Token:     "bob", // first used by another token
		s.token(t, "mary").Token: "bob",
	} {
		ws, _, err := websocket.DefaultDialer.DialContext(t.Context(), s.tunnel(), http.Header{"Authorization": {"Bearer " + token}})
		if err != nil {
			t.Fatal(err)
		}
		c := &raw{name: name, ws: ws}
		c.send(t, wire.TypeRegister, wire.Register{ClientID: name, Services: []wire.Service{}})
		var r wire.RegisterResponse
		c.receive(t, wire.TypeRegisterResponse, &r)
		if r.Success || r.Key != nil || (r.Code != wire.CodeNameTaken && r.Code != wire.CodeUnauthorized) {
			t.Errorf("%s: %+v", name, r)
		}
		_ = ws.Close()
	}
}

// TestSecretsAreNotLogged: at the highest level of detail, neither tokens nor
// keys are in the gateway's log.
func TestSecretsAreNotLogged(t *testing.T) {
	g := process.StartGateway(t, process.GatewayConfig{Programs: programs(t), Global: "debug"})
	tunnel := strings.Replace(g.URL(), "http", "ws", 1) + "/tunnel"
	tokens := []string{g.Token(t, "provider"), g.Token(t, "visitor")}
	p := signIn(t, tunnel, tokens[0], "provider", "service")
	v := signIn(t, tunnel, tokens[1], "visitor")
	session := v.ask(t, p, "service")
	relay := fmt.Sprintf("%s:%d", g.Config.Host, g.Config.RelayPort)
	parked := park(t, relay, p.key, 1)
	pairs(t, dialRelay(t, relay, opening(session.SessionID, *session.Key, 1)), parked, session.SessionID)
	tcpAnswer(t, relay, opening(session.SessionID, p.key, 2))
	g.Signal(t, syscall.SIGTERM)
	g.Wait(t, 20*time.Second)

	log := g.Stdout.String() + g.Stderr.String()
	if !strings.Contains(log, "DEBUG") && !strings.Contains(log, `"debug"`) {
		t.Error("the log has no details")
	}
	secrets := tokens
	for _, k := range []wire.Key{p.key, v.key, *session.Key} {
		text, err := k.Secret.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		secrets = append(secrets, string(text))
	}
	for n, secret := range secrets {
		if strings.Contains(log, secret) {
			t.Errorf("secret %d is in the log", n)
		}
	}
}
