"""Stored results: whole or not at all, known when stale, and quoted as they are."""

import json
import math
import re

import numpy as np
import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from helpers.claims import ClaimRecord
from helpers.stored import Result, Run, load_result, misquoted, store_result, write_whole

PAGES = [*sorted((ROOT / "book").glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]


def run(seconds=1.0, cores=2, claims=(), **measured):
    versions = {"keras": "3.0"}
    return Run(measured or {"error": 1.0}, seconds, "2026-01-31", versions, cores, "CPU", claims)


def result_of(*runs):
    return Result("tiny", "0" * 64, "1" * 64, dict(enumerate(runs)))


def result(*errors):
    return result_of(*(run(error=error) for error in errors))


def claiming(*values, sentence="It holds.", holds=True):
    """A result whose one claim rests on one value under each seed."""
    records = [ClaimRecord(sentence, holds, {"value": value}) for value in values]
    return result_of(*(run(claims=(record,)) for record in records))


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_a_result_is_read_as_it_was_written(errors):
    assert Result.from_json(result(*errors).to_json()) == result(*errors)


def test_values_are_those_of_the_seeds_and_the_median_is_numpys():
    errors = [3.0, 1.0, 2.5]
    np.testing.assert_array_equal(result(*errors).values("error"), errors)
    assert result(*errors).median_text("error") == "2.50"
    assert result(*errors).median_text("error", ".0f") == f"{np.median(errors):.0f}"
    assert result(*errors).quote("error", ".1f") == "2.5 (long run tiny: error)"


def test_values_are_floats_where_whole_numbers_were_measured():
    assert result(3, 1).values("error").dtype == np.float64


def test_facts_are_those_of_the_runs():
    runs = {
        3: Run({"error": 1.0}, 300.0, "2026-01-30", {"keras": "3.0"}, 2, "CPU"),
        5: Run({"error": 1.0}, 93.0, "2026-01-31", {"keras": "3.0"}, 2, "CPU"),
        7: Run({"error": 1.0}, 120.0, "2026-01-29", {"keras": "3.0"}, 2, "CPU"),
    }
    facts = {
        "date": "2026-01-31",
        "seeds": "3, 5, 7",
        "minutes": "1.6",  # of the fastest
        "cores": "2",
        "device": "CPU",
        "keras": "3.0",
    }
    stored = Result("tiny", "", "", runs)
    assert stored.facts == facts == {name: stored.fact(name) for name in facts}


def test_a_fact_and_a_measurement_are_asked_for_apart():
    with pytest.raises(ValueError, match=r"name must be a fact of tiny's run.*got 'error'"):
        result(1.0).fact("error")
    with pytest.raises(ValueError, match=r"key must be one of tiny's, \['error'\]; got 'minutes'"):
        result(1.0).median_text("minutes")


@pytest.mark.parametrize("name", ["minutes", "date", "seeds", "cores", "device", "keras"])
def test_a_measurement_called_as_a_fact_is_refused(name):
    clashing = Run(**{**vars(run()), "measured": {"error": 1.0, name: 1.0}})
    with pytest.raises(ValueError, match=rf"not be called as a fact.*got \['{name}'\] in tiny"):
        result_of(clashing)


@pytest.mark.parametrize("form", ["d", "two", 2, None, ".2s"])
def test_a_form_that_is_none_is_refused_by_its_name(form):
    for method in (Result.median_text, Result.mean_text, Result.quote):
        with pytest.raises(ValueError, match="form must be one for numbers"):
            method(result(1.0, 2.0), "error", form)


@pytest.mark.parametrize("form", [".1%", ".2e", "+.1f", "8.1f"])
def test_a_quotation_that_no_test_could_read_is_refused(form):
    with pytest.raises(ValueError, match="form must write digits, a point and commas"):
        result(1.0).quote("error", form)


def test_mean_and_spread_are_numpys():
    errors = [3.0, 1.0, 2.6]
    mean, spread = np.mean(errors), np.std(errors, ddof=1)
    assert result(*errors).mean_text("error", ".3f") == f"{mean:.3f} ± {spread:.3f}"
    with pytest.raises(ValueError, match="tiny must have two seeds for a spread; it has 1"):
        result(1.0).mean_text("error")


def test_a_claims_values_are_stacked_in_the_order_of_the_seeds():
    values = np.random.default_rng(0).normal(size=(3, 2, 4))
    stored = Result.from_json(claiming(*values.tolist()).to_json())
    assert stored.claims == ["It holds."]
    for which in (0, "It holds."):
        np.testing.assert_array_equal(stored.claim_values(which, "value"), values)
        np.testing.assert_array_equal(stored.claim_holds(which), [True] * 3)
    assert claiming(1, 2).claim_values(0, "value").dtype == np.float64


def test_a_claim_that_did_not_hold_is_stored_as_such():
    stored = Result.from_json(claiming(1.0, holds=False).to_json())
    assert stored.claim_holds(0).tolist() == [False]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**30, 0.1 + 0.2, [], [[1]]])
