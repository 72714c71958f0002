// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/culvertd/culvert/internal/auth"
)

// Device is what a device shows its user and polls with (RFC 8628, 3.2).
type Device struct {
	DeviceCode              string `json:"device_code"`
	UserCode                string `json:"user_code"`
	VerificationURI         string `json:"verification_uri"`
	VerificationURIComplete string `json:"verification_uri_complete"`
	ExpiresIn               int    `json:"expires_in" doc:"Seconds."`
	Interval                int    `json:"interval" doc:"Seconds between two polls."`
}

// DeviceToken is what a device gets that has been allowed.
type DeviceToken struct {
	AccessToken string `json:"access_token" doc:"A client token. It is shown this once."`
	TokenType   string `json:"token_type" enum:"Bearer"`
}

// DeviceError is the Error of a poll, in the shape of RFC 8628, 3.5, too.
type DeviceError struct {
	Error   string `json:"error" enum:"authorization_pending,slow_down,access_denied,expired_token"`
	Code    string `json:"code" enum:"authorization_pending,slow_down,access_denied,expired_token"`
	Message string `json:"message"`
}

// deviceRefusal is a DeviceError as a status that huma knows.
type deviceRefusal struct{ DeviceError }

func (*deviceRefusal) GetStatus() int  { return http.StatusBadRequest }
func (d *deviceRefusal) Error() string { return d.Message }

// DeviceRequest is a device that wants to be allowed.
type DeviceRequest struct {
	UserCode   string    `json:"user_code"`
	ClientName string    `json:"client_name,omitempty" doc:"What the device calls itself."`
	Address    string    `json:"address" doc:"Where it asks from."`
	Agent      string    `json:"agent,omitempty"`
	CreatedAt  time.Time `json:"created_at"`
	ExpiresAt  time.Time `json:"expires_at"`
}

type deviceStartIn struct {
	Body struct {
		ClientName string `json:"client_name,omitempty" maxLength:"64"`
	}
}

type devicePollIn struct {
	Body struct {
		DeviceCode string `json:"device_code" minLength:"1" maxLength:"128"`
	}
}

type deviceLookIn struct {
	Body struct {
		UserCode string `json:"user_code" minLength:"1" maxLength:"32"`
	}
}

type deviceDecideIn struct {
	Body struct {
		UserCode string `json:"user_code" minLength:"1" maxLength:"32"`
		Allow    bool   `json:"allow"`
	}
}

func (a *API) devices() {
	const tag = "Devices"
	handle(a, tag, route{
		method: post, path: "/device/code", id: "start-device", access: public,
		summary: "Begins to enrol a tunnel client (RFC 8628)",
	}, func(ctx context.Context, q *request, in *deviceStartIn) (*out[Device], error) {
		d, err := q.accounts.DeviceStart(ctx, in.Body.ClientName, q.from())
		site := siteOf(q)
		return answered(Device{
			DeviceCode: d.DeviceCode, UserCode: d.UserCode, ExpiresIn: d.ExpiresIn, Interval: d.Interval,
			VerificationURI: site + "/device",
			// A fragment stays in the browser, and out of every log.
			VerificationURIComplete: site + "/device#" + d.UserCode,
		}, err)
	})
	schemas := a.huma.OpenAPI().Components.Schemas
	refused := &huma.Schema{AnyOf: []*huma.Schema{
		schemas.Schema(reflect.TypeFor[DeviceError](), true, ""), schemas.Schema(errorType, true, ""),
	}}
	handle(a, tag, route{
		method: post, path: "/device/token", id: "poll-device", access: public,
		summary: "Asks whether the user has allowed the client",
		responses: map[string]*huma.Response{"400": {
			Description: "Not yet, or never; or a body that is no JSON.",
			Content:     map[string]*huma.MediaType{contentType: {Schema: refused}},
		}},
	}, func(ctx context.Context, q *request, in *devicePollIn) (*out[DeviceToken], error) {
		token, err := q.accounts.DevicePoll(ctx, in.Body.DeviceCode, q.from())
		if d, ok := errors.AsType[*auth.DeviceError](err); ok {
			return nil, &deviceRefusal{DeviceError{Error: d.Code, Code: d.Code, Message: d.Error()}}
		}
		return answered(DeviceToken{AccessToken: token, TokenType: "Bearer"}, err)
	})
	handle(a, tag, route{
		method: post, path: "/device/look", id: "look-at-device", access: person,
		summary: "Shows the client that has shown this code",
	}, func(ctx context.Context, q *request, in *deviceLookIn) (*out[DeviceRequest], error) {
		d, err := q.accounts.DeviceLook(ctx, q.who, in.Body.UserCode)
		return answered(DeviceRequest{
			UserCode: d.UserCode, ClientName: d.ClientName, Address: d.Addr, Agent: d.Agent,
			CreatedAt: d.CreatedAt, ExpiresAt: d.ExpiresAt,
		}, err)
	})
	handle(a, tag, route{
		method: post, path: "/device/decide", id: "decide-device", access: person,
		summary: "Allows the client that has shown this code, or not",
	}, func(ctx context.Context, q *request, in *deviceDecideIn) (*none, error) {
		return done(q.accounts.DeviceDecide(ctx, q.who, in.Body.UserCode, in.Body.Allow, q.from()))
	})
}

// siteOf is the gateway's address as the client of q has reached it.
func siteOf(q *request) string {
	if q.client.Secure {
		return "https://" + q.http.Host
	}
	return "http://" + q.http.Host
}
