#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Culvert Authors
# SPDX-License-Identifier: Apache-2.0

# Makes pictures of the web interface's screens in bin/screenshots, from a fresh
# gateway. The best of them are copied to docs/images by hand.
set -euo pipefail
. "$(dirname "$0")/env.sh"

if ! fc-list ':lang=zh-cn' 2>/dev/null | grep -q . && can_install; then
  apt-get install -y -qq --no-install-recommends fonts-wqy-microhei >/dev/null
fi
node_packages test/node
CULVERT_SCREENSHOTS=$PWD/bin/screenshots go test -count=1 -timeout 10m -run '^TestScreenshots$' ./test/ui
ls bin/screenshots
