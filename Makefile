# Everything a person types. `make` alone explains it.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Where .ci/deps unpacks Prometheus for the tests.
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/longwire
export PATH := $(PATH):$(CACHE)/tools/prometheus/usr/bin

# In CI the build output lives outside the checkout, so that the next run is quick.
ifdef CI
export CARGO_TARGET_DIR ?= $(CACHE)/target
endif
TARGET := $(or $(CARGO_TARGET_DIR),target)

# What the images are called: as the chart's defaults have them.
IMAGES ?= ghcr.io/longwire
TAG ?= $(shell sed -n 's/^appVersion: //p' charts/longwire/Chart.yaml)

.PHONY: help
help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: deps ## Run a small bookinfo over real TCP and compare every byte (as root; DEMO_SECONDS=30)
	cargo build --release --locked -p longwire-operator -p longwire-probe -p longwire-e2e
	LONGWIRE_BIN_DIR=$(abspath $(TARGET)/release) $(TARGET)/release/longwire-demo

.PHONY: test
test: cluster-tools ## Run every test (as root: they load BPF, make network namespaces and bring a Kubernetes up)
	@.ci/deps test
	cargo build --workspace --all-targets --locked
	cargo test --workspace --locked

.PHONY: e2e
e2e: cluster-deps ## Run the tests that need a Kubernetes, alone (as root; E2E="harness:: --nocapture")
	@.ci/deps test
	cargo test --workspace --locked --test cluster -- $(E2E)

.PHONY: siege
siege: deps ## Run the attacks, release builds within the chart's memory limits, and print what each costs (as root; SIEGE="series_flood::")
	cargo build --release --locked -p longwire-operator -p longwire-probe -p longwire-e2e --bins
	cargo test --release --locked -p longwire-operator --test memory -- --nocapture
	LONGWIRE_BIN_DIR=$(abspath $(TARGET)/release) cargo test --locked -p longwire-e2e --test siege -- --nocapture --test-threads=1 $(SIEGE)

.PHONY: cluster-up
cluster-up: cluster-deps ## Bring up a Kubernetes of two nodes on this machine, to look around in (as root)
	@$(TARGET)/debug/longwire-cluster up

.PHONY: cluster-down
cluster-down: ## Take it down
	@$(TARGET)/debug/longwire-cluster down

.PHONY: kubectl
kubectl: ## Ask it something (ARGS="get pods --all-namespaces")
	@$(TARGET)/debug/longwire-cluster kubectl $(ARGS)

.PHONY: cluster-deps
cluster-deps: cluster-tools
	cargo build --workspace --bins --locked

.PHONY: cluster-tools
cluster-tools:
	@.ci/deps cluster
	@for tool in build helm monitoring kiali; do e2e/cluster/$$tool >/dev/null; done

.PHONY: bench
bench: ## Measure what it costs beside what others cost, and write docs/performance.md (as root; BENCH="crr --rounds 3")
	@.ci/deps bench
	cargo build --release --locked -p longwire-operator -p longwire-probe -p longwire-e2e
	LONGWIRE_BIN_DIR=$(abspath $(TARGET)/release) $(TARGET)/release/longwire-bench \
		--json $(TARGET)/bench.json --page docs/performance.md $(BENCH)

.PHONY: images
images: ## Make the container images, in target/images (IMAGES=registry/path, TAG=...)
	@.ci/deps images
	@eval "$$(images/stamp)" && RUSTFLAGS="--remap-path-prefix=$(CURDIR)=/longwire --remap-path-prefix=$$HOME=/home" \
		cargo build --release --locked --target-dir $(abspath $(TARGET))/images -p longwire-operator -p longwire-probe
	@for program in longwire-operator longwire-probe; do \
		archive=$(TARGET)/images/$$program.tar; \
		images/build $(TARGET)/images/release/$$program $$archive $(IMAGES)/$$program:$(TAG); \
		wc -c <$$archive | numfmt --to=si --format="  %.1fB on a node"; \
		gzip -c $$archive | wc -c | numfmt --to=si --format="  %.1fB on its way there"; \
	done

.PHONY: chart
chart: ## Pack the Helm chart, in target/images
	@"$$(e2e/cluster/helm)/helm3" package charts/longwire --destination $(TARGET)/images

.PHONY: scale
scale: ## Measure the operator with 20,000 pods and 200 probes, and write docs/scale.md (as root; SCALE="--pods 2000")
	@.ci/deps cluster
	@e2e/cluster/build >/dev/null
	cargo build --release --workspace --locked --bin longwire-operator --bin longwire-probe \
		--bin longwire-cluster --bin longwire-traffic --bin longwire-scale
	LONGWIRE_BIN_DIR=$(abspath $(TARGET)/release) $(TARGET)/release/longwire-scale --page docs/scale.md $(SCALE)

.PHONY: lint
lint: deps ## Formatting, clippy with warnings denied, licenses and sources of dependencies
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	.ci/cargo-deny

.PHONY: advisories
advisories: ## Dependencies against the RustSec advisory database, which must be reachable
	.ci/cargo-deny advisories

.PHONY: deps
deps: ## Install the Debian packages that building and testing need
	@.ci/deps
