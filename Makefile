# Every task of the book by name. Each sets up what it needs, in .venv, once.
MAKEFLAGS += --no-print-directory
PYTHON_IN_VENV := .venv/bin/python
export PYTHON COLAB_PYTHON

.DEFAULT_GOAL := help
.PHONY: help setup book test test-colab test-seeds notebooks results lint format lock clean

help: ## list the tasks
	@awk -F ': .*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' Makefile

setup: ## make the environment .venv from requirements.txt; the other tasks call it
	@sh tools/setup.sh

book: setup ## build the site into _build/html
	@rm -rf _build
	@.venv/bin/jupyter-book build . --toc book/_toc.yml -W -n --keep-going --quiet
	@echo "The book is built. Open file://$(CURDIR)/_build/html/index.html"

test: setup ## run every test and re-run every chapter against its stored claims
	$(PYTHON_IN_VENV) -m pytest

test-colab: ## run every chapter in Colab's own package versions, install cell and all
	@python=$$(sh tools/find_python.sh COLAB_PYTHON 3.13) && "$$python" tools/test_in_colab.py

test-seeds: setup ## re-run every chapter under BOOK_SEED 0 to 4
	@set -e; for seed in 0 1 2 3 4; do \
		echo "BOOK_SEED=$$seed"; BOOK_SEED=$$seed $(PYTHON_IN_VENV) -m pytest --quiet notebooks; \
	done

notebooks: setup ## re-run the chapters and store their outputs: all, or CHAPTER=01_properties
	@$(PYTHON_IN_VENV) tools/notebooks.py store $(CHAPTER)

results: setup ## run the long experiments and store what they find: all, or ONLY=speed
	@$(PYTHON_IN_VENV) tools/results.py $(ONLY)

lint: setup ## check the code's style, the workflows and that the tree is as `make format` leaves it
	$(PYTHON_IN_VENV) -m ruff check .
	$(PYTHON_IN_VENV) -m ruff format --check .
	.venv/bin/zizmor --offline --no-progress --quiet .github/workflows
	.venv/bin/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml

format: setup ## put the code into the project's format
	$(PYTHON_IN_VENV) -m ruff check --fix .
	$(PYTHON_IN_VENV) -m ruff format .

lock: setup ## make requirements.txt anew from pyproject.toml
	.venv/bin/uv pip compile --universal --generate-hashes --python-version 3.11 --all-extras \
		--upgrade --custom-compile-command "make lock" --annotation-style=line --quiet \
		pyproject.toml --output-file requirements.txt

clean: ## remove what was built, and the environment if make made it
	rm -rf _build .pytest_cache .hypothesis .ruff_cache notebooks/.ruff_cache
	@if [ -f .venv/made-by-make ]; then rm -rf .venv; fi
