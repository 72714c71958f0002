#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Culvert Authors
# SPDX-License-Identifier: Apache-2.0

# Lints the product, the load tools of bench, and the shell scripts.
set -euo pipefail
. "$(dirname "$0")/env.sh"

for script in ci/*.sh .ci/run; do bash -n "$script"; done
if command -v shellcheck >/dev/null; then shellcheck -x -P ci ci/*.sh .ci/run; fi

linter=$(tool -n golangci-lint) # builds it, with flags of its own
export GOFLAGS="${GOFLAGS:-} ${build_flags[*]}"
status=0
for module in . bench bench/peers/*/; do
  [[ -f $module/go.mod ]] || continue
  # Some peers are nothing but a go.mod that pins them.
  [[ $module != bench/peers/* ]] || compgen -G "${module}*.go" >/dev/null || continue
  echo "== lint ${module%/}"
  (cd "$module" && "$linter" run "$@" ./...) || status=1
done
exit "$status"
