#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Culvert Authors
# SPDX-License-Identifier: Apache-2.0

# The long tests at full size, one package at a time.
set -euo pipefail
. "$(dirname "$0")/env.sh"

ci/deps.sh
CULVERT_SOAK=1 go test "${race[@]}" -count=1 -p 1 -timeout 3h -v -skip '^TestResumption$' ./internal/... ./test/...
CULVERT_SOAK=1 go test -count=20 -timeout 1h -run '^(TestHub|TestModel)$' ./test/model ./test
CULVERT_SOAK=1 go test -count=1 -timeout 3h -v -run '^(TestCycles|TestReloadsDropNothing|TestAppearance)$' ./test/tunnel
# What it measures is judged, so nothing else may run beside it.
CULVERT_SOAK=1 go test -count=1 -timeout 1h -v -run '^TestResumption$' ./test/lab
