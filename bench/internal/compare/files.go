// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package compare

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/culvertd/culvert/bench/internal/cases"
	"github.com/culvertd/culvert/bench/internal/daemon"
)

// writeCertificate makes a certificate of the kind that Caddy makes for
// itself, for the peers.
func writeCertificate(cert, key string) error {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("making a key: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, k.Public(), k)
	if err != nil {
		return fmt.Errorf("making a certificate: %w", err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600),
		os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600),
	)
}

// centrifugoConfig is Centrifugo's in-memory engine without authentication,
// which is its fastest setting.
func (s *starter) centrifugoConfig(port string, tls bool) (string, error) {
	n, err := strconv.Atoi(port)
	if err != nil {
		return "", err
	}
	server := map[string]any{"address": "127.0.0.1", "port": n}
	if tls {
		server["tls"] = map[string]any{"enabled": true, "cert_pem": s.cert, "key_pem": s.key}
	}
	b, err := json.Marshal(map[string]any{
		"http_server": server,
		"client":      map[string]any{"insecure": true},
		"log":         map[string]any{"level": "error"},
		"prometheus":  map[string]any{"enabled": true},
		"usage_stats": map[string]any{"disabled": true},
	})
	if err != nil {
		return "", err
	}
	file := filepath.Join(s.work, "centrifugo-"+port+".json")
	return file, os.WriteFile(file, b, 0o600)
}

// versions says what the servers are.
func (s *starter) versions(ctx context.Context, commit string) map[string]string {
	v := map[string]string{}
	if s.culvert != "" {
		v[cases.Culvert] = commit + ", Caddy " + daemon.Version(s.culvert, "github.com/caddyserver/caddy/v2")
	}
	switch {
	case s.centrifugo != "":
		// Without an answer, the table says nothing of the version.
		out, _ := exec.CommandContext(ctx, s.centrifugo, "version").Output()
		number, _, _ := strings.Cut(strings.TrimPrefix(string(out), "Centrifugo v"), " ")
		v[cases.Centrifugo] = number + ", centrifuge " + daemon.Version(s.centrifugo, "github.com/centrifugal/centrifuge")
	case s.centrifuge != "":
		v[cases.Centrifuge] = daemon.Version(s.centrifuge, "github.com/centrifugal/centrifuge")
	}
	if s.uws != "" {
		v[cases.UWS] = npmVersion(filepath.Join(s.uws, "node_modules/@trufflesuite/uws-js-unofficial/package.json"))
		out, _ := exec.CommandContext(ctx, "node", "--version").Output()
		v["Node"] = strings.TrimSpace(string(out))
	}
	v["gws"] = daemon.Version(s.self, "github.com/lxzan/gws")
	v["gorilla"] = daemon.Version(s.self, "github.com/gorilla/websocket")
	return v
}

func npmVersion(file string) string {
	var p struct{ Version string }
	b, err := os.ReadFile(file)
	if err != nil || json.Unmarshal(b, &p) != nil {
		return "?"
	}
	return p.Version
}
