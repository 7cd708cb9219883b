# Photofinish: `make run` opens the editor on the sample photo, `make test` runs the tests.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
SAMPLE := build/sample.dng

.PHONY: run test lint venv clean

run: venv $(SAMPLE)
	$(BIN)/photofinish edit $(SAMPLE)

test: venv
	QT_QPA_PLATFORM=offscreen $(BIN)/pytest -n 2

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

venv: $(VENV)/.made
	@$(BIN)/python packaging/check_system.py

$(VENV)/.made: pyproject.toml constraints.txt
	$(PYTHON) packaging/check_python.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=23"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@

$(SAMPLE): resources/sample.py resources/dng.py | venv
	mkdir -p $(@D)
	$(BIN)/python -m resources.sample $@

clean:
	rm -rf $(VENV) build
