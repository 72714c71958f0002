#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Culvert Authors
# SPDX-License-Identifier: Apache-2.0

# Builds the gateway and runs it in the foreground.
set -euo pipefail
. "$(dirname "$0")/env.sh"

echo "Building bin/culvert; the first time takes some minutes, since Caddy is compiled too."
ci/build.sh
exec bin/culvert run --config Caddyfile.example --adapter caddyfile
