#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Culvert Authors
# SPDX-License-Identifier: Apache-2.0

# Runs the Go benchmarks. COUNT=10 ci/bench.sh > new.txt makes input for
# `go tool -modfile=tools/go.mod benchstat old.txt new.txt`.
set -euo pipefail
. "$(dirname "$0")/env.sh"

go test -run='^$' -bench="${BENCH:-.}" -benchmem -count="${COUNT:-1}" ./internal/... ./test/hostile
