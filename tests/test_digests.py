"""Results know what made them: moved or explained anew it is the same code, changed it is not."""

import ast
import json
import subprocess

import nbformat
import pytest
from conftest import ROOT
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from helpers.stored import RESULTS, load_result
from tools import release_check
from tools.chapter_rules import INSTALL_CELL
from tools.digests import (
    changes_since,
    chapter_digests,
    chapters,
    digests_of,
    lab_digests,
    script_digests,
    scripts,
)
from tools.trees import parse, tree_digest

CODE = '''"""What it is for."""
import numpy as np
from helpers.data import load_mnist

SEEDS = (0, 1, 2)


class Settings:
    """How large."""

    units: int = 32
    """Of the code."""


def measure(seed, name="text"):
    """Measure."""
    import math

    # A comment.
    return {name: f"{math.sqrt(seed):.2f}" "and so on", "two": [np.pi, 1.0, None, True, 10_000]}
'''


def digest(code):
    return tree_digest(parse(code, "code"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("What it is for.", "Another word."),
        ('"""What it is for."""\n', ""),
        ('    """Measure."""\n', ""),
        ("How large.", "How long."),
        ("# A comment.", "# Another."),
        ("from helpers.data import load_mnist", "from helpers.datasets.mnist import load_mnist"),
        ("import numpy as np", "import numpy.core as np, os"),
        ("    import math\n", ""),
        ("\n", "\r\n"),
        ("    return", "    pass\n    return"),
        ('\n    """Measure."""', '\n    r"""Measure\\s."""'),
        ("10_000", "10000"),
        ('"two"', "u'two'"),
        ('" "and so on', "and so on"),
        ("(0, 1, 2)", "(0, 1,\n         2,)"),
    ],
)
def test_code_that_was_moved_or_explained_anew_has_the_same_digest(old, new):
    assert old in CODE
    assert digest(CODE.replace(old, new)) == digest(CODE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(0, 1, 2)", "(0, 1, 3)"),
        ("(0, 1, 2)", "(0, 2, 1)"),
        ("(0, 1, 2)", "[0, 1, 2]"),
        ("1.0", "1"),
        ("True", "1"),
        ("True", "False"),
        ("None", "0"),
        (", None", ""),
        (":.2f", ":.3f"),
        ("}", "!r}"),
        ("and so on", "and so forth"),
        ("math.sqrt", "math.exp"),
        ("seed, name", "seed, *, name"),
        ("seed, name", "seed, /, name"),
        ('name="text"', "name"),
        ("units: int = 32", "units: int"),
        ("units: int", "units: float"),
        ('"two": ', '**two, "two": '),
        ("Of the code.", "A string that is no docstring."),
        ("    return {", "    yield {"),
        ("class Settings:", "@frozen\nclass Settings:"),
        ("class Settings:", "class Settings(Base):"),
        ("def measure", "async def measure"),
    ],
)
def test_a_changed_number_name_string_or_call_changes_the_digest(old, new):
    assert old in CODE
    assert digest(CODE.replace(old, new, 1)) != digest(CODE)


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ("def f():\n    import a", 'def f():\n    """Doc."""'),
        ("class E(Exception):\n    pass", 'class E(Exception):\n    """Doc."""'),
        ("if late:\n    import a as b", "if late:\n    from c import d"),
        (
            "try:\n    import a\nexcept ImportError:\n    a = None",
            "try:\n    import b as a\nexcept ImportError:\n    a = None",
        ),
        ('f"{x}" "a" "b"', 'f"{x}ab"'),
        ('f"{x:}"', 'f"{x}"'),
        ("", "import a"),
        ("async def f():\n    'doc'\n    x()", "async def f():\n    x()"),
    ],
)
def test_what_is_left_of_an_import_or_a_docstring_does_not_matter(one, same):
    assert digest(one) == digest(same)


