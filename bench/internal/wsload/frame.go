// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wsload

// The opcodes of RFC 6455 §5.2 that the load needs.
const (
	opText = 0x1
	opPing = 0x9
	opPong = 0xa
)

// frame makes one masked client frame. The mask is zero, which is legal on the
// wire and spares the load generator the XOR.
func frame(opcode byte, p []byte) []byte {
	b := []byte{0x80 | opcode}
	if len(p) < 126 {
		b = append(b, 0x80|byte(len(p)))
	} else {
		b = append(b, 0x80|126, byte(len(p)>>8), byte(len(p)))
	}
	b = append(b, 0, 0, 0, 0)
	return append(b, p...)
}

// walker finds the payloads in a server's bytes, which may be cut anywhere.
type walker struct {
	header [10]byte
	have   int   // header bytes collected
	left   int64 // payload bytes left in the present frame
	opcode byte
}

// walk hands the payload pieces of data frames to payload and returns the
// opcode of the last control frame that began in b, or 0.
func (w *walker) walk(b []byte, payload func([]byte)) (control byte) {
	for len(b) > 0 {
		if w.left > 0 {
			n := min(w.left, int64(len(b)))
			if w.opcode < 8 {
				payload(b[:n])
			}
			w.left -= n
			b = b[n:]
			continue
		}
		w.header[w.have] = b[0]
		w.have++
		b = b[1:]
		if w.have < 2 || w.have < headerSize(w.header[1]) {
			continue
		}
		w.left = payloadSize(w.header[:w.have])
		w.opcode = w.header[0] & 0xf
		w.have = 0
		if w.opcode >= 8 {
			control = w.opcode
		}
	}
	return control
}

func headerSize(second byte) int {
	switch second & 0x7f {
	case 126:
		return 4
	case 127:
		return 10
	}
	return 2
}

func payloadSize(header []byte) int64 {
	if len(header) == 2 {
		return int64(header[1] & 0x7f)
	}
	var n int64
	for _, x := range header[2:] {
		n = n<<8 | int64(x)
	}
	return n
}
