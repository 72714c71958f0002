// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"encoding/json"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

func init() {
	httpcaddyfile.RegisterGlobalOption("culvert", parseApp)
	httpcaddyfile.RegisterDirective("culvert", parseCulvert)
	httpcaddyfile.RegisterDirective("culvert_publish", parsePublish)
	httpcaddyfile.RegisterHandlerDirective("culvert_ws", parseWS)
	httpcaddyfile.RegisterHandlerDirective("culvert_tunnel", parseTunnel)
	httpcaddyfile.RegisterHandlerDirective("culvert_api", parseAPI)
	httpcaddyfile.RegisterHandlerDirective("culvert_ui", parseUI)
	// Before the handlers that answer everything; abort and error stay in
	// front, so that a site can still shut someone out.
	httpcaddyfile.RegisterDirectiveOrder("culvert", httpcaddyfile.Before, "respond")
	httpcaddyfile.RegisterDirectiveOrder("culvert_publish", httpcaddyfile.Before, "respond")
	httpcaddyfile.RegisterDirectiveOrder("culvert_ws", httpcaddyfile.Before, "respond")
	httpcaddyfile.RegisterDirectiveOrder("culvert_tunnel", httpcaddyfile.Before, "respond")
	httpcaddyfile.RegisterDirectiveOrder("culvert_api", httpcaddyfile.Before, "respond")
	httpcaddyfile.RegisterDirectiveOrder("culvert_ui", httpcaddyfile.Before, "respond")
}

// parseCulvert reads the directive culvert. Syntax:
//
//	culvert [<matcher>]
//
// It stands for all handlers of the gateway. Each serves its own paths and
// passes other requests on; the last takes what nobody else answers:
//
//	culvert_ws [<matcher>]
//	culvert_tunnel [<matcher>]
//	culvert_api [<matcher>]
//	culvert_ui [<matcher>]
func parseCulvert(h httpcaddyfile.Helper) ([]httpcaddyfile.ConfigValue, error) {
	h.Next() // consume the directive's name; cannot fail
	matchers, err := h.ExtractMatcherSet()
	if err != nil {
		return nil, err
	}
	if err := noMore(h); err != nil {
		return nil, err
	}
	var route caddyhttp.Route
	if matchers != nil {
		route.MatcherSetsRaw = append(route.MatcherSetsRaw, matchers)
	}
	for _, handler := range []caddyhttp.MiddlewareHandler{new(WS), new(Tunnel), new(API), new(UI)} {
		id := caddy.GetModuleID(handler)
		route.HandlersRaw = append(route.HandlersRaw, handlerJSON(handler, id))
	}
	return []httpcaddyfile.ConfigValue{{Class: "route", Value: route}}, nil
}

// streamCloseDelay is for how long a published WebSocket outlives the config that
// it came by: longer than most, and bounded, for each keeps its config alive.
const streamCloseDelay = 24 * time.Hour

// parsePublish reads the directive culvert_publish. Syntax:
//
//	culvert_publish [<matcher>] [path]
//
// It serves what clients publish by name, and stands for
//
//	reverse_proxy {
//		dynamic            culvert
//		transport          culvert
//		stream_close_delay 24h
//	}
//
// with pages for names that do not exist and services that are not there. With path
// the name is the first segment of the path, and it stands for
//
//	uri path_regexp ^/[^/]*/? /
//	reverse_proxy {
//		dynamic   culvert path
//		header_up X-Forwarded-Prefix /{http.request.orig_uri.path.0}
//		...
//	}
func parsePublish(h httpcaddyfile.Helper) ([]httpcaddyfile.ConfigValue, error) {
	h.Next() // consume the directive's name; cannot fail
	matchers, err := h.ExtractMatcherSet()
	if err != nil {
		return nil, err
	}
	byPath, err := onlyPath(h)
	if err != nil {
		return nil, err
	}
	proxy := &reverseproxy.Handler{
		TransportRaw:        caddyconfig.JSONModuleObject(new(Transport), "protocol", "culvert", nil),
		DynamicUpstreamsRaw: caddyconfig.JSONModuleObject(&Upstreams{Path: byPath}, "source", "culvert", nil),
		StreamCloseDelay:    caddy.Duration(streamCloseDelay),
	}
	handlers := []json.RawMessage{handlerJSON(&Published{Path: byPath}, "http.handlers.culvert_publish")}
	if byPath {
		proxy.Headers = prefixHeader()
		handlers = append(handlers, withoutSegment())
	}
	route := caddyhttp.Route{HandlersRaw: append(handlers, handlerJSON(proxy, "http.handlers.reverse_proxy"))}
	if matchers != nil {
		route.MatcherSetsRaw = append(route.MatcherSetsRaw, matchers)
	}
	return []httpcaddyfile.ConfigValue{{Class: "route", Value: route}}, nil
}

func handlerJSON(h caddyhttp.MiddlewareHandler, id string) json.RawMessage {
	return caddyconfig.JSONModuleObject(h, "handler", caddy.ModuleID(id).Name(), nil)
}

// parseWS reads the directive culvert_ws. Syntax:
//
//	culvert_ws [<matcher>]
func parseWS(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	if err := noMore(h); err != nil {
		return nil, err
	}
	return new(WS), nil
}

// parseTunnel reads the directive culvert_tunnel. Syntax:
//
//	culvert_tunnel [<matcher>]
func parseTunnel(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	if err := noMore(h); err != nil {
		return nil, err
	}
	return new(Tunnel), nil
}

// parseAPI reads the directive culvert_api; see API.UnmarshalCaddyfile.
func parseAPI(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	api := new(API)
	return api, api.UnmarshalCaddyfile(h.Dispenser)
}

// parseUI reads the directive culvert_ui. Syntax:
//
//	culvert_ui [<matcher>]
func parseUI(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	if err := noMore(h); err != nil {
		return nil, err
	}
	return new(UI), nil
}

// noMore refuses arguments and blocks of a directive that has none.
func noMore(h httpcaddyfile.Helper) error {
	h.Next() // consume the directive's name
	name := h.Val()
	if h.NextArg() {
		return h.ArgErr()
	}
	if h.NextBlock(0) {
		return h.Errf("%s has no options here; they belong into the global option culvert", name)
	}
	return nil
}
