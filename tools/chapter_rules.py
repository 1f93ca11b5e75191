"""The rules that every chapter keeps, which `make lint` and the tests check.

    python -m tools.chapter_rules

Each rule takes a notebook and returns what is wrong with it, as sentences that say what to do. An
empty list is a chapter that keeps the rule.
"""

import ast
import copy
import re
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import yaml

from helpers.stored import misquoted
from tools.notebooks import CHECKED, normalise

ROOT = Path(__file__).resolve().parent.parent
ADDRESS = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]
INSTALL_CELL = f"""import importlib
import os

# What chapters share: Colab fetches it, elsewhere it has to be there.
if "COLAB_RELEASE_TAG" in os.environ:
    %pip install --quiet --no-deps git+{ADDRESS}
try:
    importlib.import_module("helpers.claims")
except ImportError as error:
    raise ImportError(
        f"{{error}}. This chapter needs the book's helpers: pip install "
        "git+{ADDRESS}"
        " and restart the kernel. If a file or folder of your own is "
        "called helpers, rename it: it hides them."
    ) from None"""
MACHINE_PATH = re.compile(
    r"/(?:home|root|tmp|Users|mnt|opt|work|usr|content|var)/\w|[A-Z]:\\|site-packages"
)
KEEP_OPEN = "keep-open"  # the site shows such a cell's code whole, however long it is
# Every other tag may be one with which nbval lets a cell pass unseen.
ALLOWED_TAGS = {CHECKED, "answer-picture", "makes-answer-picture", KEEP_OPEN}
ROLE = re.compile(r"\{(?:result|mean|fact|since|script|colab)\}")
LENIENT_COMMENT = re.compile(r"#\s*(?:NBVAL_|PYTEST_VALIDATE_)")
HIDING = re.compile(r"\b(?:warnings|subprocess|get_ipython|os\.system|contextlib\.suppress)\b")
# Four lines that end in a number, one below the other.
COLUMN = re.compile(r"(?:^.*\d ?%?$\n?){4}", re.MULTILINE)
MAKE = "run `make notebooks CHAPTER=…` and commit what it stores"

Notebook = nbformat.NotebookNode


def code_cells(notebook: Notebook) -> list[Notebook]:
    """The cells with code in them."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def plain(cell: Notebook) -> str:
    """A cell's code as Python, or nothing for the install cell, which holds a magic."""
    return "" if cell.source == INSTALL_CELL else cell.source


def tree_of(cell: Notebook) -> ast.Module:
    """A cell's syntax tree: empty where it is not Python, which is a rule of its own."""
    try:
        return ast.parse(plain(cell))
    except SyntaxError:
        return ast.Module([], [])


def claim_calls(tree: ast.AST) -> list[ast.Call]:
    """Every call of `claim` in parsed code, however deep."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", None)) == "claim"
    ]


def tags(cell: Notebook) -> set[str]:
    """A cell's tags."""
    return set(cell.metadata.get("tags", []))


def was_run_once_from_top_to_bottom(notebook: Notebook) -> list[str]:
    """Its cells were run in the order in which they stand."""
    counts = [cell.execution_count for cell in code_cells(notebook)]
    if counts == list(range(1, len(counts) + 1)):
        return []
    return [f"cells were run in the order {counts}: {MAKE}"]


