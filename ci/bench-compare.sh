#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Culvert Authors
# SPDX-License-Identifier: Apache-2.0

# Measures Culvert and its peers in one run and prints the table.
set -euo pipefail
. "$(dirname "$0")/env.sh"

exec bench/compare.sh "$@"
