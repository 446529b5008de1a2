# Zhiyin: each target does its own set-up. `make help` lists them.
#   PYTHON=python3.12                 another interpreter than python3 (kept until another is named)
#   GPU=auto|cpu|cuda|vulkan|metal    what the engine is built for (kept until another is named)
#   ARGS="-k store"                   passed on: to pytest, zhiyin or the benches
PYTHON ?= $(or $(wildcard .venv/bin/python),python3)
GPU ?=
ARGS ?=

BIN := .venv/bin
PREPARE := @$(PYTHON) packaging/prepare.py --gpu "$(GPU)"
UV := .venv/uv/bin/uv
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make requirements"

.PHONY: run test check bench torture pictures clean translations requirements help prepare

run: ## open the window (a chat in the terminal where there is no display)
	$(PREPARE)
	@sh packaging/start.sh $(ARGS)

test: ## run the test suite
	$(PREPARE) --tests
	@QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

check: ## lint, format, types, the borders between packages
	$(PREPARE)
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/mypy packaging/prepare.py packaging/try_engine.py packaging/translations.py
	@$(BIN)/lint-imports
	@$(BIN)/python packaging/translations.py --check

bench: ## measure every figure that is promised; writes build/bench.json
	$(PREPARE) --tests
	@$(BIN)/python -m tests.bench $(ARGS)

torture: ## kill the app 500 times while it streams, and look for anything lost
	$(PREPARE) --tests
	@QT_QPA_PLATFORM=offscreen ZHIYIN_TORTURE=500 $(BIN)/python -m pytest --timeout 0 -k torture $(ARGS)

pictures: ## take pictures of every page, in both languages, light and dark, into build/pictures
	$(PREPARE)
	@QT_QPA_PLATFORM=offscreen PYTHONPATH=. $(BIN)/python -m tests.pictures build/pictures

translations: ## collect new strings, and compile the translations
	$(PREPARE)
	@$(BIN)/python packaging/translations.py

requirements: ## pin every dependency anew, with hashes
	$(PREPARE)
	@$(COMPILE) --upgrade pyproject.toml --extra starter --extra dev -o packaging/requirements.txt
	@$(COMPILE) --upgrade packaging/build-requirements.in -o packaging/build-requirements.txt
	@echo uv | $(COMPILE) --upgrade - -o packaging/uv.txt

prepare: ## only the set-up
	$(PREPARE)

clean: ## remove everything that was made here (not your conversations, not the compiled engine's cache)
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find app models tests packaging -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## this list
	@sed -n 's/^\([a-z]*\): ## /\1\t/p' Makefile
