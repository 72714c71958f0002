// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"testing"
)

var signedKinds = map[Kind]bool{Hello: true, Echo: true, Keepalive: true}

func TestControlPackets(t *testing.T) {
	key := NewKey()
	// Sizes of the data; what the gateway answers is never larger.
	sizes := map[Kind]int{Hello: 64, Cookie: 25, Echo: 50, Bound: 9, Keepalive: 33, Alive: 9, Unreachable: 9}
	for kind, size := range sizes {
		want := ControlPacket{Kind: kind, Counter: 1 << 40}
		if signedKinds[kind] {
			want.Key = key.ID
		}
		if kind == Cookie || kind == Echo {
			want.Cookie = [16]byte{1, 2, 15: 3}
		}
		b := want.Append([]byte("before"), key.Secret)[len("before"):]
		id, data, ok := ParsePacket(b)
		if !ok || id != 0 || len(data) != size {
			t.Errorf("kind %d: packet %x with the id %d", kind, b, id)
			continue
		}
		got, err := ParseControl(data)
		if err != nil || got.ControlPacket != want {
			t.Errorf("kind %d became %+v, %v", kind, got.ControlPacket, err)
			continue
		}
		if got.Verify(key.Secret) != signedKinds[kind] {
			t.Errorf("kind %d: verified is %v", kind, !signedKinds[kind])
		}
		if got.Verify(NewKey().Secret) {
			t.Errorf("kind %d: good with any secret", kind)
		}
		for i := range data { // every byte counts
			bad := bytes.Clone(data)
			bad[i] ^= 1
			if p, err := ParseControl(bad); err == nil && p.Verify(key.Secret) {
				t.Errorf("kind %d: byte %d may change", kind, i)
			}
		}
		if _, err := ParseControl(data[:len(data)-1]); err == nil {
			t.Errorf("kind %d: cut short, and parsed", kind)
		}
	}
}

func TestPackets(t *testing.T) {
	for _, n := range []int{0, 1, MaxDatagram} {
		b := make([]byte, PacketHeader+n)
		PutHeader(b, 0x01020304, n)
		if id, data, ok := ParsePacket(b); !ok || id != 0x01020304 || len(data) != n || PacketLength(b) != n {
			t.Errorf("%d bytes: id %x, %d bytes, %v", n, id, len(data), ok)
		}
		PutPacketID(b, 7)
		if PacketID(b) != 7 {
			t.Errorf("id %d, want 7", PacketID(b))
		}
		if _, _, ok := ParsePacket(append(b, 0)); ok {
			t.Errorf("%d bytes and one more were parsed", n)
		}
		if _, _, ok := ParsePacket(b[:len(b)-1]); ok {
			t.Errorf("%d bytes without the last were parsed", n)
		}
	}
}

// FuzzControl: what is parsed has one form.
func FuzzControl(f *testing.F) {
	key := NewKey()
	for k := Hello; k <= Unreachable; k++ {
		f.Add(ControlPacket{Kind: k, Key: key.ID, Counter: 9}.Append(nil, key.Secret))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, data, ok := ParsePacket(b)
		if !ok {
			return
		}
		p, err := ParseControl(data)
		if err != nil {
			return
		}
		again := p.Append(nil, key.Secret)[PacketHeader:]
		if signedKinds[p.Kind] { // the MAC is whose it may be
			unsigned := len(p.signed)
			again, data = again[:unsigned], data[:unsigned]
		}
		if !bytes.Equal(again, data) {
			t.Errorf("%x became %x", data, again)
		}
	})
}
