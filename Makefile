# Needs python3 (3.10 or newer) and make. `make` alone lists the targets.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

# The Python of the environments; one that is there already is kept.
ifeq ($(origin PYTHON), undefined)
PYTHON := $(shell test -x .venv/bin/python && echo .venv/bin/python || echo python3)
endif
PYTHON_VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')

# Where `make start` serves.
PORT ?= 8080
INSTANCE ?= instance

# Which cells `make matrix` does, and which tests; empty: each, and all of it.
CELLS ?=
TESTS ?=

# Which ways `make ways-in` goes; empty: each.
WAYS ?=

# Which Pythons `make test-pythons` takes; empty: each that is supported.
PYTHONS ?=

# How often `make crash` kills, what decides about jobs and kills, and whether
# there is one Zope (file), two with a ZEO server (zeo) or on RelStorage
# (postgresql), or a Celery worker with Redis and RabbitMQ (celery).
ROUNDS ?= 20
SEED ?= 1
STORAGE ?= file

# What `make bench` measures: profile (each step), single (one Zope), cluster,
# or actions (those of Plone); beside another checkout, if BASE is its path.
RIG ?= profile
BASE ?=
OPTIONS ?=

PLONE := .venv/installed-$(PYTHON_VERSION)
ZOPE_DIR := .venv-zope-$(PYTHON_VERSION)
ZOPE := $(ZOPE_DIR)/installed-$(PYTHON_VERSION)
BROWSER := .venv/installed-browser-$(PYTHON_VERSION)
CLUSTER := .venv/installed-cluster-$(PYTHON_VERSION)
PEERS := .venv-bench/installed-$(PYTHON_VERSION)
TOOLS := .venv-tools/installed-$(PYTHON_VERSION)
DOCS := .venv-docs/installed-$(PYTHON_VERSION)

# Templates are not among them: zpretty moves white space into texts that are
# translated. Nor are those of tests, which have a line for each view.
ZCML = $(shell find netsight -name '*.zcml' -not -path '*/tests/*')

# Empty, tests are run without measuring what they cover, and faster.
MEASURE ?= -m coverage run
RUN_TESTS = $(MEASURE) -m zope.testrunner --test-path=. -s netsight

.PHONY: help
help:  ## List these targets.
	@echo "make start    serves a Plone site with the examples."
	@echo "make test     runs the tests, with Plone and without."
	@echo
	@sed -n 's/^\([a-z-]*\):.*## /  \1 @/p' $(MAKEFILE_LIST) | awk -F@ '{printf "%-18s%s\n", $$1, $$2}'
	@echo
	@echo "PYTHON=python3.12  another Python       PORT=8081  another port"

# Environments

.PHONY: install
install: $(PLONE)  ## Install Plone, the package and the tools into .venv.

$(PLONE): setup.py pyproject.toml constraints.txt
	@$(PYTHON) tools/environment.py .venv -c constraints.txt -e ".[test]" Plone ruff build
	@touch $@

$(BROWSER): $(PLONE)
	@$(PYTHON) tools/environment.py .venv -c constraints.txt -e ".[test-browser]"
	@touch $@

$(CLUSTER): $(PLONE)
	@$(PYTHON) tools/environment.py .venv -c constraints.txt -e ".[test-cluster]"
	@touch $@

$(ZOPE): setup.py pyproject.toml constraints.txt
	@$(PYTHON) tools/environment.py $(ZOPE_DIR) -c constraints.txt -e ".[test-zope]"
	@touch $@

# What benchmarks compare with.
$(PEERS): tools/bench/peers/requirements.txt constraints.txt
	@$(PYTHON) tools/environment.py .venv-bench -c constraints.txt -r $<
	@touch $@

$(DOCS): docs/requirements.txt
	@$(PYTHON) tools/environment.py .venv-docs -r docs/requirements.txt
	@touch $@

$(TOOLS): tools/requirements.txt
	@$(PYTHON) tools/environment.py .venv-tools -r $<
	@touch $@

.PHONY: install-all
install-all: $(PLONE) $(BROWSER) $(CLUSTER) $(ZOPE) $(DOCS) $(TOOLS)  ## And what else the checks need.

# To see it

.PHONY: start
start: port-is-free $(PLONE)  ## Serve a Plone site with the examples.
	@.venv/bin/python tools/start.py $(PORT) $(INSTANCE)

.PHONY: port-is-free
port-is-free:
	@$(PYTHON) tools/start.py --check $(PORT)

# To check it

.PHONY: test
test: test-plone test-zope coverage  ## Run the tests, with Plone and without.

.PHONY: test-plone
test-plone: $(PLONE)  ## Run the tests that need Plone.
	rm -f .coverage .coverage.*
	.venv/bin/python $(RUN_TESTS) -m test_plone

