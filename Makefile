# Two commands for a newcomer: `make demo` and `make test`. The others are for who works on Snapshelf.

PYTHON ?= python3
CORE := .venv
FULL := .venv-full
ARGS ?=
# Where a wheel of PyTorch for the CPU is at hand, naming its version keeps gigabytes of CUDA packages away.
TORCH ?= torch==2.13.0

# What the shipped encoder is built from: the folder of the data sets, and the photo tower to start from.
DATA ?= ../shared/data
START ?= ../shared/models/vit_tiny_patch16_224/model.fp16.safetensors

.PHONY: demo test test-all lint docs bench weights clean

demo: $(CORE)/demo.done
	$(CORE)/bin/snapshelf demo $(ARGS)

test: $(CORE)/test.done
	$(CORE)/bin/python -m pytest -m "not slow and not browser and not postgresql and not train" $(ARGS)

test-all: $(FULL)/full.done
	$(FULL)/bin/python -m pytest $(ARGS)

# The page's JavaScript needs no build step; its checkers come from npm (Debian, Ubuntu: apt install nodejs npm).
lint: $(FULL)/full.done node_modules/lint.done
	$(FULL)/bin/ruff check .
	$(FULL)/bin/ruff format --check .
	$(FULL)/bin/mypy
	$(FULL)/bin/lint-imports
	node_modules/.bin/tsc --project tsconfig.json
	node_modules/.bin/eslint --max-warnings 0 .

docs: $(FULL)/docs.done
	NO_MKDOCS_2_WARNING=1 $(FULL)/bin/mkdocs build --strict

bench: $(CORE)/demo.done
	$(CORE)/bin/python -m benchmarks $(ARGS)

weights: $(FULL)/full.done
	$(FULL)/bin/python -m snapshelf.training --data $(DATA) --start $(START) --out runs/bundled/encoder $(ARGS)
	$(FULL)/bin/python -m benchmarks.encoders --data $(DATA) --encoder runs/bundled/encoder --cache runs/bundled/vectors --card runs/bundled/encoder/card.json --json > runs/bundled/figures.json

clean:
	rm -rf $(CORE) $(FULL) node_modules site .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

$(CORE)/bin/python:
	$(PYTHON) -m venv $(CORE) || { echo "Python >= 3.11 with venv is needed (Debian, Ubuntu: apt install python3-venv)"; exit 1; }

$(CORE)/demo.done: pyproject.toml | $(CORE)/bin/python
	$(CORE)/bin/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(CORE)/test.done: $(CORE)/demo.done
	$(CORE)/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[test]"
	touch $@

$(FULL)/bin/python:
	$(PYTHON) -m venv $(FULL)

$(FULL)/full.done: pyproject.toml | $(FULL)/bin/python
	$(FULL)/bin/python -m pip install --quiet --disable-pip-version-check "$(TORCH)"
	$(FULL)/bin/python -m pip install --quiet --disable-pip-version-check "$(TORCH)" --editable ".[train,test-all,lint]"
	touch $@

$(FULL)/docs.done: $(FULL)/full.done
	$(FULL)/bin/python -m pip install --quiet --disable-pip-version-check "$(TORCH)" --editable ".[docs]"
	touch $@

node_modules/lint.done: package.json package-lock.json
	npm ci --no-audit --no-fund
	touch $@
