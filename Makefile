# Every task of the book by name. Each sets up what it needs, in .venv, once.
MAKEFLAGS += --no-print-directory
PYTHON_IN_VENV := .venv/bin/python
# A file a worker, a worker a core: tests/conftest.py sees to the second.
IN_PARALLEL := --numprocesses auto --maxprocesses 4 --dist loadfile
export PYTHON COLAB_PYTHON ALL

.DEFAULT_GOAL := help
.PHONY: help setup book pdf test test-quick test-colab test-newest chapter figures formulas judge lab notebooks results release-check lint format lock audit clean

help: ## list the tasks
	@awk -F ': .*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' Makefile

setup: ## make the environment .venv from requirements.txt; the other tasks call it
	@sh tools/setup.sh

book: setup ## build the site into _build/html
	@rm -rf _build
	@.venv/bin/jupyter-book build . --toc book/_toc.yml -W -n --keep-going --quiet
	@echo "The book is built. Open file://$(CURDIR)/_build/html/index.html"

pdf: book ## print the built pages into one PDF, with a browser
	@$(PYTHON_IN_VENV) -m tools.paper _build/html _build/html/autoencoders-measured.pdf

test: setup ## run every test and re-run every chapter against its stored claims
	$(PYTHON_IN_VENV) -m pytest $(IN_PARALLEL)

test-quick: setup ## run the tests that take no site, no browser, no re-run and less than some seconds
	$(PYTHON_IN_VENV) -m pytest $(IN_PARALLEL) --dist worksteal tests -m "not reexecution and not site and not slow"

test-colab: ## run what changed in Colab's package versions; all: ALL=1; one: CHAPTER=01_properties
	@python=$$(sh tools/find_python.sh COLAB_PYTHON 3.13) && exec "$$python" -m tools.test_in_colab $(CHAPTER)

test-newest: ## run the tests of what computes with the newest packages that resolve
	@python=$$(sh tools/find_python.sh PYTHON 3.13 3.12 3.11) && "$$python" tools/test_newest.py

chapter: setup ## begin a chapter: CHAPTER=07_anomalies TITLE="Anomalies"
	@$(PYTHON_IN_VENV) -m tools.new_chapter "$(CHAPTER)" "$(TITLE)"

figures: setup ## draw the pictures anew with which figures are compared: all, or NAME=image_rows
	@$(PYTHON_IN_VENV) -m tools.figures $(NAME)

formulas: setup ## draw the formulas of the pages anew, with a browser
	@$(PYTHON_IN_VENV) -m tools.formulas draw

judge: setup ## train the classifier anew that judges pictures, and store it with the helpers
	@$(PYTHON_IN_VENV) -m tools.make_judge

lab: setup ## train the networks anew that run in the page of the lab, and store them
	@$(PYTHON_IN_VENV) -m tools.make_lab

notebooks: setup ## re-run the chapters and store their outputs: all, or CHAPTER=01_properties
	@$(PYTHON_IN_VENV) tools/notebooks.py store $(CHAPTER)

results: setup ## run long experiments, and chapters under five seeds; store: all, or ONLY=speed
	@$(PYTHON_IN_VENV) -m tools.results $(ONLY)

release-check: setup ## name each stored result that other code or helpers made than today's
	@$(PYTHON_IN_VENV) -m tools.release_check

lint: setup ## check style, types, the pages' scripts, workflows, the chapters' rules, the verdicts in prose, and that the tree is as `make format` leaves it
	$(PYTHON_IN_VENV) -m ruff check .
	$(PYTHON_IN_VENV) -m ruff format --check .
	$(PYTHON_IN_VENV) -m mypy
	$(PYTHON_IN_VENV) -m tools.chapter_rules
	$(PYTHON_IN_VENV) -m tools.verdicts
	$(PYTHON_IN_VENV) -m tools.formulas
	.venv/bin/deno fmt --check --quiet
	.venv/bin/deno lint --quiet
	.venv/bin/zizmor --offline --no-progress --quiet .github/workflows
	.venv/bin/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml

format: setup ## put the code into the project's format
	$(PYTHON_IN_VENV) -m ruff check --fix .
	$(PYTHON_IN_VENV) -m ruff format .
	.venv/bin/deno fmt --quiet

lock: setup ## make requirements.txt anew from pyproject.toml
	.venv/bin/uv pip compile --universal --generate-hashes --python-version 3.11 --all-extras \
		--upgrade --custom-compile-command "make lock" --annotation-style=line --quiet \
		pyproject.toml --output-file requirements.txt

audit: setup ## look the locked packages up in the list of known vulnerabilities; needs the network
	.venv/bin/uv tool run pip-audit@2.10.0 --strict --disable-pip --require-hashes --requirement requirements.txt

clean: ## remove what was built, and the environment if make made it
	rm -rf _build .pytest_cache .hypothesis .mypy_cache .ruff_cache notebooks/.ruff_cache
	@if [ -f .venv/made-by-make ]; then rm -rf .venv; fi
