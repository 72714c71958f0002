// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package inventory

// Site is where the gateway is reached.
type Site struct {
	URL          string `json:"url" doc:"The address of the site, such as https://example.com."`
	WebSocketURL string `json:"websocket_url" doc:"What the URLs of endpoints begin with, such as wss://example.com."`
	Relay        string `json:"relay" doc:"The host and port where tunnels' data goes, TCP and UDP; empty if it all goes through the site."`
}
