"""What is done to the built pages so that a phone need not wait: each part, on and off."""

import base64
import re
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote

import numpy as np
import pydata_sphinx_theme
import pytest
from bs4 import BeautifulSoup
from fontTools.ttLib import TTFont
from lean_pages import ICON_FONTS, PARTS, make_lean, pictures, scripts, styles
from PIL import Image
from test_site import LISTED, soup

PICTURE = np.kron(np.random.default_rng(0).integers(0, 2, (20, 30)), np.ones((8, 8))) * 255


@pytest.fixture
def small_site(tmp_path):
    """A site of one page, in a folder of its own, with a picture of each kind."""
    (tmp_path / "_images").mkdir()
    (tmp_path / "book").mkdir()
    picture = Image.fromarray(PICTURE.astype("uint8"))
    picture.save(tmp_path / "_images" / "a b.png", compress_level=0)
    Image.new("RGBA", (5, 4), "#12345680").save(tmp_path / "_images" / "clear.png")
    (tmp_path / "_images" / "logo.svg").write_text('<svg viewBox="0 0 60 20"></svg>')
    picture.save(tmp_path / "within.png", compress_level=0)
    within = base64.b64encode((tmp_path / "within.png").read_bytes()).decode()
    (tmp_path / "book" / "page.html").write_text(
        '<img src="../_images/logo.svg" alt="Logo"><article>'
        '<img class="only-light" src="../_images/a%20b.png?v=1" alt="a &gt; b">'
        '<img class="only-dark" src="../_images/clear.png" alt="c">'
        f'<img src="data:image/png;base64,{within}" width="24" height="16" alt="d">'
        '<img src="https://other.invalid/e.png" alt="e"></article>'
    )
    return tmp_path


def images(site):
    page = BeautifulSoup((site / "book" / "page.html").read_text(), "html.parser")
    return {image["alt"]: image for image in page.select("img")}


def test_each_picture_has_its_size_and_keeps_one_it_was_given(small_site):
    pictures(small_site)
    found = images(small_site)
    sizes = {name: (image.get("width"), image.get("height")) for name, image in found.items()}
    assert sizes == {
        "Logo": ("60", "20"),
        "a > b": ("240", "160"),
        "c": ("5", "4"),
        "d": ("24", "16"),
        "e": (None, None),
    }


@pytest.mark.parametrize(("kind", "first"), [("figure", None), ("only-light", "lazy")])
def test_the_first_picture_alone_is_fetched_at_once_if_it_is_shown_in_the_dark(
    small_site, kind, first
):
    page = small_site / "book" / "page.html"
    page.write_text(page.read_text().replace("only-light", kind))
    pictures(small_site)
    lazy = {name: image.get("loading") for name, image in images(small_site).items()}
    assert lazy == {"Logo": None, "a > b": first, "c": "lazy", "d": "lazy", "e": None}


def test_pictures_keep_every_pixel_and_come_out_of_the_page(small_site):
    pictures(small_site)
    found = images(small_site)
    for name in ("a > b", "d"):
        path = small_site / "book" / unquote(found[name]["src"])
        assert path.suffix == ".webp"
        assert np.array_equal(np.asarray(Image.open(path).convert("L")), PICTURE)
    clear = Image.open(small_site / "book" / found["c"]["src"]).convert("RGBA")
    assert clear.getpixel((0, 0)) == (0x12, 0x34, 0x56, 0x80)
    assert found["e"]["src"] == "https://other.invalid/e.png"


def test_a_drawing_without_a_size_is_named(small_site):
    (small_site / "_images" / "logo.svg").write_text("<svg></svg>")
    with pytest.raises(ValueError, match=r"logo\.svg has no viewBox"):
        pictures(small_site)


SCRIPTS = """<script src="_static/doctools.js?v=1"></script>
<script src="searchindex.js"></script>
<script src="_static/design-tabs.js"></script>
<script src="_static/copybutton.js"></script>
<script src="_static/togglebutton.js"></script>
<script>let toggleHintShow = 'Click to show';</script>
<script>DOCUMENTATION_OPTIONS.pagename = 'page';</script>
<script defer src="_static/theme.js"></script>
"""


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("<p>Words.</p>", []),
        ('<div id="search-results"></div>', ["searchindex"]),
        ('<div class="sd-tab-set docutils"></div>', ["design-tabs"]),
        ('<div class="highlight"></div>', ["copybutton"]),
        ('<div class="dropdown solution admonition"></div>', ["togglebutton"]),
        ('<button class="btn dropdown-toggle"></button>', []),
    ],
)
def test_no_script_is_waited_for_and_none_is_fetched_in_vain(tmp_path, body, kept):
    page = tmp_path / "page.html"
    page.write_text(SCRIPTS + body)
    scripts(tmp_path)
    tags = BeautifulSoup(page.read_text(), "html.parser").select("script")
    fetched = [tag for tag in tags if tag.get("src")]
    assert all(tag.has_attr("defer") for tag in fetched)
    names = [re.search(r"([\w-]+)\.js", tag["src"])[1] for tag in fetched]
    assert names == ["doctools", *kept, "theme"]
    within = {tag.get_text()[:8]: tag.get("type") for tag in tags if not tag.get("src")}
    assert within == {"let togg": None, "DOCUMENT": "module"}


@pytest.mark.parametrize("name", PARTS)
def test_a_part_that_is_not_named_is_left_out(small_site, monkeypatch, name):
    done = []
    for part in PARTS:
        monkeypatch.setitem(PARTS, part, lambda _site, part=part: done.append(part))
    others = [part for part in PARTS if part != name]
    builder = SimpleNamespace(name="html")
    app = SimpleNamespace(
        builder=builder, outdir=small_site, config=SimpleNamespace(lean_pages=others)
    )
    make_lean(app, None)
    assert done == others
    app.config.lean_pages = ["picture"]
    with pytest.raises(ValueError, match=r"lean_pages may name .*; got \['picture'\]"):
        make_lean(app, None)


