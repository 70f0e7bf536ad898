# One command for each habit. Every install step is here, so that a bare machine needs only Python 3.11+ and make.
UV_VERSION := 0.13.9
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: setup demo test lint bench docs lock clean chromium node

setup: $(VENV)/.ready ## install into .venv, pinned

$(VENV)/.ready: requirements/lock.txt requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv==$(UV_VERSION)
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements/dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	touch $@

lock: ## pin everything again
	$(BIN)/uv pip compile --quiet --upgrade --universal --no-emit-index-url --no-header --no-annotate --generate-hashes \
	    --python-version 3.11 --extra local --extra policy pyproject.toml -o requirements/lock.txt
	$(BIN)/uv pip compile --quiet --universal --no-emit-index-url --no-header --no-annotate --generate-hashes \
	    --python-version 3.11 --extra local --extra policy --group dev -c requirements/lock.txt pyproject.toml -o requirements/dev.txt
