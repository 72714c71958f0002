// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"fmt"
	"slices"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/culvertd/culvert/internal/control"
)

// settingsFlags gives cmd a flag for everything that an endpoint's owner may
// choose. The function that it returns tells what was chosen.
func settingsFlags(cmd *cobra.Command) func() (control.Changes, error) {
	f := cmd.Flags()
	name := f.String("name", "", "name to recognise the endpoint by")
	compression := f.Bool("compression", false, "offer permessage-deflate to clients")
	origins := f.StringSlice("origin", nil, `only origin that browsers may connect from, such as "https://app.example.com" (repeatable; "" for any)`)
	maxConnections := f.Int("max-connections", 0, "connections at once (0: as the gateway's config says)")
	messages := f.Int("message-rate", 0, "messages a second of one connection (0: as the config says)")
	endpointMessages := f.Int("endpoint-message-rate", 0, "messages a second of all connections (0: as the config says)")
	maxSize := f.String("max-message-size", "", "largest message, such as 64KiB (0: as the config says)")
	bytes := f.String("byte-rate", "", "bytes a second of one connection (0: as the config says)")
	endpointBytes := f.String("endpoint-byte-rate", "", "bytes a second of all connections (0: as the config says)")

	return func() (c control.Changes, err error) {
		set := func(name string) bool { return f.Changed(name) }
		c.Name = given(set("name"), name)
		c.Compression = given(set("compression"), compression)
		c.MaxConnections = given(set("max-connections"), maxConnections)
		c.MessagesPerSecond = given(set("message-rate"), messages)
		c.EndpointMessagesPerSecond = given(set("endpoint-message-rate"), endpointMessages)
		if set("origin") {
			list := slices.DeleteFunc(*origins, func(o string) bool { return o == "" })
			c.Origins = &list
		}
		for _, s := range []struct {
			flag string
			from *string
			to   **int64
		}{
			{"max-message-size", maxSize, &c.MaxMessageSize},
			{"byte-rate", bytes, &c.BytesPerSecond},
			{"endpoint-byte-rate", endpointBytes, &c.EndpointBytesPerSecond},
		} {
			if !set(s.flag) {
				continue
			}
			n, err := humanize.ParseBytes(*s.from)
			v := int64(n)
			if err != nil || v < 0 {
				return c, fmt.Errorf("--%s must be a size such as 64KiB or 1MB, not %q", s.flag, *s.from)
			}
			*s.to = &v
		}
		return c, nil
	}
}

// ownerFlag gives cmd the flag for whose something shall be.
func ownerFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("user", "", "name or e-mail of the user whose it shall be (default: the first administrator's)")
}

// given returns v if its flag was set, and nil without.
func given[T any](set bool, v *T) *T {
	if !set {
		return nil
	}
	return v
}
