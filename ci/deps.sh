#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Culvert Authors
# SPDX-License-Identifier: Apache-2.0

# Installs what the tests need and the machine lacks: Chromium, the programs of
# the tunnel lab, PostgreSQL, Node, and the npm packages of ui and test/node. What
# cannot be had is told in a line that begins with SKIP; the tests that need it
# skip themselves, as do examples of code in languages that are not here.
set -euo pipefail
. "$(dirname "$0")/env.sh"

if [[ $CGO_ENABLED == 0 ]]; then
  echo "SKIP race detector and cgo SQLite: no C compiler ($(go env CC))"
fi

# The servers in the packages must not start: the tests start their own.
quietly() {
  local policy=/usr/sbin/policy-rc.d said code=0
  export DEBIAN_FRONTEND=noninteractive
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  said=$(apt-get update -qq 2>&1 && apt-get install -y -qq --no-install-recommends "$@" 2>&1) || code=$?
  ((code == 0)) || tail -n 5 <<<"$said"
  return "$code"
}

browser=
for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null; then browser=$name && break; fi
done
if [[ -z $browser ]] && can_install; then
  echo "Installing chromium for the browser test."
  quietly chromium && browser=chromium
fi
if [[ -z $browser ]]; then
  echo "SKIP browser test: no chromium, and it cannot be installed here (needs root and apt)"
fi

# package of a program that the tunnel lab (test/lab) runs, or the README's script
declare -A lab=(
  [ip]=iproute2 [nft]=nftables [ssh]=openssh-client [sshd]=openssh-server
  [curl]=curl [iperf3]=iperf3 [dig]=bind9-dnsutils [dnsmasq]=dnsmasq-base
  [jq]=jq
)
PATH=$PATH:/usr/sbin:/sbin
missing=()
for name in "${!lab[@]}"; do
  command -v "$name" >/dev/null || missing+=("${lab[$name]}")
done
if ((${#missing[@]})) && can_install; then
  echo "Installing for the tunnel lab: ${missing[*]}."
  quietly "${missing[@]}" || true
fi
if [[ $(id -u) != 0 ]] || ! unshare -mnp --fork true 2>/dev/null; then
  echo "SKIP tunnel lab: it makes network namespaces, which needs root"
else
  for name in "${!lab[@]}"; do
    command -v "$name" >/dev/null ||
      echo "SKIP tunnel lab, in part or whole: no $name, and it cannot be installed here (package ${lab[$name]})"
  done
fi

postgres() { compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null; }
if ! postgres && can_install; then
  echo "Installing PostgreSQL for the tests of internal/store."
  quietly postgresql || true
fi
if ! postgres; then
  echo "SKIP store tests on PostgreSQL: no initdb, and it cannot be installed here (package postgresql)"
fi

if ! command -v npm >/dev/null && can_install; then
  echo "Installing Node for the tests of the web interface."
  quietly nodejs npm || true
fi
if ! command -v npm >/dev/null; then
  echo "SKIP Node, browser and web interface tests: no npm, and it cannot be installed here (packages nodejs, npm)"
else
  node_packages test/node || echo "SKIP Node and browser tests: npm ci failed"
  if ! ui_node; then
    echo "SKIP web interface tests: they need Node 20.19, this is $(node --version)"
  else
    node_packages ui || echo "SKIP web interface tests: npm ci failed"
  fi
fi
