# Everything a person types. `make` alone explains it.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# .ci/deps unpacks Prometheus for the tests here.
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/longwire
export PATH := $(PATH):$(CACHE)/tools/prometheus/usr/bin

# In CI the build output is outside the checkout, so that the next run reuses it.
ifdef CI
export CARGO_TARGET_DIR ?= $(CACHE)/target
endif
TARGET := $(or $(CARGO_TARGET_DIR),target)

# Names of the images, as in the chart's defaults.
IMAGES ?= ghcr.io/longwire
TAG ?= $(shell sed -n 's/^appVersion: //p' charts/longwire/Chart.yaml)

.PHONY: help
help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: deps ## Run a small bookinfo over real TCP and compare every byte (as root; DEMO_SECONDS=30)
	cargo build --release --locked -p longwire-operator -p longwire-probe -p longwire-testkit -p longwire-e2e
	LONGWIRE_BIN_DIR=$(abspath $(TARGET)/release) $(TARGET)/release/longwire-demo

.PHONY: try
try: try-deps ## Longwire on a Kubernetes of two nodes on this machine, with a bookinfo to watch (as root; KIALI=1)
	@$(TARGET)/debug/longwire-try up $(if $(KIALI),--kiali)

.PHONY: try-env
try-env: ## Print the line after which a shell finds that cluster, and kubectl, helm and promtool
	@$(TARGET)/debug/longwire-try env

.PHONY: try-down
try-down: ## Take down what `make try` brought up
	@$(TARGET)/debug/longwire-try down

# The minimum: no Kiali, one Helm, no tests.
.PHONY: try-deps
try-deps:
	@.ci/deps cluster prometheus
	@e2e/cluster/build >/dev/null
	@e2e/cluster/helm helm4 >/dev/null
	cargo build --workspace --locked --bin longwire-operator --bin longwire-probe --bin longwire-cluster \
		--bin longwire-traffic --bin longwire-try

.PHONY: test
test: cluster-tools receivers-tools ## Run every test (as root: they load BPF, make network namespaces and bring a Kubernetes up)
	@.ci/deps test
	cargo build --workspace --all-targets --locked
	cargo test --workspace --locked

.PHONY: fuzz
fuzz: deps ## Give what reads others' bytes arbitrary ones, FUZZ_SECONDS=60 a target (FUZZ="state wire")
	@.ci/deps fuzz
	@FUZZ_DIR=$(CACHE)/fuzz e2e/fuzz/run $(FUZZ)

.PHONY: e2e
e2e: cluster-deps ## Run the tests that need a Kubernetes, alone (as root; E2E="harness:: --nocapture")
	@.ci/deps test
	cargo test --workspace --locked --test cluster -- $(E2E)

.PHONY: kernels
kernels: deps ## Run the tests of exactness on Debian's kernels in qemu (as root; KERNELS="6.1 newest", KERNELS_SUITE=quick, KERNELS_ARCH=arm64)
	@.ci/deps test kernels
	@e2e/kernels/run $(KERNELS)

.PHONY: siege
siege: deps ## Run the attacks, release builds within the chart's memory limits, and print what each costs (as root; SIEGE="series_flood::")
	cargo build --release --locked -p longwire-operator -p longwire-probe -p longwire-testkit --bins
	cargo test --release --locked -p longwire-operator --test memory -- --nocapture
	LONGWIRE_BIN_DIR=$(abspath $(TARGET)/release) cargo test --locked -p longwire-e2e --test siege -- --nocapture --test-threads=1 $(SIEGE)

.PHONY: receivers
receivers: deps receivers-tools ## Run the tests with real receivers: Collector, Prometheus 3, statsd_exporter (as root; RECEIVERS="statsd:: --nocapture")
	cargo build --workspace --locked --bin longwire-operator --bin longwire-probe --bin longwire-traffic
	cargo test --locked -p longwire-e2e --test receivers -- $(RECEIVERS)

.PHONY: receivers-tools
receivers-tools:
	@e2e/receivers/build >/dev/null

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
	@for tool in cluster/{build,helm,kwok,monitoring,kiali} informer/build; do e2e/$$tool >/dev/null; done

