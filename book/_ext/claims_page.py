"""The page of all claims, made from what the chapters claim and from the runs that recorded it.

    ```{claims}
    ```

lists every claim by chapter: its sentence, which links to its card, and every value that it rests
on, under each seed. {claim-count}`all` is how many there are, and {claim-count}`03_denoising` how
many of them one chapter makes.
"""

from collections.abc import Iterable
from html import escape

import nbformat
import numpy as np
from chapter_cells import ChapterNumber, link_to
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx.util.typing import ExtensionMetadata
from stored_results import Written, colab_versions
from typesetting import typeset

from helpers.claims import Numbers
from helpers.stored import Result
from tools.claim_rows import (
    ClaimRow,
    chapter_mark,
    chapters_in_order,
    claim_rows,
    is_current,
    recorded,
)
from tools.fingerprints import PASSED, fingerprint, read_passed
from tools.notebooks import CHAPTERS, ROOT

WIDTH, HEIGHT, RADIUS = 100, 12, 3  # of a strip of dots, in pixels


class Claims(SphinxDirective):
    """Every claim of the book, a section a chapter."""

    def run(self) -> list[nodes.Node]:
        """Called by docutils for the directive."""
        return [_section(chapter) for chapter in chapters_in_order()]


class ClaimCount(SphinxRole):
    """How many claims the book or a chapter makes."""

    def run(self) -> Written:
        """Called by docutils for each use of the role."""
        chapters = chapters_in_order()
        if self.text != "all" and self.text not in chapters:
            message = self.inliner.reporter.warning(
                f"claims are counted for all, {', '.join(chapters)}; got {self.text!r}",
                line=self.lineno,
            )
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [message]
        counted = chapters if self.text == "all" else [self.text]
        return [nodes.Text(str(sum(len(claim_rows(chapter)) for chapter in counted)))], []


def _section(chapter: str) -> nodes.section:
    rows, result = claim_rows(chapter), recorded(chapter)
    section = nodes.section(ids=[f"claims-{chapter_mark(chapter)}"], names=[])
    section += nodes.title("", title_of(chapter))
    section += nodes.paragraph("", _environments(chapter, result, len(rows)))
    items = nodes.container(classes=["claim-rows"])
    for row in rows:
        items += _row(row, f"notebooks/{chapter}")
    section += items
    return section


def title_of(chapter: str) -> str:
    """A chapter's title, as its first line has it."""
    first = nbformat.read(CHAPTERS / f"{chapter}.ipynb", as_version=4).cells[0].source
    return str(first.splitlines()[0].removeprefix("# "))


def _environments(chapter: str, result: Result | None, count: int) -> str:
    """When, and with what, the claims of a chapter were checked."""
    passed = read_passed(ROOT / PASSED).get(chapter)
    colab = ""
    if passed == fingerprint(chapter):
        colab = f" They hold in Colab’s versions too (Keras {colab_versions()['keras']}, seed 0)."
    if result is None:
        return (
            f"{count} claims, checked under seed 0; no run of five seeds has recorded them.{colab}"
        )
    facts = result.facts
    changed = "" if is_current(result) else " The chapter’s code has changed since."
    return (
        f"{count} claims, checked under seeds {facts['seeds']} on {facts['date']}: Python "
        f"{facts['python']}, TensorFlow {facts['tensorflow']}, Keras {facts['keras']}, "
        f"NumPy {facts['numpy']}, on the {facts['device']}.{changed}{colab}"
    )


def _row(row: ClaimRow, page: str) -> nodes.container:
    number = link_to(page, row.anchor, ChapterNumber(page=page), nodes.Text(f".{row.number}"))
    sentence = nodes.paragraph("", "", number, nodes.Text(f" {typeset(row.sentence)}"))
    item = nodes.container("", sentence, classes=["claim-row"])
    if row.measured:
        values = "".join(described(name, values) for name, values in row.measured.items())
        item += nodes.raw("", f"<dl>{values}</dl>", format="html")
    return item


def described(name: str, values: list[Numbers]) -> str:
    """A value's name, and what it was under each seed: written out, and as dots where it varies."""
    term = f"<dt>{escape(name.replace('_', ' '))}</dt>\n"
    if any(isinstance(value, list) for value in values):
        flat = [np.ravel(np.array(value, dtype=float)) for value in values]
        several = np.concatenate(flat)
        count = "1 number" if len(flat[0]) == 1 else f"{len(flat[0])} numbers"
        spread = (
            "" if not len(several) else f", {written(several.min())} to {written(several.max())}"
        )
        return f"{term}<dd>{count} under each seed{spread}</dd>"
    numbers = [float(value) for value in values]  # type: ignore[arg-type]
    if len(set(numbers)) == 1:
        return f"{term}<dd>{written(numbers[0])} under every seed</dd>"
    return f"{term}<dd>{strip(numbers)} {' · '.join(map(written, numbers))}</dd>"


def strip(numbers: Iterable[float]) -> str:
    """Numbers as dots on a line from the smallest to the largest, for the eye alone."""
    found = np.array([number for number in numbers if np.isfinite(number)])
    if not len(found):
        return ""
    low, high = found.min(), found.max()
    places = RADIUS + (WIDTH - 2 * RADIUS) * (found - low) / ((high - low) or 1)
    dots = "".join(f'<circle cx="{place:.1f}" cy="{HEIGHT / 2}" r="{RADIUS}"/>' for place in places)
    return (
        f'<svg class="seed-strip" width="{WIDTH}" height="{HEIGHT}" aria-hidden="true">'
        f'<line x1="0" x2="{WIDTH}" y1="{HEIGHT / 2}" y2="{HEIGHT / 2}"/>{dots}</svg>'
    )


def written(number: float) -> str:
    """A number with four digits that count, and as people write it where it is large or small."""
    if not np.isfinite(number):
        return str(number)
    if abs(number) >= 1000 or number == round(number):
        text = f"{number:,.0f}"
    elif abs(number) >= 1e-3:
        text = f"{number:.4g}"
    else:
        factor, _, power = f"{number:.2e}".partition("e")
        text = f"{factor} × 10<sup>{int(power)}</sup>"
    return text.replace("-", "−")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Called by Sphinx."""
    app.add_directive("claims", Claims)
    app.add_role("claim-count", ClaimCount())
    return {"parallel_read_safe": True, "parallel_write_safe": True}