def every_claim_is_checked(notebook: Notebook) -> list[str]:
    """Each claim stands in the open, in a cell whose printed text is compared from run to run."""
    wrong = []
    for cell in code_cells(notebook):
        tree = tree_of(cell)
        claims = claim_calls(tree)
        if claims and CHECKED not in tags(cell):
            wrong.append(f"cell {cell.id} makes a claim: tag it {CHECKED}")
        if CHECKED in tags(cell) and not claims:
            wrong.append(f"cell {cell.id} is checked and makes no claim: remove the tag {CHECKED}")
        if "✓" in cell.source:
            wrong.append(f"cell {cell.id} writes a tick itself: leave that to claim(…)")
        at_the_top = [line.value for line in tree.body if isinstance(line, ast.Expr)]
        for call in claims:
            if call not in at_the_top:
                wrong.append(f"cell {cell.id} makes a claim inside another statement: move it out")
            if not (call.args and isinstance(call.args[0], ast.Constant)):
                wrong.append(f"cell {cell.id} computes a claim's sentence: write it out")
        if CHECKED in tags(cell):
            stored = [output.get("name") for output in cell.outputs]
            if stored != ["stdout"] or cell.execution_count is None:
                wrong.append(f"cell {cell.id} is checked against printed text it lacks: {MAKE}")
            elif [line[:2] for line in cell.outputs[0].text.splitlines()] != ["✓ "] * len(claims):
                wrong.append(
                    f"cell {cell.id} is compared from run to run: leave nothing in it but claims, "
                    "and print numbers in another"
                )
    if not any(CHECKED in tags(cell) for cell in code_cells(notebook)):
        wrong.append("the chapter makes no claim: end an experiment with claim(…)")
    return wrong


def every_claim_passes_its_values(notebook: Notebook) -> list[str]:
    """Each claim passes what decides it, unrounded, so that it is there for later questions."""
    wrong = []
    for cell in code_cells(notebook):
        for call in claim_calls(tree_of(cell)):
            passed = [word.value for word in call.keywords if ast.unparse(word.value) != "{}"]
            sentence = ast.unparse(call.args[0]) if call.args else "a claim"
            if not passed:
                wrong.append(
                    f"cell {cell.id} passes no value to {sentence}: pass the numbers that decide it"
                )
            if any(is_rounded(value) for value in passed):
                wrong.append(f"cell {cell.id} rounds a value of {sentence}: pass it as it is")
    return wrong


def is_rounded(expression: ast.expr) -> bool:
    """Whether `round` is called anywhere in an expression."""
    called = [node.func for node in ast.walk(expression) if isinstance(node, ast.Call)]
    return any(getattr(call, "attr", getattr(call, "id", None)) == "round" for call in called)


def nothing_passes_unseen(notebook: Notebook) -> list[str]:
    """No tag, comment or magic lets a failure pass."""
    wrong = []
    for cell in code_cells(notebook):
        if tags(cell) - ALLOWED_TAGS:
            wrong.append(f"cell {cell.id} is tagged {tags(cell) - ALLOWED_TAGS}: remove the tag")
        if LENIENT_COMMENT.search(cell.source):
            wrong.append(f"cell {cell.id} holds a comment that steers nbval: remove it")
        if HIDING.search(cell.source):
            wrong.append(f"cell {cell.id} hides warnings or runs a command: do it in the open")
        try:
            ast.parse(plain(cell))
        except SyntaxError:
            wrong.append(
                f"cell {cell.id} runs a magic or a shell command, whose failure nobody would "
                "see: write it in Python"
            )
    return wrong


def poor_alt(text: str) -> bool:
    """Whether an alt text is too short to say anything, or says only that there is a figure."""
    return len(text) < 40 or bool(
        re.match(r"(?i)(?:(?:an?|the) )?(?:figure|image|plot|chart|graph)\b", text)
    )


def every_figure_has_alt_text(notebook: Notebook) -> list[str]:
    """Whoever does not see a figure is told what there is to see."""
    wrong = []
    for cell in code_cells(notebook):
        pictures = sum(
            any(kind.startswith("image/") for kind in output.get("data", {}))
            for output in cell.outputs
        )
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        if pictures > 1:
            wrong.append(f"cell {cell.id} shows {pictures} figures: give each a cell of its own")
        if pictures and poor_alt(alt):
            wrong.append(
                f"cell {cell.id} shows a figure: say in its metadata, at mystnb.image.alt, what "
                f"there is to see, in a sentence; it says {alt!r}"
            )
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and re.search(
            r"!\[\s*\]|<img(?![^>]*alt=\"[^\"])", cell.source
        ):
            wrong.append(f"cell {cell.id} shows a picture: write its alt text between the brackets")
    return wrong


