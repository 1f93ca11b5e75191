"""How the site sets what is written as keyboards write it."""

import re

import pytest
from test_site import CHAPTERS, soup
from typesetting import tied, typeset


@pytest.mark.parametrize(
    ("written", "kept_together"),
    [
        ("at most 10 % above", "10\xa0%"),
        ("7 × 7 × 32", "7\xa0×\xa07\xa0×\xa032"),
        ("12.0 ± 1.1", "12.0\xa0±\xa01.1"),
        ("top-k, k = 25 of", "k\xa0=\xa025"),
        ("noise gain, %", ",\xa0%"),
    ],
)
def test_a_number_stays_with_its_unit(written, kept_together):
    assert kept_together in tied(written)
    assert tied(written).replace("\xa0", " ") == written


@pytest.mark.parametrize(
    "text", ["a × b", "error = the sum", "x is 3. Then 4", "rate=0.1", "5 of 10"]
)
def test_words_keep_their_breaks(text):
    assert tied(text) == text


def test_printed_text_gets_apostrophes_and_whole_numbers():
    assert typeset("PCA's, and the digits' at 1e-4") == "PCA’s, and the digits’ at 1e\u20114"
    assert typeset("'quoted' top-k") == "'quoted’ top-k"


@pytest.mark.parametrize("name", ["notebooks/05_sparse", "book/claims"])
def test_no_page_breaks_before_a_percent_sign(site, name):
    texts = [
        text
        for text in soup(site, name).find_all(string=True)
        if not text.find_parent(["pre", "code", "script"])
    ]
    assert not [text for text in texts if re.search(r"\d %", text)]
    assert [text for text in texts if "\xa0%" in text]


@pytest.mark.parametrize("name", CHAPTERS)
def test_short_code_is_marked_and_no_table_is_lost(site, name):
    page = soup(site, name)
    assert all(len(code.get_text()) <= 16 for code in page.select("code.short"))
    assert page.select("code.short")
    assert "'s" not in " ".join(card.p.get_text() for card in page.select(".claim"))
