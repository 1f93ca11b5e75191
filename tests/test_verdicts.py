"""Marked sentences: each has its entry, its numbers, and an expression that every seed carries."""

from dataclasses import replace

import pytest
from bs4 import Comment
from test_site import soup

from helpers.claims import ClaimRecord
from helpers.stored import Result, Run, store_result
from tools import verdicts as rules
from tools.prose import Sentence
from tools.verdicts import Verdict

MADE = {"versions": {"python": "3"}, "cores": 2, "device": "CPU"}
SMALL, LARGE = [1.0, 1.1, 0.9], [2.0, 2.1, 2.2]
GOOD = Verdict(
    "05_page",
    "less",
    "With 32 numbers, half of the error is left.",
    "stored('a.error') < 0.7 * stored('b.error')",
    (("32", "setting"), ("half", "stored('a.error') / stored('b.error')")),
)


@pytest.fixture
def results(tmp_path):
    """A stored result of three seeds, and a claim."""
    runs = {
        seed: Run(
            {"a.error": small, "b.error": large, "c.error": 3.0 + seed},
            1.0,
            "2026-11-26",
            **MADE,
            claims=(ClaimRecord("It holds, always.", True, {"table": [small, large]}),),
        )
        for seed, (small, large) in enumerate(zip(SMALL, LARGE, strict=True))
    }
    store_result(Result("05_page", "0" * 64, "0" * 64, runs), tmp_path)
    return tmp_path


def wrong_with(folder, **changed):
    return rules.wrong_in(replace(GOOD, **changed), folder)


def test_the_book_s_verdicts_hold_and_its_pages_compare_no_more_than_they_did():
    sentences = [each for path in rules.pages() for each in rules.sentences_of(path)]
    verdicts, allowed = rules.read_verdicts()
    assert rules.unfitting_marks(verdicts, sentences) == []
    assert rules.risen(allowed, sentences) == []
    assert [text for verdict in verdicts for text in rules.wrong_in(verdict)] == []


def test_a_verdict_that_every_seed_carries_is_right(results):
    assert rules.wrong_in(GOOD, results) == []


def test_a_verdict_turned_round_is_wrong(results):
    (wrong,) = wrong_with(results, holds="stored('a.error') > 0.7 * stored('b.error')")
    assert wrong.startswith("05_page.less: ")
    assert "does not hold under the seeds [False, False, False]" in wrong


def test_one_seed_that_disagrees_is_enough(results):
    (wrong,) = wrong_with(results, holds="stored('a.error') < 1.05")
    assert "[True, False, True]" in wrong


@pytest.mark.parametrize(
    "holds",
    [
        "median(stored('a.error')) < median(stored('b.error'))",
        "stored('a.error')[0] < stored('b.error')[0]",
        "stored('a.error') == stored('a.error')",
        "(stored('a.error') < 2) | True",
    ],
)
def test_an_expression_that_some_seed_cannot_make_false_is_refused(results, holds):
    assert any(
        "would hold whatever 05_page measured" in text for text in wrong_with(results, holds=holds)
    )


@pytest.mark.parametrize(
    ("holds", "said"),
    [
        ("1 < 2", "reads no stored value"),
        ("stored('d.error') < 2", "key must be one of"),
        ("stored('a.error', 'nothing') < 2", "name must be one of the stored results"),
        ("stored('a.error') <", "cannot be evaluated"),
        ("open('a')", "cannot be evaluated"),
        ("stored('a.error')", "must be true or false"),
        ("claimed('No such claim', 'table') < 2", "0 do"),
        ("claimed('It holds', 'tables') < 2", "name must be one of"),
    ],
)
def test_an_expression_that_asks_for_nothing_stored_is_refused(results, holds, said):
    (wrong,) = wrong_with(results, holds=holds, numbers=GOOD.numbers)
    assert said in wrong


def test_an_expression_reads_claims_and_all_other_models(results):
    assert wrong_with(results, holds="claimed('It holds', 'table')[:, 0] < 1.5") == []
    assert wrong_with(results, holds="below(stored('a.error'), others('a.error'))") == []
    assert wrong_with(results, holds="count(stored('a.error') > 1.05) == 1") == []
    (wrong,) = wrong_with(results, holds="above(stored('b.error'), others('b.error'))")
    assert "does not hold" in wrong


