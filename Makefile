# Two commands: `make run` and `make test`. Each sets up what it needs in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LAKE := out/lake

.PHONY: run test check lint types docs crash-test clean

run: $(VENV)/.runs
	$(BIN)/newsbeam run --input examples/news --output $(LAKE)
	@$(BIN)/python examples/query.py $(LAKE)

test: $(VENV)/.tests
	$(BIN)/pytest -n auto --dist loadscope

check: lint types test docs

lint: $(VENV)/.tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.tests
	$(BIN)/mypy

docs: $(VENV)/.tests
	$(BIN)/python tools/make_docs.py --check

crash-test: $(VENV)/.tests
	$(BIN)/python benchmarks/kill_test.py --kills 60

clean:
	rm -rf $(VENV) out build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "newsbeam needs Python 3.11 or later; say PYTHON=/path/to/python make ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runs: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[query]'
	@touch $@

$(VENV)/.tests: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[dev,query,fast]'
	@touch $(VENV)/.runs $@
