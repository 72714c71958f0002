// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package wsload

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"net"
	"strings"
	"time"
)

// The client side of TLS: crypto/tls does the handshake, then the traffic keys
// are taken from its key log and the records of RFC 8446 §5 are opened here, in
// the epoll loop. A *tls.Conn would need a goroutine and a wake-up for each of
// thousands of clients, on the cores that the server is measured on.
type records struct {
	in, out     cipher.AEAD
	inIV, outIV [12]byte
	inSeq       uint64
	outSeq      uint64
	part        []byte // an incomplete record
}

const (
	recordHeader     = 5
	recordAlert      = 21
	recordHandshake  = 22
	recordData       = 23
	messageKeyUpdate = 24
)

var errTLSClosed = errors.New("the server ended the TLS connection")

// handshake runs the TLS 1.3 handshake on a blocking socket.
func handshake(fd int) (*records, error) {
	var log bytes.Buffer
	c := tls.Client(&bounded{fd: fd}, &tls.Config{
		ServerName:         "localhost",
		InsecureSkipVerify: true, // a certificate made for this run, on loopback
		MinVersion:         tls.VersionTLS13,
		NextProtos:         []string{"http/1.1"},
		CurvePreferences:   []tls.CurveID{tls.X25519}, // the cheapest for the load generator
		KeyLogWriter:       &log,
	})
	if err := c.Handshake(); err != nil {
		return nil, fmt.Errorf("TLS handshake: %w", err)
	}
	newHash, keySize := sha256.New, 16
	switch suite := c.ConnectionState().CipherSuite; suite {
	case tls.TLS_AES_128_GCM_SHA256:
	case tls.TLS_AES_256_GCM_SHA384:
		newHash, keySize = sha512.New384, 32
	default:
		return nil, fmt.Errorf("cipher suite %s is not supported here", tls.CipherSuiteName(suite))
	}
	r := &records{}
	var err error
	for line := range strings.Lines(log.String()) {
		f := strings.Fields(line)
		if len(f) != 3 || err != nil {
			continue
		}
		switch f[0] {
		case "SERVER_TRAFFIC_SECRET_0":
			r.in, err = trafficKey(newHash, keySize, f[2], &r.inIV)
		case "CLIENT_TRAFFIC_SECRET_0":
			r.out, err = trafficKey(newHash, keySize, f[2], &r.outIV)
		}
	}
	if err == nil && (r.in == nil || r.out == nil) {
		err = errors.New("the key log lacks the traffic secrets")
	}
	return r, err
}

// trafficKey is RFC 8446 §7.3.
func trafficKey(newHash func() hash.Hash, keySize int, secret string, iv *[12]byte) (cipher.AEAD, error) {
	s, err := hex.DecodeString(secret)
	if err != nil {
		return nil, fmt.Errorf("reading the key log: %w", err)
	}
	expand := func(label string, n int) ([]byte, error) {
		label = "tls13 " + label
		info := append([]byte{byte(n >> 8), byte(n), byte(len(label))}, label...)
		return hkdf.Expand(newHash, s, string(append(info, 0)), n)
	}
	v, err := expand("iv", len(iv))
	if err != nil {
		return nil, fmt.Errorf("deriving the nonce: %w", err)
	}
	copy(iv[:], v)
	key, err := expand("key", keySize)
	if err != nil {
		return nil, fmt.Errorf("deriving the key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// open decrypts what has arrived, in place, and hands each record's data to
// emit. An incomplete record waits for the next call.
func (r *records) open(b []byte, emit func([]byte)) error {
	if len(r.part) > 0 {
		r.part = append(r.part, b...)
		b = r.part
	}
	for len(b) >= recordHeader {
		end := recordHeader + int(binary.BigEndian.Uint16(b[3:]))
		if len(b) < end {
			break
		}
		nonce := nonceOf(&r.inIV, r.inSeq)
		p, err := r.in.Open(b[recordHeader:recordHeader], nonce[:], b[recordHeader:end], b[:recordHeader])
		if err != nil {
			return fmt.Errorf("record %d: %w", r.inSeq, err)
		}
		r.inSeq++
		b = b[end:]
		p = bytes.TrimRight(p, "\x00")
		if len(p) == 0 {
			return errors.New("a record without a type")
		}
		switch p, kind := p[:len(p)-1], p[len(p)-1]; {
		case kind == recordData:
			emit(p)
		case kind == recordAlert:
			return errTLSClosed
		case kind == recordHandshake && len(p) > 0 && p[0] == messageKeyUpdate:
			return errors.New("the server changed its key, which the load tool does not follow")
		}
	}
	// Without a rest the buffer goes, or idle clients would keep one each.
	if len(b) == 0 {
		r.part = nil
	} else {
		r.part = append(r.part[:0], b...)
	}
	return nil
}

// seal makes one record of p, which must fit it (16 KiB).
func (r *records) seal(p []byte) []byte {
	n := len(p) + 1 + r.out.Overhead()
	b := make([]byte, recordHeader, recordHeader+n)
	copy(b, []byte{recordData, 3, 3, byte(n >> 8), byte(n)})
	nonce := nonceOf(&r.outIV, r.outSeq)
	r.outSeq++
	plain := append(append(make([]byte, 0, len(p)+1), p...), recordData)
	return r.out.Seal(b, nonce[:], plain, b[:recordHeader])
}

func nonceOf(iv *[12]byte, seq uint64) [12]byte {
	n := *iv
	for i := range 8 {
		n[11-i] ^= byte(seq >> (8 * i))
	}
	return n
}

// bounded is a connection whose reads end at record boundaries, so that
// crypto/tls never holds bytes of the records that come after the handshake.
type bounded struct {
	net.Conn // nil: crypto/tls needs no more than what is below

	fd     int
	header []byte // not yet handed out
	left   int    // of the present record
}

// Read implements net.Conn.
func (c *bounded) Read(p []byte) (int, error) {
	if len(c.header) == 0 && c.left == 0 {
		h := make([]byte, recordHeader)
		for have := 0; have < len(h); {
			n, err := read(c.fd, h[have:])
			if err != nil {
				return 0, err
			}
			have += n
		}
		c.header, c.left = h, int(binary.BigEndian.Uint16(h[3:]))
	}
	if len(c.header) > 0 {
		n := copy(p, c.header)
		c.header = c.header[n:]
		return n, nil
	}
	n, err := read(c.fd, p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

// Write implements net.Conn.
func (c *bounded) Write(p []byte) (int, error) { return len(p), writeAll(c.fd, p) }

// SetWriteDeadline implements net.Conn; writes on loopback do not wait.
func (c *bounded) SetWriteDeadline(time.Time) error { return nil }
