# Everything a developer types. Needs Python 3.11, git and make; installs only into .venv.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
REQUIREMENTS := requirements.txt requirements-scale.txt requirements-otel.txt requirements-dev.txt constraints.txt
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq

# constraints.txt names all packages, so nothing is left to find out about what depends on what. The large ones are installed
# by a second pip at the same time, and what only some tests use of thousands of files is compiled when it is used.
LARGE := ^(lark-oapi|stripe|twilio|playwright)==
INSTALL = grep -E '$(LARGE)' constraints.txt | $(PIP) install --no-deps --no-compile -r /dev/stdin
NOT_COMPILED := /(lark_oapi|stripe|twilio|pygments|pip)/

# Where `make run` puts a new gateway and its simulator; empty: 5003 and 5004.
GATEWAY_PORT ?=
SIMULATOR_PORT ?=
# What to hand to pytest, e.g. `make test TESTS=tests/inbound ARGS="-k replay"`.
TESTS ?=
ARGS ?=
# Many tests wait for real processes, so there are more of them than cores; tests/schedule.py shares them out.
JOBS ?= 4
# What Python and pytest compile is kept: without it each process of tests compiles all of them anew.
unexport PYTHONDONTWRITEBYTECODE
DRILL_SIZE ?= long
# Only the whole long form is kept: a part of it would look like all of it.
DRILL_RESULTS ?= $(if $(ARGS),,$(if $(filter long,$(DRILL_SIZE)),docs/drills-results.md))

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: venv
venv: $(STAMP) ## Create .venv and install the pinned packages, only when a requirements file changed
	@:

