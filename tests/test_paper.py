"""The book on paper: two pages of the site are printed, and what came out is read."""

import re
from collections import Counter
from unicodedata import normalize

import pytest
from bs4 import BeautifulSoup
from conftest import ROOT
from playwright.sync_api import sync_playwright
from pypdf import PdfReader
from test_site import CONFIG, LISTED, soup

from tools import paper
from tools.browser import find_browser
from tools.paper import article, lead, pages_in_order, print_book, whole

CHAPTER, GLOSSARY = "notebooks/04_learned_from_noise", "book/notation"
PRINTED = [CHAPTER, GLOSSARY]
HOME = CONFIG["html"]["baseurl"]
INCH = 25.4  # millimetres

pytestmark = pytest.mark.browser


def squeezed(text):
    """Text without what a line break may add or take away."""
    return re.sub(r"\s", "", normalize("NFKC", text))


@pytest.fixture(scope="module")
def printed(site, tmp_path_factory):
    """The PDF of the two pages."""
    target = tmp_path_factory.mktemp("paper") / "book.pdf"
    print_book(site, target, PRINTED)
    assert [path.name for path in target.parent.iterdir()] == ["book.pdf"]
    return PdfReader(target)


@pytest.fixture(scope="module")
def texts(printed):
    """What stands on each sheet, squeezed."""
    return [squeezed(sheet.extract_text()) for sheet in printed.pages]


@pytest.fixture(scope="module")
def book(site):
    """All pages of the book as one, in HTML."""
    return whole(site, LISTED, {})


def headings(site, levels):
    """The headings of the two pages, as they are read."""
    found = [tag for page in PRINTED for tag in soup(site, page).select("article.bd-article")]
    return [
        re.sub(r"#$", "", tag.get_text()).strip() for part in found for tag in part.select(levels)
    ]


def test_the_whole_book_is_printed_in_the_order_of_its_contents():
    assert pages_in_order() == LISTED


def test_the_cover_says_what_the_book_is_and_where_it_lives(texts):
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    for part in (CONFIG["title"], f"Version {version[1]}", HOME):
        assert squeezed(part) in texts[0]


def test_the_contents_name_the_sheet_of_every_section(site, printed, texts):
    contents = {}
    for sheet in printed.pages[1:]:
        found = re.findall(
            r"^ *(\S.*?) {2,}(\d+)$", sheet.extract_text(extraction_mode="layout"), re.M
        )
        contents |= {squeezed(heading): int(number) for heading, number in found}
        if not found:  # the first sheet behind the contents
            break
    wanted = [squeezed(heading) for heading in headings(site, "h1, h2")]
    assert len(wanted) > 10
    for heading in wanted:
        assert heading in texts[contents[heading] - 1]
    numbers = [contents[heading] for heading in wanted]
    assert numbers == sorted(numbers)
    assert numbers[0] > 2  # no line of the contents is taken for what it names


def test_the_outline_has_every_heading(site, printed):
    def flat(entries):
        for entry in entries:
            yield from flat(entry) if isinstance(entry, list) else [squeezed(entry.title)]

    wanted = [squeezed(heading) for heading in headings(site, "h1, h2, h3, h4")]
    assert list(flat(printed.outline)) == wanted


def test_a_screen_reader_finds_language_tags_and_what_pictures_show(site, printed):
    root = printed.trailer["/Root"]
    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"]
    kinds, alts = [], []
    waiting = [root["/StructTreeRoot"]]
    while waiting:
        element = waiting.pop().get_object()
        if isinstance(element, list):
            waiting += element
        elif isinstance(element, dict):
            kinds.append(element.get("/S"))
            alts.append(element.get("/Alt"))
            waiting += [element["/K"]] if "/K" in element else []
    assert {"/H1", "/H2", "/P", "/Table", "/TH", "/TD", "/Figure", "/Link", "/L"} <= set(kinds)
    pictures = soup(site, CHAPTER).select("article.bd-article img:not(.only-dark)")
    assert len(pictures) > 5
    for picture in pictures:
        assert picture["alt"] in alts


def test_links_lead_on_within_the_pdf_and_to_the_published_site(printed):
    links = [
        link.get_object()
        for sheet in printed.pages
        for link in sheet.get("/Annots", [])
        if link.get_object()["/Subtype"] == "/Link"
    ]
    within = {link["/Dest"].removeprefix("/") for link in links if "/Dest" in link}
    outward = {link["/A"]["/URI"] for link in links if "/A" in link}
    places = {name.removeprefix("/") for name in printed.named_destinations}
    assert len(within) > 20
    assert within <= places
    assert any(place.startswith("notation--term-") for place in within)
    assert all(address.startswith(("https://", "http://")) for address in outward)
    assert f"{HOME}notebooks/03_denoising.html" in {
        address.partition("#")[0] for address in outward
    }


def test_a_link_says_on_which_sheet_it_ends_where_its_words_do_not(texts):
    everything = "".join(texts)
    to_the_chapter = re.findall(r"learnedfromnoise\(p\.(\d+)\)", everything)
    assert len(to_the_chapter) > 1
    for number in to_the_chapter:
        assert "4.Learnedfromnoise" in texts[int(number) - 1]
    figure = re.search(r"thefiltersarenotnothing\(p\.(\d+)\)", everything)
    assert "Figure4.1." in texts[int(figure[1]) - 1]
    assert not re.search(r"\d{4}\]?\(p\.", everything)  # nor behind a citation