def text_of(output: Notebook) -> str:
    """Whatever an output says in words."""
    data = output.get("data", {})
    printed: str = output.get("text", "")
    return printed + "".join(data[kind] for kind in data if kind.startswith("text/"))


def outputs_are_clean(notebook: Notebook) -> list[str]:
    """No stored output has an error, a warning or a path of a machine."""
    wrong = []
    for cell in code_cells(notebook):
        for output in cell.outputs:
            text = text_of(output)
            if output.output_type == "error" or "Traceback (most recent call last)" in text:
                wrong.append(f"cell {cell.id} stored an error: mend the cell, then {MAKE}")
            elif output.get("name") == "stderr" or re.search(r"(?i)warning\b", text):
                wrong.append(
                    f"cell {cell.id} stored a warning: make the call right, then {MAKE}: "
                    f"{text.strip()[:200]}"
                )
    for cell in notebook.cells:
        texts = [cell.source]
        for output in cell.get("outputs", []):
            texts.append(text_of(output))
        for text in texts:
            # The answer picture is base64, in which any letters may meet.
            found = MACHINE_PATH.search(re.sub(r"data:image/png;base64,[^)]*", "", text))
            if found:
                wrong.append(f"cell {cell.id} names a path of a machine: remove {found[0]!r}")
    return wrong


def quoted_figures_are_the_stored_ones(notebook: Notebook) -> list[str]:
    """A figure from a long run is the stored one, and written so that Colab shows it."""
    wrong = []
    for cell in notebook.cells:
        for role in ROLE.findall(cell.source):
            wrong.append(
                f"cell {cell.id} uses the role {role}, which Colab shows as it stands: print "
                "load_result(…).quote(…) instead"
            )
        for text in (cell.source, *(text_of(output) for output in cell.get("outputs", []))):
            wrong += [f"cell {cell.id} quotes {problem}" for problem in misquoted(text)]
    return wrong


def tables_have_headers(notebook: Notebook) -> list[str]:
    """Numbers that stand under one another are a `Table`, not printed columns."""
    wrong = []
    for cell in code_cells(notebook):
        printed = "".join(o.text for o in cell.outputs if o.get("name") == "stdout")
        if COLUMN.search(printed):
            wrong.append(
                f"cell {cell.id} prints a table: show it as a Table of helpers.tables, the cell's "
                "last line"
            )
    return wrong


def begins_with_title_and_install_cell(notebook: Notebook) -> list[str]:
    """Title first, then the cell that fetches the helpers."""
    wrong = []
    if not re.match(r"# \S", notebook.cells[0].source):
        wrong.append("the first cell must be Markdown that begins with the chapter's title: # …")
    if code_cells(notebook)[0].source != INSTALL_CELL:
        wrong.append(f"the first code cell must be the install cell, exactly:\n{INSTALL_CELL}")
    return wrong


def is_normalised(notebook: Notebook) -> list[str]:
    """It is stored in the one form in which a second run leaves no difference."""
    before = nbformat.writes(notebook, version=nbformat.NO_CONVERT) + "\n"
    if normalise(copy.deepcopy(notebook)) == before:
        return []
    return [f"metadata or outputs are not in the stored form: {MAKE}"]


def is_small(notebook: Notebook) -> list[str]:
    """Its file has less than 1.5 MB."""
    size = len(nbformat.writes(notebook).encode())
    return [] if size < 1.5e6 else [f"the file has {size / 1e6:.1f} MB: keep it under 1.5 MB"]


RULES: list[Callable[[Notebook], list[str]]] = [
    was_run_once_from_top_to_bottom,
    every_claim_is_checked,
    every_claim_passes_its_values,
    nothing_passes_unseen,
    every_figure_has_alt_text,
    outputs_are_clean,
    quoted_figures_are_the_stored_ones,
    tables_have_headers,
    begins_with_title_and_install_cell,
    is_normalised,
    is_small,
]


def main() -> None:
    """Check every chapter."""
    wrong = [
        f"{path.name}: {sentence}"
        for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
        for rule in RULES
        for sentence in rule(nbformat.read(path, as_version=4))
    ]
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
