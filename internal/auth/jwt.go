// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package auth

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// KeySize is the size of a signer's key in bytes.
const KeySize = 32

// maxToken bounds what is taken apart before anything is known of its sender.
const maxToken = 2048

// earlier is how far two clocks may differ before a new token is refused as one
// of the future.
const earlier = 30 * time.Second

// Claims are what a log-in says of itself.
type Claims struct {
	User      int64
	ID        string // by which it is revoked
	Epoch     int64  // of the user, when it was issued
	IssuedAt  time.Time
	ExpiresAt time.Time
}

// For returns a signer with the same key whose tokens are good for another
// audience alone.
func (s *Signer) For(audience string) (*Signer, error) { return NewSigner(s.key, s.issuer, audience) }

// NewKey returns a new key for NewSigner.
func NewKey() []byte {
	key := make([]byte, KeySize)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	return key
}

// Signer issues log-ins and knows its own again. HMAC-SHA256 is the only
// algorithm: what a token's header says is checked, never followed.
type Signer struct {
	key              []byte
	issuer, audience string
	parser           *jwt.Parser
}

// NewSigner returns a signer with a key of KeySize bytes.
func NewSigner(key []byte, issuer, audience string) (*Signer, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("the key of log-ins has %d bytes instead of %d", len(key), KeySize)
	}
	if issuer == "" || audience == "" {
		return nil, errors.New("log-ins need an issuer and an audience")
	}
	return &Signer{
		key: key, issuer: issuer, audience: audience,
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
			jwt.WithIssuer(issuer), jwt.WithAudience(audience),
			jwt.WithExpirationRequired(), jwt.WithNotBeforeRequired(), jwt.WithStrictDecoding(),
		),
	}, nil
}

type tokenClaims struct {
	jwt.RegisteredClaims
	Epoch int64 `json:"epoch"`
}

// Sign returns the text of a log-in. Its times are cut to the second.
func (s *Signer) Sign(c Claims) (string, error) {
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, tokenClaims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    s.issuer,
			Audience:  jwt.ClaimStrings{s.audience},
			Subject:   strconv.FormatInt(c.User, 10),
			ID:        c.ID,
			IssuedAt:  jwt.NewNumericDate(c.IssuedAt),
			NotBefore: jwt.NewNumericDate(c.IssuedAt.Add(-earlier)),
			ExpiresAt: jwt.NewNumericDate(c.ExpiresAt),
		},
		Epoch: c.Epoch,
	})
	text, err := t.SignedString(s.key)
	if err != nil {
		return "", fmt.Errorf("signing log-in: %w", err)
	}
	return text, nil
}

// Verify returns what a log-in says, if it is one of this signer's and not
// expired.
func (s *Signer) Verify(text string) (Claims, error) {
	if len(text) > maxToken {
		return Claims{}, errors.New("verifying log-in: it is too long")
	}
	var c tokenClaims
	if _, err := s.parser.ParseWithClaims(text, &c, func(*jwt.Token) (any, error) { return s.key, nil }); err != nil {
		return Claims{}, fmt.Errorf("verifying log-in: %w", err)
	}
	user, err := strconv.ParseInt(c.Subject, 10, 64)
	if err != nil || user <= 0 || c.ID == "" || c.IssuedAt == nil {
		return Claims{}, errors.New("verifying log-in: it does not say whose it is")
	}
	return Claims{User: user, ID: c.ID, Epoch: c.Epoch, IssuedAt: c.IssuedAt.Time, ExpiresAt: c.ExpiresAt.Time}, nil
}
