"""Pages that a phone need not wait for: what was built is made smaller, and waits for less.

Each part changes the built pages alone, and is left out where the setting `lean_pages` does not
name it:

- `pictures`: every picture has its width and height, so that nothing jumps; all but a page's first
  are fetched when they are scrolled to, and so is the first if it has a dark copy; pictures within
  the page become files, and PNG files become lossless WebP where that is smaller.
- `fonts`: the fonts hold the icons and the signs of formulas that pages show, and no others.
- `scripts`: no script is waited for, not even to know whether it is dark, and no page fetches a
  script or a style sheet that it has no use for.
- `styles`: the style sheets of the theme and of what it is built on keep the rules for classes that
  a page has or a script may give, and no others.
"""

import base64
import hashlib
import logging
import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote, unquote

import tinycss2
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from PIL import Image
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata
from tinycss2.ast import Node

ICON_SHEET = "_static/styles/pydata-sphinx-theme.css"
ICON_FONTS = "_static/vendor/fontawesome/webfonts"
ICON_RULE = re.compile(r'((?:\.fa-[\w-]+:{1,2}before,?)+)\{(?:--fa|content):"(\\?[^"]+)"\}')
ICON_CODE = re.compile(r'"\\([ef][0-9a-f]{3})')
SIGNS = re.compile(r'content: "((?:[^"\\]|\\.)*)"')
DESIGN_SHEET = re.compile(r'<link [^>]*href="[^"]*sphinx-design[^"]*\.css[^"]*"[^>]*>\n?')
LARGE = 50_000  # bytes
DATA = "models"  # the folder of scripts that are numbers
OWN_SHEETS = Path(__file__).resolve().parent.parent / "_static"
CLASSES = re.compile(r"""\bclass=["']([^"']*)["']""")
WITHIN = re.compile(r"<script(?![^>]* src=)[^>]*>(.*?)</script>", re.DOTALL)
IMAGE = re.compile(r"<img\b[^>]*>")
SCRIPT = re.compile(r'<script\b[^>]*\bsrc="([^"?]*/)?([^"/?]+)(?:\?[^"]*)?"[^>]*></script>\n?')
# A statement about what a script brings waits for it, as a module does.
WAITING = re.compile(r"<script>(?=\s*DOCUMENTATION_OPTIONS\.)")


# What a page's head says of the theme, and what it says to whoever has chosen none.
THEME = 'localStorage.getItem("theme") || "auto"'
FIRST_THEME = """localStorage.getItem("theme")
      || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")"""


def pictures(site: Path) -> None:
    """Give every picture its size, and see that it is small and fetched when it is wanted."""
    pages = {page: page.read_text(encoding="utf-8") for page in site.rglob("*.html")}
    shown = {
        page: [(found, _picture_file(found[0], page, site)) for found in IMAGE.finditer(html)]
        for page, html in pages.items()
    }
    files = sorted({path for found in shown.values() for _, path in found if path is not None})
    with ThreadPoolExecutor() as pool:  # Pillow packs a picture on each core
        small = dict(zip(files, pool.map(_smaller_copy, files), strict=True))
    for page, html in pages.items():
        begin, first = html.find("<article"), True
        lean, end = [], 0
        for found, path in shown[page]:
            tag = found[0]
            lean.append(html[end : found.start()])
            end = found.end()
            if path is not None:
                below = found.start() > begin >= 0
                # A browser fetches at once what is not to be later, also where it is not shown.
                later = below and (not first or re.search("only-(light|dark)", tag) is not None)
                first &= not below
                tag = _lean_tag(tag, path, os.path.relpath(small[path], page.parent), later)
            lean.append(tag)
        page.write_text("".join([*lean, html[end:]]), encoding="utf-8")


def _lean_tag(tag: str, path: Path, address: str, later: bool) -> str:
    """A picture's tag with its size, its address, and whether it can be fetched later."""
    more = ' loading="lazy"' if later else ""
    if "width=" not in tag or "height=" not in tag:
        width, height = _size(path)
        more += f' width="{width}" height="{height}"'
    tag = re.sub(r'\bsrc="[^"]*"', lambda _: f'src="{quote(address)}"', tag, count=1)
    return tag.replace("<img", f"<img{more}", 1)


def _picture_file(tag: str, page: Path, site: Path) -> Path | None:
    """The file of a picture; one is made where it stands within the page."""
    found = re.search(r'\bsrc="([^"]*)"', tag)
    if found is None or re.match(r"(?:https?:)?//", found[1]):
        return None
    within = re.match(r"data:image/(png|webp|jpeg);base64,(.+)", found[1], re.DOTALL)
    if within:
        content = base64.b64decode(within[2])
        name = hashlib.sha256(content).hexdigest()
        path = site / "_images" / f"{name}.{within[1]}"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return path
    path = (page.parent / unquote(unescape(found[1])).partition("?")[0]).resolve()
    return path if path.is_file() else None


