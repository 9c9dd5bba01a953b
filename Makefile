# Fourfold: every command a developer needs. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev setup-spark demo test test-database check bench bench-linkage docs screenshots requirements format clean
FOURFOLD = .venv/bin/fourfold
PYTHON = .venv/bin/python
# One more than there are processors: a test waits a fifth of its time, for the database or a browser.
RUNNERS = $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

help: ## List these commands
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: ## Install what the product needs (virtual environment, packages, web assets); safe to run again
	@sh tools/setup.sh run

setup-dev: ## Install what tests, checks and benchmarks need as well
	@sh tools/setup.sh develop

setup-spark: setup-dev ## Install Spark and a Java for it, to run the pipeline on it as well (600 MB)
	@sh tools/setup.sh spark

demo: setup ## Build the demonstration region if it is not there yet, serve it, and say who to sign in as
	@$(FOURFOLD) demo build
	@$(FOURFOLD) serve

# Under `make -j3` the database that tests copy, and Spark where FOURFOLD_SPARK_TESTS asks for it, are made beside the checks.
test: check test-database $(if $(FOURFOLD_SPARK_TESTS),setup-spark) ## Run every test and check (a missing Chromium skips the browser tests with a sentence)
	@$(PYTHON) -m pytest --numprocesses=$(RUNNERS) --dist=loadfile --no-loadscope-reorder

test-database: setup-dev
	@$(PYTHON) -m tests.database

check: setup-dev ## Format, lint, types, import contracts, migrations
	@sh tools/check.sh

format: setup-dev ## Put the code into the house format
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .

bench: setup-spark ## Measure every workload beside its floor or peer, and write bench/out/results.json
	@$(PYTHON) -m bench

bench-linkage: setup-dev ## Measure linkage beside plain Splink and recordlinkage on the same people
	@[ -d bench/out/peers ] || .venv/bin/uv pip install --quiet --python .venv/bin/python --target bench/out/peers --require-hashes -r bench/requirements.txt
	@$(PYTHON) -m bench linkage linkage_kinds

docs: setup-dev ## Write the reference pages that are made from the code
	@$(FOURFOLD) docs

screenshots: setup-dev ## Take the pictures in the documents again from the demonstration region
	@$(PYTHON) docs/screenshots.py

requirements: setup-dev ## Resolve the newest allowed versions and write the hashed requirements
	@sh tools/requirements.sh

clean: ## Stop the embedded database and remove what can be made again (the data folder is kept)
	@[ ! -x $(FOURFOLD) ] || $(FOURFOLD) db stop
	@rm -rf .venv node_modules build src/*.egg-info src/fourfold/platform/ui/static/vendor .mypy_cache .ruff_cache .pytest_cache
