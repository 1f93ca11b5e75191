"""What belongs together stays on a line, and apostrophes are apostrophes, as print has them.

Chapters and pages are written as keyboards write. Sphinx curls the quotes of prose; this adds what
it leaves: numbers with their units, short code, and the sentences and tables that code prints.
"""

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

SHORT = 16  # characters of code that fit into any line
NO_BREAK, HYPHEN, APOSTROPHE = "\xa0", "\u2011", "\u2019"
TIED = re.compile(
    r"(?<=[\d,]) (?=%)|(?<=\d) (?=[±×])|(?<=[±×]) (?=\d)|(?<=\b\w) (?== \d)|(?<=\b\w =) (?=\d)"
)


def tied(text: str) -> str:
    """A text in which a number stays with its unit, as 44 %, 7 × 7, k = 25 and 8.0 ± 0.1."""
    return TIED.sub(NO_BREAK, text)


def typeset(text: str) -> str:
    """A text that code printed, as prose is set: apostrophes curled, too, and 1e-4 in one piece."""
    text = re.sub(r"(?<=\w)'", APOSTROPHE, text)
    return tied(re.sub(r"(?<=\de)-(?=\d)", HYPHEN, text))


def set_page(app: Sphinx, doctree: nodes.document) -> None:
    """Set the prose, the short code and the tables of a page."""
    for text in list(doctree.findall(nodes.Text)):
        around = text.parent
        if around and not isinstance(around, nodes.FixedTextElement | nodes.literal | nodes.math):
            around.replace(text, nodes.Text(tied(text)))
    for code in doctree.findall(nodes.literal):
        if len(code.astext()) <= SHORT:
            code["classes"].append("short")
    for table in doctree.findall(nodes.raw):
        if 'class="measured"' in table.astext():
            table[:] = [nodes.Text(typeset(table.astext()))]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Called by Sphinx."""
    app.connect("doctree-read", set_page, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
