// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package lab

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// chunkSize is what an application of the streams' tests writes at once:
//
//	0    8    when it was written, ns since 1970
//	8    1    1 in the last chunk of a direction
//	9    983  noise of seed, stream and direction
//	992  32   SHA-256 of all before it: the sum of the chunk before, and this one
const (
	chunkSize = 1024
	noiseAt   = 9
	sumAt     = chunkSize - sha256.Size
)

// source makes what one direction of a stream carries. No byte can be left
// out, doubled or moved without the other end's seeing it in the same chunk.
type source struct {
	noise *rand.ChaCha8
	sum   [sha256.Size]byte
	chunk [chunkSize]byte
}

func newSource(seed uint64, stream uint32, fromVisitor bool) *source {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	binary.LittleEndian.PutUint32(key[8:], stream)
	if fromVisitor {
		key[12] = 1
	}
	return &source{noise: rand.NewChaCha8(key)}
}

// next returns the next chunk, which is good until the one after it.
func (s *source) next(written time.Time, last bool) []byte {
	binary.LittleEndian.PutUint64(s.chunk[:], uint64(written.UnixNano()))
	s.chunk[8] = 0
	if last {
		s.chunk[8] = 1
	}
	_, _ = s.noise.Read(s.chunk[noiseAt:sumAt])
	h := sha256.New()
	h.Write(s.sum[:])
	h.Write(s.chunk[:sumAt])
	h.Sum(s.sum[:0])
	copy(s.chunk[sumAt:], s.sum[:])
	return s.chunk[:]
}

// check compares a chunk with the one that has to come.
func (s *source) check(chunk []byte) (written time.Time, last bool, err error) {
	written = time.Unix(0, int64(binary.LittleEndian.Uint64(chunk)))
	if chunk[8] > 1 {
		return written, false, errors.New("byte 8 is neither 0 nor 1")
	}
	last = chunk[8] == 1
	want := s.next(written, last)
	if bytes.Equal(chunk, want) {
		return written, last, nil
	}
	at := 0
	for chunk[at] == want[at] {
		at++
	}
	return written, last, fmt.Errorf("byte %d of the chunk is %#x, not %#x", at, chunk[at], want[at])
}
