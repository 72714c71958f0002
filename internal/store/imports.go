package store

import (
	_ "github.com/mattn/go-sqlite3"
	_ "github.com/pressly/goose/v3"
	_ "modernc.org/sqlite"
	_ "github.com/gofrs/flock"
	_ "github.com/dustin/go-humanize"
	_ "github.com/gorilla/websocket"
	_ "golang.org/x/time/rate"
	_ "golang.org/x/sys/unix"
	_ "github.com/spf13/cobra"
	_ "go.uber.org/zap"
	_ "github.com/caddyserver/certmagic"
	_ "github.com/prometheus/client_golang/prometheus"
)
