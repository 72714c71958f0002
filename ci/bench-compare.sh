#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Culvert Authors
# SPDX-License-Identifier: Apache-2.0

# Measures Culvert, its peers and the reference hubs in one run on loopback,
# keeps the raw results in bench/results and makes the tables of
# docs/performance.md from them. Peers come from the package registries.
#
#   BENCH_QUICK=1        one short round; writes neither results nor tables
#   BENCH_ROUNDS=5       rounds of each fan-out case; with TLS half of them
#   BENCH_DURATION=3s    time of one fan-out run
#   BENCH_SETTLE=60s     from the last of the idle connects to the reading of memory
#   BENCH_IDLE=10000     idle connections
#   BENCH_ONLY=REGEX     the cases to run, such as '^idle$'; writes no tables
#   BENCH_CENTRIFUGO=X   Centrifugo's binary, instead of installing it
set -euo pipefail
. "$(dirname "$0")/env.sh"

centrifugo_version=v6.9.1
tools=$PWD/bin/bench
mkdir -p "$tools"

ci/build.sh
(cd bench && go build -trimpath -o "$tools/bench" .)

peers=()
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  echo "SKIP uWebSockets.js: no Node"
else
  mkdir -p "$tools/uws"
  cp bench/peers/uws/* "$tools/uws/"
  if (cd "$tools/uws" && npm ci --ignore-scripts --omit=optional --no-audit --no-fund --loglevel=error); then
    peers+=(-uws "$tools/uws")
  else
    echo "SKIP uWebSockets.js: npm ci failed"
  fi
fi

centrifugo=${BENCH_CENTRIFUGO:-$tools/centrifugo}
if [[ ! -x $centrifugo ]]; then
  echo "Installing Centrifugo $centrifugo_version."
  GOBIN=$tools go install "github.com/centrifugal/centrifugo/v6@$centrifugo_version" || true
fi
if [[ -x $centrifugo ]]; then
  peers+=(-centrifugo "$centrifugo")
else
  # It is built against a revision of its library that not every module proxy
  # has; the last release of the library, with a few lines around it, is next.
  echo "Centrifugo cannot be installed here: its library stands in."
  (cd bench/peers/centrifuge && go build -trimpath -o "$tools/centrifuge" .)
  peers+=(-centrifuge "$tools/centrifuge")
fi

args=(-rounds "${BENCH_ROUNDS:-5}" -duration "${BENCH_DURATION:-3s}"
  -settle "${BENCH_SETTLE:-60s}" -idle "${BENCH_IDLE:-10000}")
out=bench/results/websocket-$(date -u +%F).jsonl
if [[ -n ${BENCH_QUICK:-} ]]; then
  args=(-rounds 1 -duration 1s -settle 5s -idle 2000)
  out=$tools/quick.jsonl
elif [[ -n ${BENCH_ONLY:-} ]]; then
  out=$tools/part.jsonl
fi

commit=$(git -c safe.directory='*' describe --always --dirty --abbrev=12 2>/dev/null || echo unknown)
raw=$tools/running.jsonl
"$tools/bench" compare -out "$raw" -commit "$commit" -culvert bin/culvert -caddyfile bench/Caddyfile \
  -only "${BENCH_ONLY:-}" "${peers[@]}" "${args[@]}" || echo "Some runs failed; the tables say which."
mv "$raw" "$out"

"$tools/bench" report "$out"
if [[ $out == bench/results/* ]]; then
  "$tools/bench" report -doc docs/performance.md "$out"
  "$tools/bench" report -doc docs/performance.zh-CN.md -lang zh-CN "$out"
fi
echo "Raw results: $out"