.PHONY: bench
bench: ## Measure what it costs beside what others cost, and write docs/performance.md (as root; BENCH="crr --rounds 3")
	@.ci/deps bench
	cargo build --release --locked -p longwire-operator -p longwire-probe -p longwire-testkit -p longwire-bench
	LONGWIRE_BIN_DIR=$(abspath $(TARGET)/release) $(TARGET)/release/longwire-bench \
		--json $(TARGET)/bench.json --page docs/performance.md $(BENCH)

.PHONY: pictures
pictures: deps ## Draw the dashboards with Grafana's own panels, and check what stands on them (as root; PICTURES="--seconds 60")
	@.ci/deps pictures
	cargo build --release --locked -p longwire-operator -p longwire-probe -p longwire-testkit -p longwire-e2e
	LONGWIRE_BIN_DIR=$(abspath $(TARGET)/release) $(TARGET)/release/longwire-pictures $(PICTURES)

# A published binary names no directory of the machine that made it.
REMAP = --remap-path-prefix=$(CURDIR)=/longwire --remap-path-prefix=$$HOME=/home

.PHONY: images
images: ## Make the container images, in target/images (IMAGES=registry/path, TAG=...)
	@.ci/deps images
	@eval "$$(images/stamp)" && RUSTFLAGS="$(REMAP)" \
		cargo build --release --locked --target-dir $(abspath $(TARGET))/images -p longwire-operator -p longwire-probe
	@for program in longwire-operator longwire-probe; do \
		archive=$(TARGET)/images/$$program.tar; \
		images/build $(TARGET)/images/release/$$program $$archive $(IMAGES)/$$program:$(TAG); \
		wc -c <$$archive | numfmt --to=si --format="  %.1fB on a node"; \
		gzip -c $$archive | wc -c | numfmt --to=si --format="  %.1fB on its way there"; \
	done

# crt-static: one file that runs on any Linux, whatever its C library. The target is named, or build scripts would be static too.
CLI_TARGET := $(shell uname -m)-unknown-linux-gnu
CLI := $(TARGET)/cli/$(CLI_TARGET)/release/kubectl-longwire

.PHONY: cli
cli: ## Make kubectl-longwire, one static binary, and print its size
	@eval "$$(images/stamp)" && RUSTFLAGS="-C target-feature=+crt-static $(REMAP)" \
		cargo build --release --locked --target-dir $(abspath $(TARGET))/cli --target $(CLI_TARGET) -p longwire-cli
	@! readelf --program-headers $(CLI) | grep -q INTERP || { echo "$(CLI) is not static" >&2; exit 1; }
	@wc -c <$(CLI) | numfmt --to=si --format="$(CLI), %.1fB"
	@gzip -c $(CLI) | wc -c | numfmt --to=si --format="  %.1fB packed"

.PHONY: chart
chart: ## Pack the Helm chart, in target/images
	@"$$(e2e/cluster/helm helm3)/helm3" package charts/longwire --destination $(TARGET)/images

.PHONY: scale
scale: ## Measure the operator with 20,000 pods and 200 probes, and write docs/scale.md (as root; SCALE="--pods 2000")
	@.ci/deps cluster
	@for tool in build kwok; do e2e/cluster/$$tool >/dev/null; done
	cargo build --release --workspace --locked --bin longwire-operator --bin longwire-probe \
		--bin longwire-cluster --bin longwire-traffic --bin longwire-scale
	LONGWIRE_BIN_DIR=$(abspath $(TARGET)/release) $(TARGET)/release/longwire-scale --page docs/scale.md $(SCALE)

.PHONY: lint
lint: deps ## Formatting, clippy with warnings denied, licenses and sources of dependencies
	cargo fmt --all --check
	cargo fmt --manifest-path e2e/fuzz/Cargo.toml --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	.ci/cargo-deny

.PHONY: advisories
advisories: ## Dependencies against the RustSec advisory database, which must be reachable
	.ci/cargo-deny advisories

.PHONY: deps
deps: ## Install the Debian packages that building and testing need
	@.ci/deps