.PHONY: test-zope
test-zope: $(ZOPE)  ## Run the tests on Zope alone.
	@! $(ZOPE_DIR)/bin/python -c 'import plone.base' 2>/dev/null || { echo 'Plone is in $(ZOPE_DIR).'; exit 1; }
	$(ZOPE_DIR)/bin/python $(RUN_TESTS) -m '!test_plone'

.PHONY: test-servers
test-servers: MEASURE =
test-servers: $(ZOPE)  ## Run the tests that take minutes, with real servers.
	$(ZOPE_DIR)/bin/python $(RUN_TESTS) --only-level 2 -m '!test_plone'

.PHONY: test-browser
test-browser: $(BROWSER)  ## Run the tests in Chromium, against a Plone site.
	@.venv/bin/python tools/test_browser.py

.PHONY: test-cluster
test-cluster: $(CLUSTER)  ## Run the tests with Celery, its brokers, and PostgreSQL.
	@.venv/bin/python -m zope.testrunner --test-path=. -s netsight --tests-pattern '^cluster$$' --all

.PHONY: test-pythons
test-pythons:  ## Run the tests on Zope alone with each Python that is found.
	@$(PYTHON) tools/pythons.py $(PYTHONS)

.PHONY: matrix
matrix:  ## Run the tests with each set of versions that is supported.
	@TESTS="$(TESTS)" $(PYTHON) tools/matrix $(CELLS)

.PHONY: coverage
coverage: $(PLONE)
	.venv/bin/coverage combine --quiet
	.venv/bin/coverage report

.PHONY: lint
lint: $(PLONE) $(TOOLS)  ## Check style, types, walls, and the pins.
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv-tools/bin/zpretty --check $(ZCML)
	.venv-tools/bin/mypy --strict --allow-subclassing-any tools/typed_addon.py
	.venv-tools/bin/mypy --package my.addon
	.venv/bin/python -m unittest -q netsight.async_.tests.test_walls
	.venv/bin/python tools/versions.py --check

.PHONY: check-wheel
check-wheel: $(PLONE)  ## Build the wheel, and run an example from it on a bare Zope.
	.venv/bin/python tools/check_wheel.py

.PHONY: check-tutorial
check-tutorial: $(BROWSER)  ## Follow the tutorial from an empty folder, in Chromium.
	.venv/bin/python tools/check_tutorial.py

.PHONY: ways-in
ways-in: $(BROWSER)  ## Install by pip, uv and buildout, as the pages say.
	.venv/bin/python tools/ways_in.py $(WAYS)

.PHONY: check-buildout
check-buildout:  ## Build and run the instance of buildout.cfg.
	$(PYTHON) tools/check_buildout.py

.PHONY: crash
crash: $(if $(filter celery postgresql,$(STORAGE)),$(CLUSTER),$(PLONE))  ## Kill Zopes ROUNDS times, and look whether all is right.
	.venv/bin/python tools/crash $(ROUNDS) $(SEED) $(STORAGE)

.PHONY: crash-short
crash-short: $(PLONE)  ## The same for some minutes, with two storages.
	.venv/bin/python tools/crash 6 1 file
	.venv/bin/python tools/crash 5 1 zeo

.PHONY: model
model:  ## Prove the protocol with spin, which the system must have.
	@$(PYTHON) tools/model

.PHONY: model-short
model-short:  ## The same, without what takes more than seconds.
	@$(PYTHON) tools/model short

.PHONY: bench
bench: $(CLUSTER) $(if $(filter cluster,$(RIG)),$(PEERS))  ## Measure what processes cost, with RIG, BASE and OPTIONS.
	.venv/bin/python tools/bench $(RIG) $(if $(BASE),--base $(BASE)) $(OPTIONS)

# To ship it

.PHONY: docs
docs: $(DOCS)  ## Build the documentation into docs/_build/html.
	.venv-docs/bin/sphinx-build -W --keep-going -q docs docs/_build/html

.PHONY: dist
dist: $(PLONE) $(TOOLS)  ## Build the sdist and the wheel into dist, and check them.
	rm -rf dist
	.venv/bin/python -m build --no-isolation
	.venv-tools/bin/twine check --strict dist/*
	.venv-tools/bin/check-manifest --no-build-isolation
	.venv-tools/bin/pyroma --min 10 .

.PHONY: release
release: $(TOOLS)  ## Date and tag a version, and begin the next; pushes nothing.
	.venv-tools/bin/fullrelease

.PHONY: clean
clean:  ## Remove what make made: environments, builds, the Plone site.
	rm -rf .venv .venv-* .matrix .mypy_cache .coverage .coverage.* build dist docs/_build *.egg-info $(INSTANCE)
