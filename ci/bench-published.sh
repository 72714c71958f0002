#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Culvert Authors
# SPDX-License-Identifier: Apache-2.0

# Measures what Culvert publishes, Caddy's own reverse proxy and what frp
# publishes in one run, as ci/bench-tunnels.sh does it for tunnels, with the same
# variables.
set -euo pipefail
export BENCH_SET=published
exec "$(dirname "$0")/bench-tunnels.sh"
