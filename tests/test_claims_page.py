"""The page of all claims: how it writes what a claim rests on, and that it lists every claim."""

import re

import pytest
from bs4 import BeautifulSoup
from claims_page import WIDTH, described, strip, written
from test_site import soup
from typesetting import typeset

from tools.claim_rows import chapters_in_order, claim_rows


def parsed(html):
    return BeautifulSoup(html, "html.parser")


def places(numbers):
    return [float(dot["cx"]) for dot in parsed(strip(numbers))("circle")]


def test_a_strip_has_a_dot_a_seed_from_the_smallest_at_the_left_to_the_largest():
    left, right, middle = places([1.0, 3.0, 2.0])
    assert left < middle < right
    assert middle == (left + right) / 2 == WIDTH / 2
    assert parsed(strip([1.0, 2.0])).svg["aria-hidden"] == "true"


def test_a_strip_leaves_out_what_is_not_finite():
    assert len(places([1.0, float("nan"), 2.0])) == 2
    assert strip([float("inf")]) == ""


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (7.98629, "7.986"),
        (0.0, "0"),
        (-3.0, "−3"),
        (1741888.0, "1,741,888"),
        (353482.4, "353,482"),
        (0.01234567, "0.01235"),
        (0.000012345, "1.23 × 10<sup>−5</sup>"),
        (-0.00002, "−2.00 × 10<sup>−5</sup>"),
        (float("nan"), "nan"),
    ],
)
def test_a_number_is_written_with_the_digits_that_count(number, text):
    assert written(number) == text


def test_a_value_that_varies_is_written_under_every_seed_in_their_order():
    item = parsed(described("test_error", [8.25, 7.5, 8.0]))
    assert item.dt.get_text() == "test error"
    assert item.dd.get_text().strip() == "8.25 · 7.5 · 8"
    assert len(item("circle")) == 3


def test_a_value_that_does_not_vary_is_written_once():
    item = parsed(described("side", [24, 24, 24]))
    assert item.dd.get_text() == "24 under every seed"
    assert not item("svg")


def test_a_table_of_values_is_given_by_its_range_over_all_seeds():
    item = parsed(described("table", [[[1.0, 9.0], [2.0, 3.0]], [[0.5, 4.0], [2.0, 3.0]]]))
    assert item.dd.get_text() == "4 numbers under each seed, 0.5 to 9"
    assert parsed(described("named", [[], []])).dd.get_text() == "0 numbers under each seed"


def test_a_name_is_no_markup():
    assert "<b>" not in described("<b>", [1.0, 2.0])


def test_the_page_lists_every_claim_and_leads_to_its_card(site):
    page = soup(site, "book/claims")
    rows = [row for chapter in chapters_in_order() for row in claim_rows(chapter)]
    items = page.select(".claim-row")
    assert [item.a["href"] for item in items] == [
        f"../notebooks/{row.chapter}.html#{row.anchor}" for row in rows
    ]
    for item, row in zip(items, rows, strict=True):
        number, _, sentence = item.p.get_text().partition(" ")
        assert re.fullmatch(rf"\d+\.{row.number}", number)
        assert sentence == typeset(row.sentence)
        assert [term.get_text() for term in item("dt")] == [
            name.replace("_", " ") for name in row.measured
        ]
    assert f"{len(rows)} claims" in " ".join(soup(site, "book/intro").get_text().split())
