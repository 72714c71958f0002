#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Culvert Authors
# SPDX-License-Identifier: Apache-2.0

# Serves the web interface from its source, and changes of it at once. What it
# asks for comes from a gateway that runs, at CULVERT_SITE.
set -euo pipefail
. "$(dirname "$0")/env.sh"

export CULVERT_SITE=${CULVERT_SITE:-http://localhost:8080}
[[ $CULVERT_SITE == *://* ]] || CULVERT_SITE=https://$CULVERT_SITE

node_packages ui
echo "The gateway is $CULVERT_SITE; CULVERT_SITE names another."
exec npm --prefix ui run dev -- "$@"
