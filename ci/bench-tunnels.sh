#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Culvert Authors
# SPDX-License-Identifier: Apache-2.0

# Measures Culvert's tunnels, frp, chisel and the reference relays in one run,
# keeps the raw results in bench/results and makes the tables of
# docs/performance.md from them. The peers are built from pinned modules. The
# cases with delay need root, for network namespaces.
#
#   BENCH_QUICK=1        one short round; writes neither results nor tables
#   BENCH_ROUNDS=5       rounds of each case
#   BENCH_DURATION=2s    time of one run
#   BENCH_SETTLE=20s     from the last of the idle connects to the reading of memory
#   BENCH_IDLE=9000      idle connections
#   BENCH_ONLY=REGEX     the cases to run, such as '^udp'; writes no tables
#   BENCH_SET=published  what is published, in place of tunnels: ci/bench-published.sh
#   BENCH_SERVERS=REGEX  the servers to run, such as 'culvert|frp'; writes no tables
set -euo pipefail
. "$(dirname "$0")/env.sh"

tools=$PWD/bin/bench
comparison=${BENCH_SET:-tunnels}
mkdir -p "$tools"

ci/build.sh
(cd bench && go build -trimpath -o "$tools/bench" .)

peers=()
if (cd bench/peers/frp && CGO_ENABLED=0 go build -trimpath -tags noweb -o "$tools/" \
  github.com/fatedier/frp/cmd/frps github.com/fatedier/frp/cmd/frpc); then
  peers+=(-frps "$tools/frps" -frpc "$tools/frpc")
else
  echo "SKIP frp: it cannot be built here"
fi
if [[ $comparison != tunnels ]]; then
  : # chisel publishes nothing by name
elif (cd bench/peers/chisel && CGO_ENABLED=0 go build -trimpath -o "$tools/" github.com/jpillora/chisel); then
  peers+=(-chisel "$tools/chisel")
else
  echo "SKIP chisel: it cannot be built here"
fi

args=(-rounds "${BENCH_ROUNDS:-5}" -duration "${BENCH_DURATION:-2s}"
  -settle "${BENCH_SETTLE:-20s}" -idle "${BENCH_IDLE:-9000}")
out=bench/results/$comparison-$(date -u +%F).jsonl
if [[ -n ${BENCH_QUICK:-} ]]; then
  args=(-rounds 1 -duration 1s -settle 5s -idle 1000 -silent 1000)
  out=$tools/quick-$comparison.jsonl
elif [[ -n ${BENCH_ONLY:-}${BENCH_SERVERS:-} ]]; then
  out=$tools/part-$comparison.jsonl
fi

commit=$(git -c safe.directory='*' describe --always --dirty --abbrev=12 2>/dev/null || echo unknown)
raw=$tools/running-$comparison.jsonl
"$tools/bench" tunnels -set "$comparison" -out "$raw" -commit "$commit" -only "${BENCH_ONLY:-}" -servers "${BENCH_SERVERS:-}" \
  -culvert "$PWD/bin/culvert" -tunnelclient "$PWD/bin/tunnelclient" -caddyfile "bench/$comparison.Caddyfile" \
  "${peers[@]}" "${args[@]}" || echo "Some runs failed; the tables say which."
mv "$raw" "$out"

"$tools/bench" report "$out"
if [[ $out == bench/results/* ]]; then
  "$tools/bench" report -doc docs/performance.md "$out"
  "$tools/bench" report -doc docs/performance.zh-CN.md -lang zh-CN "$out"
fi
echo "Raw results: $out"
