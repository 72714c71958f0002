#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Culvert Authors
# SPDX-License-Identifier: Apache-2.0

# Builds the web interface into ui/dist, from where the gateway's binary takes
# it. Commit what it makes: Go builds have no Node.
set -euo pipefail
. "$(dirname "$0")/env.sh"

node_packages ui
npm --prefix ui run build