def _size(path: Path) -> tuple[int, int]:
    """Width and height of a picture in pixels."""
    if path.suffix == ".svg":
        box = re.search(r'viewBox="([\d.\s-]+)"', path.read_text(encoding="utf-8"))
        if box is None:
            raise ValueError(f"{path.name} has no viewBox, which gives its size")
        _, _, width, height = (round(float(number)) for number in box[1].split())
        return width, height
    with Image.open(path) as picture:
        return picture.size


def _smaller_copy(path: Path) -> Path:
    """A PNG file as lossless WebP, or itself where that is smaller."""
    if path.suffix != ".png":
        return path
    copy = path.with_suffix(".webp")
    with Image.open(path) as picture:
        pixels = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    # The slowest way to pack pays for large pictures with more colours than a palette holds.
    hard = path.stat().st_size > LARGE and pixels.getcolors(256) is None
    pixels.save(copy, lossless=True, exact=True, quality=100, method=6 if hard else 4)
    if copy.stat().st_size < path.stat().st_size:
        return copy
    copy.unlink()
    return path


def fonts(site: Path) -> None:
    """Leave out of the fonts what no page shows."""
    _icon_fonts(site)
    style = (site / "_static" / "formulas.css").read_text(encoding="utf-8")
    signs = {ord(sign) for content in SIGNS.findall(style) for sign in _unescaped(content)}
    for path in sorted((site / "_static" / "mathjax").glob("*.woff")):
        _subset(path, signs, path)


def _unescaped(content: str) -> str:
    """A text of a style sheet, in which a sign may stand as its hexadecimal number."""
    return re.sub(r"\\([0-9a-fA-F]+) ?|\\(.)", _sign, content)


def _sign(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else found[2]


def _subset(path: Path, signs: set[int], target: Path) -> bool:
    """Write a font with these signs alone, and say whether it has one; else it stays as it is."""
    font = TTFont(path)
    held = signs & font.getBestCmap().keys()
    if not held:
        return False
    logging.getLogger("fontTools.subset").setLevel(logging.WARNING)
    options = Options(layout_features=[], notdef_outline=True)
    options.drop_tables += ["FFTM"]  # when the font was drawn
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=held)
    subsetter.subset(font)
    font.flavor = "woff"
    font.save(target)
    return True


def _icon_fonts(site: Path) -> None:
    """Leave the icons out that no page shows, and their rules."""
    sheet = site / ICON_SHEET
    style = sheet.read_text(encoding="utf-8")
    writers = [*site.rglob("*.html"), *(site / "_static").glob("*.js")]
    writers += (site / "_static" / "scripts").glob("[!f]*.js")  # not fontawesome.js, which has all
    named = {
        name
        for path in writers
        for name in re.findall(r"\bfa-[\w-]+", path.read_text(encoding="utf-8"))
    }
    sheets = [path.read_text(encoding="utf-8") for path in (site / "_static").rglob("*.css")]
    used = {int(code, 16) for text in sheets for code in ICON_CODE.findall(ICON_RULE.sub("", text))}

    def lean(rule: re.Match[str]) -> str:
        names = re.findall(r"fa-[\w-]+", rule[1])
        if not named & set(names):
            return ""
        code = rule[2]
        used.add(int(code[1:], 16) if code.startswith("\\") else ord(code))
        return rule[0]

    style = ICON_RULE.sub(lean, style)
    for path in sorted((site / ICON_FONTS).glob("*.ttf")):
        if not _subset(path, used, path.with_suffix(".woff")):
            continue
        old = rf'url\([^)]*{path.stem}\.woff2\) format\("woff2"\)'
        old += rf',url\([^)]*{path.stem}\.ttf\) format\("truetype"\)'
        new = f'url(../{ICON_FONTS.removeprefix("_static/")}/{path.stem}.woff) format("woff")'
        style, count = re.subn(old, new, style)
        if count != 1:
            raise ValueError(f"{ICON_SHEET} names the font {path.stem} {count} times, not once")
        path.unlink()
        path.with_suffix(".woff2").unlink()
    sheet.write_text(style, encoding="utf-8")