def test_every_line_of_code_is_there(site, texts):
    everything = "".join(texts)
    cells = soup(site, CHAPTER).select("div.cell_input pre")
    checks = soup(site, CHAPTER).select("details.fold-check pre")
    lines = {line for cell in cells if cell not in checks for line in cell.get_text().splitlines()}
    assert len(lines) > 200
    assert [line for line in lines if squeezed(line) not in everything] == []


def test_no_heading_stands_alone_at_the_foot_of_a_sheet(site, printed):
    last = []
    for number, sheet in enumerate(printed.pages, 1):
        lines = map(squeezed, sheet.extract_text(extraction_mode="layout").splitlines())
        last.append([line for line in lines if line not in ("", str(number))][-1])
    assert set(last) & {squeezed(heading) for heading in headings(site, "h1, h2, h3, h4")} == set()


def test_a_claim_is_not_torn_apart(site, texts):
    claims = soup(site, CHAPTER).select("div.claim")
    assert len(claims) > 15
    for claim in claims:
        parts = [squeezed(part.get_text()) for part in claim.select("p")]
        assert any(all(part in text for part in parts) for text in texts), claim.get_text()


LOOK = """async () => {
  const name = e => e.outerHTML.slice(0, 200);
  const beyond = [...document.querySelectorAll("body *")].filter(e =>
    e.checkVisibility() && !e.closest("mjx-container")
    && (e.getBoundingClientRect().right > innerWidth + 1
        || (e.matches("pre, td, th, div.cell_output") && e.scrollWidth > e.clientWidth + 1)));
  const pictures = [...document.querySelectorAll("img")];
  await Promise.allSettled(pictures.map(picture => picture.decode()));
  const missing = pictures.filter(picture => !picture.naturalWidth);
  return {beyond: beyond.map(name), missing: missing.map(name), pictures: pictures.length};
}"""


def look(text, folder):
    """What a page in HTML has in a browser, as wide as the print on a sheet: 170 millimetres."""
    source = folder / "book.html"
    source.write_text(text, encoding="utf-8")
    with sync_playwright() as playwright:
        program = find_browser(playwright.chromium.executable_path)
        browser = playwright.chromium.launch(executable_path=program)
        page = browser.new_page(viewport={"width": int(170 / INCH * 96), "height": 900})
        page.emulate_media(media="print")
        page.goto(source.as_uri())
        found = page.evaluate(LOOK)
        browser.close()
    return found


def test_nothing_reaches_beyond_the_sheet_and_every_picture_is_drawn(book, tmp_path):
    found = look(book, tmp_path)
    assert found["beyond"] == []
    assert found["pictures"] > 50
    assert found["missing"] == []


def test_what_reaches_beyond_the_sheet_and_a_picture_that_is_lost_are_noticed(tmp_path):
    text = '<pre style="overflow: auto">' + "x" * 300 + '</pre><img src="lost.png" alt="">'
    found = look(text + '<p style="width: 900px">wide</p>', tmp_path)
    assert [name[:4] for name in found["beyond"]] == ["<pre", "<p s"]
    assert len(found["missing"]) == 1


def test_a_link_of_the_whole_book_never_leads_to_a_place_that_is_not_printed(book):
    page = BeautifulSoup(book, "html.parser")
    places = Counter(tag["id"] for tag in page.select("[id]"))
    links = {tag["href"].removeprefix("#") for tag in page.select("a[href^='#']")}
    assert len(links) > 500
    assert {link for link in links if places[link] != 1} == set()


@pytest.mark.parametrize(
    ("href", "led"),
    [
        ("https://example.org/a.html#b", "https://example.org/a.html#b"),
        ("#term-code", "#notation--term-code"),
        ("../notebooks/04_learned_from_noise.html#a", "#04_learned_from_noise--a"),
        ("../notebooks/04_learned_from_noise.html", "#04_learned_from_noise--"),
        ("results.html#how-fast", f"{HOME}book/results.html#how-fast"),
        ("../genindex.html", f"{HOME}genindex.html"),
        ("../search.html?q=sparse#a", f"{HOME}search.html?q=sparse#a"),
        ("/genindex.html", f"{HOME}genindex.html"),
        ("mailto:a@example.org", "mailto:a@example.org"),
    ],
)
def test_a_link_leads_where_it_led_on_its_page(href, led):
    assert lead(href, GLOSSARY, PRINTED) == led


def test_what_belongs_to_a_screen_is_left_out(site):
    found = article(site, CHAPTER, PRINTED, {})
    assert found.select("details, summary, script, .headerlink, .only-dark, .copybtn, .run") == []
    assert "How this is checked" not in found.get_text()


def test_a_page_that_is_not_built_is_named(site, tmp_path):
    with pytest.raises(
        FileNotFoundError, match="page must be one of the built site, got 'book/no'"
    ):
        print_book(site, tmp_path / "book.pdf", ["book/no"])


def test_what_to_print_and_where_to_has_to_be_said():
    with pytest.raises(SystemExit, match=r"wanted: SITE PDF .*; got 1 arguments: \['site'\]"):
        paper.main(["site"])


def test_a_book_too_large_to_send_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(paper, "print_book", lambda _, target, __: target.write_bytes(b"1" * 11))
    monkeypatch.setattr(paper, "MOST_BYTES", 10)
    with pytest.raises(SystemExit, match="at most"):
        paper.main(["site", str(tmp_path / "book.pdf")])