def test_the_icon_fonts_hold_the_icons_that_are_shown_and_few_others(site):
    style = (site / "_static/styles/pydata-sphinx-theme.css").read_text(encoding="utf-8")
    held = set()
    for path in (site / ICON_FONTS).iterdir():
        assert path.suffix == ".woff"
        assert path.name in style
        held |= TTFont(path).getBestCmap().keys()
    assert len(held) < 60
    kinds = {"fa-solid", "fa-brands", "fa-regular", "fa-lg", "fa-stack"}
    for sheet in (site / "_static").rglob("*.css"):
        rules = re.sub(r"\.fa-[^{}]*\{[^{}]*\}", "", sheet.read_text(encoding="utf-8"))
        for code in re.findall(r'"\\(f[0-9a-f]{3})"', rules):
            assert int(code, 16) in held, (sheet.name, code)
    shown = {
        icon
        for name in LISTED
        for tag in soup(site, name).select("[class*='fa-']")
        for icon in tag["class"]
        if icon.startswith("fa-")
    } - kinds
    assert len(shown) > 10
    for icon in shown:
        rule = re.search(rf'\.{icon}:{{1,2}}before[^{{]*\{{(?:--fa|content):"\\?([^"]+)"', style)
        assert rule, icon
        assert int(rule[1], 16) in held, icon


def test_the_fonts_of_formulas_hold_each_sign_that_is_drawn_and_few_others(site):
    style = (site / "_static" / "formulas.css").read_text(encoding="utf-8")
    held = {
        path.name: TTFont(path).getBestCmap().keys()
        for path in (site / "_static" / "mathjax").glob("*.woff")
    }
    drawn = set(re.findall(r'content: "([^"\\])"', style))
    assert len(drawn) > 40
    every = set().union(*held.values())
    assert {ord(sign) for sign in drawn} <= every
    assert len(held["MathJax_Main-Regular.woff"]) < 120
    assert (site / "_static" / "mathjax" / "MathJax_Main-Regular.woff").stat().st_size < 20_000


@pytest.mark.parametrize(("body", "kept"), [('<div class="sd-card">', 1), ("<p>sd-card", 0)])
def test_a_style_sheet_without_a_use_is_not_fetched(tmp_path, body, kept):
    sheets = '<link rel="stylesheet" href="_static/sphinx-design.min.css?v=1" />\n'
    sheets += '<link rel="stylesheet" href="_static/book.css" />'
    (tmp_path / "page.html").write_text(sheets + body)
    scripts(tmp_path)
    left = (tmp_path / "page.html").read_text()
    assert left.count("sphinx-design") == kept
    assert left.count("book.css") == 1


SHEET = """/*! Licence */ /* A remark */ :root { --a: "\\f185" }
@font-face { font-family: Icons }
.kept, .gone > p, a.gone:hover { color: red }
.kept.gone { color: blue } .kept .given { top: 0 } .tip-left, .tip-right { left: 0 }
.kept:not(.gone), :is(.gone, .kept), [class*=gone] { right: 0 }
@media print { .gone { top: 1px } .kept { top: 2px } } @media screen { .gone { top: 3px } }
@supports (top: 0) { .quoted { top: 4px } .sm\\:kept { top: 5px } .x1 { top: 6px } }
@keyframes gone { to { top: 0 } }
"""
LEFT = """:root { --a: "\\f185 " } @font-face { font-family: Icons }
.kept { color: red } .kept .given { top: 0 }
.tip-left,.tip-right { left: 0 } .kept:not(.gone),:is(.gone, .kept),[class*=gone] { right: 0 }
@media print { .kept { top: 2px } } @supports (top: 0) { .quoted { top: 4px } }
@keyframes gone { to { top: 0 } }"""


def test_style_sheets_keep_what_a_page_has_or_a_script_may_give(tmp_path):
    (tmp_path / "_static").mkdir()
    (tmp_path / "page.html").write_text(
        """<p class="kept on" id="gone">gone</p><p class='quoted'></p>"""
        """<script>element.classList.add("given")</script><script src="a.js"></script>"""
    )
    (tmp_path / "a.js").write_text("tip.className = `tip-${side}`; let x = width-1")
    for name in ("theme.css", "book.css"):
        (tmp_path / "_static" / name).write_text(SHEET)
    styles(tmp_path)
    assert (tmp_path / "_static" / "book.css").read_text() == SHEET
    left = (tmp_path / "_static" / "theme.css").read_text()
    assert left.startswith("/*! Licence */")
    assert re.sub(r"\s", "", left.removeprefix("/*! Licence */")) == re.sub(r"\s", "", LEFT)


def test_the_themes_style_sheet_knows_every_class_of_a_page_that_it_knew(site):
    sheet = "styles/pydata-sphinx-theme.css"
    theme = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static"
    before, after = (
        {*re.findall(r"(?:^|[{}\n,])\.([a-z][\w-]*)(?=[,{])", path.read_text(encoding="utf-8"))}
        for path in (theme / sheet, site / "_static" / sheet)
    )
    pages = [soup(site, name) for name in [*LISTED, "search", "genindex"]]
    given = {name for page in pages for tag in page.select("[class]") for name in tag["class"]}
    assert len(given & before) > 30
    assert given & before - after == set()
    assert {"collapsing", "modal-backdrop"} <= after  # scripts give these
    built = (site / "_static" / sheet).read_text(encoding="utf-8")
    assert ".bs-tooltip-auto[data-popper-placement^=top]" in built  # which a script lengthens
    assert len(after) < len(before) / 2