def scripts(site: Path) -> None:
    """Let no page wait for a script, nor fetch one that it has no use for."""
    for page in site.rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        useless = _useless_scripts(html)

        def lean(match: re.Match[str], useless: set[str] = useless) -> str:
            if match[2] in useless:
                return ""
            return re.sub("<script(?![^>]* defer)", "<script defer", match[0])

        html = WAITING.sub('<script type="module">', SCRIPT.sub(lean, html))
        html = html.replace(THEME, FIRST_THEME)
        if not re.search(r'class="(?:[^"]* )?sd-', html):
            html = DESIGN_SHEET.sub("", html)
        page.write_text(html, encoding="utf-8")


def _useless_scripts(html: str) -> set[str]:
    """The scripts that a page has no use for, by file name."""
    classes = [set(names.split()) for names in CLASSES.findall(html)]
    every = set[str]().union(*classes)
    useless = set()
    if 'id="search-results"' not in html:
        useless |= {"searchtools.js", "language_data.js", "searchindex.js"}
    if "sd-tab-set" not in every:
        useless.add("design-tabs.js")
    if not any("toggle" in each or {"admonition", "dropdown"} <= each for each in classes):
        useless.add("togglebutton.js")
    if "highlight" not in every:
        useless |= {"clipboard.min.js", "copybutton.js"}
    return useless


def styles(site: Path) -> None:
    """Keep the rules of the theme's style sheets that a page may come to need."""
    pages = [page.read_text(encoding="utf-8") for page in site.rglob("*.html")]
    classes = {name for html in pages for names in CLASSES.findall(html) for name in names.split()}
    # A script may give a class by any word in it, also by one that it lengthens: "bs-tooltip-".
    scripts = (path for path in site.rglob("*.js") if path.parent.name != DATA)
    code = [path.read_text(encoding="utf-8") for path in scripts]
    code += [script for html in pages for script in WITHIN.findall(html)]
    words = {word for text in code for word in re.findall(r"[\w-]+", text)}
    begun = tuple(word for word in words if re.fullmatch(r"[A-Za-z][\w-]+-", word))

    def used(name: str) -> bool:
        return name in classes or name in words or name.startswith(begun)

    for path in sorted((site / "_static").rglob("*.css")):
        if not (OWN_SHEETS / path.relative_to(site / "_static")).is_file():
            rules = tinycss2.parse_stylesheet(path.read_text(encoding="utf-8"))
            path.write_text(_in_ascii("".join(_needed(rules, used))), encoding="ascii")


def _in_ascii(text: str) -> str:
    """A style sheet that reads the same in every encoding."""
    return re.sub(r"[^\x00-\x7f]", lambda sign: f"\\{ord(sign[0]):x} ", text)


def _needed(rules: list[Node], used: Callable[[str], bool]) -> Iterator[str]:
    """The rules with a selector all of whose classes are in use; comments with a licence."""
    for rule in rules:
        if rule.type == "qualified-rule":
            kept = [each for each in _selectors(rule.prelude) if all(map(used, _classes(each)))]
            if kept:
                prelude = ",".join(tinycss2.serialize(each).strip() for each in kept)
                yield f"{prelude}{{{tinycss2.serialize(rule.content).strip()}}}\n"
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
            within = "".join(_needed(tinycss2.parse_rule_list(rule.content), used))
            if within:
                yield f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{within}}}\n"
        elif rule.type == "at-rule" or (rule.type == "comment" and rule.value.startswith("!")):
            yield rule.serialize()


def _selectors(prelude: list[Node]) -> Iterator[list[Node]]:
    """The parts of a rule's head between its commas."""
    part: list[Node] = []
    for token in prelude:
        if token == ",":
            yield part
            part = []
        else:
            part.append(token)
    yield part


def _classes(selector: list[Node]) -> list[str]:
    """The classes that a selector asks for: those within `:is()` or `:not()` are left aside."""
    return [name.value for dot, name in pairwise(selector) if dot == "." and name.type == "ident"]


PARTS = {"pictures": pictures, "fonts": fonts, "scripts": scripts, "styles": styles}


def make_lean(app: Sphinx, exception: Exception | None) -> None:
    """Do what the setting names, once the pages are built."""
    if exception is not None or app.builder.name != "html":
        return
    unknown = sorted(set(app.config.lean_pages) - PARTS.keys())
    if unknown:
        raise ValueError(f"lean_pages may name {sorted(PARTS)}; got {unknown}")
    for name, part in PARTS.items():
        if name in app.config.lean_pages:
            part(Path(app.outdir))


def setup(app: Sphinx) -> ExtensionMetadata:
    """Called by Sphinx."""
    app.add_config_value("lean_pages", list(PARTS), "html", [list])
    app.connect("build-finished", make_lean, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