def test_an_f_string_has_one_digest_however_its_text_is_cut():
    whole, cut, other = (
        ast.JoinedStr([ast.Constant(part) for part in parts])
        for parts in (["one, two"], ["one", "", ", two"], ["one", "", ", too"])
    )
    assert tree_digest(cut) == tree_digest(whole) != tree_digest(other)


MORE = """
total = [f'{x!r:>{width}}{{}}{y = }' f'' 'σ', b'\\xff', -1e-300j, ..., 0x_ff, not x]
match point:
    case {'x': 0, **rest} | [1, *_]:
        x[1:, ::2] = lambda *a, b=1, **c: (yield)
@cached
async def late(x: int, /, *, y=None) -> list[str]:
    async with a as b, c:
        return [await z async for z in x if (w := z)]
"""


@pytest.mark.slow
def test_one_tree_has_one_digest_under_every_python_that_runs_the_book():
    code = CODE + MORE
    program = "import sys; from trees import *; print(tree_digest(parse(sys.argv[1], 'code')))"
    found = {digest(code)}
    for version in ("3.11", "3.12", "3.13"):
        python = subprocess.run(
            ["sh", ROOT / "tools" / "find_python.sh", "ANY", version],
            text=True,
            capture_output=True,
            check=False,
        )
        if python.returncode == 0:  # a machine may have but one
            command = [python.stdout.strip(), "-c", program, code]
            done = subprocess.run(
                command, cwd=ROOT / "tools", text=True, capture_output=True, check=True
            )
            found.add(done.stdout.strip())
    # Written down under Python 3.11, so that the next Python is held to it, too.
    assert found == {"7b4f9330d23ee7b9290156f75396e66ee1d10f757c8a703c306d53622186cb50"}


@pytest.fixture
def book(tmp_path):
    """A folder with helpers that import each other, and a script that imports one of them."""
    files = {
        "helpers/__init__.py": '"""Helpers."""\n',
        "helpers/checks.py": "LIMIT = 1\n",
        "helpers/data.py": "from helpers.checks import LIMIT\nSIZE = 2 * LIMIT\n",
        "helpers/deep/__init__.py": "from .inner import ONE\n",
        "helpers/deep/inner.py": "from .. import checks\nfrom ..data import SIZE\nONE = 1\n",
        "helpers/plots.py": "COLOUR = 'blue'\n",
        "script.py": "from helpers.data import SIZE\nSEEDS = (0, 1, 2)\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def change(book, name, old, new):
    path = book / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def of_script(book):
    return script_digests(book / "script.py", book)


@pytest.mark.parametrize("name", ["helpers/data.py", "helpers/checks.py"])
def test_a_changed_helper_is_noticed_behind_another_one_too(book, name):
    before = of_script(book)
    with (book / name).open("a") as file:
        file.write("NEW = 3\n")
    assert of_script(book).code == before.code
    assert of_script(book).helpers != before.helpers


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("helpers/plots.py", "blue", "red"),  # which the script does not import
        ("helpers/checks.py", "LIMIT = 1", '"""A word."""\nimport os\nLIMIT = 1  # one'),
        ("helpers/__init__.py", "Helpers.", "What is shared."),
    ],
)
def test_another_helper_or_a_reworded_one_is_none_that_changed(book, name, old, new):
    before = of_script(book)
    change(book, name, old, new)
    assert of_script(book) == before


