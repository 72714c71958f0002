# SPDX-FileCopyrightText: The Culvert Authors
# SPDX-License-Identifier: Apache-2.0

.PHONY: help run test race lint fmt bench bench-compare bench-tunnels bench-published soak fuzz-api build clients ui ui-dev ui-api ui-screenshots check

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile
run: ## build bin/culvert and start it with Caddyfile.example, at http://localhost:8080
	@ci/run.sh
test: ## install what the tests need, then run all of them
	@ci/test.sh
race: ## the Go tests alone, with the race detector
	@ci/test.sh race
lint: ## golangci-lint on everything
	@ci/lint.sh
fmt: ## format the Go files
	@ci/fmt.sh
bench: ## the Go benchmarks
	@ci/bench.sh
bench-compare: ## the tables of docs/performance.md on WebSocket, from fresh runs
	@ci/bench-compare.sh
bench-tunnels: ## those on tunnels, beside frp and chisel
	@ci/bench-tunnels.sh
bench-published: ## those on what is published, beside Caddy itself and frp
	@ci/bench-published.sh
fuzz-api: ## schemathesis against the API of a fresh gateway
	@ci/fuzz-api.sh
soak: ## the long tests at full size
	@ci/soak.sh
build: ## build bin/culvert and bin/tunnelclient
	@ci/build.sh
clients: ## build tunnelclient for all systems into bin/clients
	@ci/clients.sh
ui: ## build the web interface into ui/dist, which is part of the repository
	@ci/ui.sh
ui-dev: ## the web interface as it is written, over the gateway at CULVERT_SITE
	@ci/ui-dev.sh
ui-api: ## renew what the web interface knows of the API, after a change of it
	@ci/ui-api.sh
ui-screenshots: ## pictures of the web interface's screens into bin/screenshots
	@ci/ui-screenshots.sh
check: lint test ## what CI runs
