// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/identity"
	"github.com/culvertd/culvert/internal/signaling"
	"github.com/culvertd/culvert/internal/wire"
)

// diagnose returns the checks by their names, and all of them as text.
func diagnose(t *testing.T, cfg Config, o DoctorOptions) (map[string]Check, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	all, text := map[string]Check{}, ""
	Diagnose(ctx, cfg, o, func(c Check) {
		if _, twice := all[c.Name]; twice {
			t.Errorf("%s is said twice", c.Name)
		}
		if (c.State == Fine) != (c.Remedy == "") || c.Detail == "" {
			t.Errorf("a check without detail, or with a remedy too many or too few: %+v", c)
		}
		all[c.Name] = c
		text += string(c.State) + " " + c.Name + ": " + c.Detail + " | " + c.Remedy + "\n"
	})
	if strings.Contains(text, "no-such-token") {
		t.Error("a check holds the token")
	}
	return all, text
}

func expect(t *testing.T, all map[string]Check, text string, want map[string]Verdict) {
	t.Helper()
	if len(all) != len(want) {
		t.Errorf("%d checks, %d are expected", len(all), len(want))
	}
	for name, v := range want {
		if all[name].State != v {
			t.Errorf("%s is %q, not %q", name, all[name].State, v)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

var healthy = map[string]Verdict{
	"dns": Fine, "http": Fine, "clock": Fine, "signaling": Fine, "relay tcp": Fine, "relay udp": Fine, "websocket": Fine,
}

func with(changes map[string]Verdict) map[string]Verdict {
	want := maps.Clone(healthy)
	for name, v := range changes {
		if want[name] = v; v == "" {
			delete(want, name)
		}
	}
	return want
}

func TestDoctorOfAHealthyGateway(t *testing.T) {
	g := open(t, signaling.Config{})
	all, text := diagnose(t, g.config(""), DoctorOptions{})
	expect(t, all, text, healthy)
	eventually(t, 5*time.Second, "the doctor is gone, and its name with it", func() bool {
		return len(g.server().Clients()) == 0
	})
}

// A client that is online is left alone.
func TestDoctorDisturbsNobody(t *testing.T) {
	g := open(t, signaling.Config{})
	cfg := g.config("nas")
	cfg.Key, _ = identity.New()
	c := run(t, cfg)
	since := c.Status().Since
	all, text := diagnose(t, cfg, DoctorOptions{})
	expect(t, all, text, with(map[string]Verdict{"gateway's key": Fine}))
	if st := c.Status(); st.State != StateOnline || st.Since != since {
		t.Errorf("the client was disturbed: %+v", st)
	}
}

func TestDoctorSignsInByName(t *testing.T) {
	g := open(t, signaling.Config{})
	cfg := g.config("nas")
	cfg.Key, _ = identity.New()
	all, text := diagnose(t, cfg, DoctorOptions{SignIn: true})
	expect(t, all, text, with(map[string]Verdict{"gateway's key": Fine}))
	if !strings.Contains(all["signaling"].Detail, "as nas") || !strings.Contains(all["gateway's key"].Detail, "nas") {
		t.Error(text)
	}
}

// A token that is good for one name: nothing is done under that name.
func TestDoctorWithABoundToken(t *testing.T) {
	g := open(t, signaling.Config{})
	g.server().AddToken(signaling.Token{ID: "bound", Client: "nas", Hash: signaling.HashToken("bound")})
	cfg := g.config("nas")
	cfg.Token = "bound"
	all, text := diagnose(t, cfg, DoctorOptions{Relay: g.relay})
	expect(t, all, text, with(map[string]Verdict{"relay udp": Warn}))
	if !strings.Contains(all["signaling"].Detail, "good for one name") || !strings.Contains(all["relay udp"].Remedy, "--sign-in") {
		t.Error(text)
	}
	if list := g.server().Clients(); slices.ContainsFunc(list, func(c signaling.ClientInfo) bool { return c.Online }) {
		t.Errorf("somebody has signed in: %+v", list)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	all, text = diagnose(t, cfg, DoctorOptions{usualPort: port(ln.Addr().String())})
	expect(t, all, text, with(map[string]Verdict{"relay udp": Warn, "relay tcp": Warn}))
	all, text = diagnose(t, cfg, DoctorOptions{SignIn: true})
	expect(t, all, text, healthy)
}

func TestDoctorWithoutTheRelayPort(t *testing.T) {
	g := open(t, signaling.Config{})
	cfg := g.config("")
	// A firewall that lets only the site through.
	cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if addr != g.addr {
			return nil, &net.OpError{Op: "dial", Net: network, Err: io.ErrUnexpectedEOF}
		}
		return (&net.Dialer{}).DialContext(ctx, network, addr)
	}
	all, text := diagnose(t, cfg, DoctorOptions{})
	expect(t, all, text, with(map[string]Verdict{"relay tcp": Warn, "relay udp": Warn}))
	if !strings.Contains(all["relay tcp"].Remedy, "TCP port "+port(g.relay)) || !strings.Contains(all["relay udp"].Remedy, "UDP port "+port(g.relay)) {
		t.Error(text)
	}
	cfg.Transport = Relay
	all, text = diagnose(t, cfg, DoctorOptions{})
	expect(t, all, text, with(map[string]Verdict{"relay tcp": Fail, "relay udp": Warn}))
}

func TestDoctorWithAWrongToken(t *testing.T) {
	g := open(t, signaling.Config{})
	cfg := g.config("")
	cfg.Token = "no-such-token"
	all, text := diagnose(t, cfg, DoctorOptions{})
	expect(t, all, text, map[string]Verdict{"dns": Fine, "http": Fine, "clock": Fine, "signaling": Fail})
	if !strings.Contains(all["signaling"].Remedy, "tunnelclient login") {
		t.Error(text)
	}
}

// Sites that are no gateway, or not in order.
func TestDoctorOfSites(t *testing.T) {
	site := func(h http.HandlerFunc) *httptest.Server {
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		return s
	}
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	secure.Config.ErrorLog = nil
	t.Cleanup(secure.Close)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for name, c := range map[string]struct {
		url, check string
		want       Verdict
		says       string
	}{
		"nobody":        {"http://" + closed.Addr().String(), "http", Fail, "nothing listens there"},
		"no such name":  {"http://no-such-host.invalid", "dns", Fail, "no-such-host.invalid"},
		"own authority": {secure.URL, "https", Fail, "install its authority"},
		"TLS by HTTP":   {strings.Replace(secure.URL, "https", "http", 1), "http", Fail, "wss://"},
		"HTTP by TLS":   {strings.Replace(site(http.NotFound).URL, "http", "https", 1), "https", Fail, "speaks no TLS"},
		"no gateway":    {site(http.NotFound).URL, "signaling", Fail, "path of the server's URL"},
		"wants HTTPS": {site(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://x.example/", http.StatusPermanentRedirect)
		}).URL, "http", Fail, "wss://127.0.0.1"},
		"broken":         {site(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }).URL, "http", Warn, "log"},
		"clock of 2020":  {site(dated("Wed, 01 Jan 2020 00:00:00 GMT")).URL, "clock", Warn, "ahead of the server's"},
		"clock of 2120":  {site(dated("Mon, 01 Jan 2120 00:00:00 GMT")).URL, "clock", Warn, "behind the server's"},
		"without a date": {site(dated("")).URL, "clock", Warn, "what time it is"},
		"no WebSockets":  {site(func(http.ResponseWriter, *http.Request) {}).URL, "signaling", Fail, "pass WebSockets on"},
	} {
		t.Run(name, func(t *testing.T) {
			u, err := url.Parse(c.url)
			if err != nil {
				t.Fatal(err)
			}
			cfg := Config{Server: u, Token: "no-such-token", Proxy: func(*http.Request) (*url.URL, error) { return nil, nil }}
			all, text := diagnose(t, cfg, DoctorOptions{})
			got := all[c.check]
			if got.State != c.want || !strings.Contains(got.Detail+" "+got.Remedy, c.says) {
				t.Error(text)
			}
		})
	}
}

func dated(date string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Date"] = nil
		if date != "" {
			w.Header().Set("Date", date)
		}
	}
}

