"""A term that a page sets in italics links to the glossary, if it stands there.

The chapters say *code*, not {term}`code`, which Colab and the code host would show as it stands.
"""

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.nodes import make_refnode
from sphinx.util.typing import ExtensionMetadata

GLOSSARY = "book/notation"


def plain(term: str) -> str:
    """A term in small letters, without an article and without the s of several."""
    term = re.sub(r"^(?:an?|the) ", "", " ".join(term.lower().split()))
    return " ".join(word.removesuffix("s") for word in term.split())


def link_terms(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Turn each term in italics into a link."""
    if page == GLOSSARY:
        return
    objects = app.builder.env.domaindata["std"]["objects"]
    glossary = {plain(name): place for (kind, name), place in objects.items() if kind == "term"}
    for emphasis in list(doctree.findall(nodes.emphasis)):
        place = glossary.get(plain(emphasis.astext()))
        if place and not isinstance(emphasis.parent, nodes.reference):
            document, anchor = place
            link = make_refnode(app.builder, page, document, anchor, emphasis.deepcopy())
            link["classes"].append("term")
            emphasis.replace_self(link)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Called by Sphinx."""
    app.connect("doctree-resolved", link_terms)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
