"""Formulas stand in the page as they were drawn: no script draws them while a reader waits.

`make formulas` draws them. Whoever listens, or copies, is given the MathML that goes with each.
"""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.typing import ExtensionMetadata
from sphinx.writers.html5 import HTML5Translator

from tools.formulas import STYLE, read_drawn

LOGGER = logging.getLogger(__name__)


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    """A formula in a line of text."""
    self.body.append(f'<span class="math">{_drawn(node, "inline")}</span>')
    raise nodes.SkipNode


def visit_display(self: HTML5Translator, node: nodes.math_block) -> None:
    """A formula in a line of its own."""
    self.body.append(self.starttag(node, "div", CLASS="math"))
    self.body.append(f"{_drawn(node, 'display')}</div>\n")
    raise nodes.SkipNode


def _drawn(node: nodes.Node, kind: str) -> str:
    """A formula as HTML."""
    tex = node.astext().strip()
    html = read_drawn().get((kind, tex))
    if html is None:
        LOGGER.warning("the formula %r is not drawn: make formulas", tex, location=node)
        return ""
    return html


def style_where_there_is_some(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Give the formulas' style sheet to the pages that have one."""
    if doctree and any(
        doctree.findall(lambda node: isinstance(node, nodes.math | nodes.math_block))
    ):
        app.add_css_file(STYLE.name)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Called by Sphinx."""
    app.add_html_math_renderer("drawn", (visit_inline, None), (visit_display, None))
    app.connect("html-page-context", style_where_there_is_some)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
