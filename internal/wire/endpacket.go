// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wire

// EndKind is the kind of a packet with the id 0 in the TLS of a channel with
// the protocol udp: what the ends have to say to each other. It is the first
// byte of the data; a kind that is not known is ignored.
type EndKind byte

// The kinds.
const (
	// EndReady is followed by ProtocolVersion. Its sender knows the keys that the
	// other end has from the channel, and opens what is sealed with them.
	EndReady EndKind = 1 + iota
	EndPing
	EndPong
)

// Append appends the packet with its header.
func (k EndKind) Append(b []byte) []byte {
	data := []byte{byte(k)}
	if k == EndReady {
		data = append(data, ProtocolVersion)
	}
	var head [PacketHeader]byte
	PutHeader(head[:], 0, len(data))
	return append(append(b, head[:]...), data...)
}

// ParseEnd parses the data of such a packet; it is 0 for what makes no sense.
func ParseEnd(data []byte) EndKind {
	switch {
	case len(data) == 2 && EndKind(data[0]) == EndReady && data[1] == ProtocolVersion:
		return EndReady
	case len(data) == 1 && (EndKind(data[0]) == EndPing || EndKind(data[0]) == EndPong):
		return EndKind(data[0])
	}
	return 0
}
