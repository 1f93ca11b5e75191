"""What a shared link and a search engine say of a page: its first sentences, and a picture."""

from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

LONGEST = 200  # of a description, in characters
CHAPTERS = "notebooks/"


def describe(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Give a page its description, and a chapter its picture, for `sphinxext.opengraph` to take."""
    if doctree is None:
        return
    context["meta"] = fields = context["meta"] or {}
    description = first_sentences(doctree)
    if description:
        fields["og:description"] = escape(description)
        context["metatags"] += f'<meta name="description" content="{escape(description)}" />\n'
    if pagename.startswith(CHAPTERS):
        picture = next(iter(doctree.findall(nodes.image)))
        name = pagename.removeprefix(CHAPTERS)
        fields["og:image"] = f"{app.config.ogp_site_url}_static/chapters/{name}.png"
        fields["og:image:alt"] = escape(picture["alt"])


def first_sentences(doctree: nodes.document) -> str:
    """As many sentences of a page's prose as a description has room for, or words of a long one."""
    text = ""
    for paragraph in doctree.findall(nodes.paragraph):
        if _is_prose(paragraph):
            text += f" {paragraph.astext()}"
        if len(text) > LONGEST:
            break
    text = " ".join(text.split())
    if len(text) <= LONGEST:
        return text
    end = max(text.rfind(f"{sign} ", 0, LONGEST + 1) for sign in ".?!")
    if end > 0:
        return text[: end + 1]
    return text[: LONGEST - 1].rpartition(" ")[0] + "…"


def _is_prose(paragraph: nodes.paragraph) -> bool:
    """Whether a paragraph is text of the page, and none of buttons, formulas, lists or tables."""
    if not isinstance(paragraph.parent, nodes.section | nodes.container):
        return False
    if "run" in paragraph["classes"] or next(iter(paragraph.findall(nodes.math)), None) is not None:
        return False
    links = [link for link in paragraph.findall(nodes.reference) if "sd-btn" in link["classes"]]
    return not links


def setup(app: Sphinx) -> ExtensionMetadata:
    """Called by Sphinx."""
    app.connect("html-page-context", describe, priority=400)  # sphinxext.opengraph comes at 500
    return {"parallel_read_safe": True, "parallel_write_safe": True}
