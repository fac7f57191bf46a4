# Roadstead: one command each. `make help` lists them; CONTRACT words are run, build, dev, test, check, e2e, soak, docs.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help run build debug front dev test check fuzz e2e soak bench docs image install-run install-test clean FORCE

# A compiler cache of one's own choosing is honoured: everything below also works without.
TARGET  := $(abspath $(or $(CARGO_TARGET_DIR),target))
SITE    := $(abspath target/site)
TOOLS   := $(or $(ROADSTEAD_TOOLS),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/roadstead/tools)
export PATH := $(TOOLS)/bin:$(HOME)/.cargo/bin:$(PATH)
export ROADSTEAD_TOOLS := $(TOOLS)
unexport MAKEFLAGS

WASM    := $(TARGET)/front/wasm32-unknown-unknown/wasm-release/roadstead_app.wasm
# In .ci/run preparations are timed too.
step     = $(if $(ROADSTEAD_CI),scripts/suite.sh --step $(1))
FRONT   := CARGO_TARGET_DIR=$(TARGET)/front

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):[^#]*## /\1\t/' | expand -t 14

## --- what people use ---------------------------------------------------------

run: build ## install what is missing, build, start on http://127.0.0.1:5000 with ./data
	@exec target/release/roadstead serve

build: front ## the release binary with the console inside: target/release/roadstead
	cargo build --release --locked -p roadstead-server --bin roadstead
	@[ "$(TARGET)" = "$(abspath target)" ] || install -D "$(TARGET)/release/roadstead" target/release/roadstead

dev: front ## rebuild and restart on change
	scripts/dev.sh

docs: ## rustdoc of every package, in target/doc
	cargo doc --locked --workspace --no-deps
	@echo "open $(TARGET)/doc/roadstead/index.html"

image: build ## a container image FROM scratch: roadstead:latest
	scripts/image.sh target/release/roadstead roadstead:latest

## --- what the browser loads --------------------------------------------------
# The page's part comes first, because the binary carries it. The stamps keep a warm call to one `find`.

front: install-run target/site.stamp ## WASM, styles and public files, in target/site

FRONT_SOURCES := $(shell find app src Cargo.toml Cargo.lock -type f 2>/dev/null)
STATIC_SOURCES := $(shell find style public -type f 2>/dev/null)

target/site.stamp: target/wasm.stamp $(STATIC_SOURCES) scripts/site.sh
	scripts/site.sh "$(SITE)"
	@touch $@

target/wasm.stamp: $(FRONT_SOURCES) scripts/front.sh
	@mkdir -p "$(SITE)"
	$(FRONT) $(call step,build-wasm) scripts/front.sh "$(WASM)" "$(SITE)"
	@touch $@

debug: front
	$(call step,build-debug) cargo build --locked -p roadstead-server --bin roadstead

install-run:
	@$(call step,install-run) scripts/install-run.sh

install-test:
	@$(call step,install-test) scripts/install-test.sh

## --- what keeps it right -----------------------------------------------------

check: install-run ## format, clippy with warnings denied, dependency and licence rules
	scripts/suite.sh format cargo fmt --all --check
	scripts/suite.sh clippy cargo clippy --locked --workspace --all-targets -- -D warnings
	scripts/suite.sh clippy-wasm scripts/check-wasm.sh
	scripts/suite.sh licences scripts/check-deny.sh

test: install-run install-test front ## every test: Rust on both databases, real clients, browser
	scripts/suite.sh rust scripts/with-postgres.sh scripts/test-rust.sh
	scripts/suite.sh documentation cargo test --locked --workspace --doc --quiet
	$(MAKE) --no-print-directory fuzz e2e

fuzz: install-run front ## what is read from strangers: names, references, ranges, manifests, scopes, a minute each
	scripts/suite.sh fuzz scripts/fuzz.sh

e2e: install-test debug ## real clients, and Chromium, against the real binary
	scripts/suite.sh clients scripts/e2e.sh clients
	scripts/suite.sh browser scripts/e2e.sh browser

soak: install-run install-test front debug ## the slow suites in full
	ROADSTEAD_SOAK=1 scripts/suite.sh rust-soak scripts/with-postgres.sh scripts/test-rust.sh --run-ignored all
	ROADSTEAD_SOAK=1 scripts/suite.sh clients-soak scripts/e2e.sh clients
	ROADSTEAD_SOAK=1 scripts/suite.sh browser-soak scripts/e2e.sh browser
	$(MAKE) --no-print-directory build
	ROADSTEAD_TEST_BINARY=$(abspath target/release/roadstead) scripts/suite.sh scale scripts/e2e.sh tests/scale.test.mjs
	cargo build --release --locked -p roadstead-bench
	scripts/suite.sh million $(TARGET)/release/roadstead-bench scale --binary target/release/roadstead

bench: build ## rates, CPU and memory beside docker-registry (where it is installed) and a limit server; BENCH="--rounds 3"
	cargo build --release --locked -p roadstead-bench
	$(TARGET)/release/roadstead-bench run --binary target/release/roadstead $(BENCH)

clean: ## forget what was built here
	rm -rf target
