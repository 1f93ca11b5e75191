"""The drawn formulas: that all are there, and that what is missing or in vain is named."""

import re

import nbformat
import pytest
from conftest import ROOT
from test_site import LISTED, soup

from tools import formulas
from tools.formulas import (
    FONTS,
    MATHJAX,
    STYLE,
    differences,
    draw,
    formulas_in,
    formulas_of_the_book,
    read_drawn,
)

PAGE = r"""# A page

A line with $\hat x$ in *words of $p_\sigma$*, and a price of 5 \$ or `$not$`.

$$
E = \frac{1}{n}
$$

| name | formula |
|---|---|
| error | $E$ |

```{exercise} One
With $k = 25$.

$$ s \sum_j z_j $$
```

~~~python
cost = "$neither$"
~~~
"""


def test_formulas_are_found_wherever_a_page_may_hold_them():
    assert list(formulas_in(PAGE)) == [
        ("inline", r"\hat x"),
        ("inline", r"p_\sigma"),
        ("display", r"E = \frac{1}{n}"),
        ("inline", "E"),
        ("inline", "k = 25"),
        ("display", r"s \sum_j z_j"),
    ]


def test_every_formula_of_the_book_is_drawn_and_none_in_vain():
    formulas = formulas_of_the_book()
    assert len(formulas) > 100
    assert differences(formulas, read_drawn()) == []


def test_what_is_not_drawn_and_what_is_drawn_in_vain_is_named():
    drawn = {("inline", "x"): "<mjx-container>", ("display", "y"): "<mjx-container>"}
    assert differences([("inline", "x"), ("inline", "y")], drawn) == [
        "the formula 'y' is not drawn: make formulas",
        "the formula 'y' is drawn, and no page has it: make formulas",
    ]


def test_a_formula_that_a_chapter_gains_is_missed(monkeypatch, tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "notebooks").mkdir()
    cell = nbformat.v4.new_markdown_cell(r"New: $\zeta_{17}$")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "notebooks" / "09_new.ipynb")
    monkeypatch.setattr(formulas, "ROOT", tmp_path)
    with pytest.raises(SystemExit, match=r"zeta_\{17\}' is not drawn: make formulas"):
        formulas.main([])


@pytest.mark.parametrize(
    "drawn", [pytest.param(item, id=item[0][1]) for item in read_drawn().items()]
)
def test_a_drawn_formula_can_be_seen_heard_and_is_its_tex(drawn):
    (kind, tex), html = drawn
    assert html.count("<mjx-container") == html.count("<mjx-assistive-mml") == 1
    assert ('display="true"' in html) == (kind == "display")
    assert "<math xmlns" in html
    spoken = re.sub("<[^>]*>", "", html[html.index("<math") :])
    digits = re.findall(r"\d", re.sub(r"\\[A-Za-z]+", "", tex))
    assert re.findall(r"\d", spoken) == digits
    assert "\\" not in spoken


def test_the_style_sheet_finds_its_fonts_and_draws_each_letter_that_is_used():
    style = STYLE.read_text(encoding="utf-8")
    fonts = set(re.findall(r'url\("([^"]+)"\)', style))
    assert all((STYLE.parent / font).is_file() for font in fonts)
    assert fonts == {f"{FONTS}/{path.name}" for path in (STYLE.parent / FONTS).glob("*.woff")}
    used = {name for html in read_drawn().values() for name in re.findall(r"mjx-c[0-9A-F]+", html)}
    styled = set(re.findall(r"\.(mjx-c[0-9A-F]+)(?:\.[\w-]+)?::before", style))
    assert len(used) > 50
    assert used <= styled


@pytest.mark.parametrize("name", LISTED)
def test_no_formula_is_lost_on_its_way_into_a_page(site, name):
    path = ROOT / f"{name}.md"
    if path.exists():
        texts = [path.read_text(encoding="utf-8")]
    else:
        cells = nbformat.read(path.with_suffix(".ipynb"), as_version=4).cells
        texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
    wanted = [read_drawn()[formula] for text in texts for formula in formulas_in(text)]
    page = (site / f"{name}.html").read_text(encoding="utf-8")
    repeated = len(soup(site, name).select("h1 ~ details .math"))  # what to remember
    assert len(soup(site, name).select(".math")) - repeated == len(wanted)
    assert all(html in page for html in wanted)


@pytest.mark.slow
@pytest.mark.browser
def test_drawing_says_what_tex_cannot_read():
    drawn, style = draw([("inline", "x^2"), ("display", r"\frac{1}{n}")])
    assert set(drawn) == {("inline", "x^2"), ("display", r"\frac{1}{n}")}
    assert ".mjx-c32::before" in style
    with pytest.raises(ValueError, match=r"TeX cannot read the formula '\\\\nonsense\{'"):
        draw([("inline", r"\nonsense{")])
    assert MATHJAX.is_file()
