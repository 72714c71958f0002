// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"fmt"

	"github.com/pires/go-proxyproto"

	"github.com/culvertd/culvert/internal/splice"
	"github.com/culvertd/culvert/internal/wire"
)

// proxyHeader tells a service by the PROXY protocol where a connection comes from,
// and where it was let in. It goes before all that the visitor says. A version that
// is empty is none.
func proxyHeader(version string, c splice.Conn) ([]byte, error) {
	var number byte
	switch version {
	case wire.ProxyV1:
		number = 1
	case wire.ProxyV2:
		number = 2
	default:
		return nil, nil
	}
	b, err := proxyproto.HeaderProxyFromAddrs(number, c.RemoteAddr(), c.LocalAddr()).Format()
	if err != nil {
		return nil, fmt.Errorf("making the PROXY protocol's header: %w", err)
	}
	return b, nil
}
