"""The book on paper: one PDF of the pages as they are built.

    python -m tools.paper SITE PDF [PAGE …]     of all pages of a built site, or of some

The pages become one, in the order of the table of contents, and Chromium prints it: with a cover, a
contents with page numbers, an outline, tags for screen readers, and links that lead on, within the
book and out of it. What checks a claim is left to the site; what makes a figure is printed.
"""

import sys
from datetime import UTC, datetime
from html import escape
from importlib.metadata import version
from pathlib import Path
from posixpath import normpath
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit

import yaml
from bs4 import BeautifulSoup, Tag
from playwright.sync_api import Browser, sync_playwright
from pypdf import PdfReader

from tools.browser import find_browser

ROOT = Path(__file__).resolve().parent.parent
STYLE = ROOT / "book" / "_static" / "paper.css"
COVER = ROOT / "book" / "_static" / "chapters" / "01_properties.png"
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
CONTENTS = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text(encoding="utf-8"))
MOST_BYTES = 20_000_000
MOST_PRINTS = 8
# Buttons, what only a screen needs, and what a page says twice.
ON_SCREEN = ".headerlink, .prev-next-area, .copybtn, .run, .sd-btn, .only-dark, script, "
ON_SCREEN += "details.fold-check, h1 ~ details.fold, details.fold-code > summary"
# Links that say by their own words where they lead: to the list of works, and to the glossary.
SAID = "[href*='references.html#'], .term"
PLAIN = "span.n, span.p, span.w"  # what code shows in the colour of text: two tags of three
FOOTER = (
    '<p style="width: 100%; margin: 0; font: 8pt sans-serif; text-align: center">'
    '<span class="pageNumber"></span></p>'
)


def pages_in_order() -> list[str]:
    """The pages' names in the order of the table of contents."""
    pages = [page for part in CONTENTS["parts"] for page in part["chapters"]]
    files = [each["file"] for page in pages for each in (page, *page.get("sections", []))]
    return [CONTENTS["root"], *files]


def anchor(page: str, place: str = "") -> str:
    """What a place of a page is called in the one page of all."""
    return f"{page.rpartition('/')[2]}--{place}"


def lead(href: str, page: str, pages: list[str]) -> str:
    """Where a link leads from the one page of all.

    Args:
        href: where it leads from its own page.
        page: that page's name.
        pages: those that are printed; a link to another leads to the published site.
    """
    parts = urlsplit(href)
    if parts.scheme:
        return href
    target = page
    if parts.path:
        target = normpath((Path(page).parent / unquote(parts.path)).as_posix())
    name = target.removesuffix(".html")
    if name in pages:
        return f"#{anchor(name, parts.fragment)}"
    return f"{CONFIG['html']['baseurl']}{parts._replace(path=target.lstrip('/')).geturl()}"


def article(site: Path, page: str, pages: list[str], numbers: dict[str, int]) -> Tag:
    """What stands on a page, for the one page of all: its places and links renamed.

    Args:
        site: the built site.
        page: the page's name.
        pages: those that are printed.
        numbers: the sheet of paper on which each place stands, as far as that is known.

    Raises:
        FileNotFoundError: the site has no such page.
    """
    path = site / f"{page}.html"
    if not path.is_file():
        raise FileNotFoundError(f"page must be one of the built site, got {page!r}: no {path}")
    soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    found = soup.select("article.bd-article")[0]
    for tag in found.select(ON_SCREEN):
        tag.decompose()
    for tag in found.select(PLAIN):
        tag.unwrap()
    for tag in found.select("details"):
        tag.name = "div"
    for tag in found.select("h1, h2, h3, h4"):
        tag.wrap(soup.new_tag("div", attrs={"class": "paper-heading"}))
    for tag in found.select("[id]"):
        tag["id"] = anchor(page, str(tag["id"]))
    for tag in found.select("img[src]"):
        tag["src"] = (path.parent / unquote(str(tag["src"]))).resolve().as_uri()
        del tag["loading"]
    for tag in found.select("summary"):
        tag.name = "strong"
    said = found.select(SAID)
    for tag in found.select("a[href]"):
        tag["href"] = lead(str(tag["href"]), page, pages)
        number = numbers.get(str(tag["href"]).removeprefix("#"))
        if number is not None and tag not in said:
            leads = soup.new_tag("span", attrs={"class": "paper-page"})
            leads.string = f" (p.\u00a0{number})"
            tag.insert_after(leads)
    found["id"] = anchor(page)
    return found


