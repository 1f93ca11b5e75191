"""The book's formulas, drawn once, so that no reader's browser has to draw them.

    python -m tools.formulas draw     draw them all anew, in Chromium with MathJax
    python -m tools.formulas          say which formulas are not drawn, and which are drawn in vain

They lie in `book/formulas.json`, and their style sheet is `book/_static/formulas.css`. The
extension `formulas` puts them into the pages.
"""

import json
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import nbformat
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from playwright.sync_api import sync_playwright

from tools.browser import find_browser

ROOT = Path(__file__).resolve().parent.parent
DRAWN = ROOT / "book" / "formulas.json"
STYLE = ROOT / "book" / "_static" / "formulas.css"
MATHJAX = ROOT / "tools" / "mathjax" / "tex-chtml-full.js"
FONTS = "mathjax"  # where the style sheet finds the fonts
SETTINGS = {
    "chtml": {"fontURL": FONTS, "matchFontHeight": False, "adaptiveCSS": True},
    "options": {"enableMenu": False},
    "startup": {"typeset": False},
}
# Every formula in its turn, and at the end the style sheet, which grows with the signs drawn.
DRAW = """async formulas => {
  await MathJax.startup.promise;
  const drawn = [];
  for (const [kind, tex] of formulas) {
    const place = document.createElement(kind === "display" ? "div" : "span");
    place.textContent = kind === "display" ? `\\\\[${tex}\\\\]` : `\\\\(${tex}\\\\)`;
    document.body.replaceChildren(place);
    await MathJax.typesetPromise([place]);
    drawn.push(place.innerHTML);
    MathJax.typesetClear();
  }
  const rules = document.getElementById("MJX-CHTML-styles").sheet.cssRules;
  return [drawn, [...rules].map(rule => rule.cssText).join("\\n")];
}"""

Formula = tuple[str, str]  # "display" or "inline", and its TeX


def formulas_in(text: str) -> Iterator[Formula]:
    """The formulas of a text in MyST Markdown, also those within directives.

    Args:
        text: a page, or a cell of a chapter.
    """
    for token in _parser().parse(text):
        if token.type == "math_block":
            yield "display", token.content.strip()
        elif token.type == "fence" and token.info.startswith("{"):
            yield from formulas_in(token.content)
        for child in token.children or []:
            if child.type == "math_inline":
                yield "inline", child.content.strip()


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt().enable("table").use(dollarmath_plugin, double_inline=True)


def formulas_of_the_book() -> list[Formula]:
    """Every formula of every page and chapter, once, in order."""
    found = set()
    for page in (ROOT / "book").glob("*.md"):
        found |= set(formulas_in(page.read_text(encoding="utf-8")))
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown":
                found |= set(formulas_in(cell.source))
    return sorted(found)


@cache
def read_drawn(path: Path = DRAWN) -> dict[Formula, str]:
    """The drawn formulas, as HTML."""
    stored = json.loads(path.read_text(encoding="utf-8"))
    return {(kind, tex): html for kind in stored for tex, html in stored[kind].items()}


def draw(formulas: list[Formula]) -> tuple[dict[Formula, str], str]:
    """Formulas as HTML, and the style sheet they need.

    Args:
        formulas: all that the style sheet is to be for.

    Raises:
        ValueError: TeX does not know what one of them says.
    """
    with sync_playwright() as playwright:
        program = find_browser(playwright.chromium.executable_path)
        browser = playwright.chromium.launch(executable_path=program)
        page = browser.new_page()
        page.set_content("<!DOCTYPE html><title>Formulas</title><body></body>")
        page.evaluate("settings => { window.MathJax = settings; }", SETTINGS)
        page.add_script_tag(path=MATHJAX)
        drawn, style = page.evaluate(DRAW, formulas)
        browser.close()
    for (_, tex), html in zip(formulas, drawn, strict=True):
        if "merror" in html or "<mjx-container" not in html:
            raise ValueError(f"TeX cannot read the formula {tex!r}")
    return dict(zip(formulas, drawn, strict=True)), style


def store(drawn: dict[Formula, str], style: str) -> None:
    """Write the formulas and their style sheet."""
    kinds: dict[str, dict[str, str]] = {"display": {}, "inline": {}}
    for (kind, tex), html in sorted(drawn.items()):
        kinds[kind][tex] = html
    DRAWN.write_text(json.dumps(kinds, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    used = set(re.findall(r'url\("([^"]+)"\)', style))
    missing = sorted(url for url in used if not (STYLE.parent / url).is_file())
    if missing:
        raise FileNotFoundError(f"the style sheet names fonts that are not there: {missing}")
    STYLE.write_text(style + "\n", encoding="utf-8")


def differences(formulas: list[Formula], drawn: dict[Formula, str]) -> list[str]:
    """What is not drawn, and what is drawn in vain, as sentences."""
    new = [tex for kind, tex in formulas if (kind, tex) not in drawn]
    gone = [tex for kind, tex in drawn if (kind, tex) not in set(formulas)]
    return [f"the formula {tex!r} is not drawn: make formulas" for tex in new] + [
        f"the formula {tex!r} is drawn, and no page has it: make formulas" for tex in gone
    ]


def main(arguments: list[str]) -> None:
    """Draw, or check."""
    formulas = formulas_of_the_book()
    if arguments == ["draw"]:
        store(*draw(formulas))
        print(f"{len(formulas)} formulas are drawn.")
    elif wrong := differences(formulas, read_drawn()):
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main(sys.argv[1:])
