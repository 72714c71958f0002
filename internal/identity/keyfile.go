// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/culvertd/culvert/internal/wire"
)

// A key file is PEM: the key in PKCS #8, as other programs write and read it,
// and, if the key has replaced another, the old public key with its signature.
const (
	pemKey      = "PRIVATE KEY"
	pemRotation = "CULVERT KEY ROTATION"
)

func (k *Key) text() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: pemKey, Bytes: der})
	if r := k.rotation; r != nil {
		b := append(bytes.Clone(r.Previous[:]), r.Signature...)
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: pemRotation, Bytes: b})...)
	}
	return text, nil
}

// parseKey names the line of what is wrong and repeats none of the file.
func parseKey(text []byte) (*Key, error) {
	block, rest := pem.Decode(text)
	if block == nil {
		return nil, errors.New("line 1: no whole block of PEM begins here")
	}
	if block.Type != pemKey {
		return nil, fmt.Errorf("line 1: no %s of PEM comes first", pemKey)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("line 1: the key is damaged")
	}
	private, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, errors.New("line 1: the key is not one of Ed25519")
	}
	k, err := newKey(private, nil)
	if err != nil {
		return nil, err
	}
	if rest = bytes.TrimSpace(rest); len(rest) == 0 {
		return k, nil
	}
	line := 1 + bytes.Count(text[:bytes.LastIndex(text, rest)], []byte("\n"))
	if k.rotation = parseRotation(rest); !k.rotation.Leads(previous(k.rotation), k.Public()) {
		return nil, fmt.Errorf("line %d: this is no rotation that leads to the key before it", line)
	}
	return k, nil
}

// parseRotation returns nil if that is not what the text is.
func parseRotation(text []byte) *wire.Rotation {
	block, rest := pem.Decode(text)
	if block == nil || block.Type != pemRotation || len(bytes.TrimSpace(rest)) > 0 ||
		len(block.Bytes) != ed25519.PublicKeySize+ed25519.SignatureSize {
		return nil
	}
	return &wire.Rotation{
		Previous:  wire.PublicKey(block.Bytes[:ed25519.PublicKeySize]),
		Signature: block.Bytes[ed25519.PublicKeySize:],
	}
}

func previous(r *wire.Rotation) (key wire.PublicKey) {
	if r != nil {
		key = r.Previous
	}
	return key
}
