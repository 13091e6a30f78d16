# One command each; every one sets up what it needs, says what it installs, and costs about a second when nothing is missing.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
ARGS ?=
NCR := .venv/bin/ncr
WEB := ncr/web/islands
BABEL := $(CURDIR)/.venv/bin/pybabel -q
# Two commands, not one: export would hide that the first has failed.
ENGINE = DOCKER_HOST=$$(infra/engine/up) && export DOCKER_HOST && infra/base/build

.PHONY: help setup demo test bench lint lock words web up down clean engine python test-packages

help: ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: engine python web ## container engine, base image, Python environment, front end

demo: python web ## an exercise of six teams on this machine, played by bots; ARGS="--headless --duration 60s --json"
	@$(ENGINE) && exec $(NCR) demo $(ARGS)

test: python web test-packages ## every check and every test, as the integration service runs them
	@$(ENGINE) && exec infra/test

bench: python web ## measure, and rewrite docs/benchmarks.md
	@$(ENGINE) && exec .venv/bin/python -m benchmarks $(ARGS)

lint: python ## format, style, types, import rules
	@infra/lint

lock: python ## requirements.lock from pyproject.toml
	@infra/setup/lock

words: python ## collect what users read, and bring the catalogues of the other languages up to date
	@mkdir -p build && cd ncr/web && $(BABEL) extract -F babel.cfg -k told --no-location --sort-output -o ../../build/ncr.pot .
	@$(BABEL) update -i build/ncr.pot -d ncr/web/translations -D ncr --no-wrap --no-fuzzy-matching --ignore-obsolete \
	  --ignore-pot-creation-date

up: web ## the service by docker compose: PostgreSQL, web, director, entries
	@$(ENGINE) && infra/service/compose up

down: ## ends the service; its data stays
	@$(ENGINE) && infra/service/compose down

engine:
	@$(ENGINE)

python: .venv/ready
.venv/ready: requirements.lock pyproject.toml infra/setup/python
	@infra/setup/python

web: ncr/web/static/build/ready
ncr/web/static/build/ready: $(shell find $(WEB) -type f -not -path '*/node_modules/*') infra/setup/web
	@infra/setup/web

test-packages:
	@infra/setup/test-packages

clean: ## what was made here: environment, front end, caches (not the data)
	rm -rf .venv ncr/web/static/build $(WEB)/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
	find ncr tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
