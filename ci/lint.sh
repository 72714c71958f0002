#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Culvert Authors
# SPDX-License-Identifier: Apache-2.0

# Lints every Go module of the repository, and the shell scripts.
set -euo pipefail
. "$(dirname "$0")/env.sh"

for script in ci/*.sh .ci/run; do bash -n "$script"; done
if command -v shellcheck >/dev/null; then shellcheck -x -P ci ci/*.sh .ci/run; fi

export GOFLAGS="${GOFLAGS:-} ${build_flags[*]}"
tool golangci-lint run "$@" ./...
echo "lint: clean"
