"""Stored results: whole or not at all, known when stale, and quoted as they are."""

import json
import math
import re

import numpy as np
import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from helpers.results import (
    Result,
    Run,
    load_result,
    misquoted,
    script_hash,
    store_result,
    write_whole,
)

PAGES = [*sorted((ROOT / "book").glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]


def run(seconds=1.0, cores=2, **measured):
    return Run(measured or {"error": 1.0}, seconds, "2026-01-31", {"keras": "3.0"}, cores, "CPU")


def result(*errors):
    return Result("tiny", "0" * 64, {seed: run(error=error) for seed, error in enumerate(errors)})


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_a_result_is_read_as_it_was_written(errors):
    assert Result.from_json(result(*errors).to_json()) == result(*errors)


def test_values_are_those_of_the_seeds_and_text_is_their_median():
    errors = [3.0, 1.0, 2.5]
    np.testing.assert_array_equal(result(*errors).values("error"), errors)
    assert result(*errors).text("error") == "2.50"
    assert result(*errors).text("error", ".0f") == f"{np.median(errors):.0f}"
    assert result(*errors).text("seeds") == "0, 1, 2"
    assert result(*errors).text("keras") == "3.0"
    assert result(*errors).text("minutes") == "0.0"
    assert result(*errors).quote("error", ".1f") == "2.5 (long run tiny: error)"


def test_the_minutes_are_those_of_the_fastest_run():
    runs = {seed: run(seconds) for seed, seconds in enumerate((300.0, 93.0, 120.0))}
    assert Result("tiny", "", runs).text("minutes") == "1.6"


def test_mean_and_spread_are_numpys():
    errors = [3.0, 1.0, 2.6]
    mean, spread = np.mean(errors), np.std(errors, ddof=1)
    assert result(*errors).mean("error", ".3f") == f"{mean:.3f} ± {spread:.3f}"
    with pytest.raises(ValueError, match="tiny must have two seeds for a spread; it has 1"):
        result(1.0).mean("error")


def test_what_is_stored_is_loaded_and_nothing_else_lies_there(tmp_path):
    store_result(result(1.0), tmp_path)
    store_result(result(2.0), tmp_path)
    assert load_result("tiny", tmp_path) == result(2.0)
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.json"]


def test_writing_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_whole(path, "old")

    def cut_off(_from, _to):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", cut_off)
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, "new")
    assert path.read_text() == "old"


def test_the_hash_is_that_of_the_script_whatever_its_line_endings(tmp_path):
    (tmp_path / "unix.py").write_bytes(b"a = 1\n")
    (tmp_path / "windows.py").write_bytes(b"a = 1\r\n")
    (tmp_path / "other.py").write_bytes(b"a = 2\n")
    unix, windows, other = (
        script_hash(tmp_path / f"{name}.py") for name in ("unix", "windows", "other")
    )
    assert unix == windows != other


@pytest.mark.parametrize("value", [math.nan, math.inf, "1", None, True])
def test_only_finite_numbers_are_measured(value):
    with pytest.raises(ValueError, match="measured must hold finite numbers"):
        run(error=value)


def test_only_plain_names_are_measured():
    with pytest.raises(ValueError, match=r"got 'two words': 1.0"):
        run(**{"two words": 1.0})


def test_runs_of_one_result_measure_the_same_with_the_same():
    with pytest.raises(ValueError, match="at least one run of tiny"):
        Result("tiny", "", {})
    for other in (run(loss=1.0), run(cores=4)):
        with pytest.raises(ValueError, match="seed 1 of tiny does not"):
            Result("tiny", "", {0: run(), 1: other})


def test_what_is_not_there_is_said_with_what_is(tmp_path):
    store_result(result(1.0), tmp_path)
    with pytest.raises(ValueError, match=r"stored results, \['tiny'\]; got 'huge'"):
        load_result("huge", tmp_path)
    with pytest.raises(ValueError, match=r"key must be one of tiny's, \['error'\]; got 'loss'"):
        load_result("tiny", tmp_path).values("loss")


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"runs": {"0": {}}}', result(1.0).to_json()[:-20], '{"runs": {"x": {}}}'],
)
def test_a_file_that_was_cut_or_altered_is_said(tmp_path, text):
    (tmp_path / "tiny.json").write_text(text)
    with pytest.raises(ValueError, match="the stored result of tiny is cut or altered"):
        load_result("tiny", tmp_path)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("It is 2.50 (long run tiny: error).", None),
        ("It is 2.5 (long run tiny: error), and 3 (long run tiny: error).", None),
        ("It is 2.50 (long\nrun tiny: error).", None),
        ("It is 2.4 (long run tiny: error).", "the stored result says 2.5"),
        ("It is 2.50 (long run tiny: loss).", "key must be one of tiny's"),
        ("It is 2.50 (long run huge: error).", "name must be one of the stored results"),
    ],
)
def test_a_quoted_figure_is_the_stored_one(tmp_path, text, problem):
    store_result(result(3.0, 1.0, 2.501), tmp_path)
    wrong = misquoted(text, tmp_path)
    assert len(wrong) == (problem is not None)
    assert problem is None or problem in wrong[0]


# Numbers that a page may hold: published or chosen ones stand in the results too.
TYPED = re.compile(r"\d+\.\d+|\d[\d,]*\s*(?:times|seconds?|s|minutes?|MB|GB|%)\b")


def typed_figures(page: str) -> list[str]:
    """What a page that shows stored results writes by hand all the same.

    Settings may stand in code or in a formula, and a published figure in a line with its citation.
    """
    if "{result}" not in page and "{mean}" not in page:
        return []
    page = "\n".join(line for line in page.splitlines() if "{cite" not in line)
    return TYPED.findall(re.sub(r"```.*?```|`[^`]*`|\$[^$]*\$", "@", page, flags=re.DOTALL))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_pages_quote_stored_figures_and_type_none(path):
    text = path.read_text(encoding="utf-8")
    assert misquoted(text) == []
    if path.parent == ROOT / "book":
        assert typed_figures(text) == []


def test_a_typed_figure_beside_stored_ones_is_noticed():
    assert typed_figures("It takes {result}`speed a .2f` s, 3 times faster, in 0.5 s.") == [
        "3 times",
        "0.5",
    ]
    assert typed_figures("{mean}`speed a .2f`, $\\sigma = 0.5$, in 0.5 s") == ["0.5"]
    assert typed_figures("{mean}`speed a .2f`\nhere 0.5\n8.01 {cite:p}`Hinton`") == ["0.5"]
    assert typed_figures("In 784-32-784, {result}`speed a .2f` s; `train(x, rate=0.5)`.") == []


def test_results_hold_their_runs_in_full():
    for path in (ROOT / "helpers" / "results").glob("*.json"):
        stored = json.loads(path.read_text(encoding="utf-8"))
        for one in stored["runs"].values():
            assert {"python", "tensorflow", "keras", "numpy"} <= set(one["versions"])
            assert one["cores"] >= 1
            assert re.fullmatch(r"\d{4}-\d\d-\d\d", one["date"])
