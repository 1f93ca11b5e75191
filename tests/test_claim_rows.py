"""The rows of the page of all claims: their sentences, values, and what is missing of them."""

from dataclasses import replace

import pytest
from conftest import ROOT

from helpers.claims import ClaimRecord
from helpers.stored import Result, Run, store_result
from tools import claim_rows as rows
from tools.digests import chapter_digests, headlines
from tools.new_chapter import skeleton

CHAPTER = "01_properties"
DONE = {"versions": {"python": "3"}, "cores": 2, "device": "CPU"}


def run(claims, shift=0.0):
    records = tuple(
        ClaimRecord(sentence, True, {"error": number + shift, "all": [1.0, shift]})
        for number, sentence in enumerate(claims)
    )
    return Run({"a": 1.0}, 1.0, "2026-11-26", **DONE, claims=records)


def stored(folder, claims, **changed):
    digests = chapter_digests(ROOT / "notebooks" / f"{CHAPTER}.ipynb", headlines()[CHAPTER])
    result = Result(CHAPTER, *digests, {0: run(claims), 1: run(claims, 0.5)})
    store_result(replace(result, **changed), folder)
    return folder


def test_a_row_has_its_sentence_anchor_and_values_under_each_seed(tmp_path):
    sentences = rows.sentences(CHAPTER)
    found = rows.claim_rows(CHAPTER, results=stored(tmp_path, sentences))
    assert [row.sentence for row in found] == sentences
    assert [row.anchor for row in found][::20] == ["claim-1-01", "claim-1-21"]
    assert found[3].measured == {"error": [3.0, 3.5], "all": [[1.0, 0.0], [1.0, 0.5]]}
    assert rows.missing_records(CHAPTER, results=tmp_path) == []


@pytest.mark.parametrize("chapter", rows.chapters_in_order())
def test_every_claim_of_the_book_has_its_row_under_five_seeds(chapter):
    assert rows.missing_records(chapter) == []
    assert list(rows.recorded(chapter).runs) == [0, 1, 2, 3, 4]


def test_every_row_of_the_book_has_an_address_of_its_own():
    anchors = [row.anchor for name in rows.chapters_in_order() for row in rows.claim_rows(name)]
    assert len(set(anchors)) == len(anchors) > 150
    assert {"claim-3-07", "claim-when-it-does-not-work-01"} <= set(anchors)


def test_the_sentences_are_those_that_the_chapter_prints():
    assert rows.sentences(CHAPTER)[0].startswith("The code has 32 numbers")
    assert not any(sentence.startswith("✓") for sentence in rows.sentences(CHAPTER))


def test_a_chapter_without_stored_runs_is_named(tmp_path):
    (wrong,) = rows.missing_records(CHAPTER, results=tmp_path)
    assert wrong.startswith("01_properties has no stored runs")
    assert "make results ONLY=01_properties" in wrong
    assert rows.claim_rows(CHAPTER, results=tmp_path)[0].measured == {}


def test_a_claim_that_no_run_made_is_named(tmp_path):
    first, *others = rows.sentences(CHAPTER)
    (wrong,) = rows.missing_records(CHAPTER, results=stored(tmp_path, others))
    assert first in wrong
    assert rows.recorded(CHAPTER, results=tmp_path) is None


def test_claims_in_another_order_are_noticed(tmp_path):
    turned = rows.sentences(CHAPTER)[::-1]
    (wrong,) = rows.missing_records(CHAPTER, results=stored(tmp_path, turned))
    assert "in another order" in wrong


def test_code_that_changed_since_is_noticed(tmp_path):
    folder = stored(tmp_path, rows.sentences(CHAPTER), code_sha256="0" * 64)
    (wrong,) = rows.missing_records(CHAPTER, results=folder)
    assert "has changed since its claims were recorded" in wrong
    assert not rows.is_current(rows.recorded(CHAPTER, results=folder))


def test_helpers_that_changed_since_are_a_matter_for_a_release(tmp_path):
    folder = stored(tmp_path, rows.sentences(CHAPTER), helpers_sha256="0" * 64)
    assert rows.missing_records(CHAPTER, results=folder) == []


def test_a_new_chapter_has_the_mark_of_its_file():
    assert rows.chapter_mark("06_variational") == "6"
    assert rows.claim_anchor("12_last", 3) == "claim-12-03"
    assert rows.figure_anchor("when_it_does_not_work", "curves") == (
        "figure-when-it-does-not-work-curves"
    )
    assert "Table(" in skeleton("06_variational", "Variational autoencoders", "pass")
