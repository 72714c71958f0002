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

# The race detector, where there is a C compiler. It makes bcrypt twenty times as
# slow, whose inner loop shares nothing.
race=(-race '-gcflags=golang.org/x/crypto/blowfish=-race=false')
[[ $CGO_ENABLED == 1 ]] || race=()

# tool NAME ARGS... runs a program that tools/go.mod pins; tool -n NAME prints
# where it is.
tool() { go tool -modfile=tools/go.mod "$@"; }

# can_install tells whether packages can be installed here.
can_install() { [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; }

# node_packages DIR installs the npm packages of a folder, if its lock file has
# changed since they were installed.
node_packages() {
  [[ $1/package-lock.json -nt $1/node_modules/.package-lock.json ]] || return 0
  echo "Installing the npm packages of $1."
  npm ci --prefix "$1" --no-audit --no-fund --loglevel=error
}

# ui_node tells whether there is a Node that can build the web interface.
ui_node() {
  command -v npm >/dev/null && node -e '
    const [major, minor] = process.versions.node.split(".").map(Number)
    process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)'
}