def test_a_number_is_listed_in_its_place(results):
    (wrong,) = wrong_with(results, numbers=GOOD.numbers[1:])
    assert "it has the numbers ['32', 'half']" in wrong


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (("half", "stored('b.error') / stored('a.error')"), "it says half"),
        (("half", "0.5"), "reads no stored value"),
        (("half", "stored('e')"), "key must be one of"),
        (("half", "bound"), "holds compares with no such number"),
    ],
)
def test_a_number_that_is_not_the_stored_one_is_refused(results, number, said):
    (wrong,) = wrong_with(results, numbers=(GOOD.numbers[0], number))
    assert said in wrong


def test_a_bound_stands_in_the_expression(results):
    bound = (GOOD.numbers[0], ("half", "bound"))
    holds = "stored('a.error') < 1.2 * 0.5 * stored('b.error')"
    assert wrong_with(results, numbers=bound, holds=holds) == []
    part = ("two thirds", "bound")
    holds = "stored('a.error') < 2 / 3 * stored('b.error')"
    assert wrong_with(results, sentence="It has two thirds.", numbers=(part,), holds=holds) == []


def test_a_setting_stands_in_the_code(results):
    sentence = "With 31.7 numbers it is less."
    (wrong,) = wrong_with(results, sentence=sentence, numbers=(("31.7", "setting"),))
    assert "no code of the page has it" in wrong


def marked(text=GOOD.sentence, page="05_page", marks=("less",)):
    return Sentence(page, "cell", text, marks)


def test_marks_and_entries_fit():
    assert rules.unfitting_marks([GOOD], [marked(), marked("Free.", marks=())]) == []
    assert rules.unfitting_marks([GOOD], [marked(f"*{GOOD.sentence}*")]) == []


@pytest.mark.parametrize(
    ("sentences", "said"),
    [
        ([marked(), marked("So.", marks=("more",))], "05_page.more: the page has this mark, and"),
        ([], "05_page.less: no sentence of the page has this mark"),
        ([marked(page="06_page")], "06_page.less: the page has this mark"),
        ([marked(GOOD.sentence.replace("half", "most"))], "most of the error is left.', its entry"),
        ([marked(), marked()], "more than one sentence has this mark"),
    ],
)
def test_a_mark_that_does_not_fit_is_named(sentences, said):
    assert any(said in text for text in rules.unfitting_marks([GOOD], sentences))


def test_a_page_has_at_most_forty_verdicts():
    many = [replace(GOOD, mark=f"m{number}") for number in range(41)]
    sentences = [marked(marks=(verdict.mark,)) for verdict in many]
    assert rules.unfitting_marks(many[:40], sentences[:40]) == []
    (wrong,) = rules.unfitting_marks(many, sentences)
    assert "has 41 verdicts" in wrong


@pytest.mark.parametrize(
    "text",
    [
        "It is larger than PCA.",
        "The best wins.",
        "80 % of it.",
        "a few per cent",
        "Half is lost.",
        "twice",
        "nearly all",
        "the largest error",
        "It does most.",
    ],
)
def test_sentences_that_compare_are_seen(text):
    assert rules.compares(marked(text))


@pytest.mark.parametrize(
    "text",
    [
        "The test images.",
        "All the rest.",
        "A request, an interest.",
        "Thank you.",
        "The forest",
        "It has {mean}`kinds best.error`.",
        "see [it](#the-best)",
    ],
)
def test_sentences_that_do_not_are_let_be(text):
    assert not rules.compares(marked(text))


def test_unmarked_comparisons_may_only_fall():
    two = [marked("It is less than b.", marks=()), marked("The best.", marks=())]
    assert rules.risen({"05_page": 2}, two) == []
    assert "compare without a mark, and may have 1" in rules.risen({"05_page": 1}, two)[0]
    assert "lower its figure from 3" in rules.risen({"05_page": 3}, two)[0]
    assert "there is no such page" in rules.risen({"05_page": 2, "06_page": 0}, two)[0]
    assert rules.risen({}, two * 7) == []
    assert "may have 15" in rules.risen({}, two * 8)[0]


def test_an_entry_has_what_it_needs(tmp_path):
    path = tmp_path / "verdicts.toml"
    path.write_text('[verdicts.05_page.less]\nsentence = "It is."\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"05_page\.less must have sentence and holds"):
        rules.read_verdicts(path)


def test_no_reader_sees_a_mark(site):
    conclusion = soup(site, "book/conclusion")
    assert "v:winners" not in conclusion.get_text()
    assert "v:winners" in "".join(
        conclusion.find_all(string=lambda text: isinstance(text, Comment))
    )
