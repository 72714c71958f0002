#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Culvert Authors
# SPDX-License-Identifier: Apache-2.0

# Runs the tests: `ci/test.sh` all of them, `ci/test.sh race` the Go tests
# alone. Every step runs, whatever the one before it said; the last lines tell
# which failed.
set -euo pipefail
. "$(dirname "$0")/env.sh"

failed=()
step() {
  local name=$1 start=$SECONDS
  shift
  echo "== $name"
  if "$@"; then
    echo "== $name: ok ($((SECONDS - start)) s)"
  else
    echo "== $name: FAILED ($((SECONDS - start)) s)"
    failed+=("$name")
  fi
}

# beside is step in the background, one at a time, until join, which shows what it
# has said.
beside() {
  aside=$1
  step "$@" >"$dir/aside" 2>&1 &
  aside_pid=$!
}

join() {
  wait "$aside_pid" || true
  cat "$dir/aside"
  grep -q "^== $aside: ok" "$dir/aside" || failed+=("$aside") # a subshell cannot
}

mapfile -t units < <(go list ./... | grep -v '/culvert/test\(/\|$\)')

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
skips=$dir/skips
ci/deps.sh | tee "$skips"

step "unit tests" go test "${race[@]}" -shuffle=on -timeout 10m "${units[@]}"
# The lab and the browser wait for networks and pages much of their time: others
# can work meanwhile. The programs that they use are built without the
# race detector, which would watch nothing but the tests themselves.
beside "tunnel lab and browser" go test -shuffle=on -timeout 20m -p 1 ./test/lab/... ./test/ui/...
# Whole gateways under load: one package at a time.
mapfile -t systems < <(go list ./test/... | grep -v '/test/\(lab\|ui\)\(/\|$\)')
step "system tests" go test "${race[@]}" -shuffle=on -timeout 20m -p 1 "${systems[@]}"
# All of its messages; with the race detector there are fewer.
step "model at full size" go test -count=1 -timeout 10m -run '^(TestHub|TestModel)$' ./test/model ./test
step "tunnels at full size" go test -count=1 -timeout 10m -run '^(TestCycles|TestReloadsDropNothing)$' ./test/tunnel
# One package at a time: they take ports from the same range.
step "load tools" go -C bench test "${race[@]}" -shuffle=on -p 1 ./...

if [[ ${1:-} != race ]]; then
  step "pure-Go SQLite" env CGO_ENABLED=0 go test -shuffle=on -timeout 10m ./internal/store/...
  step "clients for all systems" ci/clients.sh
  step "API fuzzer" ci/fuzz-api.sh
  step "web interface" ci/ui-test.sh
  step "xcaddy" env CULVERT_XCADDY=1 go test -count=1 -timeout 20m -v ./test/xcaddy
fi

join
grep '^SKIP' "$skips" || true
if ((${#failed[@]})); then
  printf 'FAILED: %s\n' "${failed[@]}"
  exit 1
fi
echo "All tests passed in $SECONDS s."
