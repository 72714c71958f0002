// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"strconv"
	"strings"
)

// Publish is a provider's consent that the gateway itself visits a service, to
// let the public in: the gateway reads what such visits carry (rules S14). The
// provider accepts the gateway's key for no other service. Added.
type Publish struct {
	// Host is the wanted name of a website, of which the gateway makes one below
	// its own domain, or, with a dot in it, a domain that is the account's own;
	// empty: none, and the gateway's operator writes one.
	Host string `json:"host,omitempty"`
	// TCP is the wanted public port of the gateway's; 0: any, the same again after
	// a restart. Nil: none. In what the gateway keeps it is the one in force.
	TCP *int `json:"tcp,omitempty"`
	// UDP is likewise, for a service that is UDP.
	UDP *int `json:"udp,omitempty"`
	// ProxyProtocol has each connection of the TCP port begin with the PROXY
	// protocol's header: ProxyV1 or ProxyV2. Empty: none.
	ProxyProtocol string `json:"proxyProtocol,omitempty"`
}

// Port returns the wanted public port, and TCP or UDP; nil if there is none. p may
// be nil.
func (p *Publish) Port() (protocol string, port *int) {
	switch {
	case p == nil:
		return "", nil
	case p.UDP != nil:
		return UDP, p.UDP
	default:
		return TCP, p.TCP
	}
}

// The versions of the PROXY protocol.
const (
	ProxyV1 = "v1"
	ProxyV2 = "v2"
)

// ValidProxy reports whether s is a version of the PROXY protocol, or empty.
func ValidProxy(s string) bool { return s == "" || s == ProxyV1 || s == ProxyV2 }

// Published is what came of a service's publish; a register_response has one for
// each service with a host or a port.
type Published struct {
	ServiceID string `json:"serviceId"`
	URL       string `json:"url,omitempty"`
	// Error and Code say why there is none.
	Error string `json:"error,omitempty"`
	Code  string `json:"code,omitempty"`
}

// MaxLabel is the longest label of a host name in bytes (RFC 1035 §2.3.4).
const MaxLabel = 63

// ValidLabel reports whether s can be one label of a host name (RFC 1123 §2.1),
// and is no encoding of something that looks like another (RFC 5890 §2.3.1).
func ValidLabel(s string) bool {
	if s == "" || len(s) > MaxLabel || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-':
		default:
			return false
		}
	}
	return len(s) < 4 || s[2:4] != "--"
}

// MaxDomain is the longest domain in bytes, as text (RFC 1035 §2.3.4).
const MaxDomain = 253

// ValidDomain reports whether s can be a domain of one's own: two labels or more,
// in ASCII (a name in another script is written as browsers send it, xn--…), and
// neither an address nor a part of one.
func ValidDomain(s string) bool {
	labels := strings.Split(s, ".")
	if len(labels) < 2 || len(s) > MaxDomain {
		return false
	}
	for _, label := range labels {
		if rest, encoded := strings.CutPrefix(strings.ToLower(label), "xn--"); encoded {
			label = rest
		}
		if !ValidLabel(label) {
			return false
		}
	}
	// What resolvers take for IPv4 ends in a number, also 127.1 and 0x7f.1.
	last := labels[len(labels)-1]
	_, err := strconv.ParseUint(last, 0, 64)
	return err != nil && last[0] > '9'
}

// ValidHost reports whether s can be a Publish's Host.
func ValidHost(s string) bool { return ValidLabel(s) || ValidDomain(s) }

// PublicPort is how a port is called among public names: tcp:20022.
func PublicPort(protocol string, number int) string { return protocol + ":" + strconv.Itoa(number) }

// ValidPublicName reports whether s can be a name under which the public reaches
// something: a label, a domain, or a result of PublicPort.
func ValidPublicName(s string) bool {
	protocol, number, isPort := strings.Cut(s, ":")
	if !isPort {
		return ValidHost(s)
	}
	n, err := strconv.ParseUint(number, 10, 16)
	return err == nil && n > 0 && s == PublicPort(protocol, int(n)) && (protocol == TCP || protocol == UDP)
}

// PublicName returns the name under which an account's service with a host is
// published: the domain itself, or PublicLabel's.
func PublicName(host, account string) string {
	if strings.Contains(host, ".") {
		return strings.ToLower(host)
	}
	return PublicLabel(host, account)
}

// PublicLabel returns the label under which an account's service with a host is
// published: host-account, or the bare host of the operator's. It is not valid if
// it is too long.
func PublicLabel(host, account string) string {
	label := strings.ToLower(host)
	if account != "" {
		// What names of accounts may have and labels may not.
		label += "-" + strings.Trim(strings.ReplaceAll(strings.ToLower(account), "_", "-"), "-")
	}
	return label
}
