# Everything a newcomer runs. `make demo` and `make test` do their own set-up.
PYTHON ?= python3
BIN := .venv/bin
# bwrap as a wheel where there is one; elsewhere the system's own (see `shardlab doctor`)
# (add torch for lab two-way-tp: make test EXTRAS=sandbox,dev,torch)
EXTRAS := sandbox,dev
STAMP := .venv/.installed-$(EXTRAS)
# which tests; a file's stay together, as they share what they start
TESTS := not slow
PYTEST := $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

.PHONY: demo install test lint validate mutate bench clean

demo: $(STAMP)
	$(BIN)/shardlab demo

install: $(STAMP)

test: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --no-cache
	$(BIN)/shardlab validate
	$(PYTEST) -m '$(TESTS)'

lint: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --no-cache

validate: $(STAMP)
	$(BIN)/shardlab validate

# every mutant of every solution: nightly, or when a suite has changed
mutate: $(STAMP)
	$(BIN)/shardlab validate --mutate

bench: $(STAMP)
	for file in tests/benchmarks/bench_*.py; do $(BIN)/python $$file || exit 1; done

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$(EXTRAS)]'
	touch $@

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
