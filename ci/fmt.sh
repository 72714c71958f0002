#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Culvert Authors
# SPDX-License-Identifier: Apache-2.0

# Formats the Go files in place.
set -euo pipefail
. "$(dirname "$0")/env.sh"

tool golangci-lint fmt "$@"
