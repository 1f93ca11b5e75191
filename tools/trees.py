"""The hash of code that may be moved, and explained anew, without being changed."""

import ast
import hashlib
import json
from typing import TypeGuard


def parse(source: str | bytes, place: str) -> ast.Module:
    """Code as a syntax tree.

    Args:
        source: the code, with any line endings.
        place: where it stands, for the error.

    Raises:
        ValueError: it is not Python.
    """
    try:
        return ast.parse(source)
    except SyntaxError as error:
        raise ValueError(f"{place} is not Python: {error}") from error


def tree_digest(tree: ast.AST) -> str:
    """The SHA-256 of a syntax tree, the same under Python 3.11, 3.12 and 3.13.

    Args:
        tree: parsed code; import lines, `pass` and docstrings in it are passed over.

    Returns:
        64 hexadecimal digits.
    """
    return sha256(_as_lists(tree))


def sha256(content: object) -> str:
    """The SHA-256 of lists, dictionaries and text.

    Args:
        content: what JSON can hold.

    Returns:
        64 hexadecimal digits.
    """
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode("ascii")).hexdigest()


def _as_lists(node: object) -> object:
    """A syntax tree as nested lists of text, without what differs between versions of Python.

    Empty fields are left out, since a later version may have more of them. Text is written in
    ASCII, since versions differ in what they take for printable.
    """
    if isinstance(node, list):
        passed_over = ast.Import | ast.ImportFrom | ast.Pass
        return [_as_lists(part) for part in node if not isinstance(part, passed_over)]
    if not isinstance(node, ast.AST):
        return f"{type(node).__name__} {node!a}"
    fields = dict(ast.iter_fields(node))
    if _has_docstring(node):
        fields["body"] = node.body[1:]
    elif isinstance(node, ast.JoinedStr):
        fields["values"] = _joined(node.values)
    elif isinstance(node, ast.FormattedValue) and not _joined(
        getattr(node.format_spec, "values", [])
    ):
        fields["format_spec"] = None  # f"{x:}" is f"{x}"
    elif isinstance(node, ast.Constant):
        del fields["kind"]  # the u of u"text"
    written = {name: _as_lists(value) for name, value in fields.items() if value is not None}
    return [type(node).__name__, {name: part for name, part in written.items() if part != []}]


def _has_docstring(
    node: ast.AST,
) -> TypeGuard[ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    return isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None


def _joined(parts: list[ast.expr]) -> list[ast.expr]:
    """The parts of an f-string with neighbouring text in one: versions cut it differently."""
    joined: list[ast.expr] = []
    for part in parts:
        if not isinstance(part, ast.Constant):
            joined.append(part)
        elif joined and isinstance(joined[-1], ast.Constant):
            joined[-1] = ast.Constant(str(joined[-1].value) + str(part.value))
        elif part.value:
            joined.append(part)
    return joined
