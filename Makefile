# Two commands for a new user: `make hunt` and `make test`. Both set everything up first.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(BIN)/uv

.PHONY: setup hunt hunt-quick test bench bench-wire bench-logs bench-lab bench-ablation bench-source lock clean

setup: $(VENV)/.ready

$(VENV)/.ready: requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "redhanded needs Python 3.11 or newer; set PYTHON=/path/to/python3.11" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(UV) || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

# Exit code 1 of a hunt says that a failure was confirmed, which is what is wanted here.
hunt: setup
	@$(BIN)/redhanded hunt examples/orders --logs examples/orders/logs --symptom "duplicate key" --yes $(ARGS); \
	  code=$$?; test $$code -le 1

hunt-quick:
	@$(MAKE) --no-print-directory hunt ARGS=--quick

test: setup
	$(BIN)/pytest -n 2 --dist loadgroup $(ARGS)

bench: setup
	$(BIN)/python bench/run.py $(ARGS)

bench-wire: setup
	$(BIN)/python bench/wire.py $(ARGS)

# LOGHUB names the folder of the labelled samples; without it the rest is measured.
bench-logs: setup
	$(BIN)/python bench/logs.py $(if $(LOGHUB),--loghub $(LOGHUB)) $(ARGS)

bench-lab: setup
	$(BIN)/python bench/lab.py $(ARGS)

bench-source: setup
	$(BIN)/python bench/source.py $(ARGS)

# Already part of bench-lab, unless that is told --no-ablation.
bench-ablation: setup
	$(BIN)/python bench/ablation.py $(ARGS)

lock:
	$(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header \
	  --no-emit-index-url --no-annotate pyproject.toml -o requirements.lock
	$(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header \
	  --no-emit-index-url --no-annotate --extra dev pyproject.toml requirements-build.in -o requirements-dev.lock

clean:
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis
