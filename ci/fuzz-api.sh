#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Culvert Authors
# SPDX-License-Identifier: Apache-2.0

# Lets schemathesis make requests from the API's own document, and fails on a
# 5xx, and on any answer that the document does not allow.
#
#   FUZZ_SECONDS=25      how long
#   FUZZ_SEED=1          the seed of a run to repeat; it is printed
set -euo pipefail
. "$(dirname "$0")/env.sh"

version=4.32.5
venv=$PWD/bin/fuzz-api
if [[ ! -x $venv/bin/schemathesis ]] || [[ $("$venv/bin/schemathesis" --version) != *"$version"* ]]; then
  if ! python3 -m venv "$venv" || ! "$venv/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version"; then
    echo "SKIP API fuzzer: schemathesis $version cannot be installed here (needs python3 with venv, and PyPI)"
    exit 0
  fi
fi

ci/build.sh
culvert=$PWD/bin/culvert
example=$PWD/Caddyfile.example
dir=$(mktemp -d)
cd "$dir" # the fuzzer leaves files where it runs
gateway=
stop() {
  if [[ -n $gateway ]]; then kill "$gateway" 2>/dev/null && wait "$gateway" || true; fi
  cd / && rm -rf "$dir"
}
trap stop EXIT

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
CULVERT_SITE=http://127.0.0.1:$(free_port)
export CULVERT_SITE CULVERT_DATA=$dir/data CULVERT_RELAY=127.0.0.1:0
export HOME=$dir XDG_DATA_HOME=$dir XDG_CONFIG_HOME=$dir
CADDY_ADMIN=127.0.0.1:$(free_port) "$culvert" run --config "$example" --adapter caddyfile >out 2>log &
gateway=$!
api=$CULVERT_SITE/api
for _ in {1..100}; do
  if curl --silent --fail --output /dev/null "$api/openapi.json"; then break; fi
  sleep 0.1
done

password=$(head -c 18 /dev/urandom | base64)
printf '%s\n' "$password" >password
"$culvert" admin create fuzzer --email fuzzer@example.com --password-file password
FUZZ_TOKEN=$(printf '{"login":"fuzzer","password":"%s"}' "$password" |
  curl --silent --show-error --fail -H 'Content-Type: application/json' -d @- "$api/v1/auth/login" | sed 's/.*"token":"\([^"]*\)".*/\1/')
export FUZZ_TOKEN

# What ends the log-in or blocks the fuzzer's own address would end the test,
# and an event stream never ends. The API lets an account make 20 requests a
# second; 429 is an answer like any other.
cat >schemathesis.toml <<'CONFIG'
[headers]
Authorization = "Bearer ${FUZZ_TOKEN}"
CONFIG

status=0
"$venv/bin/schemathesis" --config-file schemathesis.toml run "$api/openapi.json" \
  --max-time "${FUZZ_SECONDS:-25}" ${FUZZ_SEED:+--seed "$FUZZ_SEED"} --rate-limit 20/s --request-timeout 10 \
  --checks not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance \
  --exclude-operation-id log-out --exclude-operation-id log-out-everywhere --exclude-operation-id end-login \
  --exclude-path-regex '/(events|blocks)$' \
  --generation-database none --warnings off --no-color || status=$?
# Without its log-in the fuzzer would have seen nothing but 401.
if ! curl --silent --fail --output /dev/null -H @- "$api/v1/auth/me" <<<"Authorization: Bearer $FUZZ_TOKEN"; then
  echo "The fuzzer's log-in has ended."
  status=1
fi
if grep -E '"level":"(error|panic|fatal)"|panic:' log; then
  echo "The gateway's log has errors."
  status=1
fi
exit "$status"
