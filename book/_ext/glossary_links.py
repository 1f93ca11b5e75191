"""A term that a page sets in italics links to the glossary, if it stands there.

The link carries the definition, which the style sheet shows at the foot of the screen while the
mouse or the keyboard is on it. The chapters say *code*, not {term}`code`, which Colab and the code
host would show as it stands.
"""

import re
from typing import Any

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
    if page == GLOSSARY or GLOSSARY not in app.builder.env.found_docs:
        return
    objects = app.builder.env.domaindata["std"]["objects"]
    meanings = definitions(app.builder.env.get_doctree(GLOSSARY))
    glossary = {plain(name): place for (kind, name), place in objects.items() if kind == "term"}
    for emphasis in list(doctree.findall(nodes.emphasis)):
        place = glossary.get(plain(emphasis.astext()))
        if place and not isinstance(emphasis.parent, nodes.reference):
            document, anchor = place
            link = make_refnode(app.builder, page, document, anchor, emphasis.deepcopy())
            link["classes"].append("term")
            link["reftitle"] = meanings[anchor]
            emphasis.replace_self(link)


def definitions(glossary: nodes.document) -> dict[str, str]:
    """What each term of the glossary means, in its own words, by the term's anchor."""
    return {
        anchor: " ".join(item.children[-1].astext().split())
        for item in glossary.findall(nodes.definition_list_item)
        for term in item.findall(nodes.term)
        for anchor in term["ids"]
    }


def keep_definitions(
    app: Sphinx,
    page: str,
    template: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Give a term's definition to the style sheet: a title would show it to the mouse alone."""
    if "body" in context:
        context["body"] = re.sub(
            r'(<a class="term [^>]*?) title="([^"]*)"', r'\1 data-definition="\2"', context["body"]
        )


def setup(app: Sphinx) -> ExtensionMetadata:
    """Called by Sphinx."""
    app.connect("doctree-resolved", link_terms)
    app.connect("html-page-context", keep_definitions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
