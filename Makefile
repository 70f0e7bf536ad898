# One command for each habit. Every install step is here: a bare machine needs Python 3.11 or later, make and a network
# that reaches PyPI, Debian's packages and npm.
PYTHON ?= python3
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
NODE_PROGRAM := tests/pulumi/engine/typescript
# The Pulumi CLI that the tests named real_cli run where none is on the PATH; tests/support/pulumi_cli.py reads this line.
PULUMI_VERSION := 3.274.1
PULUMI_CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/watchkeeper/pulumi/$(PULUMI_VERSION)
PYTEST_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup browser node pulumi demo test full lint format bench docs catalog lock clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/:/' | column -t -s:

setup: $(VENV)/.ready ## install into .venv, pinned

$(VENV)/.ready: requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv==$(UV_VERSION)
	$(BIN)/uv pip sync --quiet --python $(BIN)/python requirements/dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@# Bytecode of what every command imports, and no more: all of pulumi_aws would take a minute.
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -c "import watchkeeper.demo.story, watchkeeper.monitoring.stack"
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/watchkeeper --help >/dev/null
	@touch $@

browser: ## Chromium, which the tests open the pages in
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
	    || { $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq chromium >/dev/null; }

node: $(NODE_PROGRAM)/node_modules/.package-lock.json ## Pulumi's Node SDK, for the tests that run a TypeScript program

$(NODE_PROGRAM)/node_modules/.package-lock.json: $(NODE_PROGRAM)/package.json $(NODE_PROGRAM)/package-lock.json
	@command -v npm >/dev/null || { $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq nodejs npm >/dev/null; }
	cd $(NODE_PROGRAM) && timeout 300 npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

pulumi: ## the Pulumi CLI for the tests named real_cli; without one on the PATH it is built with Go (10 min, once)
	@if [ -n "$$PULUMI" ]; then "$$PULUMI" version; \
	elif command -v pulumi >/dev/null; then pulumi version; \
	elif [ -x "$(PULUMI_CACHE)/pulumi" ]; then "$(PULUMI_CACHE)/pulumi" version; \
	elif command -v go >/dev/null; then \
	    mkdir -p "$(PULUMI_CACHE)" && cd tools/pulumi \
	    && go build -ldflags "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v$(PULUMI_VERSION)" \
	        -o "$(PULUMI_CACHE)/pulumi.new" github.com/pulumi/pulumi/pkg/v3/cmd/pulumi \
	    && mv "$(PULUMI_CACHE)/pulumi.new" "$(PULUMI_CACHE)/pulumi" && "$(PULUMI_CACHE)/pulumi" version; \
	else echo "There is neither a Pulumi CLI nor Go here: the tests named real_cli will be skipped." >&2; exit 1; fi

demo: setup ## the whole system on this machine, without an AWS account
	@$(BIN)/watchkeeper demo

test: setup browser node ## everything, on the embedded AWS
	$(BIN)/pytest $(PYTEST_ARGS)

full: setup browser node ## what takes longer than `make test` may: the wheel in an empty environment, every command of it
	$(BIN)/pytest -m full $(PYTEST_ARGS)

lint: setup ## style, types, and which room imports which
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry src

format: setup ## rewrite to the house style
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: setup ## measure, as JSON, each as a ratio to something real in the same run
	$(BIN)/python -m bench

docs: setup ## write the generated pages of docs/ and the README's tables again
	$(BIN)/python -m scripts.make_docs

catalog: setup ## write the catalogs again from the pinned packages
	$(BIN)/python -m scripts.make_catalog

lock: ## pin everything again
	$(BIN)/uv pip compile --quiet --upgrade --universal --no-emit-index-url --no-header --no-annotate --generate-hashes \
	    --python-version 3.11 --extra all --group dev pyproject.toml -o requirements/dev.txt
	$(BIN)/uv pip compile --quiet --universal --no-emit-index-url --no-header --no-annotate --generate-hashes \
	    --python-version 3.11 --extra all -c requirements/dev.txt pyproject.toml -o requirements/lock.txt

clean: ## what was installed and made
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .watchkeeper $(NODE_PROGRAM)/node_modules
