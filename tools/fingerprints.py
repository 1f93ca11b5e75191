"""Whether anything has changed that could alter how a chapter runs in Colab's versions.

Needs nothing but Python.
"""

import ast
import hashlib
import json
import math
import os
import re
import tomllib
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from tools.imports import imported_modules, named_data
from tools.trees import parse, sha256

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = "tests/colab/constraints.txt"
PASSED = "tests/colab/passed.json"
MEASURED = "notebooks/measured.json"
CHECKED = "nbval-check-output"  # as in tools/notebooks.py, which imports what is not installed here
# With the helpers and a chapter, what decides how it runs. Git's settings decide what is packed.
RUNS_CHAPTERS = (CONSTRAINTS, "tools/notebooks.py", "tools/test_in_colab.py")
GIT_SETTINGS = (".gitattributes", ".gitignore")
REMEDY = "Restore it with git, or delete it."


class Plan(NamedTuple):
    """Which chapters to run, in order, and which have not changed since they passed."""

    run: list[str]
    skipped: list[str]


def fingerprint(chapter: str, root: Path = ROOT) -> str:
    """The hash of all that can alter how a chapter runs in Colab's versions.

    It covers the chapter's code and stored claims; the helpers it imports, those that these import
    and the data they name, byte by byte; how the helpers are built; Colab's versions; and what runs
    the chapter. It does not depend on the machine, on where the book lies, or on line endings.

    Args:
        chapter: its name.
        root: the folder in which the book lies.

    Returns:
        The SHA-256, as 64 hexadecimal digits.

    Raises:
        ValueError: the notebook, a cell or a helper cannot be read, or a helper is not there.
    """
    cells = _code_cells(root / "notebooks" / f"{chapter}.ipynb")
    trees = [_tree(source, f"a cell of {chapter}") for source, *_ in cells]
    modules = imported_modules(trees, root)
    files = {*modules, *named_data(modules.values(), root)}
    files |= {root / name for name in RUNS_CHAPTERS}
    files |= {root / name for name in GIT_SETTINGS if (root / name).exists()}
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    settings["project"].pop("optional-dependencies", None)
    return sha256(
        {
            "cells": cells,
            "files": {file.relative_to(root).as_posix(): _digest(file) for file in files},
            "package": [settings["build-system"], settings["project"]],
            "build": settings.get("tool", {}).get("hatch"),
            "address": address(root),
        }
    )


def _code_cells(path: Path) -> list[tuple[str, list[str], str]]:
    """Of each code cell its source, its tags, and the stored text it is compared with."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (ValueError, KeyError) as error:
        raise ValueError(f"{path.name} is not a notebook: {error!r}") from error
    found = []
    for cell in cells:
        if cell["cell_type"] == "code":
            tags = cell.get("metadata", {}).get("tags", [])
            printed = [out["text"] for out in cell["outputs"] if out.get("name") == "stdout"]
            claims = "".join(map("".join, printed)) if CHECKED in tags else ""
            found.append(("".join(cell["source"]), tags, claims))
    return found


def _tree(source: str, place: str) -> ast.Module:
    """A cell's syntax tree, without its magics."""
    with suppress(ValueError):
        return parse(source, place)
    return parse(re.sub(r"^(\s*)[%!].*$", r"\1pass", source, flags=re.MULTILINE), place)


def _digest(path: Path) -> str:
    """A file's SHA-256; line endings do not matter in what Git would take for text."""
    content = path.read_bytes()
    if b"\0" not in content:
        content = content.replace(b"\r\n", b"\n")
    return hashlib.sha256(content).hexdigest()


def plan(
    fingerprints: Mapping[str, str],
    passed: Mapping[str, str],
    seconds: Mapping[str, float],
    chosen: Collection[str] = (),
    everything: bool = False,
) -> Plan:
    """Which chapters to run, longest first.

    Args:
        fingerprints: of each chapter there is, by its name.
        passed: by chapter, the fingerprint with which it last passed.
        seconds: how long chapters take, by name; one that is not in it counts as longest.
        chosen: chapters to run, changed or not, and no others.
        everything: whether those run, too, that have not changed since they passed.

    Returns:
        What to run, and what is skipped.

    Raises:
        ValueError: a chosen chapter is not there.
    """
    unknown = [name for name in chosen if name not in fingerprints]
    if unknown:
        known = ", ".join(sorted(fingerprints))
        raise ValueError(f"CHAPTER must be one of {known}; got {', '.join(unknown)}")
    changed = [name for name in fingerprints if passed.get(name) != fingerprints[name]]
    run = set(chosen or (fingerprints if everything else changed))
    return Plan(
        sorted(run, key=lambda name: (-seconds.get(name, math.inf), name)),
        [] if chosen else sorted(set(fingerprints) - run),
    )


def read_passed(path: Path) -> dict[str, str]:
    """By chapter, the fingerprint with which it last passed; nothing where there is no file.

    Raises:
        ValueError: the file does not hold that.
    """
    passed = _read_json(path)
    if not all(re.fullmatch(r"[0-9a-f]{64}", str(value)) for value in passed.values()):
        raise ValueError(f"{path} does not hold a SHA-256 for each chapter. {REMEDY}")
    return passed


def read_seconds(path: Path) -> dict[str, float]:
    """By chapter, how long it was measured to take; nothing where there is no file.

    Raises:
        ValueError: the file does not hold that.
    """
    try:
        return {name: float(took["seconds"]) for name, took in _read_json(path).items()}
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} does not hold each chapter's seconds. {REMEDY}") from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except ValueError as error:
        raise ValueError(f"{path} cannot be read: {error}. {REMEDY}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path} does not hold a JSON object. {REMEDY}")
    return content


def write_passed(path: Path, passed: Mapping[str, str]) -> None:
    """Write the record whole or not at all; leave alone a file that holds the same."""
    if read_passed(path) != passed:
        draft = path.with_name(path.name + ".draft")
        draft.write_text(json.dumps(passed, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        os.replace(draft, path)


def address(root: Path) -> str:
    """The book's address, from _config.yml."""
    text = (root / "_config.yml").read_text(encoding="utf-8")
    found: list[str] = re.findall(r"^repository:\n  url: (\S+)$", text, re.MULTILINE)
    return found[0]
