#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Culvert Authors
# SPDX-License-Identifier: Apache-2.0

# Tests the web interface without a gateway: types, lint and format, the tests
# of its parts, and that what is committed is what the source gives.
set -euo pipefail
. "$(dirname "$0")/env.sh"

if ! ui_node || ! node_packages ui; then
  echo "SKIP web interface tests: no Node 20.19 with npm packages"
  exit 0
fi

npm --prefix ui run --silent check
npm --prefix ui test -- --run

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
(cd ui && npx --no-install openapi-typescript openapi.json -o "$dir/schema.ts" >/dev/null)
if ! cmp "$dir/schema.ts" ui/src/api/schema.ts; then
  echo "ui/src/api/schema.ts is not what ui/openapi.json gives; renew it by: make ui-api" >&2
  exit 1
fi

# The compressed files may differ with Node's zlib.
UI_OUT=$dir/dist npm --prefix ui run --silent build -- --logLevel warn
if ! diff --recursive --brief --exclude='*.br' --exclude='*.gz' "$dir/dist" ui/dist; then
  echo "ui/dist is not what the source gives; renew it by: make ui" >&2
  exit 1
fi