def test_helpers_may_move(book):
    (book / "helpers/__init__.py").write_text("VERSION = 1\n")
    before = of_script(book)
    (book / "helpers/datasets").mkdir()
    (book / "helpers/data.py").rename(book / "helpers/datasets/image_set.py")
    (book / "helpers/datasets/__init__.py").write_text("from .image_set import SIZE\n")
    change(book, "script.py", "helpers.data", "helpers.datasets")
    assert of_script(book) == before


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("import helpers.plots", "helpers/plots.py"),
        ("import os, helpers.plots as p", "helpers/plots.py"),
        ("from helpers import plots", "helpers/plots.py"),
        ("def f():\n    from helpers.plots import COLOUR", "helpers/plots.py"),
        ("from helpers.deep import ONE", "helpers/deep/inner.py"),
        ("from helpers.deep.inner import *", "helpers/deep/inner.py"),
        ("from helpers import deep", "helpers/checks.py"),
        ("import helpers", "helpers/__init__.py"),
    ],
)
def test_every_way_to_import_a_helper_is_seen(book, line, seen):
    (book / "script.py").write_text(line + "\n")
    before = of_script(book)
    with (book / seen).open("a") as file:
        file.write("NEW = 3\n")
    assert of_script(book).helpers != before.helpers


def test_packages_that_are_no_helpers_are_left_alone(book):
    (book / "script.py").write_text("import numpy\nfrom helpersome import x\nfrom . import y\n")
    before = of_script(book)
    for name in ("checks", "data", "plots", "__init__"):
        (book / f"helpers/{name}.py").write_text("NEW = 3\n")
    assert of_script(book) == before


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("script.py", "from helpers.missing import x", "helpers.missing is imported and is not"),
        ("helpers/data.py", "import helpers.gone", "helpers.gone is imported and is not there"),
        ("helpers/data.py", "def", "data.py is not Python"),
        ("script.py", "%run x", "script.py is not Python"),
    ],
)
def test_what_cannot_be_hashed_is_said(book, name, text, problem):
    (book / name).write_text(text)
    with pytest.raises(ValueError, match=problem):
        of_script(book)


def of_chapter(folder, *code, **expressions):
    path = folder / "chapter.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in code]), path)
    return chapter_digests(path, expressions)


def test_a_chapters_digest_is_that_of_its_code_and_not_of_its_text_or_outputs(tmp_path):
    before = of_chapter(tmp_path, "x = 1", error="x")
    path = tmp_path / "chapter.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(new_markdown_cell("More to read."))
    notebook.cells[0].outputs = [nbformat.v4.new_output("stream", text="1")]
    nbformat.write(notebook, path)
    assert chapter_digests(path, {"error": "x"}) == before


@pytest.mark.parametrize(
    "cells",
    [
        ("# A word.\nx = 1", "y = 2"),
        ("x = 1\ny = 2",),
        (INSTALL_CELL, "import numpy", "x = 1", "", "y = 2"),
        ("x = 1\r\n\r\ny = 2\r\n",),
    ],
)
def test_a_chapter_may_be_cut_into_other_cells(tmp_path, cells):
    wanted = of_chapter(tmp_path, "x = 1", "y = 2", error="x + 1", other="y")
    assert of_chapter(tmp_path, *cells, other="y", error="(x+1)").code == wanted.code


@pytest.mark.parametrize(
    ("cells", "expressions"),
    [
        (("x = 2",), {"error": "x"}),
        (("x = 1", "'shown'"), {"error": "x"}),
        (("'shown'", "x = 1"), {"error": "x"}),
        (("x = 1",), {"error": "2 * x"}),
        (("x = 1",), {"loss": "x"}),
        (("x = 1",), {"error": "x", "loss": "x"}),
        (("x = 1",), {}),
    ],
)
def test_changed_code_or_headlines_change_a_chapters_digest(tmp_path, cells, expressions):
    before = of_chapter(tmp_path, "x = 1", error="x")
    assert of_chapter(tmp_path, *cells, **expressions).code != before.code


def test_a_chapters_helpers_are_those_that_all_its_cells_import(tmp_path):
    first = of_chapter(tmp_path, "from helpers.seeds import default_seed")
    both = of_chapter(tmp_path, "from helpers.seeds import default_seed", "import helpers.plots")
    assert first.helpers != both.helpers


def test_a_magic_outside_the_install_cell_is_said_with_its_cell(tmp_path):
    with pytest.raises(ValueError, match=r"cell \w+ of chapter.ipynb is not Python"):
        of_chapter(tmp_path, "%matplotlib inline")


