#!/usr/bin/env bash
# SPDX-FileCopyrightText: The Culvert Authors
# SPDX-License-Identifier: Apache-2.0

# Builds tunnelclient for all systems into bin/clients: stripped, without cgo,
# at most 12 MB each. What cannot be run here is vetted; the one for Windows
# runs under Wine where there is one.
set -euo pipefail
. "$(dirname "$0")/env.sh"

export CGO_ENABLED=0 GOARM=6 # 6 runs on every Raspberry Pi
max=12000000
out=bin/clients

flags=(-trimpath -ldflags '-s -w')
git status >/dev/null 2>&1 || flags+=(-buildvcs=false)

mkdir -p "$out"
for target in linux/amd64 linux/arm64 linux/arm darwin/amd64 darwin/arm64 windows/amd64; do
  os=${target%/*} arch=${target#*/}
  name=$out/tunnelclient-$os-$arch
  [[ $os != windows ]] || name+=.exe
  GOOS=$os GOARCH=$arch go build "${flags[@]}" -o "$name" ./tunnelclient
  size=$(wc -c <"$name")
  printf '%s  %d bytes\n' "$name" "$size"
  if ((size > max)); then
    echo "$name is larger than $max bytes" >&2
    exit 1
  fi
done

for os in darwin windows; do
  echo "vet for $os"
  GOOS=$os GOARCH=amd64 go vet ./tunnelclient/... ./internal/tunnel/...
done

wine=$(command -v wine || command -v wine64 || command -v /usr/lib/wine/wine64 || true) # the last is Debian's wine64 alone
if [[ -z $wine ]]; then
  echo "SKIP Windows smoke test: no wine"
  exit 0
fi
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
export WINEPREFIX=$home/wine WINEDEBUG=-all
windows() { "$wine" "$out/tunnelclient-windows-amd64.exe" "$@"; }
printf 'serverUrl: wss://example.com\nclientId: client-a\ntokenFile: token\n' >"$home/a.yaml"
printf 'a-token' >"$home/token"
if ! said=$(windows version 2>&1); then
  if [[ $said == *"bcryptprimitives.dll not found"* ]]; then
    echo "SKIP Windows smoke test: Go's programs need Wine 9 or newer, this is $("$wine" --version)"
    exit 0
  fi
  echo "$said" >&2
  exit 1
fi
windows verify --config "$home/a.yaml"
code=0
windows status --nonesuch 2>/dev/null || code=$?
[[ $code == 2 ]] || { echo "exit code $code for an unknown flag, 2 is wanted" >&2; exit 1; }
echo "Windows smoke test under Wine: ok"