$(STAMP): $(REQUIREMENTS)
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) was not found; name another one with PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Callgate needs Python 3.11 or newer; name another one with PYTHON=…" >&2; exit 1; }
	@test -x $(BIN)/pip || { echo "Creating $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "Installing the pinned packages into $(VENV)"
	@$(INSTALL) & large=$$!; \
	  grep -vE '^#|$(LARGE)' constraints.txt | $(PIP) install --no-deps --no-compile -r /dev/stdin; \
	  wait $$large
	@$(BIN)/python -m compileall -q -j 2 -x '$(NOT_COMPILED)' $(VENV)/lib || true
	@$(BIN)/python -m pip check >/dev/null || $(PIP) install -r requirements-dev.txt
	@touch $@

.PHONY: run
run: venv ## Start the gateway and the platform simulator; Ctrl-C stops both (GATEWAY_PORT=, SIMULATOR_PORT= at the first start)
	@exec $(BIN)/python -m app.cli.start "$(GATEWAY_PORT)" "$(SIMULATOR_PORT)"

.PHONY: upgrade
upgrade: venv ## After `git pull`: packages, own files that were tracked, tables, channels; then restart the gateway
	@$(BIN)/python -m app.cli.take_over
	@$(BIN)/flask db upgrade
	@$(BIN)/flask channels check --keys
	@echo "Upgraded. Restart the gateway: systemctl restart callgate, or Ctrl-C and make run."

.PHONY: test
test: venv ## Run the whole test suite (TESTS=path, ARGS="…", JOBS=n)
	$(BIN)/python -m pytest -n $(JOBS) $(ARGS) $(TESTS)

.PHONY: coverage
coverage: venv ## Run the tests and show the lines of app/ they never reach
	$(BIN)/python -m pytest -n $(JOBS) --cov --cov-report=term-missing:skip-covered $(ARGS) $(TESTS)

.PHONY: drills
drills: venv ## Kill and cut off what a gateway needs, under load; a table of lines (DRILL_SIZE=short, ARGS="-k disk")
	DRILL_SIZE=$(DRILL_SIZE) DRILL_RESULTS=$(DRILL_RESULTS) $(BIN)/python -m pytest tests/drills -q $(ARGS)

.PHONY: check
check: format-check lint imports ## Everything a change must pass: format, lint, types, import rules, tests
	@said=$$(mktemp); trap 'rm -f "$$said"' EXIT; \
	  $(MAKE) --no-print-directory types >"$$said" 2>&1 & types=$$!; \
	  tests=0; $(MAKE) --no-print-directory test || tests=$$?; \
	  wait $$types || { cat "$$said"; exit 1; }; \
	  cat "$$said"; exit $$tests
	@echo "All checks passed."

.PHONY: format
format: venv ## Rewrite the code in the house format, with the safe fixes of the linter
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

.PHONY: format-check
format-check: venv
	$(BIN)/ruff format --check .

.PHONY: lint
lint: venv ## Run the linter
	$(BIN)/ruff check .

.PHONY: types
types: venv ## Check the types: strictly in app/, checked definitions elsewhere
	$(BIN)/mypy

.PHONY: imports
imports: venv ## Check the import rules
	$(BIN)/lint-imports

.PHONY: bench
bench: bench-tools ## Measure the gateway beside its peers (ARGS="--quick", "--readme", "--only ingest-sqlite*"); see docs/benchmark.md
	$(BIN)/python -m bench $(ARGS)

.PHONY: bench-issuer
bench-issuer: venv ## Measure the token endpoint of the OpenID provider over PostgreSQL (ARGS="--users 2000")
	$(BIN)/python -m bench.issuer $(ARGS)

.PHONY: bench-peers
bench-peers: bench-tools ## The same beside more of Node.js: Fastify, and n8n, whose install takes minutes
	@cd bench/peers/n8n && { test -x node_modules/.bin/n8n || npm ci --ignore-scripts --no-audit --no-fund --loglevel=error; } \
	  || echo "n8n could not be installed; it is left out." >&2
	$(BIN)/python -m bench --more-peers --only 'fastify,n8n,kill-fastify,kill-n8n,ingest-*-callback*,express' --out bench/results/peers $(ARGS)

# What is measured beside the gateway, apart from .venv. What cannot be installed is left out, and the report says so.
BENCH_STAMP := .bench/.installed
.PHONY: bench-tools
bench-tools: venv $(BENCH_STAMP)

$(BENCH_STAMP): requirements-bench.txt constraints.txt bench/peers/node/package-lock.json
	@mkdir -p .bench && rm -rf .bench/python
	@done=yes; \
	$(PIP) install --target .bench/python -r requirements-bench.txt || { echo "Peers in Python are left out." >&2; done=; }; \
	(cd bench/peers/node && npm ci --no-audit --no-fund --loglevel=error) || { echo "Peers in Node.js are left out." >&2; done=; }; \
	if [ -n "$$done" ]; then touch $@; fi

# Runs the Postman collection in a test; about 140 packages, so it is apart from what everybody needs.
NEWMAN_STAMP := tests/newman/node_modules/.installed
.PHONY: newman
newman: $(NEWMAN_STAMP) ## Install Newman, which a test runs the Postman collection with

$(NEWMAN_STAMP): tests/newman/package-lock.json
	cd tests/newman && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# Log in against a served provider in a test; apart for the same reason.
OPENID_CLIENTS_STAMP := tests/issuer/real/programs/node_modules/.installed
.PHONY: openid-clients
openid-clients: $(OPENID_CLIENTS_STAMP) ## Install the OpenID clients in Node.js that tests log in with

$(OPENID_CLIENTS_STAMP): tests/issuer/real/programs/package-lock.json
	cd tests/issuer/real/programs && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: api-fuzz
api-fuzz: venv ## Put the API through 20,000 cases and more that its own description makes (ARGS="-k postgresql")
	HOSTILE_SIZE=long $(BIN)/python -m pytest tests/openapi/test_fuzz.py -q --timeout 3600 $(ARGS)

.PHONY: example-files
example-files: venv ## Write .env.example, channels.example.toml, the pages of the sources, the digests of samples and the Postman collection
	$(BIN)/python -m app.config.example
	$(BIN)/python -m app.wire.sources.pages
	$(BIN)/python -m app.wire.logins.pages
	$(BIN)/python -m sandbox.examples
	$(BIN)/python -m sandbox.sample_digests
	$(BIN)/python -m tests.openapi.postman

.PHONY: docs
docs: venv ## Write the documentation as a site in both languages into site/
	$(BIN)/python -m docs_site

.PHONY: services
services: venv ## Show which of the services that tests can use answer
	@$(BIN)/python .ci/services.py

.PHONY: constraints
constraints: ## Resolve the requirements afresh and write constraints.txt
	@PYTHON=$(PYTHON) .ci/constraints

.PHONY: clean
clean: ## Remove .venv and every cache; keeps your own files
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.* htmlcov .bench bench/peers/*/node_modules
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