@pytest.mark.slow
def test_every_result_can_be_asked_what_has_changed():
    for name in scripts() + chapters():
        assert set(changes_since(load_result(name))) <= {"code", "helpers"}
    with pytest.raises(ValueError, match=r"name must be a script's or a chapter's.*got 'huge'"):
        digests_of("huge")


@pytest.fixture
def three_results(monkeypatch, tmp_path):
    """A folder with copies of three results, as if today's code and helpers had made them."""
    for name in ("kinds", "speed", "when_it_does_not_work"):
        text = (RESULTS / f"{name}.json").read_text(encoding="utf-8")
        stored, now = load_result(name), digests_of(name)
        text = text.replace(stored.code_sha256, now.code)
        text = text.replace(stored.helpers_sha256, now.helpers)
        (tmp_path / f"{name}.json").write_text(text, encoding="utf-8")
    monkeypatch.setattr(release_check, "load_result", lambda name: load_result(name, tmp_path))
    monkeypatch.setattr(release_check, "scripts", lambda: ["kinds", "speed"])
    monkeypatch.setattr(release_check, "chapters", lambda: ["when_it_does_not_work"])
    facts = tmp_path / "lab" / "networks.json"
    facts.parent.mkdir()
    hashes = {f"{part}_sha256": value for part, value in lab_digests()._asdict().items()}
    facts.write_text(json.dumps(hashes), encoding="utf-8")
    monkeypatch.setattr(release_check, "LAB_FACTS", facts)
    return tmp_path


def test_the_release_check_passes_where_all_was_made_by_todays_code(three_results, capsys):
    release_check.main()
    assert (
        capsys.readouterr().out
        == "All 3 stored results and the lab were made by today's code and helpers.\n"
    )
    assert len(list(three_results.glob("*.json"))) == 3


@pytest.mark.slow
@pytest.mark.parametrize("name", ["speed", "when_it_does_not_work"])
@pytest.mark.parametrize("parts", [["code"], ["helpers"], ["code", "helpers"]])
def test_the_release_check_names_what_changed_and_the_command(three_results, capsys, name, parts):
    path = three_results / f"{name}.json"
    text = path.read_text(encoding="utf-8")
    for part in parts:
        text = text.replace(getattr(digests_of(name), part), "0" * 64)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit, match=r"^1 of 4 have to be made anew"):
        release_check.main()
    assert capsys.readouterr().out == (
        f"{name}: {' and '.join(parts)} changed since its result was stored. "
        f"Renew it: make results ONLY={name}\n"
    )


@pytest.mark.parametrize("parts", [["code"], ["helpers"]])
def test_the_release_check_names_the_lab(three_results, capsys, parts):
    facts = three_results / "lab" / "networks.json"
    hashes = json.loads(facts.read_text(encoding="utf-8"))
    hashes |= {f"{part}_sha256": "0" * 64 for part in parts}
    facts.write_text(json.dumps(hashes), encoding="utf-8")
    with pytest.raises(SystemExit, match=r"^1 of 4 have to be made anew"):
        release_check.main()
    said = capsys.readouterr().out
    assert said == f"lab: {parts[0]} changed since its networks were made: make lab\n"


def test_the_release_check_fails_on_a_result_that_is_missing_or_damaged(three_results, capsys):
    (three_results / "kinds.json").unlink()
    (three_results / "speed.json").write_text("{")
    with pytest.raises(SystemExit, match=r"^2 of 4 "):
        release_check.main()
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["kinds", "speed"]
    assert [line.rpartition(": ")[2] for line in lines] == [
        "make results ONLY=kinds",
        "make results ONLY=speed",
    ]


def test_make_has_the_release_check_and_ci_does_without():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "\nrelease-check: setup ##" in makefile
    assert "-m tools.release_check\n" in makefile
    assert "release-check" not in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
