PYTHON ?= python3
EXTRAS ?= dev,cluster
BIN := .venv/bin

.PHONY: help setup course test slow stress mutants tables bench lint constraints clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 14

setup: .venv/installed  ## make .venv with the pinned packages

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --no-compile --constraint constraints.txt --editable ".[$(EXTRAS)]"
	-$(BIN)/python -m compileall -q -j 0 .venv/lib
	$(BIN)/jupyter kernelspec install --sys-prefix classroom/kernels/kernelspecs/course
	@touch $@

course: setup  ## run every lecture, grade a demo class for every lab, say where the results are
	@$(BIN)/course build

PYTEST := $(BIN)/pytest --numprocesses 3 --dist loadgroup --no-loadscope-reorder

test: setup  ## run the tests, but for those that take long
	$(PYTEST) -m "not slow and not alone and not stress"
	$(BIN)/pytest -m alone

slow: setup  ## run the others: every lecture, the variants of every lab, clusters, whole classes
	$(PYTEST) -m "slow and not stress"

stress: setup  ## run the tests with large networks and many repetitions
	$(BIN)/pytest -m stress

mutants: setup  ## put every known mistake into a copy of the library, and see its test fail
	$(BIN)/python -m tests.mutants

tables: setup  ## hold every method to its promises on every backend, and write docs/contract.md
	$(BIN)/pytest tests/contract --contract-table

bench: setup  ## measure the published figures
	$(BIN)/python -m benchmarks

lint: setup  ## check the style
	$(BIN)/ruff check
	$(BIN)/ruff format --check

constraints: setup  ## pin the newest versions that fit, for every supported Python
	$(BIN)/uv pip compile --universal --python-version 3.10 --all-extras --strip-extras \
		--no-annotate --no-header --upgrade --quiet --output-file constraints.txt pyproject.toml

clean:  ## remove everything that was built, and .venv
	rm -rf .venv build
