// SPDX-FileCopyrightText: The Culvert Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/culvertd/culvert/internal/tunnel"
	"github.com/culvertd/culvert/internal/wire"
	"github.com/culvertd/culvert/tunnelclient/internal/local"
)

// logger makes one that writes to stderr: for people, or with --json for programs.
func (a *app) logger() *zap.Logger {
	level := zap.InfoLevel
	if a.flags.verbose {
		level = zap.DebugLevel
	}
	cfg := zap.NewProductionEncoderConfig()
	cfg.EncodeTime = zapcore.ISO8601TimeEncoder
	cfg.EncodeDuration = zapcore.StringDurationEncoder
	cfg.EncodeLevel = zapcore.LowercaseLevelEncoder
	encoder := zapcore.NewConsoleEncoder(cfg)
	if a.flags.json {
		encoder = zapcore.NewJSONEncoder(cfg)
	}
	return zap.New(zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(a.stderr)), level))
}

// printForward says where a forward listens.
func (a *app) printForward(f tunnel.ForwardStatus) error {
	if a.flags.json {
		return json.NewEncoder(a.stdout).Encode(struct {
			URL      string `json:"url"`
			Target   string `json:"target"`
			Service  string `json:"service"`
			Protocol string `json:"protocol"`
			Local    string `json:"local"`
		}{forwardURL(f), f.Target, f.Service, f.Protocol, f.Local})
	}
	_, err := fmt.Fprintf(a.stdout, "%s → %s/%s\n", forwardURL(f), f.Target, f.Service)
	return err
}

// forwardURL is what to open or dial.
func forwardURL(f tunnel.ForwardStatus) string {
	if f.State == tunnel.StateFailed {
		return f.Local // as configured: nothing listens yet
	}
	if strings.ContainsRune(f.Local, '/') {
		return "unix:" + f.Local
	}
	return cmp.Or(f.Protocol, wire.ServiceTCP) + "://" + f.Local
}

func (a *app) printClients(list []wire.ClientInfo) error {
	if a.flags.json {
		out := make([]listed, len(list)) // not null
		for i, c := range list {
			out[i] = listed{c, fingerprint(c)}
		}
		return a.printJSON(out)
	}
	return a.table("CLIENT\tSTATUS\tSERVICE\tPROTOCOL\tDESCRIPTION\tKEY", func(w io.Writer) {
		for _, c := range list {
			if len(c.Services) == 0 {
				row(w, c.ID, c.Status, "", "", "", fingerprint(c))
			}
			for _, s := range c.Services {
				row(w, c.ID, c.Status, s.ID, s.Protocol, s.Description, fingerprint(c))
			}
		}
	})
}

// listed is a client in JSON.
type listed struct {
	wire.ClientInfo
	Fingerprint string `json:"fingerprint,omitempty"`
}

// fingerprint is that of the key that the gateway names; empty if none.
func fingerprint(c wire.ClientInfo) string {
	if c.PublicKey == nil {
		return ""
	}
	return c.PublicKey.Fingerprint()
}

func (a *app) printStatus(st local.Status) error {
	if a.flags.json {
		return a.printJSON(st)
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, kv := range [][2]string{
		{"client:", cmp.Or(st.ClientID, "(no name yet)")},
		{"server:", st.Server},
		{"state:", st.State + sinceText(st.Since)},
		{"transport:", strings.TrimSpace(string(st.Transport) + " " + st.Relay)},
		{"key:", st.Fingerprint},
		{"last error:", st.LastError},
		{"process:", fmt.Sprintf("%d (%s, version %s)", st.PID, st.Command, st.Version)},
	} {
		if kv[1] != "" {
			row(w, kv[0], clean(kv[1]))
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := a.printServices(st.Services); err != nil {
		return err
	}
	if err := a.printForwards(st.Forwards); err != nil {
		return err
	}
	return a.printStreams(st.Streams)
}

func (a *app) printServices(list []tunnel.ServiceStatus) error {
	if len(list) == 0 {
		return nil
	}
	err := a.table("\nSERVICE\tPROTOCOL\tADDRESS\tSESSIONS\tOPEN\tTOTAL\tIN\tOUT\tLAST ERROR", func(w io.Writer) {
		for _, s := range list {
			row(w, s.ID, s.Protocol, net.JoinHostPort(s.LocalHost, strconv.Itoa(s.LocalPort)), s.Sessions, s.Connections,
				s.Total, humanize.IBytes(s.BytesIn), humanize.IBytes(s.BytesOut), s.LastError)
		}
	})
	if err != nil {
		return err
	}
	return a.printPublished(list)
}

// printPublished shows where the public reaches services, or why not.
func (a *app) printPublished(list []tunnel.ServiceStatus) error {
	list = slices.DeleteFunc(slices.Clone(list), func(s tunnel.ServiceStatus) bool { return s.URL == "" && s.PublishError == "" })
	if len(list) == 0 {
		return nil
	}
	return a.table("\nPUBLISHED\tURL\tERROR", func(w io.Writer) {
		for _, s := range list {
			row(w, s.ID, s.URL, s.PublishError)
		}
	})
}

func (a *app) printForwards(list []tunnel.ForwardStatus) error {
	if len(list) == 0 {
		return nil
	}
	return a.table("\nFORWARD\tLOCAL\tSTATE\tOPEN\tTOTAL\tIN\tOUT\tPEER'S KEY\tLAST ERROR", func(w io.Writer) {
		for _, f := range list {
			row(w, f.Target+"/"+f.Service, forwardURL(f), f.State, f.Connections,
				f.Total, humanize.IBytes(f.BytesIn), humanize.IBytes(f.BytesOut), peerKey(f), f.LastError)
		}
	})
}

// peerKey is the key that a forward's other end has proven, or that it goes
// without any.
func peerKey(f tunnel.ForwardStatus) string {
	if f.Encryption == wire.EncryptionNone {
		return "not encrypted"
	}
	return f.PeerFingerprint
}

// table aligns the columns of rows below the header.
func (a *app) table(header string, rows func(io.Writer)) error {
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, header) // tabwriter reports errors at Flush
	rows(w)
	return w.Flush()
}

// row writes cells, empty ones as a dash.
func row(w io.Writer, cells ...any) {
	texts := make([]string, len(cells))
	for i, c := range cells {
		texts[i] = cmp.Or(clean(fmt.Sprint(c)), "-")
	}
	_, _ = fmt.Fprintln(w, strings.Join(texts, "\t"))
}

// clean keeps descriptions and errors, which others wrote, from steering the
// terminal or breaking the table.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}

func sinceText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return fmt.Sprintf(" since %s (%s)", t.Local().Format(time.DateTime), humanize.Time(t))
}

func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
