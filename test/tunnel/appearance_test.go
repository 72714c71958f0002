// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
	"github.com/culvertd/culvert/test/process"
)

const (
	// changers change what they publish; each has so many websites at any time,
	// and takes one away and adds one with every change.
	changers    = 10
	perChanger  = 5
	changeEvery = 100 * time.Millisecond // of each: a hundred a second together
)

// changer is a client whose services come and go.
type changer struct {
	client   *tunnel.Client
	http     *http.Client
	gateway  string // of the site for names
	port     int    // of the service
	services []wire.Service
	n        int
	index    int
	told     []time.Duration // from the registration to the first answer
	appeared []time.Duration // from the gateway's response to it
}

// TestAppearance: websites appear and vanish all the time, a hundred of each a
// second. One is there at once when its client has been told so, is gone at once,
// and leaves nothing behind.
func TestAppearance(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("SKIP: no /proc to count descriptors in")
	}
	long, judged := 5*time.Second, soak && !raceEnabled
	if judged {
		long = time.Minute
	}
	public := process.FreePort(t)
	g := process.StartGateway(t, process.GatewayConfig{
		Programs: programs(t),
		Culvert:  fmt.Sprintf("publish http://*.apps.localhost:%d", public),
		Sites:    fmt.Sprintf("http://*.apps.localhost:%d {\nculvert_publish\n}", public),
	})
	var all []*changer
	for i := range changers {
		all = append(all, newChanger(t, g, i, public))
	}
	change(t, all, time.Second) // pools and maps get their size
	before := held{}
	for range 3 {
		before = heldBy(t, g)
	}
	for _, c := range all {
		c.told, c.appeared = nil, nil
	}
	change(t, all, long)
	var told, appeared []time.Duration
	for _, c := range all {
		told, appeared = append(told, c.told...), append(appeared, c.appeared...)
	}
	slices.Sort(told)
	slices.Sort(appeared)
	at := func(list []time.Duration, p float64) time.Duration { return list[int(p*float64(len(list)-1))] }
	t.Logf("%d websites in %v; answered after the gateway's word: p50 %v, p99 %v, at most %v; after the registration was sent: p50 %v, p99 %v, at most %v",
		len(appeared), long, at(appeared, .5), at(appeared, .99), at(appeared, 1), at(told, .5), at(told, .99), at(told, 1))
	if p99 := at(told, .99); judged && p99 > 50*time.Millisecond {
		t.Errorf("p99 is %v, want at most 50 ms", p99)
	}
	var now held
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Second) {
		now = heldBy(t, g)
		streams := 0
		for _, c := range all {
			streams += len(c.client.Status().Streams)
		}
		// What may differ is what is under way just now, and Caddy's note of each
		// upstream of the last hour.
		if now.goroutines <= before.goroutines+50 && now.descriptors <= before.descriptors+50 &&
			now.heap <= before.heap+4<<20+2<<10*uint64(len(appeared)) && streams <= changers*perChanger {
			break
		}
		if time.Now().After(end) {
			t.Errorf("the gateway holds more than before, or the clients have %d streams\n%s", streams, g.Admin(t, "/debug/pprof/goroutine?debug=1"))
			break
		}
	}
	t.Logf("before %+v, after %+v", before, now)
}

func newChanger(t *testing.T, g *process.Gateway, index, public int) *changer {
	t.Helper()
	name := fmt.Sprint("changer", index)
	c := &changer{index: index, gateway: fmt.Sprintf("127.0.0.1:%d", public)}
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Host)
	}))
	t.Cleanup(service.Close)
	c.port = service.Listener.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // it is
	c.http = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2}, Timeout: 20 * time.Second}
	t.Cleanup(c.http.CloseIdleConnections)
	for range perChanger {
		c.services = append(c.services, c.next())
	}
	server, err := url.Parse(g.URL())
	if err != nil {
		t.Fatal(err)
	}
	c.client = tunnel.New(tunnel.Config{
		Server: server, Token: g.Token(t, name), ClientID: name, Key: newKey(t), Services: c.services, DrainTimeout: -1,
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.client.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("%s ended with %v", name, err)
		}
	})
	select {
	case <-c.client.Ready():
	case <-time.After(20 * time.Second):
		t.Fatalf("%s has not signed in", name)
	}
	return c
}

// next is a service that has not been there before. Its host has, some time ago.
func (c *changer) next() wire.Service {
	v := published(fmt.Sprint("web", c.n), c.port, "")
	v.Publish.Host = fmt.Sprintf("c%dx%d", c.index, c.n%(3*perChanger))
	c.n++
	return v
}

// change has all of them change what they publish, for a time.
func change(t *testing.T, all []*changer, long time.Duration) {
	t.Helper()
	var tasks sync.WaitGroup
	end := time.Now().Add(long)
	for i, c := range all {
		tasks.Go(func() {
			time.Sleep(time.Duration(i) * changeEvery / changers) // not all at once
			for at := time.Now(); at.Before(end); at = at.Add(changeEvery) {
				time.Sleep(time.Until(at))
				if err := c.change(); err != nil {
					t.Errorf("changer %d, website %d: %v", i, c.n, err)
					return
				}
			}
		})
	}
	tasks.Wait()
}

// change takes the oldest website away, adds one, and looks at both.
func (c *changer) change() error {
	gone := c.services[0]
	c.services = append(slices.Clone(c.services[1:]), c.next())
	added := c.services[perChanger-1]
	asked := time.Now()
	if err := c.client.SetServices(c.services); err != nil {
		return err
	}
	registered := time.Now()
	for {
		status, body, err := c.ask(added.Publish.Host)
		if err != nil {
			return err
		}
		if status == http.StatusOK && body == added.Publish.Host+".apps.localhost" {
			break
		}
		if status != http.StatusNotFound && status != http.StatusServiceUnavailable || time.Since(asked) > 10*time.Second {
			return fmt.Errorf("%s is answered with %d, %.100s", added.Publish.Host, status, body)
		}
	}
	c.told, c.appeared = append(c.told, time.Since(asked)), append(c.appeared, time.Since(registered))
	if status, body, err := c.ask(gone.Publish.Host); err != nil || status != http.StatusNotFound {
		return fmt.Errorf("%s has gone, and is answered with %d, %.100s, %w", gone.Publish.Host, status, body, err)
	}
	return nil
}

func (c *changer) ask(label string) (status int, body string, err error) {
	req, err := http.NewRequest(http.MethodGet, "http://"+c.gateway+"/", nil)
	if err != nil {
		return 0, "", err
	}
	req.Host = label + ".apps.localhost"
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

// heldBy is what a gateway holds after a collection of garbage.
func heldBy(t *testing.T, g *process.Gateway) (h held) {
	t.Helper()
	for range 3 { // pools give things up at the second one only
		g.Admin(t, "/debug/pprof/heap?gc=1")
	}
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", g.PID()))
	if err != nil {
		t.Fatal(err)
	}
	h.descriptors = len(fds)
	for lines := bufio.NewScanner(bytes.NewReader(g.Admin(t, "/metrics"))); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		v, _ := strconv.ParseFloat(value, 64) // of comments nothing is taken
		switch name {
		case "go_goroutines":
			h.goroutines = int(v)
		case "go_memstats_heap_alloc_bytes":
			h.heap = uint64(v)
		}
	}
	if h.goroutines == 0 || h.heap == 0 {
		t.Fatal("the metrics lack Go's")
	}
	return h
}
