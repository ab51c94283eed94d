# Functory's two commands are `make up` and `make test`; everything that they need they install themselves.
# The first Python that is new enough, so that an old one in front of the path does no harm.
PYTHON ?= $(shell for p in python3 /usr/bin/python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo "$$p" && exit; done; echo python3)
VENV := .venv/bin
HOST := $(PYTHON) -m runner.host
SUITE := $(PYTHON) -m runner.host with-engine $(VENV)/python -m tests.support.suite
TESTS ?=
SHELL := /bin/sh
.DEFAULT_GOAL := help

.PHONY: help up prepare images doctor check format test test-fast test-docker test-browser test-api test-deployers test-pages test-starters test-hostile test-trouble \
	test-faults test-runtimes test-postgres test-fuzz runtime-matrix bench bench-full bench-runtimes bench-compare bench-console profile screenshots vendor lock clean

help: ## What there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 18

up: ## Install what is missing and run Functory in the foreground
	@$(HOST) up

prepare: ## Install what running needs, and stop
	@$(HOST) prepare

images: prepare ## Make the container images that are missing
	@$(HOST) with-engine $(VENV)/python manage.py images

doctor: prepare ## Check this machine and this installation
	@$(VENV)/python manage.py doctor

check: ## Format, lint and types
	@$(HOST) venv --dev
	$(VENV)/ruff format --check .
	$(VENV)/ruff check .
	$(VENV)/mypy functions runner console

format: ## Put every file into the project's format
	@$(HOST) venv --dev
	$(VENV)/ruff format .
	$(VENV)/ruff check --fix .

test: ## Install what tests need and run the tests: unit, Redis, Docker, browser
	@$(HOST) prepare-tests
	@$(SUITE) all $(TESTS)

test-fast: ## Only what needs neither Docker nor a browser
	@$(HOST) venv --dev
	@$(VENV)/python -m tests.support.suite fast $(TESTS)

# Not in `make test`: test-api (AWS SDKs and the aws command), test-deployers (other people's tools, from their
# registries), test-pages (every page as everyone, by axe, for its layout), test-starters (each deployed and tried),
# test-hostile (attacks), test-trouble (full disk, dead engine, bad input), test-faults (kill -9), test-postgres. CI
# runs them too.
test-docker test-browser test-api test-deployers test-pages test-starters test-hostile test-trouble test-faults test-runtimes test-postgres: ## One suite of its own
	@$(HOST) prepare-tests
	@$(SUITE) $(@:test-%=%) $(TESTS)

test-fuzz: export FUNCTORY_FUZZ := 2000
test-fuzz: ## 2,000 made-up requests to Lambda, its neighbours and S3 each
	@$(HOST) venv --dev
	@$(VENV)/python -m tests.support.suite fuzz $(TESTS)

runtime-matrix: ## Run every runtime's contract suite and write its table into README.md
	@$(HOST) prepare-tests
	@FUNCTORY_MATRIX=1 $(SUITE) contract

bench bench-full: ## Measure beside the bare floor, one table and JSON (BENCH="--cases warm --rounds 5"); -full: 40 minutes
	@$(HOST) prepare-tests
	@$(HOST) with-engine $(VENV)/python manage.py images
	@$(HOST) with-engine $(VENV)/python -m tests.bench $(if $(filter bench-full,$@),--full) $(BENCH)

bench-runtimes: ## Each runtime's cold start beside docker run, warm call and memory (BENCH="--runtimes java21 --rounds 3")
	@$(HOST) prepare-tests
	@$(HOST) with-engine $(VENV)/python -m tests.bench.runtimes $(BENCH)

bench-compare: ## Two results side by side: A=first.json B=second.json
	@$(VENV)/python -m tests.bench.compare $(A) $(B)

profile: ## A flame graph of the gateway under load, into bench-results/gateway.svg
	@$(HOST) prepare-tests
	@$(HOST) with-engine $(VENV)/python manage.py images
	@$(HOST) with-engine $(VENV)/python -m tests.bench.flames

bench-console: ## Time every page with 10,000 functions and a million calls (BENCH=--small: a hundred and ten thousand)
	@$(HOST) venv --dev
	@$(VENV)/python -m tests.bench.console $(BENCH)

screenshots: ## Picture every page and state, light, dark and phone, into docs/screenshots
	@$(HOST) prepare-tests
	@$(HOST) with-engine $(VENV)/python -m tests.support.screenshots $(SHOTS)

vendor: ## Fetch the pinned front-end files anew (needs npm)
	cd static/vendor && npm ci && node update.mjs

lock: ## Resolve pyproject.toml into the two locked files
	@$(HOST) venv --dev
	$(VENV)/python -m pip install -q uv
	$(VENV)/uv pip compile -q --universal --generate-hashes --upgrade --python-version 3.11 --no-header \
		--no-emit-index-url --no-emit-find-links pyproject.toml -o requirements.txt
	$(VENV)/uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-header --no-emit-index-url \
		--no-emit-find-links -c requirements.txt pyproject.toml --group dev -o requirements-dev.txt

clean: ## Remove the virtual environment and caches; what functions made stays in var/
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis test-results
	find . -name __pycache__ -type d -not -path './var/*' -exec rm -rf {} +
