# One command each: make demo, make test, make prove ROUNDS=n, make bench NAME=x.
# See CONTRIBUTING.md. PYTHON=python3.12 chooses another interpreter.

ROUNDS ?= 3
BIN := .venv/bin
PY := $(BIN)/python
DEV := HUB_DEBUG=1
SECRET := only-for-the-deployment-check-0123456789-abcdefghijklmnop-QRSTUVWXYZ
PRODUCTION := HUB_DEBUG=0 HUB_SECRET_KEY=$(SECRET) HUB_DATA_KEY=$(SECRET)-data \
	HUB_ALLOWED_HOSTS=hub.example.com HUB_PUBLIC_URL=https://hub.example.com
export PYTHON

.PHONY: help install install-dev demo serve test lint types migrations tests browser prove bench lock messages

help:
	@sed -n '1,2s/^# //p' Makefile

install:
	@scripts/install requirements.lock

install-dev:
	@scripts/install requirements-dev.lock

demo: install
	@$(DEV) $(PY) manage.py demo $(ARGS)

serve: install
	@$(PY) manage.py serve $(ARGS)

test: lint types migrations tests browser

lint: install-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(DEV) $(BIN)/lint-imports
	@scripts/check-locks

types: install-dev
	$(DEV) $(BIN)/mypy hub inventory orders notifications scripts manage.py

migrations: install-dev
	$(DEV) $(PY) manage.py makemigrations --check --dry-run
	$(DEV) $(PY) -m scripts.check_migrations
	$(PRODUCTION) $(PY) manage.py check --deploy --fail-level WARNING

tests: install-dev
	$(BIN)/pytest -n 3 --durations=25  # many wait, for a lock or for a thread: two cores carry three

browser: install-dev
	$(BIN)/pytest -n 2 -m browser

prove: install-dev
	HUB_ROUNDS=$(ROUNDS) $(BIN)/pytest -m prove -n 2 --dist loadgroup

bench: install-dev
	@test -n "$(NAME)" || { echo "which one? make bench NAME=$$(ls tests/benchmarks | sed -n 's/^bench_\(.*\)\.py/\1/p' | paste -sd'|')"; exit 2; }
	@$(DEV) $(PY) -m tests.benchmarks.bench_$(NAME)

messages: install-dev
	@$(DEV) $(PY) -m scripts.messages

lock: install-dev
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-annotate --no-header --quiet pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-annotate --no-header --quiet --extra dev -c requirements.lock \
		pyproject.toml -o requirements-dev.lock
	@scripts/check-locks
