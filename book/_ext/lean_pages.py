"""Pages that a phone need not wait for: what was built is made smaller, and waits for less.

Each part changes the built pages alone, and is left out where the setting `lean_pages` does not
name it:

- `pictures`: every picture has its width and height, so that nothing jumps; all but a page's first
  are fetched when they are scrolled to; pictures within the page become files, and PNG files become
  lossless WebP where that is smaller.
- `fonts`: the fonts hold the icons and the signs of formulas that pages show, and no others.
- `scripts`: no script is waited for, and no page fetches a script or a style sheet that it has no
  use for.
"""

import base64
import hashlib
import logging
import os
import re
from html import unescape
from pathlib import Path
from urllib.parse import quote, unquote

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from PIL import Image
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

ICON_SHEET = "_static/styles/pydata-sphinx-theme.css"
ICON_FONTS = "_static/vendor/fontawesome/webfonts"
ICON_RULE = re.compile(r'((?:\.fa-[\w-]+:{1,2}before,?)+)\{(?:--fa|content):"(\\?[^"]+)"\}')
ICON_CODE = re.compile(r'"\\([ef][0-9a-f]{3})')
SIGNS = re.compile(r'content: "((?:[^"\\]|\\.)*)"')
DESIGN_SHEET = re.compile(r'<link [^>]*href="[^"]*sphinx-design[^"]*\.css[^"]*"[^>]*>\n?')
IMAGE = re.compile(r"<img\b[^>]*>")
SCRIPT = re.compile(r'<script\b[^>]*\bsrc="([^"?]*/)?([^"/?]+)(?:\?[^"]*)?"[^>]*></script>\n?')
# A statement about what a script brings waits for it, as a module does.
WAITING = re.compile(r"<script>(?=\s*DOCUMENTATION_OPTIONS\.)")


def pictures(site: Path) -> None:
    """Give every picture its size, and see that it is small and fetched when it is wanted."""
    small: dict[Path, Path] = {}  # each file's smaller copy
    for page in site.rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        begin, first = html.find("<article"), True
        lean, end = [], 0
        for found in IMAGE.finditer(html):
            tag, path = found[0], _picture_file(found[0], page, site)
            lean.append(html[end : found.start()])
            end = found.end()
            if path is not None:
                if path not in small:
                    small[path] = _smaller_copy(path)
                dark = "only-dark" in tag
                later = found.start() > begin >= 0 and (dark or not first)
                first &= found.start() < begin or dark
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
        picture.convert("RGBA" if picture.has_transparency_data else "RGB").save(
            copy, lossless=True, exact=True, quality=100
        )
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
        if not re.search(r'class="(?:[^"]* )?sd-', html):
            html = DESIGN_SHEET.sub("", html)
        page.write_text(html, encoding="utf-8")


def _useless_scripts(html: str) -> set[str]:
    """The scripts that a page has no use for, by file name."""
    classes = [set(names.split()) for names in re.findall(r'\bclass="([^"]*)"', html)]
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


PARTS = {"pictures": pictures, "fonts": fonts, "scripts": scripts}


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