def test_a_claims_value_comes_back_as_it_was_from_json_that_all_can_read(value):
    text = claiming(value, [value, [value]]).to_json()

    def refuse(name):
        raise ValueError(name)

    json.loads(text, parse_constant=refuse)  # NaN and Infinity are no JSON
    found = [run.claims[0].measured["value"] for run in Result.from_json(text).runs.values()]
    np.testing.assert_equal(found, [value, [value, [value]]])


def test_claims_are_found_by_number_where_two_have_one_sentence():
    records = [ClaimRecord("It holds.", True, {"value": value}) for value in (1, 2)]
    stored = result_of(run(claims=tuple(records)))
    assert stored.claim_values(1, "value") == [2]
    with pytest.raises(ValueError, match=r"got 'It holds.', which 2 have"):
        stored.claim_values("It holds.", "value")


@pytest.mark.parametrize("which", [1, -1, "Another.", None, True, 0.0])
def test_a_claim_that_is_not_there_is_said(which):
    with pytest.raises(ValueError, match=r"claim must be a number below 1.*got .*, which 0 have"):
        claiming(1.0).claim_holds(which)


def test_a_claims_value_that_is_not_there_or_has_no_one_shape_is_said():
    with pytest.raises(ValueError, match=r"one of the claim's, \['value'\]; got 'other'"):
        claiming(1.0).claim_values(0, "other")
    with pytest.raises(ValueError, match=r"'value' must have one shape.*\(\), \(2,\)"):
        claiming(1.0, [1.0, 2.0]).claim_values(0, "value")


def test_a_result_stored_before_claims_were_is_read_and_has_none():
    old = json.loads(result(1.0).to_json())
    for one in old["runs"].values():
        del one["claims"]
    stored = Result.from_json(json.dumps(old))
    assert stored == result(1.0)
    assert stored.claims == []


def test_runs_of_one_result_claim_the_same_in_the_same_order():
    one, two = (ClaimRecord(sentence, True, {"a": 1, "b": 2}) for sentence in ("One.", "Two."))
    swapped = ClaimRecord("One.", False, {"b": 3, "a": 4})
    assert result_of(run(claims=(one,)), run(claims=(swapped,))).claims == ["One."]
    fewer = ClaimRecord("One.", True, {"a": 1})
    for other in ((two, one), (one,), (), (fewer, two)):
        with pytest.raises(ValueError, match=r"the same claims.*seed 1 of tiny does not"):
            result_of(run(claims=(one, two)), run(claims=other))


def test_what_is_stored_is_loaded_and_nothing_else_lies_there(tmp_path):
    store_result(result(1.0), tmp_path)
    store_result(result(2.0), tmp_path)
    assert load_result("tiny", tmp_path) == result(2.0)
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.json"]


def test_a_folder_may_be_a_text(tmp_path):
    store_result(result(1.0), str(tmp_path))
    assert load_result("tiny", str(tmp_path)) == result(1.0)
    assert misquoted("It is 1.00 (long run tiny: error).", str(tmp_path)) == []


