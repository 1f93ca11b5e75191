"""The rules that every chapter keeps.

Each rule takes a notebook and returns what is wrong with it, as sentences that say what to do. An
empty list is a chapter that keeps the rule.
"""

import copy
import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import yaml

from tools.notebooks import CHECKED, normalise

ROOT = Path(__file__).resolve().parent.parent
ADDRESS = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]
INSTALL_CELL = f"""import os

# In Colab only: fetch what the chapters share.
if "COLAB_RELEASE_TAG" in os.environ:
    %pip install --quiet --no-deps git+{ADDRESS}"""
MACHINE_PATH = re.compile(r"/(?:home|root|tmp|Users|mnt|opt|work|usr)/\w|[A-Z]:\\|site-packages")
# Tags and comments with which nbval lets a cell pass unseen.
LENIENT = {"raises-exception", "nbval-raises-exception", "nbval-skip", "nbval-ignore-output"}
LENIENT_COMMENT = re.compile(r"#\s*(?:NBVAL_|PYTEST_VALIDATE_)")
COMMAND = re.compile(r"^\s*[%!]|^[^#\n]*=\s*[%!]\s*\w|get_ipython\(", re.MULTILINE)
MAKE = "run `make notebooks CHAPTER=…` and commit what it stores"

Notebook = nbformat.NotebookNode


def code_cells(notebook: Notebook) -> list[Notebook]:
    """The cells with code in them."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags(cell: Notebook) -> set[str]:
    """A cell's tags."""
    return set(cell.metadata.get("tags", []))


def was_run_once_from_top_to_bottom(notebook: Notebook) -> list[str]:
    counts = [cell.execution_count for cell in code_cells(notebook)]
    if counts == list(range(1, len(counts) + 1)):
        return []
    return [f"cells were run in the order {counts}: {MAKE}"]


def every_claim_is_checked(notebook: Notebook) -> list[str]:
    wrong = []
    for cell in code_cells(notebook):
        makes_claim = re.search(r"^\s*claim\(", cell.source, re.MULTILINE)
        if makes_claim and CHECKED not in tags(cell):
            wrong.append(f"cell {cell.id} makes a claim: tag it {CHECKED}")
        if CHECKED in tags(cell):
            stored = [output.get("name") for output in cell.outputs]
            if stored != ["stdout"] or cell.execution_count is None:
                wrong.append(f"cell {cell.id} is checked against printed text it lacks: {MAKE}")
            elif not all(line.startswith("✓ ") for line in cell.outputs[0].text.splitlines()):
                wrong.append(
                    f"cell {cell.id} is compared from run to run: leave nothing in it but claims, "
                    "and print numbers in another"
                )
    if not any(CHECKED in tags(cell) for cell in code_cells(notebook)):
        wrong.append("the chapter makes no claim: end an experiment with claim(…)")
    return wrong


def nothing_passes_unseen(notebook: Notebook) -> list[str]:
    wrong = []
    for cell in code_cells(notebook):
        if tags(cell) & LENIENT:
            wrong.append(f"cell {cell.id} is tagged {tags(cell) & LENIENT}: remove the tag")
        if LENIENT_COMMENT.search(cell.source):
            wrong.append(f"cell {cell.id} holds a comment that steers nbval: remove it")
        if cell.source != INSTALL_CELL and COMMAND.search(cell.source):
            wrong.append(
                f"cell {cell.id} runs a magic or a shell command, whose failure nobody would "
                "see: write it in Python"
            )
    return wrong


def every_figure_has_alt_text(notebook: Notebook) -> list[str]:
    wrong = []
    for cell in code_cells(notebook):
        pictures = sum(
            any(kind.startswith("image/") for kind in output.get("data", {}))
            for output in cell.outputs
        )
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        if pictures > 1:
            wrong.append(f"cell {cell.id} shows {pictures} figures: give each a cell of its own")
        if pictures and (len(alt) < 40 or re.match(r"(?i)an? (?:figure|image|plot|chart)\b", alt)):
            wrong.append(
                f"cell {cell.id} shows a figure: say in its metadata, at mystnb.image.alt, what "
                f"there is to see, in a sentence; it says {alt!r}"
            )
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and re.search(r"!\[\s*\]\(|<img(?![^>]*alt=)", cell.source):
            wrong.append(f"cell {cell.id} shows a picture: write its alt text between the brackets")
    return wrong


def outputs_are_clean(notebook: Notebook) -> list[str]:
    wrong = []
    for cell in code_cells(notebook):
        for output in cell.outputs:
            text = output.get("text", "") + output.get("data", {}).get("text/plain", "")
            if output.output_type == "error" or "Traceback (most recent call last)" in text:
                wrong.append(f"cell {cell.id} stored an error: mend the cell, then {MAKE}")
            elif output.get("name") == "stderr" or re.search(r"\w*Warning\b", text):
                wrong.append(
                    f"cell {cell.id} stored a warning: make the call right, then {MAKE}: "
                    f"{text.strip()[:200]}"
                )
    for cell in notebook.cells:
        texts = [cell.source]
        for output in cell.get("outputs", []):
            texts += [output.get("text", ""), output.get("data", {}).get("text/plain", "")]
        for text in texts:
            # The answer picture is base64, in which any letters may meet.
            found = MACHINE_PATH.search(re.sub(r"data:image/png;base64,[^)]*", "", text))
            if found:
                wrong.append(f"cell {cell.id} names a path of a machine: remove {found[0]!r}")
    return wrong


def begins_with_title_and_install_cell(notebook: Notebook) -> list[str]:
    wrong = []
    if not re.match(r"# \S", notebook.cells[0].source):
        wrong.append("the first cell must be Markdown that begins with the chapter's title: # …")
    if code_cells(notebook)[0].source != INSTALL_CELL:
        wrong.append(f"the first code cell must be the install cell, exactly:\n{INSTALL_CELL}")
    return wrong


def is_normalised(notebook: Notebook) -> list[str]:
    before = nbformat.writes(notebook, version=nbformat.NO_CONVERT) + "\n"
    if normalise(copy.deepcopy(notebook)) == before:
        return []
    return [f"metadata or outputs are not in the stored form: {MAKE}"]


def is_small(notebook: Notebook) -> list[str]:
    size = len(nbformat.writes(notebook).encode())
    return [] if size < 1.5e6 else [f"the file has {size / 1e6:.1f} MB: keep it under 1.5 MB"]


RULES: list[Callable[[Notebook], list[str]]] = [
    was_run_once_from_top_to_bottom,
    every_claim_is_checked,
    nothing_passes_unseen,
    every_figure_has_alt_text,
    outputs_are_clean,
    begins_with_title_and_install_cell,
    is_normalised,
    is_small,
]
