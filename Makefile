# TOTEM. `make help` lists what there is.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready

# Every job starts several Python processes: they must find compiled modules, whatever the caller's shell says.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup data demo check test test-fabric fuzz bench calibrate dearest clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## make .venv and install everything into it (nothing to do when it is up to date)

# The editable install compiles the WebAssembly runtime; a change to its C sources compiles it again.
$(STAMP): pyproject.toml hatch_build.py requirements/lock.txt $(wildcard ccf/totem_ccf/kernel/runtime/*.c) ccf/totem_ccf/kernel/runtime/build.py
	@sh scripts/make_environment.sh $(VENV)
	@touch $(STAMP)

data: $(STAMP) ## fetch the real data sets into .data and convert them to Parquet, once
	@$(BIN)/python scripts/fetch_data.py

LEDGER ?= embedded

demo: $(STAMP) ## one metered job from end to end on the electricity of 17 real homes (LEDGER=fabric: on real peers)
	@$(BIN)/python scripts/fetch_data.py homes
	@$(BIN)/python -m demo.story --ledger $(LEDGER)

check: $(STAMP) ## lint, types, import direction and the fast tests
	@$(BIN)/python scripts/run_tests.py --fast

test: $(STAMP) data ## everything: what `check` runs and the slow tests, on the real data
	@$(BIN)/python scripts/run_tests.py

test-fabric: $(STAMP) ## the tests that run real Fabric nodes, on the version that FABRIC_BIN has
	@$(BIN)/python scripts/run_tests.py --fabric

SECONDS ?= 600

fuzz: $(STAMP) ## compare the executors on new programs, then mutants of others, then break sources, SECONDS (600) each
	@TOTEM_FUZZ_SECONDS=$(SECONDS) $(BIN)/pytest -q -x --timeout=0 tests/ccf/kernel/fuzz_executors.py tests/ccf/kernel/fuzz_kernel.py tests/conformance/test_conformance_mutants.py tests/conformance/test_conformance_broken.py

bench: $(STAMP) data ## measure against DuckDB, pandas and mrjob, and the ledger on Fabric; writes build/bench*.json
	@$(BIN)/python -m benchmarks.run
	@PYTHONPATH=network $(BIN)/python -m benchmarks.fabric.run

calibrate: $(STAMP) ## measure what each opcode takes and fit an estimator table to it; writes build/calibrate.json
	@PYTHONPATH=tests/conformance $(BIN)/python -m benchmarks.meter.calibrate

dearest: $(STAMP) ## search for the program with the most seconds per totem, SECONDS (600) long; writes build/dearest.json
	@TOTEM_DEAREST_SECONDS=$(SECONDS) PYTHONPATH=tests/conformance $(BIN)/python -m benchmarks.meter.dearest

clean: ## remove build results and caches (.venv and .data stay)
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -f ccf/totem_ccf/kernel/runtime/*.wasm $(STAMP)
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
