// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"
)

// clockSlack is how far the clocks may be apart before it is worth a word:
// certificates are checked by them, and log lines compared.
const clockSlack = 2 * time.Minute

// resolve looks up the gateway's name.
func (d *doctor) resolve(ctx context.Context) bool {
	const name = "dns"
	host := d.site.Hostname()
	var err error
	if d.proxy, err = d.cfg.proxyFor(d.site); err != nil {
		d.fail(name, "choosing a proxy: "+err.Error(), "mend HTTPS_PROXY, HTTP_PROXY or ALL_PROXY")
		return false
	}
	if _, err := netip.ParseAddr(host); err == nil {
		d.fine(name, host+" is an address, there is nothing to look up")
		return true
	}
	if d.proxy != nil {
		d.fine(name, "the proxy "+d.proxy.Host+" looks up "+host)
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	begun := time.Now()
	addrs, err := net.DefaultResolver.LookupHost(ctx, host)
	if e, ok := errors.AsType[*net.DNSError](err); ok && e.IsNotFound {
		d.fail(name, "there is no "+host, "check how the server's name is written; a new name needs time to become known")
		return false
	}
	if err != nil {
		d.fail(name, err.Error(), "check this machine's network and its name servers")
		return false
	}
	d.fine(name, fmt.Sprintf("%s is %s, in %s", host, strings.Join(addrs, ", "), millis(begun)))
	return true
}

// web asks the gateway's site for any answer at all.
func (d *doctor) web(ctx context.Context) bool {
	name := d.site.Scheme
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.site.String(), nil)
	if err != nil {
		d.fail(name, err.Error(), "check how the server's URL is written")
		return false
	}
	begun := time.Now()
	resp, err := d.transport().RoundTrip(req) // follows no redirect, for signaling follows none
	if err != nil {
		d.fail(name, "reaching "+d.site.Host+d.through()+": "+err.Error(), d.webRemedy(err))
		return false
	}
	defer func() { _ = resp.Body.Close() }()
	took := time.Since(begun)
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 1024)) // only to know TLS by
	if !d.judge(resp, string(text), took) {
		return false
	}
	d.clock(resp, begun.Add(took/2))
	return true
}

func (d *doctor) transport() *http.Transport {
	return &http.Transport{
		DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
			target := *d.site
			target.Host = addr
			return d.cfg.dialVia(ctx, &target)
		},
		TLSClientConfig:   d.cfg.TLS.Clone(),
		DisableKeepAlives: true, // ends with the answer
	}
}

// judge says what the answer means.
func (d *doctor) judge(resp *http.Response, text string, took time.Duration) bool {
	name := d.site.Scheme
	detail := fmt.Sprintf("%s answers %s in %v%s", d.site.Host, resp.Status, took.Round(100*time.Microsecond), d.through())
	if st := resp.TLS; st != nil && len(st.PeerCertificates) > 0 {
		detail += fmt.Sprintf(", %s, certificate good until %s", tls.VersionName(st.Version),
			st.PeerCertificates[0].NotAfter.Format(time.DateOnly))
	}
	switch {
	case resp.StatusCode == http.StatusBadRequest && resp.TLS == nil && strings.Contains(text, "HTTPS"):
		d.fail(name, detail+": that port speaks TLS", "write the server as wss://"+d.site.Host)
		return false
	case resp.StatusCode >= 300 && resp.StatusCode < 400 && strings.HasPrefix(resp.Header.Get("Location"), "https:") && resp.TLS == nil:
		d.fail(name, detail+": the site wants HTTPS", "write the server as wss://"+d.site.Hostname())
		return false
	case resp.StatusCode >= 500:
		d.warn(name, detail, "look at the gateway's log, and at that of a proxy before it")
	case resp.TLS == nil && !isLocal(d.site.Hostname()):
		d.warn(name, detail+"; the token crosses the network unencrypted", "outside a trusted network give the site HTTPS, and write wss://")
	default:
		d.fine(name, detail)
	}
	return true
}

// clock compares the clocks, to the second that the header has.
func (d *doctor) clock(resp *http.Response, now time.Time) {
	const name = "clock"
	there, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		d.warn(name, "the server does not say what time it is", "compare this machine's clock with another one")
		return
	}
	off := there.Add(time.Second / 2).Sub(now).Round(time.Second)
	switch {
	case off > clockSlack:
		d.warn(name, fmt.Sprintf("this clock is %v behind the server's", off), clockRemedy)
	case off < -clockSlack:
		d.warn(name, fmt.Sprintf("this clock is %v ahead of the server's", -off), clockRemedy)
	default:
		d.fine(name, fmt.Sprintf("within %v of the server's", max(off.Abs(), time.Second)))
	}
}

const clockRemedy = "have one of them, whichever is wrong, set by NTP; tunnels do not need it, certificates of websites do"

func (d *doctor) through() string {
	if d.proxy == nil {
		return ""
	}
	return " through the proxy " + d.proxy.Host
}

// webRemedy is what to do when the site cannot be reached.
func (d *doctor) webRemedy(err error) string {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "give the site a certificate of a public authority, or install its authority on this machine; " +
			"if a proxy puts its own certificates in place, install that proxy's"
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return "write the server with a name that its certificate has"
	}
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok && e.Reason == x509.Expired {
		return "renew the site's certificate, unless this machine's clock is wrong: it says " + time.Now().Format(time.DateTime)
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "that port speaks no TLS: write the server as ws://, or with another port"
	}
	switch {
	case d.proxy != nil:
		return "check the proxy in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY, and whether it lets " + d.site.Host + " through; NO_PROXY goes past it"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there: check the port, and whether the gateway runs"
	}
	return "check the address, the network, and firewalls in between; where only a proxy leads out, set HTTPS_PROXY"
}

// isLocal tells whether what goes to the host stays on this machine.
func isLocal(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
