"""A chapter is run in Colab's versions again when anything changed that could alter the result."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time

import nbformat
import pytest
import yaml
from conftest import ROOT

from tools import fingerprints, notebooks
from tools import test_in_colab as colab
from tools.chapter_rules import INSTALL_CELL
from tools.fingerprints import CHECKED, Plan, fingerprint, plan, read_passed, read_seconds
from tools.imports import data_files, named_data
from tools.test_in_colab import Outcome, Processes, Worker
from tools.trees import parse

CHAPTERS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
DATA = b"PK\0\r\n"
# The fingerprint of "two" below, so that every machine and every Python is held to one.
WRITTEN_DOWN = "eb34674f4e6eea331a679a3afbc3f03a1f02605f6c13b0115eb98e8b086974c0"


def cell(source, printed="", tags=(), kind="code"):
    more = {"execution_count": 1, "outputs": []} if kind == "code" else {}
    if printed:
        more["outputs"] = [{"output_type": "stream", "name": "stdout", "text": [printed]}]
    return {"cell_type": kind, "metadata": {"tags": list(tags)}, "source": [source], **more}


def chapter(*cells):
    book = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    return json.dumps(book, ensure_ascii=False, indent=1)


FILES = {
    ".gitattributes": "* text=auto\n",
    ".gitignore": "__pycache__/\n",
    "README.md": "Read me.\n",
    "_config.yml": "title: Book\nrepository:\n  url: https://example.org/autoencoder-book\n",
    "helpers/__init__.py": '"""What is shared."""\n',
    "helpers/checks.py": "LIMIT = 1\n",
    "helpers/claims.py": "def claim(*_): ...\n",
    "helpers/data/__init__.py": "from .digits import load\n",
    "helpers/data/digits.py": (
        "import numpy as np\nfrom ..checks import LIMIT\nFILE = 'digits.npz'\n"
    ),
    "helpers/data/digits.npz": DATA,
    "helpers/data/photos.npz": DATA,
    "helpers/models.py": "UNITS = 32\n",
    "helpers/stored.py": "RESULTS = 'results'\n",
    "helpers/results/long.json": "{}\n",
    "helpers/results/speed.json": "{}\n",
    "notebooks/one.ipynb": chapter(
        cell("# One\nText.", kind="markdown"),
        cell(INSTALL_CELL),
        cell("from helpers.data import load\nfrom helpers import stored\nx = 1", "7.8\n"),
        cell("claim('It holds.', x > 0)", "✓ It holds.\n", [CHECKED]),
    ),
    "notebooks/two.ipynb": chapter(cell("from helpers.models import UNITS"), cell("y = 1")),
    "notebooks/measured.json": '{"one": {"seconds": 9.5, "peak_bytes": 1e9}}\n',
    "pyproject.toml": (
        '[build-system]\nrequires = ["hatchling>=1.27"]\n[project]\nversion = "0.1.0"\n'
        'dependencies = ["keras>=3.13"]\n[project.optional-dependencies]\ntest = ["pytest>=8"]\n'
        '[tool.hatch.build.targets.wheel]\npackages = ["helpers"]\n[tool.ruff]\nline-length = 100\n'
    ),
    "tests/colab/constraints.txt": "keras==3.13.2\n",
    "tests/test_data.py": "assert True\n",
    "tools/notebooks.py": "TIMEOUT = 1200\n",
    "tools/test_in_colab.py": "WORKERS = 4\n",
    "tools/figures.py": "SIZE = 3\n",
}


def write(folder, files=FILES):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


@pytest.fixture
def book(tmp_path):
    return write(tmp_path / "book")


def change(book, name, old, new):
    path = book / name
    content = path.read_bytes()
    assert old.encode() in content
    path.write_bytes(content.replace(old.encode(), new.encode()))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("notebooks/one.ipynb", "x = 1", "x = 2"),
        ("notebooks/one.ipynb", "x = 1", "x = 1  # one"),
        ("notebooks/one.ipynb", "from helpers import stored", "import helpers.stored as stored"),
        ("notebooks/one.ipynb", "--quiet --no-deps", "--quiet"),
        ("notebooks/one.ipynb", "✓ It holds.", "✓ It held."),
        ("notebooks/one.ipynb", CHECKED, "raises-exception"),
        ("helpers/__init__.py", "shared", "common"),
        ("helpers/claims.py", "...", "pass"),  # which the install cell alone imports
        ("helpers/data/__init__.py", "load", "load as load"),
        ("helpers/data/digits.py", "import numpy as np", "import numpy.core as np"),
        ("helpers/data/digits.py", "np\n", "np\n# A word.\n"),
        ("helpers/checks.py", "1", "2"),  # behind another helper
        ("helpers/data/digits.npz", "\r\n", "\n"),
        ("helpers/results/long.json", "{}", "[]"),
        ("tests/colab/constraints.txt", "3.13.2", "3.13.3"),
        ("pyproject.toml", "hatchling>=1.27", "hatchling>=1.28"),
        ("pyproject.toml", "keras>=3.13", "keras>=3.14"),
        ("pyproject.toml", "0.1.0", "0.2.0"),
        ("pyproject.toml", '["helpers"]', '["helpers", "tools"]'),
        ("_config.yml", "autoencoder-book", "some-fork"),
        ("tools/notebooks.py", "1200", "600"),
        ("tools/test_in_colab.py", "4", "2"),
        (".gitignore", "__pycache__/", "*.npz"),
        (".gitattributes", "text=auto", "binary"),
    ],
)
def test_what_can_alter_a_chapters_result_changes_its_fingerprint(book, name, old, new):
    before = fingerprint("one", book)
    change(book, name, old, new)
    assert fingerprint("one", book) != before


def test_so_does_a_new_stored_result_a_moved_cell_or_a_cell_cut_in_two(book):
    found = [fingerprint("one", book)]
    write(book, {"helpers/results/new.json": "{}"})
    found.append(fingerprint("one", book))
    cells = json.loads(FILES["notebooks/one.ipynb"])["cells"]
    code, last = cells[2:]
    lines = code["source"][0].rpartition("\n")
    cut = [{**code, "source": [lines[0]]}, {**code, "source": [lines[2]]}]
    for changed in ([last, code], [*cut, last]):
        write(book, {"notebooks/one.ipynb": chapter(*cells[:2], *changed)})
        found.append(fingerprint("one", book))
    assert len(set(found)) == 4


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("notebooks/one.ipynb", "Text.", "More text."),
        ("notebooks/one.ipynb", "7.8", "7.9"),
        ("notebooks/one.ipynb", '"execution_count": 1', '"execution_count": 2'),
        ("notebooks/one.ipynb", '"metadata": {}', '"metadata": {"language": "python"}'),
        ("notebooks/two.ipynb", "y = 1", "y = 2"),
        ("helpers/models.py", "32", "64"),  # which the chapter does not import
        ("helpers/data/photos.npz", "PK", "KP"),  # which no module names
        ("tests/test_data.py", "True", "1"),
        ("tools/figures.py", "3", "4"),
        ("README.md", "me", "us"),
        ("_config.yml", "Book", "The book"),
        ("pyproject.toml", "pytest>=8", "pytest>=9"),
        ("pyproject.toml", "100", "99"),
        ("notebooks/measured.json", "9.5", "1.5"),
    ],
)
def test_what_cannot_does_not(book, name, old, new):
    before = fingerprint("one", book)
    change(book, name, old, new)
    assert fingerprint("one", book) == before


@pytest.mark.parametrize("name", ["helpers/data/digits.npz", "helpers/results/long.json"])
def test_data_counts_where_what_reads_it_is_imported(book, name):
    before = fingerprint("two", book)
    write(book, {name: b"other\0"})
    assert fingerprint("two", book) == before


def test_a_fingerprint_is_the_same_in_another_place_and_with_other_line_endings(book, tmp_path):
    for name, content in FILES.items():
        if isinstance(content, str):
            write(tmp_path / "other", {name: content.replace("\n", "\r\n").encode()})
        else:
            write(tmp_path / "other", {name: content})
    write(tmp_path / "other", {"helpers/results/__pycache__/plot.pyc": DATA})
    for one in ("one", "two"):
        assert fingerprint(one, book) == fingerprint(one, tmp_path / "other")
    assert fingerprint("two", book) == WRITTEN_DOWN


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("notebooks/one.ipynb", "{", r"^one\.ipynb is not a notebook: JSONDecodeError"),
        ("notebooks/one.ipynb", "{}", r"^one\.ipynb is not a notebook: KeyError\('cells'\)"),
        ("notebooks/one.ipynb", chapter(cell("x =")), "a cell of one is not Python"),
        ("notebooks/one.ipynb", chapter(cell("import helpers.gone")), "gone is imported and is"),
        ("helpers/checks.py", "def", r"checks\.py is not Python"),
    ],
)
def test_what_has_no_fingerprint_is_said(book, name, content, problem):
    write(book, {name: content})
    with pytest.raises(ValueError, match=problem):
        fingerprint("one", book)


def test_a_line_that_begins_with_a_percent_sign_is_a_magic_only_where_it_must_be(book):
    cells = [cell("import helpers.models\nrest = (7\n% 2)"), cell("%time\nimport helpers.stored")]
    write(book, {"notebooks/one.ipynb": chapter(*cells)})
    before = fingerprint("one", book)
    for name in ("models", "stored"):
        change(book, f"helpers/{name}.py", "\n", "\nNEW = 3\n")
        assert fingerprint("one", book) != before
        before = fingerprint("one", book)


def test_the_fingerprint_holds_the_claims_with_which_a_run_is_compared():
    assert CHECKED == notebooks.CHECKED
    for name in CHAPTERS:
        path = ROOT / "notebooks" / f"{name}.ipynb"
        hashed = [claims for _, tags, claims in fingerprints._code_cells(path) if CHECKED in tags]
        assert hashed == notebooks.claims_of(nbformat.read(path, as_version=4))
        assert all(hashed)


def test_every_file_of_data_in_the_helpers_is_named_by_a_module():
    modules = [parse(path.read_bytes(), path.name) for path in (ROOT / "helpers").rglob("*.py")]
    licence = ROOT / "helpers" / "datasets" / "LICENSE"
    assert data_files(ROOT) - named_data(modules, ROOT) == {licence}


def test_each_chapter_of_the_book_has_a_fingerprint_of_its_own():
    found = [fingerprint(name) for name in CHAPTERS]
    assert len(set(found)) == len(CHAPTERS)
    assert all(re.fullmatch("[0-9a-f]{64}", one) for one in found)


def test_the_record_names_chapters():
    assert set(read_passed(ROOT / fingerprints.PASSED)) <= set(CHAPTERS)


HASHES = {"a": "1" * 64, "b": "2" * 64, "c": "3" * 64}
OTHER = "4" * 64


@pytest.mark.parametrize(
    ("passed", "options", "wanted"),
    [
        ({}, {}, Plan(["a", "b", "c"], [])),
        (HASHES, {}, Plan([], ["a", "b", "c"])),
        ({**HASHES, "b": OTHER}, {}, Plan(["b"], ["a", "c"])),
        ({**HASHES, "gone": OTHER}, {}, Plan([], ["a", "b", "c"])),
        (HASHES, {"everything": True}, Plan(["a", "b", "c"], [])),
        (HASHES, {"chosen": ["b"]}, Plan(["b"], [])),
        ({}, {"chosen": ["c", "a", "c"]}, Plan(["a", "c"], [])),
        ({}, {"chosen": ["b"], "everything": True}, Plan(["b"], [])),
    ],
)
def test_what_changed_is_run_and_the_rest_is_skipped(passed, options, wanted):
    assert plan(HASHES, passed, {}, **options) == wanted


@pytest.mark.parametrize(
    ("seconds", "order"),
    [
        ({"a": 1.5, "b": 300, "c": 20}, ["b", "c", "a"]),
        ({"a": 1.5, "b": 300}, ["c", "b", "a"]),
        ({"b": 300, "gone": 1}, ["a", "c", "b"]),
    ],
)
def test_the_longest_chapter_is_run_first_and_one_that_was_never_measured_before_it(seconds, order):
    assert plan(HASHES, {}, seconds).run == order


def test_a_chapter_that_is_not_there_is_said_with_those_that_are():
    with pytest.raises(ValueError, match=r"CHAPTER must be one of a, b, c; got d, e$"):
        plan(HASHES, {}, {}, chosen=["d", "a", "e"])


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (read_passed, "{"),
        (read_passed, "<<<<<<< HEAD\n{}\n"),
        (read_passed, "[]"),
        (read_passed, '{"a": "1234"}'),
        (read_passed, '{"a": null}'),
        (read_seconds, "{"),
        (read_seconds, '{"a": 12}'),
        (read_seconds, '{"a": {}}'),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_what_to_do(tmp_path, read, text):
    path = tmp_path / "kept.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=rf"^{path} .*Restore it with git, or delete it\.$"):
        read(path)


def test_a_file_that_is_missing_holds_nothing(tmp_path):
    assert read_passed(tmp_path / "no.json") == {} == read_seconds(tmp_path / "no.json")


def test_seconds_are_read_from_what_was_measured(book):
    assert read_seconds(book / "notebooks/measured.json") == {"one": 9.5}


def reported(tmp_path, outcomes, before):
    path = tmp_path / "passed.json"
    colab.write_passed(path, before)
    return colab.report(["a", "b"], outcomes, HASHES, path), path


def test_a_pass_is_recorded_and_a_failure_takes_its_entry_away(tmp_path, capsys):
    outcomes = [Outcome("b", True, "b: 3 claims hold\n"), Outcome("a", False, "a: failed\n")]
    wrong, path = reported(tmp_path, outcomes, {"a": HASHES["a"], "b": OTHER, "c": OTHER})
    assert wrong == ["failed: a"]
    assert path.read_text() == json.dumps({"b": HASHES["b"], "c": OTHER}, indent=1) + "\n"
    assert capsys.readouterr().out == "b: 3 claims hold\na: failed\n"
    assert list(tmp_path.iterdir()) == [path]


def test_the_record_is_sorted_and_untouched_where_nothing_changes(tmp_path):
    path = tmp_path / "passed.json"
    colab.write_passed(path, {"b": OTHER, "a": OTHER})
    assert list(json.loads(path.read_text())) == ["a", "b"]
    before = path.stat()
    colab.write_passed(path, {"b": OTHER, "a": OTHER})
    assert path.stat().st_ino == before.st_ino


def test_an_interruption_keeps_what_was_reported_and_names_the_rest(tmp_path):
    def interrupted():
        yield Outcome("b", True, "")
        raise KeyboardInterrupt

    wrong, path = reported(tmp_path, interrupted(), {})
    assert wrong == ["interrupted: a"]
    assert read_passed(path) == {"b": HASHES["b"]}


def test_each_runner_takes_the_next_chapter_as_soon_as_it_is_free():
    begun, both = [], threading.Barrier(2, timeout=5)

    def quick(name):
        begun.append(name)
        if name in ("a", "b"):
            both.wait()  # which nobody passes alone
        return Outcome(name, True, "")

    found = list(colab.side_by_side(["a", "b", "c", "d"], [quick, quick]))
    assert sorted(begun[:2]) == ["a", "b"]
    assert begun[2:] == ["c", "d"]
    assert sorted(found) == [Outcome(name, True, "") for name in "abcd"]


def test_a_runner_that_breaks_down_costs_one_chapter_and_no_report():
    def runner(name):
        if name == "b":
            raise OSError("the disk is full")
        return Outcome(name, True, f"{name} ran\n")

    found = list(colab.side_by_side(["a", "b", "c"], [runner]))
    assert found == [
        Outcome("a", True, "a ran\n"),
        Outcome("b", False, "b: failed, the disk is full\n"),
        Outcome("c", True, "c ran\n"),
    ]


def test_an_interruption_stops_what_runs_and_begins_no_more():
    begun, stopped = [], threading.Event()

    def runner(name):
        begun.append(name)
        if name != "a":
            stopped.wait(timeout=5)
        return Outcome(name, True, "")

    outcomes = colab.side_by_side(["a", "b", "c"], [runner], stopped.set)
    assert next(outcomes).chapter == "a"
    outcomes.close()
    assert stopped.is_set()
    assert "c" not in begun


def test_a_process_is_stopped_with_what_it_started(tmp_path):
    os.mkfifo(tmp_path / "held")
    processes = Processes()
    command = ["sh", "-c", "exec >held; sleep 60 & echo begun; wait"]
    thread = threading.Thread(
        target=processes.run, args=command, kwargs={"folder": tmp_path}, daemon=True
    )
    thread.start()
    with (tmp_path / "held").open() as held:
        assert held.readline() == "begun\n"
        started = time.monotonic()
        processes.stop()
        assert held.read() == ""  # which comes when nothing holds its other end any more
    thread.join(timeout=5)
    assert not thread.is_alive()
    assert time.monotonic() - started < 10
    with pytest.raises(RuntimeError, match="interrupted"):
        processes.run("true")


def test_a_process_that_does_not_listen_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(colab, "SECONDS_TO_STOP", 0.1)
    processes, ended = Processes(), []
    command = ["sh", "-c", "trap '' TERM; touch deaf; while true; do sleep 1; done"]
    thread = threading.Thread(target=lambda: ended.append(processes.run(*command, folder=tmp_path)))
    thread.start()
    while not (tmp_path / "deaf").exists():
        time.sleep(0.01)
    processes.stop()
    thread.join(timeout=5)
    assert [end.well for end in ended] == [False]


def test_cores_are_shared_out_a_core_each_where_there_are_chapters_enough():
    assert colab.shares([0, 1], 5) == [{0}, {1}]
    assert colab.shares([3, 7], 1) == [{3, 7}]
    assert colab.shares(range(6), 9) == [{0, 4}, {1, 5}, {2}, {3}]
    assert colab.shares([5], 3) == [{5}]


# Does what Worker asks of Python, as far as it is asked here.
FAKE_PYTHON = """#!{python}
import os, sys
with open("asked", "a") as file:
    print(*sys.argv[1:], file=file)
cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
print("printed on", cores)
print("said", file=sys.stderr)
sys.exit({fails} in " ".join(sys.argv))
"""


def worker(book, folder, fails="'import helpers'", cores=()):
    folder.mkdir()
    python = folder / "python"
    python.write_text(FAKE_PYTHON.format(python=sys.executable, fails=fails))
    python.chmod(0o755)
    return Worker(python, set(cores), book, folder, dict(os.environ), Processes())


def test_a_worker_takes_the_helpers_away_before_a_chapter_is_checked(book, tmp_path):
    work = tmp_path / "work"
    passed = worker(book, work).run("one")
    assert (work / "asked").read_text().splitlines() == [
        "-m pip uninstall --quiet --yes autoencoder-book",
        "-c import helpers",
        f"{work}/notebooks.py check {work}/one.ipynb",
    ]
    assert passed[:2] == ("one", True)
    assert passed.report.startswith("printed on [")
    assert "said" not in passed.report


def test_a_chapter_that_fails_is_reported_with_all_that_was_said(book, tmp_path):
    failed = worker(book, tmp_path / "work", "sys.argv[-1][-5:] == 'ipynb' or 'import'").run("one")
    assert not failed.passed
    assert failed.report.startswith("said\nprinted on [")


@pytest.mark.parametrize(
    ("fails", "problem"),
    [("'nothing'", "imported before the install cell"), ("'uninstall'", "cannot be uninstalled")],
)
def test_a_worker_refuses_an_environment_that_is_not_clean(book, tmp_path, fails, problem):
    with pytest.raises(RuntimeError, match=problem):
        worker(book, tmp_path / "work", fails).run("one")


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores cannot be chosen here")
def test_a_worker_keeps_to_its_cores_and_leaves_the_others_theirs(book, tmp_path):
    before = os.sched_getaffinity(0)
    core = max(before)
    pinned = worker(book, tmp_path / "work", cores=[core])
    [outcome] = colab.side_by_side(["one"], [pinned.run])
    assert outcome.report == f"printed on [{core}]\n"
    assert os.sched_getaffinity(0) == before


def test_a_linked_copy_of_an_environment_has_its_packages_and_shares_no_change(tmp_path):
    made = [sys.executable, "-m", "venv", "--without-pip", tmp_path / "first"]
    subprocess.run(made, check=True)
    [packages] = (tmp_path / "first" / "lib").glob("python*/site-packages")
    (packages / "there.py").write_text("print('there')\n")
    python = colab.linked_copy(tmp_path / "first", tmp_path / "second")
    where = "import there, sys; print(sys.prefix); print(there.__file__)"
    done = subprocess.run([python, "-c", where], text=True, capture_output=True, check=True)
    printed, prefix, file = done.stdout.splitlines()
    assert (printed, prefix) == ("there", str(tmp_path / "second"))
    assert os.path.samefile(file, packages / "there.py")
    assert not os.path.islink(file)
    os.unlink(file)
    shutil.rmtree(tmp_path / "second")
    assert (packages / "there.py").read_text() == "print('there')\n"


class Fake:
    """Runs nothing, and remembers what it was asked for."""

    def __init__(self):
        self.ran, self.failing, self.made = [], set(), 0

    def workers(self, chapters, bare, book, processes):
        assert isinstance(processes, Processes)
        assert chapters > 0
        self.made += 1
        self.book = book
        assert (bare / "HEAD").is_file()
        return [self]

    def run(self, name):
        self.ran.append(name)
        assert (self.book / "notebooks" / f"{name}.ipynb").is_file()
        return Outcome(name, name not in self.failing, f"{name} ran\n")


@pytest.fixture
def checkout(book):
    subprocess.run(["git", "init", "--quiet", book], check=True)
    write(book, {"tests/colab/passed.json": json.dumps({"gone": OTHER})})
    return book


def test_chapters_are_run_until_they_pass_and_again_when_they_change(checkout, capsys):
    fake = Fake()

    def run(*chosen, everything=False):
        fake.ran, fake.made = [], 0
        try:
            colab.run_what_changed(checkout, chosen, everything, fake.workers)
            ended = []
        except SystemExit as stopped:
            ended = [stopped.code]
        return fake.ran, capsys.readouterr().out.splitlines() + ended

    def skipped(name):
        return f"{name}: unchanged since its last pass, skipped (ALL=1 runs it)"

    now = {name: fingerprint(name, checkout) for name in ("one", "two")}
    fake.failing = {"one"}
    ran, said = run()
    assert ran == ["two", "one"]  # one was measured, two never
    assert said[1:] == ["two ran", "one ran", "failed: one"]
    assert read_passed(checkout / fingerprints.PASSED) == {"two": now["two"]}

    fake.failing = set()
    ran, said = run()
    assert ran == ["one"]
    assert said[0] == skipped("two")
    assert said[-1] == "1 passed, 1 skipped"
    assert read_passed(checkout / fingerprints.PASSED) == now

    ran, said = run()
    assert (ran, fake.made) == ([], 0)
    assert said[:2] == [skipped("one"), skipped("two")]
    assert said[2].startswith("Nothing to run:")

    assert run("one")[0] == ["one"]
    fake.failing = {"two"}
    ran, said = run(everything=True)
    assert ran == ["two", "one"]
    assert said[-1] == "failed: two"
    assert read_passed(checkout / fingerprints.PASSED) == {"one": now["one"]}

    fake.failing = set()
    change(checkout, "helpers/checks.py", "1", "2")
    (checkout / "notebooks/two.ipynb").unlink()
    assert run()[0] == ["one"]
    assert read_passed(checkout / fingerprints.PASSED)["one"] != now["one"]


def test_what_git_ignores_or_is_edited_meanwhile_is_neither_run_nor_recorded(checkout):
    before = fingerprint("one", checkout)
    write(checkout, {".git/info/exclude": "*.draft\n", "helpers/results/long.json.draft": "{"})

    class Editing(Fake):
        def run(self, name):
            change(checkout, "helpers/checks.py", "1", "2")
            assert (self.book / "helpers/checks.py").read_text() == "LIMIT = 1\n"
            return super().run(name)

    colab.run_what_changed(checkout, ["one"], workers_for=Editing().workers)
    assert read_passed(checkout / fingerprints.PASSED) == {"one": before}
    assert (checkout / "helpers/checks.py").read_text() == "LIMIT = 2\n"


def test_an_unreadable_record_stops_before_anything_is_made(checkout):
    write(checkout, {"tests/colab/passed.json": "{"})
    fake = Fake()
    with pytest.raises(ValueError, match=r"passed\.json cannot be read"):
        colab.run_what_changed(checkout, workers_for=fake.workers)
    assert not fake.made


def test_make_passes_chapters_on_and_the_weekly_workflow_runs_all():
    task = ["make", "--dry-run", "test-colab", "CHAPTER=01_properties"]
    done = subprocess.run(task, cwd=ROOT, text=True, capture_output=True, check=True)
    assert "-m tools.test_in_colab 01_properties\n" in done.stdout
    text = (ROOT / ".github" / "workflows" / "colab.yml").read_text(encoding="utf-8")
    steps = yaml.safe_load(text)["jobs"]["colab"]["steps"]
    [step] = [step for step in steps if step.get("run") == "make test-colab"]
    assert step["env"] == {"ALL": "1"}


@pytest.mark.parametrize(
    ("variable", "everything"), [(None, False), ("", False), ("0", False), ("1", True)]
)
def test_all_and_chapters_are_read_from_where_make_leaves_them(monkeypatch, variable, everything):
    asked = []
    monkeypatch.setattr(colab, "run_what_changed", lambda *arguments: asked.append(arguments))
    monkeypatch.setattr(colab.signal, "signal", lambda *_: None)
    monkeypatch.setattr(sys, "version_info", (3, 13, 0))
    monkeypatch.setattr(sys, "argv", ["test_in_colab.py", "one", "two"])
    monkeypatch.delenv("ALL", raising=False)
    if variable is not None:
        monkeypatch.setenv("ALL", variable)
    colab.main()
    assert asked == [(ROOT, ["one", "two"], everything)]
