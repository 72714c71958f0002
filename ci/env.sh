# SPDX-FileCopyrightText: The Culvert Authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash

# Sourced by the other scripts: where they run, and with which flags.

cd "$(dirname "${BASH_SOURCE[0]}")/.."

# With a C compiler SQLite is mattn/go-sqlite3, without one the pure-Go driver.
if [[ -z ${CGO_ENABLED:-} ]]; then
  if command -v "$(go env CC | cut -d' ' -f1)" >/dev/null; then CGO_ENABLED=1; else CGO_ENABLED=0; fi
fi
export CGO_ENABLED

# xcaddy's own flags: `make build`, `make lint` and the xcaddy test then share
# one compiled Caddy, which takes minutes.
build_flags=(-trimpath -tags=nobadger,nomysql,nopgx)

# tool NAME ARGS... runs a program that tools/go.mod pins; tool -n NAME prints
# where it is.
tool() { go tool -modfile=tools/go.mod "$@"; }

# can_install tells whether packages can be installed here.
can_install() { [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; }
