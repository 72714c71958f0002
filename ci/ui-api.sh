#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Culvert Authors
# SPDX-License-Identifier: Apache-2.0

# Renews ui/openapi.json, and the types that the web interface makes of it.
set -euo pipefail
. "$(dirname "$0")/env.sh"

go test -count=1 -run '^TestDocumentOfInterface$' ./admin -args -update
node_packages ui
npm --prefix ui run --silent api
