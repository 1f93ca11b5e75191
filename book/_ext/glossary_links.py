"""A term that a page sets in italics links to the glossary, if it stands there.

The chapters say *code*, not {term}`code`, which Colab and the code host would show as it stands.
"""

import re

from docutils import nodes
from sphinx.util.nodes import make_refnode

GLOSSARY = "book/notation"


def plain(term):
    """A term in small letters, without an article and without the s of several."""
    term = re.sub(r"^(?:an?|the) ", "", " ".join(term.lower().split()))
    return " ".join(word.removesuffix("s") for word in term.split())


def link_terms(app, doctree, page):
    """Turn each term in italics into a link."""
    if page == GLOSSARY:
        return
    objects = app.builder.env.domaindata["std"]["objects"]
    glossary = {plain(name): place for (kind, name), place in objects.items() if kind == "term"}
    for emphasis in list(doctree.findall(nodes.emphasis)):
        place = glossary.get(plain(emphasis.astext()))
        if place and not isinstance(emphasis.parent, nodes.reference):
            link = make_refnode(app.builder, page, *place, emphasis.deepcopy())
            link["classes"].append("term")
            emphasis.replace_self(link)


def setup(app):
    """Called by Sphinx."""
    app.connect("doctree-resolved", link_terms)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