func TestDoctorThroughAProxy(t *testing.T) {
	g := open(t, signaling.Config{})
	cfg := g.config("")
	cfg.Proxy = func(*http.Request) (*url.URL, error) { return &url.URL{Scheme: "http", Host: "127.0.0.1:1"}, nil }
	all, text := diagnose(t, cfg, DoctorOptions{})
	expect(t, all, text, map[string]Verdict{"dns": Fine, "http": Fail})
	if c := all["http"]; !strings.Contains(c.Detail, "127.0.0.1:1") || !strings.Contains(c.Remedy, "NO_PROXY") {
		t.Error(text)
	}
}

func TestRememberedKey(t *testing.T) {
	path := t.TempDir() + "/key"
	old, err := identity.LoadOrCreate(path)
	if err != nil {
		t.Fatal(err)
	}
	next, err := identity.Rotate(path)
	if err != nil {
		t.Fatal(err)
	}
	other := wire.PublicKey{1}
	for name, c := range map[string]struct {
		has  *wire.PublicKey
		want Verdict
		says string
	}{
		"none":    {nil, Fine, "takes the first"},
		"this":    {new(next.Public()), Fine, "remembers this key"},
		"last":    {new(old.Public()), Fine, "remembers the last key"},
		"another": {&other, Fail, other.Fingerprint()},
	} {
		got := RememberedKey(Config{ClientID: "nas", Key: next}, []wire.ClientInfo{
			{ID: "pi", PublicKey: &wire.PublicKey{9}}, {ID: "nas", PublicKey: c.has},
		})
		if got.State != c.want || !strings.Contains(got.Detail, c.says) || (got.Remedy == "") != (c.want == Fine) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestPassingName: the gateway forgets what has a name like this.
func TestPassingName(t *testing.T) {
	g := open(t, signaling.Config{})
	assigned := run(t, g.config("")).Status().ClientID
	shape := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= '2' && r <= '7' {
				return 'x'
			}
			return r
		}, s)
	}
	if shape(assigned) != shape(passingName()) {
		t.Errorf("the gateway gives names like %s, ours is %s", assigned, passingName())
	}
}
