#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Culvert Authors
# SPDX-License-Identifier: Apache-2.0

# Builds bin/culvert and bin/tunnelclient.
set -euo pipefail
. "$(dirname "$0")/env.sh"

# A checkout that git refuses to read is no reason not to build.
git status >/dev/null 2>&1 || build_flags+=(-buildvcs=false)

go build "${build_flags[@]}" -ldflags '-s -w' -o bin/culvert ./cmd/culvert
CGO_ENABLED=0 go build "${build_flags[@]}" -ldflags '-s -w' -o bin/tunnelclient ./tunnelclient