def whole(site: Path, pages: list[str], numbers: dict[str, int]) -> str:
    """All pages as one, in HTML, behind a cover and a contents.

    Args:
        site: the built site.
        pages: their names.
        numbers: the sheet of paper on which each place stands, as far as that is known.
    """
    articles = [article(site, page, pages, numbers) for page in pages]
    first = BeautifulSoup((site / f"{pages[0]}.html").read_text(encoding="utf-8"), "html.parser")
    named = [str(tag["href"]).partition("?")[0] for tag in first.select("link[rel=stylesheet]")]
    sheets = [(site / pages[0]).parent / name for name in named]
    sheets += [site / "_static" / "formulas.css", STYLE]
    links = "".join(f'<link rel="stylesheet" href="{path.resolve().as_uri()}">' for path in sheets)
    title, home = escape(CONFIG["title"]), CONFIG["html"]["baseurl"]
    made = f"Version {version('autoencoder-book')}, printed on {datetime.now(UTC):%Y-%m-%d}"
    return (
        '<!DOCTYPE html><html lang="en" data-theme="light"><head><meta charset="utf-8">'
        f"<title>{title}</title>{links}</head><body>"
        f'<section class="paper-cover"><p class="paper-title">{title}</p>'
        "<p>A free book that runs</p>"
        f'<img src="{COVER.as_uri()}" alt="An image, the 32 numbers of its code, and the image '
        'that is drawn from them">'
        f"<p>{made}</p><p>To run its chapters, and for the code that checks each claim:<br>"
        f'<a href="{home}">{home}</a></p></section>'
        f'<nav class="paper-contents"><p class="paper-title">Contents</p>'
        f"<ol>{''.join(_entries(articles, numbers))}</ol></nav>"
        f"{''.join(map(str, articles))}</body></html>"
    )


def _entries(articles: list[Tag], numbers: dict[str, int]) -> list[str]:
    """The lines of the contents: the pages and their sections."""
    lines = []
    for found in articles:
        for heading in found.select("h1, h2"):
            section = heading.find_parent("section", id=True)
            place = found["id"] if heading.name == "h1" or section is None else section["id"]
            lines.append(
                f'<li class="paper-{heading.name}"><a href="#{place}">'
                f"<span>{escape(heading.get_text().strip())}</span> "
                f"<span>{numbers.get(str(place), '')}</span></a></li>"
            )
    return lines


def print_book(site: Path, target: Path, pages: list[str] | None = None) -> None:
    """Print pages of a built site into one PDF.

    Args:
        site: the folder of the built site.
        target: the file to write.
        pages: their names; None is all of the table of contents.

    Raises:
        FileNotFoundError: the site has no such page, or there is no browser.
        RuntimeError: the numbers of sheets do not come to rest.
    """
    pages = pages or pages_in_order()
    text = whole(site.resolve(), pages, {})
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        source = Path(folder, "book.html")
        program = find_browser(playwright.chromium.executable_path)
        browser = playwright.chromium.launch(executable_path=program)
        # Once without the numbers of sheets; with them until none of them moves another.
        numbers: dict[str, int] = {}
        for _ in range(MOST_PRINTS):
            source.write_text(text, encoding="utf-8")
            _print(browser, source, target)
            found = places(target)
            if found == numbers:
                break
            numbers = found
            text = whole(site.resolve(), pages, numbers)
        else:
            raise RuntimeError(f"sheets still move after {MOST_PRINTS} prints of {target}")
        browser.close()


def _print(browser: Browser, source: Path, target: Path) -> None:
    page = browser.new_page()
    page.goto(source.as_uri())
    page.evaluate("document.fonts.ready.then(() => null)")
    page.pdf(
        path=target,
        format="A4",
        margin={"top": "20mm", "bottom": "20mm", "left": "20mm", "right": "20mm"},
        display_header_footer=True,
        header_template="<span></span>",
        footer_template=FOOTER,
        print_background=True,
        outline=True,
        tagged=True,
    )
    page.close()


def places(pdf: Path) -> dict[str, int]:
    """On which sheet of a PDF each place stands that a link leads to, counted from 1."""
    reader = PdfReader(pdf)
    return {
        unquote(name.removeprefix("/")): number + 1
        for name, place in reader.named_destinations.items()
        if (number := reader.get_destination_page_number(place)) is not None
    }


def main(arguments: list[str]) -> None:
    """Print what the arguments name.

    Raises:
        SystemExit: they are too few, or the PDF is too large to be sent to people.
    """
    if len(arguments) < 2:
        raise SystemExit(f"wanted: SITE PDF [PAGE …]; got {len(arguments)} arguments: {arguments}")
    site, target, *pages = arguments
    print_book(Path(site), Path(target), pages)
    size = Path(target).stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(
            f"{target} has {size / 1e6:.1f} MB; at most {MOST_BYTES / 1e6:.0f} are meant"
        )
    print(f"{target}: {len(PdfReader(target).pages)} pages, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main(sys.argv[1:])
