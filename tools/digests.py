"""What made a stored result, as two hashes, and what of it has changed since.

One hash covers the code of the script or chapter, the other the helpers that it imports and those
that these import. Both are taken over syntax trees without import lines, comments and docstrings: a
module may move and a comment may be reworded without a new run. A changed number, name, string or
call changes the hash. What stands behind an imported name is the business of the second hash; that
an import line puts another thing under the same name is in neither.
"""

import ast
import json
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import nbformat

from helpers.stored import Result
from tools.chapter_rules import code_cells, plain
from tools.imports import imported_modules
from tools.trees import parse, sha256, tree_digest

ROOT = Path(__file__).resolve().parent.parent
EXPERIMENTS = ROOT / "experiments"
HEADLINES = EXPERIMENTS / "headlines.toml"
CHAPTERS = ROOT / "notebooks"
LAB_SOURCES = tuple(ROOT / "tools" / name for name in ("make_lab.py", "lab_files.py"))
LAB_FACTS = ROOT / "book" / "lab" / "networks.json"


class Digests(NamedTuple):
    """Two SHA-256, each as 64 hexadecimal digits.

    Attributes:
        code: of the script, or of the chapter with its headline expressions.
        helpers: of the helpers it imports, and of those that these import.
    """

    code: str
    helpers: str


def scripts() -> list[str]:
    """The long runs: one script each."""
    return sorted(path.stem for path in EXPERIMENTS.glob("*.py"))


def chapters() -> list[str]:
    """The chapters whose headline numbers are stored."""
    return list(headlines())


def headlines() -> dict[str, dict[str, str]]:
    """By chapter, the expressions that are read off it, by the name of the number."""
    return tomllib.loads(HEADLINES.read_text(encoding="utf-8"))


def digests_of(name: str) -> Digests:
    """The digests of a script or chapter as it is now.

    Args:
        name: the script's or the chapter's, without its ending.

    Raises:
        ValueError: there is no such script or chapter, or it holds what is not Python.
    """
    if name in scripts():
        return script_digests(EXPERIMENTS / f"{name}.py")
    path = CHAPTERS / f"{name}.ipynb"
    if name in chapters() and path.is_file():
        return chapter_digests(path, headlines()[name])
    raise ValueError(
        f"name must be a script's or a chapter's, one of {[*scripts(), *chapters()]}; got {name!r}"
    )


def script_digests(path: Path, root: Path = ROOT) -> Digests:
    """The digests of a script.

    Args:
        path: the script.
        root: the folder in which `helpers` lies.

    Raises:
        ValueError: the script or a helper is not Python, or a helper is not there.
    """
    tree = parse(path.read_bytes(), path.name)
    return Digests(tree_digest(tree), helpers_digest([tree], root))


def chapter_digests(path: Path, expressions: dict[str, str], root: Path = ROOT) -> Digests:
    """The digests of a chapter: its code cells, however they are cut, and its headlines.

    The install cell is left out, since it computes nothing.

    Args:
        path: the notebook.
        expressions: the chapter's headline expressions by name, in any order.
        root: the folder in which `helpers` lies.

    Raises:
        ValueError: a cell, an expression or a helper is not Python, or a helper is not there.
    """
    cells = code_cells(nbformat.read(path, as_version=4))
    trees = [parse(plain(cell), f"cell {cell.get('id')} of {path.name}") for cell in cells]
    # An interactive tree has no docstring: the first string of a cell is a value, which is shown.
    whole = ast.Interactive([statement for tree in trees for statement in tree.body])
    read_off = [
        [name, tree_digest(parse(expressions[name], f"the headline {name} of {path.name}"))]
        for name in sorted(expressions)
    ]
    return Digests(sha256([tree_digest(whole), read_off]), helpers_digest(trees, root))


def lab_digests() -> Digests:
    """The digests of what makes the networks of the lab."""
    trees = [parse(path.read_bytes(), path.name) for path in LAB_SOURCES]
    return Digests(sha256([tree_digest(tree) for tree in trees]), helpers_digest(trees))


def lab_changes(facts: Path = LAB_FACTS) -> list[str]:
    """What has changed since the networks of the lab were made: "code", "helpers", both or nothing.

    Args:
        facts: what is known of them.
    """
    stored = json.loads(facts.read_text(encoding="utf-8"))
    now = lab_digests()
    return [part for part in Digests._fields if getattr(now, part) != stored[f"{part}_sha256"]]


def helpers_digest(trees: Iterable[ast.AST], root: Path = ROOT) -> str:
    """The hash of all helpers that some code imports, directly or through other helpers.

    It does not depend on the names of their files, nor on modules that only import.

    Args:
        trees: parsed code.
        root: the folder in which `helpers` lies.

    Raises:
        ValueError: a helper is not there, or is not Python.
    """
    modules = imported_modules(trees, root).values()
    only_imports = tree_digest(ast.Module([], []))
    return sha256(sorted({tree_digest(tree) for tree in modules} - {only_imports}))


def changes_since(result: Result) -> list[str]:
    """What has changed since a result was stored: "code", "helpers", both or nothing.

    Raises:
        ValueError: no script or chapter has the result's name.
    """
    now = digests_of(result.name)
    stored = Digests(result.code_sha256, result.helpers_sha256)
    return [part for part in Digests._fields if getattr(now, part) != getattr(stored, part)]
