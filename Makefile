# Works from any path: every recipe runs in the folder of this file.
ROOT := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))
PYTHON ?= python3
VENV := $(ROOT).venv/bin
WORKERS ?= 2
NAME ?=
.PHONY: help setup demo check test smoke bench chaos eval-risk
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(ROOT)Makefile | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## virtual environment, locked packages, front-end files
	@$(PYTHON) $(ROOT)scrm/bootstrap.py

demo: setup ## the demo bank with every process; Ctrl-C ends them all
	@cd $(ROOT) && exec $(VENV)/python manage.py demo

check: setup ## lint, types, layers, migrations, templates
	@cd $(ROOT) && $(VENV)/ruff check . && $(VENV)/ruff format --check .
	@cd $(ROOT) && $(VENV)/mypy scrm contacts channels compliance campaigns
	@cd $(ROOT) && $(VENV)/lint-imports
	@cd $(ROOT) && $(VENV)/python manage.py makemigrations --check --dry-run
	@cd $(ROOT) && git ls-files 'templates/*.html' | xargs $(VENV)/djade --check --target-version 5.2

test: setup ## all tests on real PostgreSQL and Redis
	@cd $(ROOT) && $(VENV)/python -m pytest -n $(WORKERS) -m "not chaos"

smoke: setup ## the main job headless, from an empty database
	@cd $(ROOT) && $(VENV)/python -m tests.smoke

bench: setup ## benchmarks of tests/bench/, one JSON line each [NAME=pages]
	@cd $(ROOT) && $(VENV)/python -m tests.bench $(NAME)

chaos: setup ## long runs that kill processes
	@cd $(ROOT) && $(VENV)/python -m pytest -n 0 -m chaos

eval-risk: setup ## recall and false positives on FILE=path.jsonl
	@cd $(ROOT) && $(VENV)/python -m compliance.rules.evaluate $(FILE)
