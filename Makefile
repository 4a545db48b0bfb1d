# Needs Python 3 with venv, git and make; everything else comes into this folder.
.PHONY: run test bench check race screenshots lock bootstrap format

UV := .tools/bin/uv
PYTHON := .venv/bin/python
# uv would fill an environment that is active in the shell instead of ours.
unexport VIRTUAL_ENV
export RUN_DIR ?= $(CURDIR)/.run

run: export DEMO := 1
run: bootstrap
	@$(PYTHON) manage.py serve

test: bootstrap
	@$(PYTHON) -m tests.run

bench: bootstrap
	@$(PYTHON) -m bench

race: bootstrap
	@RACE_ROUNDS=50 $(PYTHON) -m tests.run -m races

screenshots: bootstrap
	@$(PYTHON) -m tests.browser.screenshots

check: bootstrap
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy .
	@.venv/bin/lint-imports
	@$(PYTHON) manage.py makemigrations --check --dry-run
	@$(PYTHON) manage.py check --fail-level WARNING
	@.venv/bin/djlint templates --lint --quiet
	@! grep -n '://' requirements.lock
	@echo All checks passed.

format: bootstrap
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

# Only what is new in pyproject.toml changes; UPGRADE="-P name" moves one pin.
lock: .tools/bin/uv
	$(UV) pip compile --quiet pyproject.toml --group dev --generate-hashes --universal \
	  --python-version 3.12 --no-header --no-annotate $(UPGRADE) -o requirements.lock

bootstrap: .venv/ready

.venv/ready: requirements.lock .python-version .tools/bin/uv
	@$(UV) venv --quiet --allow-existing --python 3.13 .venv 2>/dev/null \
	  || $(UV) venv --quiet --allow-existing --python '>=3.12' .venv
	@$(UV) pip sync --quiet --require-hashes requirements.lock
	@touch $@

.tools/bin/uv:
	@command -v python3 >/dev/null || { echo "Install Python 3 first: apt-get install python3 python3-venv"; exit 1; }
	@python3 -m venv .tools || { echo "Install Python's venv first: apt-get install python3-venv"; exit 1; }
	@.tools/bin/pip install --quiet --disable-pip-version-check uv==0.13.9
