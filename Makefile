# Everything a person does with Deskmint. Needs Python 3.11 or newer, and make.
PYTHON ?= python3
BOOTSTRAP = $(PYTHON) -m stack.bootstrap
.DEFAULT_GOAL := help
.PHONY: help run test prove manage check format lock bench drill clean

help:  ## what there is to make
	@sed -n 's/^\([a-z]*\): *## */  make \1|/p' Makefile | awk -F'|' '{printf "%-16s %s\n", $$1, $$2}'

run:  ## start Deskmint with demo data (PORT=8000 DATA=.data)
	@$(BOOTSTRAP) run

test:  ## run the tests (ARGS="tests/credits -k spend")
	@$(BOOTSTRAP) test

prove:  ## run the tests in their full doses, which take longer (ARGS as for test)
	@DOSE=full $(BOOTSTRAP) test

manage:  ## run a management command beside `make run` (ARGS="check_invariants")
	@$(BOOTSTRAP) manage

check:  ## format, lint, types, import contracts, migrations, deployment settings
	@$(BOOTSTRAP) check

format:  ## bring code and templates into form
	@$(BOOTSTRAP) format

lock:  ## lock what pyproject.toml asks for, with hashes (ARGS=--upgrade)
	@$(BOOTSTRAP) lock

bench:  ## measure (ONLY=credits_page_ms)
	@$(BOOTSTRAP) bench

drill:  ## break a whole installation under load and compare the books (ONLY=valkey_hung)
	@$(BOOTSTRAP) drill

clean:  ## remove what was installed and built; never the data
	@rm -rf .venv .build-venv .logs frontend/node_modules frontend/dist \
	  .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -not -path './.data*' -prune -exec rm -rf {} +
