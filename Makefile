# Two commands: `make book` builds the site, `make test` runs everything that guards the project.
# Each creates .venv when it is missing. Mirrors and folders of wheels are pip's own settings
# (PIP_INDEX_URL, PIP_FIND_LINKS, PIP_NO_INDEX); PYTHON names the Python to begin with.

PYTHON ?= python3
JOBS ?= 2
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
SITE := _build/html
PAGES := _config.yml _toc.yml pyproject.toml $(shell find book/ notebooks/ results/ -not -name __pycache__ -not -name "*.pyc" 2>/dev/null)

.PHONY: help book run smoke serve test lint check regression lock clean
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

book: run ## run the chapters that are stale, build the site, say where it is
	@$(MAKE) --no-print-directory $(SITE)/index.html
	@echo "The book: file://$(CURDIR)/$(SITE)/index.html"

run: $(VENV)/.book ## run the chapters whose stored outputs are out of date
	@$(BIN)/lmcourse run

smoke: $(VENV)/.book ## run every chapter at its smallest size
	@$(BIN)/lmcourse run --profile smoke -j $(JOBS)

serve: book ## the book at http://localhost:8000
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory $(SITE) $(PORT)

test: lint check regression ## everything: ruff, mypy, pytest, smoke runs, the site, stored outputs

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check -q .
	$(BIN)/mypy

check: $(VENV)/.test
	$(BIN)/pytest -n $(JOBS) --dist loadfile

regression: $(VENV)/.test
	$(BIN)/pytest --nbval -n $(JOBS) --dist loadfile notebooks

lock: ## write requirements.lock anew from the newest releases
	@$(PYTHON) -m venv --clear _build/lock
	@sed -n '/^# Kept by hand/,$$p' requirements.lock > _build/lock/kept
	@_build/lock/bin/pip install -q -c _build/lock/kept -e '.[book,test]'
	@_build/lock/bin/pip freeze -q --exclude-editable | grep -Ev '^(nvidia|cuda|triton)' | sed 's/+.*//' > _build/lock/pins
	@{ sed '/^[^#]/,$$d' requirements.lock; \
	   awk -F== 'NR == FNR {kept[tolower($$1)]; next} !(tolower($$1) in kept)' _build/lock/kept _build/lock/pins; \
	   echo; cat _build/lock/kept; } > _build/lock/new
	@mv _build/lock/new requirements.lock
	@rm -rf _build/lock

clean: ## remove the site and the environment; the stored outputs stay
	rm -rf $(VENV) _build

# When words alone have changed, their pages are written again; else all of them. A build that failed
# is not built upon.
WORDS := notebooks/% results/% book/glossary/% %.md
$(SITE)/index.html: $(VENV)/.book $(PAGES)
	@$(BIN)/jupyter-book build . $(if $(filter-out $(WORDS),$?),--all) -W -n --keep-going -q || { rm -f $@; exit 1; }
	@touch $@

# A stamp for each set of extras: nothing is installed again until the list of packages changes.
$(VENV)/.book: EXTRAS = book
$(VENV)/.test: EXTRAS = book,test
$(VENV)/.test: ALSO = $(VENV)/.book
$(VENV)/.%: pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "The book needs Python 3.11 \
	or newer and $(PYTHON) is %d.%d: name a newer one, as in make PYTHON=python3.12" % sys.version_info[:2])'
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV): a few minutes the first time."
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c requirements.lock -e '.[$(EXTRAS)]'
	@touch $(ALSO) $@
