"""Which files of the helpers some code reads: modules, and the data that these name.

The standard library is all this needs, so that it runs where nothing is installed.
"""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from tools.trees import parse

PACKAGE = "helpers"


def imported_modules(trees: Iterable[ast.AST], root: Path) -> dict[Path, ast.Module]:
    """The helpers that some code imports, and those that these import.

    Args:
        trees: parsed code that stands outside the helpers.
        root: the folder in which `helpers` lies.

    Returns:
        Each module's syntax tree, by its file.

    Raises:
        ValueError: a helper is not there, or is not Python.
    """
    todo = [file for tree in trees for file in _imported(tree, "", root)]
    found: dict[Path, ast.Module] = {}
    while todo:
        file = todo.pop()
        if file not in found:
            found[file] = parse(file.read_bytes(), file.name)
            package = ".".join(file.relative_to(root).with_suffix("").parts[:-1])
            todo += _imported(found[file], package, root)
    return found


def named_data(trees: Iterable[ast.AST], root: Path) -> set[Path]:
    """The files in `helpers`, other than Python, that some modules may read.

    These are the files of which a module holds, as a text of its own, the name or that of a folder
    in which they lie: "mnist.npz", or "results" for all that is in it.

    Args:
        trees: the modules, parsed.
        root: the folder in which `helpers` lies.
    """
    texts = {
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {file for file in data_files(root) if texts & _names(file.relative_to(root / PACKAGE))}


def data_files(root: Path) -> set[Path]:
    """Every file in `helpers` other than Python.

    Args:
        root: the folder in which `helpers` lies.
    """
    return {
        file
        for file in (root / PACKAGE).rglob("*")
        if file.is_file() and file.suffix != ".py" and "__pycache__" not in file.parts
    }


def _names(path: Path) -> set[str]:
    return {path.as_posix(), *path.parts}


def _imported(tree: ast.AST, package: str, root: Path) -> Iterator[Path]:
    """The files of the helpers that some code imports.

    Args:
        tree: parsed code.
        package: the package in which the code stands, as "helpers.datasets"; "" for none.
        root: the folder in which `helpers` lies.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _files(alias.name, root)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level]
            module = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            yield from _files(module, root)
            for alias in node.names:  # a name may be a module of its own
                if _file(f"{module}.{alias.name}", root):
                    yield from _files(f"{module}.{alias.name}", root)
        elif isinstance(node, ast.Call):
            yield from _files(_module_called_for(node), root)


def _module_called_for(call: ast.Call) -> str:
    """The module that a call such as `importlib.import_module("helpers.claims")` names, or ""."""
    called = getattr(call.func, "attr", getattr(call.func, "id", None))
    if called == "import_module" and call.args and isinstance(call.args[0], ast.Constant):
        return str(call.args[0].value)
    return ""


def _files(module: str, root: Path) -> Iterator[Path]:
    """The files that run when a module is imported, if it is one of the helpers."""
    names = module.split(".")
    if names[0] != PACKAGE:
        return
    for length in range(1, len(names) + 1):
        part = ".".join(names[:length])
        file = _file(part, root)
        if file:
            yield file
        elif not (root / part.replace(".", "/")).is_dir():
            raise ValueError(f"{part} is imported and is not there: {root} has no such module")


def _file(module: str, root: Path) -> Path | None:
    """A module's file, if it is there."""
    path = root / module.replace(".", "/")
    candidates = (path / "__init__.py", path.with_name(path.name + ".py"))
    return next((file for file in candidates if file.is_file()), None)
