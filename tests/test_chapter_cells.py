"""How the site shows a chapter's cells: claims as cards, code folded, figures numbered, tables."""

import re

import nbformat
import pytest
from chapter_cells import is_folded
from conftest import ROOT
from test_site import CHAPTERS, soup
from typesetting import typeset

from tools.chapter_rules import INSTALL_CELL, KEEP_OPEN, code_cells, tags
from tools.claim_rows import chapters_in_order, claim_anchor, figure_anchor, sentences
from tools.notebooks import CHECKED

NAMES = [chapter.partition("/")[2] for chapter in CHAPTERS]


def cells_of(name):
    return code_cells(nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4))


@pytest.mark.parametrize("name", NAMES)
def test_each_claim_is_a_card_with_its_anchor_and_its_sentence_first(site, name):
    cards = soup(site, f"notebooks/{name}").select(".claim")
    stored = sentences(name)
    assert [card["id"] for card in cards] == [claim_anchor(name, n + 1) for n in range(len(stored))]
    shown = [card.p.get_text() for card in cards]
    assert shown == [f"✓ {typeset(sentence)}" for sentence in stored]
    for number, card in enumerate(cards, 1):
        facts = card.select_one(".claim-facts").get_text()
        assert re.fullmatch(rf"Claim \d+\.{number} · checked under seeds 0–4", facts)


@pytest.mark.parametrize("name", NAMES)
def test_the_code_of_a_claim_stands_behind_a_line(site, name):
    for cell in soup(site, f"notebooks/{name}").select(".cell:has(.claim)"):
        folds = cell.select("details")
        assert [fold.summary.get_text() for fold in folds] == ["How this is checked"]
        assert "open" not in folds[0].attrs
        assert "claim(" in folds[0].pre.get_text()
        assert cell.select("pre") == folds[0].select("pre")


@pytest.mark.parametrize("name", NAMES)
def test_code_is_folded_by_the_rule_and_none_is_lost(site, name):
    page = soup(site, f"notebooks/{name}")
    shown = [block.get_text().strip() for block in page.select(".cell_input pre")]
    assert shown == [cell.source.strip() for cell in cells_of(name)]
    folded = [block.get_text().strip() for block in page.select(".fold-code .cell_input pre")]
    assert folded == [
        cell.source.strip()
        for cell in cells_of(name)
        if is_folded(cell.source, tags(cell)) and CHECKED not in tags(cell)
    ]
    for fold in page.select(".fold-code"):
        lines = sum(len(block.get_text().strip().splitlines()) for block in fold.select("pre"))
        first = fold.pre.get_text().splitlines()[0]
        what = "imports" if re.match("(import|from) ", first) else first
        assert fold.summary.get_text() == f"Code, {lines} lines: {what}"


@pytest.mark.parametrize(
    ("source", "folded"),
    [
        (INSTALL_CELL, True),
        ("x = 1", False),
        ("x = 1\n" * 22 + "x = 2", True),
        ("x = 1\n" * 21 + "x = 2", False),
        ("import a\nfrom b import (\n    c,\n    d,\n    e,\n    f,\n    g,\n)\nc.start()", True),
        ("import a\nx = 1\ny = 2\nz = 3\na.b(\n    x,\n    y,\n    z,\n)", False),
        ("plots.image_rows(x)", False),
        ("x = {\n" + "    1: 2,\n" * 6 + "}\nplots.image_rows(x);", True),
        ("x = {\n" + "    1: 2,\n" * 6 + "}\nx = plots.image_rows(x)", False),
        ("Table(\n" + "    1,\n" * 8 + ")", False),
    ],
)
def test_what_is_folded(source, folded):
    assert is_folded(source, set()) == folded
    assert not is_folded(source, {KEEP_OPEN})


@pytest.mark.parametrize("name", NAMES)
def test_figures_number_through_under_their_anchors(site, name):
    page = soup(site, f"notebooks/{name}")
    wanted = [
        figure_anchor(name, cell.id)
        for cell in cells_of(name)
        if any("image/png" in output.get("data", {}) for output in cell.outputs)
    ]
    assert [tag["id"] for tag in page.select(".cell:has(img)")] == wanted
    captions = page.select(".numbered-caption")
    chapter = chapters_in_order().index(name) + 1
    numbers = [caption.strong.get_text() for caption in captions]
    assert numbers == [f"Figure {chapter}.{number + 1}. " for number in range(len(wanted))]
    assert all(caption.find_previous_sibling().img for caption in captions)


@pytest.mark.parametrize("name", NAMES)
def test_a_claim_leads_to_the_figure_above_it(site, name):
    page = soup(site, f"notebooks/{name}")
    links = page.select(".fold-check > p a")
    assert links
    for link in links:
        figure = page.select_one(link["href"])
        assert (
            link.get_text() + ". " == figure.find_next(class_="numbered-caption").strong.get_text()
        )
        assert figure.sourceline < link.sourceline


@pytest.mark.parametrize("name", NAMES)
def test_every_table_of_numbers_has_headers_and_no_raw_keys(site, name):
    tables = soup(site, f"notebooks/{name}").select("table.measured")
    assert tables
    for table in tables:
        assert table.caption.get_text().strip()
        columns = table.select("thead th[scope=col]")
        for row in table.select("tbody tr"):
            assert row.select_one("th[scope=row]").get_text().strip()
            assert 0 <= len(columns) - len(row("td")) <= 1  # one more where the names have a header
        assert not re.search(r"\(long run|[a-z]\w*\.\w+\.\w", table.get_text(" "))
