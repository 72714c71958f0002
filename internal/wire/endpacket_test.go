// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"testing"
)

func TestEndPackets(t *testing.T) {
	for kind, want := range map[EndKind][]byte{
		EndReady: {0, 0, 0, 0, 0, 2, 1, 1},
		EndPing:  {0, 0, 0, 0, 0, 1, 2},
		EndPong:  {0, 0, 0, 0, 0, 1, 3},
	} {
		b := kind.Append([]byte("x"))[1:]
		if !bytes.Equal(b, want) {
			t.Errorf("kind %d: %x, want %x", kind, b, want)
		}
		if id, data, ok := ParsePacket(b); !ok || id != 0 || ParseEnd(data) != kind {
			t.Errorf("kind %d is not parsed", kind)
		}
	}
	for _, data := range [][]byte{nil, {0}, {1}, {1, 2}, {1, 1, 1}, {2, 0}, {4}} {
		if k := ParseEnd(data); k != 0 {
			t.Errorf("%x is taken for kind %d", data, k)
		}
	}
}
