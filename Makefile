# Needs git, make and Python 3.11 or newer; everything else is fetched into .deps/ by `make setup`.

SHELL := /bin/sh
VENV_PYTHON := .deps/venv/bin/python
TESTS ?= host_tests
PYTEST_ARGS ?=
SWEEP_ARGS ?=
FUZZ_ARGS ?=

# A newer Python may be installed beside the default one: take the first that is new enough and can make a venv.
define FIND_PYTHON
found=; \
for name in "$(PYTHON)" python3 python3.14 python3.13 python3.12 python3.11 python; do \
	[ -n "$$name" ] || continue; \
	if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
		if "$$name" -c 'import ensurepip, venv' >/dev/null 2>&1; then found=$$name; break; fi; \
		partial=$$name; \
	fi; \
done; \
if [ -z "$$found" ]; then \
	if [ -n "$$partial" ]; then \
		echo "make: $$partial has no venv or no ensurepip. On Debian and Ubuntu: apt install python3-venv." >&2; \
	else \
		echo "make: no Python 3.11 or newer was found. Install one, or name it: make PYTHON=/path/to/python3 ..." >&2; \
	fi; \
	exit 1; \
fi
endef

.PHONY: help setup lint test demo bench sweep years fuzz clean
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z_-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | sort | \
		while IFS='	' read -r name what; do printf '  make %-8s %s\n' "$$name" "$$what"; done

setup: ## fetch the pinned tools, MicroPython and its libraries into .deps/ (cached)
	@$(FIND_PYTHON); "$$found" tools/setup/venv.py
	@$(VENV_PYTHON) -m tools.setup

lint: setup ## ruff, import directions, types
	@$(VENV_PYTHON) -m ruff check .
	@$(VENV_PYTHON) -m ruff format --check .
	@.deps/venv/bin/lint-imports --no-logo
	@$(VENV_PYTHON) -m mypy

test: lint ## lint, then every test under CPython and both MicroPythons
	@$(VENV_PYTHON) -m pytest $(TESTS) $(PYTEST_ARGS)

demo: setup ## a month of charging sessions, from a card tap to the monthly statements
	@$(VENV_PYTHON) -m tools.demo

bench: setup ## the budgets against the accepted figures (BENCH_ARGS=--quick, --accept)
	@$(VENV_PYTHON) -m tools.bench $(BENCH_ARGS)

sweep: setup ## cut the power at every flash operation of a charger's life (SWEEP_ARGS=--help)
	@$(VENV_PYTHON) -m host_tests.sweep $(SWEEP_ARGS)

years: setup ## twenty charger-years in virtual time, every law held at every step (YEARS_ARGS=--help)
	@$(VENV_PYTHON) -m host_tests.years $(YEARS_ARGS)

fuzz: setup ## a million hostile cases a parser; stopped, it goes on where it was (FUZZ_ARGS=--help)
	@$(VENV_PYTHON) -m host_tests.fuzz $(FUZZ_ARGS)

clean: ## remove what was built (keeps .deps/)
	rm -rf .build .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis
