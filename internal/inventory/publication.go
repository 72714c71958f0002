// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"strconv"
	"time"
)

// Publication is a public name or port: one that a service has now, one that a
// service was refused, or one for which somebody has said who may come.
type Publication struct {
	Name     string `json:"name" doc:"A label below the gateway's domain, such as web-alice; a domain, such as www.example.org; or a port, such as tcp:20022."`
	Kind     string `json:"kind" enum:"label,domain,tcp,udp"`
	URL      string `json:"url,omitempty" doc:"Where the public reaches it. Absent: nowhere now."`
	OwnerID  int64  `json:"owner_id" doc:"The account that it belongs to; 0 is the operator."`
	Owner    string `json:"owner" doc:"That account's name."`
	Client   string `json:"client,omitempty" doc:"The client that offers the service. Absent: none does now."`
	Service  string `json:"service,omitempty"`
	Protocol string `json:"protocol,omitempty" doc:"The service's."`
	Status   string `json:"status" enum:"online,offline,refused,unused" doc:"Whether the client is there; refused: the service may not have the name, see error; unused: no service has it."`
	Code     string `json:"code,omitempty" doc:"Why a service was refused, for programs."`
	Error    string `json:"error,omitempty" doc:"Why a service was refused, and what to do."`
	Access   Access `json:"access"`
	Open     int    `json:"open" doc:"Requests and WebSockets, or connections of a port, that are open now; at a UDP port sources that are heard."`
	Requests uint64 `json:"requests" doc:"How many there were since the gateway began; at a port, since it is the service's."`
}

// Access is who may come to a name.
type Access struct {
	Mode        string   `json:"mode" enum:"open,password,login" doc:"open: whoever finds it; password: who knows a password (HTTP Basic, any user name); login: who is logged in at this gateway. Ports are open."`
	HasPassword bool     `json:"has_password" doc:"Whether a password is set."`
	Visitors    []string `json:"visitors" nullable:"false" doc:"With login: the names of accounts that may come besides the owner, #id for one that was deleted; empty: all."`
	Allow       []string `json:"allow" nullable:"false" doc:"If any, the only addresses that may come, in CIDR notation."`
	Deny        []string `json:"deny" nullable:"false" doc:"Addresses that may not come, in CIDR notation."`
}

// AuditedAccess is what the audit log keeps of an Access.
type AuditedAccess struct {
	Mode     string   `json:"mode"`
	Visitors []string `json:"visitors"`
	Allow    []string `json:"allow"`
	Deny     []string `json:"deny"`
}

// PublicTarget is what the audit log calls a public name.
func PublicTarget(owner int64, name string) string {
	return "public/" + strconv.FormatInt(owner, 10) + "/" + name
}

// PublicRequest is a request to a published website.
type PublicRequest struct {
	ID       uint64    `json:"id"`
	Time     time.Time `json:"time"`
	Method   string    `json:"method"`
	Path     string    `json:"path" doc:"Without the query, which may hold secrets; at most 200 bytes."`
	Status   int       `json:"status,omitempty" doc:"Absent while it is open and not answered."`
	Open     bool      `json:"open" doc:"Whether it goes on."`
	Seconds  float64   `json:"seconds" doc:"How long it took; so far, while it is open."`
	BytesOut uint64    `json:"bytes_out" doc:"Of the answer's body; so far, while it is open. WebSockets are not counted."`
	Address  string    `json:"address" doc:"Where it came from."`
	Visitor  string    `json:"visitor,omitempty" doc:"The account of who came, if a log-in is asked for."`
}

// Domain is a domain that an account has shown to be its own.
type Domain struct {
	Name      string    `json:"name"`
	OwnerID   int64     `json:"owner_id" doc:"0 is the operator."`
	Owner     string    `json:"owner"`
	Proof     string    `json:"proof" enum:"dns,administrator" doc:"By what it is known to be the account's."`
	CreatedAt time.Time `json:"created_at"`
}
