"""Stored results as dots: a row for each thing that was measured, a dot for each seed.

    ```{seed-plot}
    :alt: what there is to see

    squared error, clean digits
      PCA: kinds pca.error
      plain: kinds wide.error
    ```

A line that is not indented begins a panel, and names what it shows. Each indented line is a row:
its label, and the experiment and the key that `{result}` would be given. All rows of a panel share
a scale from 0 to the largest of their numbers; at the end of a row stands the median.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape

import numpy as np
from claims_page import written
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

from helpers.stored import load_result

RADIUS = 4  # of a dot, in pixels


@dataclass
class Panel:
    """What a panel shows, and the numbers of each of its rows under every seed, by label."""

    title: str
    rows: dict[str, np.ndarray] = field(default_factory=dict)


class SeedPlot(SphinxDirective):
    """Panels of rows of dots."""

    has_content = True
    option_spec = {"alt": directives.unchanged_required}  # type: ignore[assignment]  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        """Called by docutils for the directive."""
        if "alt" not in self.options:
            raise self.error("a seed-plot needs the option alt, which says what there is to see")
        try:
            drawn = "".join(draw(panel) for panel in read_panels(self.content))
        except ValueError as error:
            raise self.error(str(error)) from None
        alt = escape(self.options["alt"], quote=True)
        html = f'<div class="seed-plot" role="img" aria-label="{alt}">{drawn}</div>'
        return [nodes.raw("", html, format="html")]


def read_panels(lines: Iterable[str]) -> list[Panel]:
    """The panels that the lines of the directive describe.

    Raises:
        ValueError: there is no panel, a row stands before the first one, is not of the form `label:
            experiment key`, or has a label twice, or the stored result has no such key or a number
            below 0.
    """
    panels: list[Panel] = []
    for line in filter(str.strip, lines):
        if not line[0].isspace():
            panels.append(Panel(line.strip()))
            continue
        label, colon, stored = line.strip().rpartition(": ")
        words = stored.split()
        if not colon or len(words) != 2:
            raise ValueError(f"a row must be `label: experiment key`; got {line.strip()!r}")
        if not panels:
            raise ValueError(f"a panel's title must stand before its rows; got {line.strip()!r}")
        if label in panels[-1].rows:
            raise ValueError(f"the labels of a panel must differ; got {label!r} twice")
        numbers = load_result(words[0]).values(words[1])
        if not (numbers >= 0).all():
            raise ValueError(f"{stored} must be at least 0 under each seed; got {numbers.tolist()}")
        panels[-1].rows[label] = numbers
    empty = [panel.title for panel in panels if not panel.rows]
    if not panels or empty:
        raise ValueError(f"a seed-plot must have panels with rows; got {empty or 'none'}")
    return panels


def draw(panel: Panel) -> str:
    """A panel as HTML."""
    largest = max(numbers.max() for numbers in panel.rows.values()) or 1.0
    rows = "".join(
        f"<div>{escape(label)}</div>{dots(numbers, largest)}"
        f"<div>{shortened(float(np.median(numbers)))}</div>"
        for label, numbers in panel.rows.items()
    )
    return f'<div><div class="seed-plot-title">{escape(panel.title)}</div><div>{rows}</div></div>'


def shortened(number: float) -> str:
    """A number with three digits that count, or without decimals where it is large."""
    return f"{number:#.3g}".rstrip(".") if number < 1000 else written(round(number))


def dots(numbers: np.ndarray, largest: float) -> str:
    """A line from 0 to the largest number, with a dot at each of the numbers."""
    circles = "".join(
        f'<circle cx="{100 * number / largest:.1f}%" cy="50%" r="{RADIUS}"/>' for number in numbers
    )
    return f'<svg><line x1="0" x2="100%" y1="50%" y2="50%"/>{circles}</svg>'


def setup(app: Sphinx) -> ExtensionMetadata:
    """Called by Sphinx."""
    app.add_directive("seed-plot", SeedPlot)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
