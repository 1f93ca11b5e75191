"""Stored results as dots: where a dot stands, what the page has, and what is refused."""

import numpy as np
import pytest
from bs4 import BeautifulSoup
from seed_plots import Panel, dots, draw, read_panels, shortened
from test_site import soup

from helpers.stored import load_result


def places(html):
    return [float(dot["cx"].rstrip("%")) for dot in BeautifulSoup(html, "html.parser")("circle")]


def test_a_dot_stands_as_far_from_0_as_its_number_is_large():
    assert places(dots(np.array([0.0, 5.0, 10.0]), largest=20.0)) == [0, 25, 50]


def test_the_rows_of_a_panel_share_a_scale():
    html = draw(Panel("error", {"one": np.array([1.0, 2.0]), "other": np.array([4.0])}))
    assert places(html) == [25, 50, 100]


def test_a_row_ends_in_its_median():
    html = draw(Panel("error", {"one": np.array([1.0, 2.0, 9.0])}))
    assert BeautifulSoup(html, "html.parser").get_text(" ").split() == ["error", "one", "2.00"]


@pytest.mark.parametrize(
    ("number", "text"), [(0.3264, "0.326"), (23.0, "23.0"), (511.2, "511"), (1741.6, "1,742")]
)
def test_a_median_has_the_digits_that_count(number, text):
    assert shortened(number) == text


def test_numbers_that_are_all_0_stand_at_the_left():
    assert places(draw(Panel("dead units", {"one": np.zeros(3)}))) == [0, 0, 0]


def test_panels_hold_what_is_stored():
    first, second = read_panels(
        ["error", "  PCA: kinds pca.error", "", "gain", "  a: b: kinds wide.gain"]
    )
    assert (first.title, second.title) == ("error", "gain")
    assert (first.rows["PCA"] == load_result("kinds").values("pca.error")).all()
    assert list(second.rows) == ["a: b"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "must have panels with rows; got none"),
        (["error"], r"must have panels with rows; got \['error'\]"),
        (["  PCA: kinds pca.error"], "title must stand before its rows"),
        (["error", "  PCA: kinds"], "`label: experiment key`; got 'PCA: kinds'"),
        (["error", "  PCA"], "`label: experiment key`; got 'PCA'"),
        (["error", "  PCA: kinds pca.eror"], "pca.eror"),
        (["error", "  PCA: kinnds pca.error"], "kinnds"),
        (["error", "  a: kinds pca.error", "  a: kinds wide.error"], "got 'a' twice"),
    ],
)
def test_what_cannot_be_drawn_is_refused(lines, said):
    with pytest.raises(ValueError, match=said):
        read_panels(lines)


@pytest.mark.site
def test_the_kinds_are_drawn_with_a_dot_a_seed(site):
    plot = soup(site, "book/conclusion").select_one("div.seed-plot[role=img][aria-label]")
    seeds = len(load_result("kinds").runs)
    assert len(plot("svg")) == 29
    assert all(len(row("circle")) == seeds for row in plot("svg"))