def test_a_file_is_written_into_folders_that_are_missing_and_over_one_that_is_there(tmp_path):
    path = tmp_path / "new" / "newer" / "file"
    for text in ("first", "second"):
        write_whole(path, text)
        assert path.read_text() == text


def test_writing_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_whole(path, "old")

    def cut_off(_from, _to):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", cut_off)
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, "new")
    assert path.read_text() == "old"


@pytest.mark.parametrize("value", [math.nan, math.inf, "1", None, True])
def test_only_finite_numbers_are_measured(value):
    with pytest.raises(ValueError, match="measured must hold finite numbers"):
        run(error=value)


def test_only_plain_names_are_measured():
    with pytest.raises(ValueError, match=r"got 'two words': 1.0"):
        run(**{"two words": 1.0})


def test_runs_of_one_result_measure_the_same_with_the_same():
    with pytest.raises(ValueError, match="at least one run of tiny"):
        result_of()
    for other in (run(loss=1.0), run(cores=4)):
        with pytest.raises(ValueError, match="seed 1 of tiny does not"):
            result_of(run(), other)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seconds", -1.0),
        ("seconds", math.inf),
        ("seconds", None),
        ("date", "31.1.2026"),
        ("date", None),
    ],
)
def test_seconds_and_date_are_what_they_should_be(field, value):
    with pytest.raises(ValueError, match=f"{field} must be a"):
        Run(**{**vars(run()), field: value})


@pytest.mark.parametrize("name", ["", "two words", "../tiny", None])
def test_a_result_has_a_plain_name(name):
    with pytest.raises(ValueError, match="name must be letters, digits and _"):
        Result(name, "", "", {0: run()})


def test_a_run_is_read_as_it_was_written():
    one = run(claims=(ClaimRecord("It holds.", True, {"value": [1.5, 2]}),), error=1.0)
    assert Run.from_json(one.to_json()) == one
    with pytest.raises(ValueError, match="text must be a stored run"):
        Run.from_json("[]")


def test_what_is_not_there_is_said_with_what_is(tmp_path):
    store_result(result(1.0), tmp_path)
    with pytest.raises(ValueError, match=r"stored results, \['tiny'\]; got 'huge'"):
        load_result("huge", tmp_path)
    with pytest.raises(ValueError, match=r"stored results, \['tiny'\]; got '../x/tiny'"):
        load_result("../x/tiny", tmp_path)
    with pytest.raises(ValueError, match=r"key must be one of tiny's, \['error'\]; got 'loss'"):
        load_result("tiny", tmp_path).values("loss")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"runs": {"0": {}}}',
        result(1.0).to_json()[:-20],
        '{"runs": {"x": {}}}',
        result(1.0).to_json().replace("code_sha256", "script_sha256"),
        result(1.0).to_json().replace('"tiny"', '"other"'),
        claiming(1.0).to_json().replace('"holds": true', '"holds": 1'),
        claiming(1.0).to_json().replace('"value": 1.0', '"value": "much"'),
        claiming(1.0).to_json().replace('"It holds."', "null"),
    ],
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
    if not re.search(r"\{(?:result|mean|fact)\}", page):
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
    assert typed_figures("{fact}`speed cores`, in 0.5 s") == ["0.5"]
    assert typed_figures("In 784-32-784, {result}`speed a .2f` s; `train(x, rate=0.5)`.") == []


def test_results_hold_their_runs_in_full():
    for path in (ROOT / "helpers" / "results").glob("*.json"):
        stored = json.loads(path.read_text(encoding="utf-8"))
        for part in ("code", "helpers"):
            assert re.fullmatch(r"[0-9a-f]{64}", stored[f"{part}_sha256"])
        for one in stored["runs"].values():
            assert {"python", "tensorflow", "keras", "numpy"} <= set(one["versions"])
            assert one["cores"] >= 1
            assert re.fullmatch(r"\d{4}-\d\d-\d\d", one["date"])
