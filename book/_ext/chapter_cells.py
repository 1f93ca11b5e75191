"""A chapter's cells as its readers want them: claims as cards, code folded, figures numbered.

Nothing of this is in the notebook, which Colab and the code host show as it is.

- A claim is a card with an anchor, `#claim-3-07`; its code stands behind "How this is checked".
- `is_folded` is the one rule that says which other code shows its first line alone. A cell tagged
  `keep-open` is shown whole.
- Under a chapter's title stands where it can be run, and what to remember, for whoever opens it.
- A figure has a number and an anchor, `#figure-3-` and its cell's id. Its dark copy, which is made
  when the chapter is stored, stands beside it for the theme to choose.
"""

import ast
from pathlib import Path
from typing import Any, cast

import nbformat
from docutils import nodes
from lab import PAGE, PLACES
from PIL import Image
from sphinx.application import Sphinx
from sphinx.domains.std import StandardDomain
from sphinx.util.nodes import make_refnode
from sphinx.util.typing import ExtensionMetadata
from sphinx.writers.html5 import HTML5Translator
from typesetting import typeset

from tools.chapter_rules import INSTALL_CELL, KEEP_OPEN, code_cells, tags
from tools.claim_rows import claim_anchor, figure_anchor, is_current, recorded
from tools.notebooks import CHAPTERS, CHECKED, ROOT, dark_copy_of

LONG = 22  # lines of a cell: more are folded
SHORT = 7  # lines: of so few folding saves nothing
REMEMBER = "What to remember"  # the section of a chapter that is shown at its head, too
COLAB = "https://colab.research.google.com/github"


class Fold(nodes.General, nodes.Element):
    """What stands behind a line that opens it.

    Its attribute `summary` is that line, and `lines` the number of lines of code, 0 for a claim's.
    """


class LinkWithin(nodes.Inline, nodes.TextElement):
    """A link to `anchor` on `page`, with its children as text."""


class ChapterNumber(nodes.Inline, nodes.TextElement):
    """The number of the page `page` in the table of contents, which is known once all are read."""


def is_folded(source: str, tags: set[str]) -> bool:
    """Whether a cell shows its first line alone: imports, what draws a figure, and long cells.

    Args:
        source: the cell's code.
        tags: the cell's tags.
    """
    lines = source.count("\n") + 1
    if KEEP_OPEN in tags or lines <= SHORT:
        return False
    if source == INSTALL_CELL or lines > LONG:
        return True
    statements = ast.parse(source).body
    imports = [line for line in statements if isinstance(line, ast.Import | ast.ImportFrom)]
    return len(imports) > len(statements) / 2 or _draws(statements[-1])


def _draws(statement: ast.stmt) -> bool:
    """Whether a statement is a call of a figure function."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(call, ast.Call) and ast.unparse(call.func).startswith("plots.")


def shape_chapter(app: Sphinx, doctree: nodes.document) -> None:
    """Give a chapter its cards, folds and numbered figures, before Sphinx collects its pictures."""
    page = app.env.docname
    _add_dark_answers(doctree, page)
    if not page.startswith("notebooks/"):
        return
    chapter = Path(page).name
    _add_head(doctree, chapter, app.config.html_theme_options)
    labels = cast(StandardDomain, app.env.get_domain("std"))
    checked_under = seeds_of(chapter)
    claims = figures = 0
    section: nodes.Element | None = None
    shown: list[nodes.Node] = []  # a line that leads to the section's latest figure
    nodes_of_cells = [
        node for node in doctree.findall(nodes.container) if "cell" in node["classes"]
    ]
    for cell, source in zip(nodes_of_cells, code_cells(_read(chapter)), strict=True):
        if cell.parent is not section:
            section, shown = cell.parent, []
        if CHECKED in tags(source):
            cards = []
            for line in source.outputs[0].text.splitlines():
                claims += 1
                anchor = claim_anchor(chapter, claims)
                _register(labels, page, anchor, f"Claim {claims}")
                number = _numbered("Claim", page, claims)
                cards.append(_card(line, anchor, [*number, nodes.Text(checked_under)]))
            code = cell.pop(0)
            cell.children[-1:] = cards
            cell += _folded([*(line.deepcopy() for line in shown), code], "How this is checked")
        elif is_folded(source.source, tags(source)):
            lines = source.source.splitlines()
            cell.insert(0, _folded([cell.pop(0)], lines[0], len(lines)))
            _join_with_fold_above(cell)
        if any(cell.findall(nodes.image)):
            figures += 1
            anchor = figure_anchor(chapter, source.id)
            _register(labels, page, anchor, f"Figure {figures}")
            _number_figure(cell, anchor, _numbered("Figure", page, figures))
            _add_dark_copy(next(iter(cell.findall(nodes.image))), chapter, source.id)
            link = link_to(page, anchor, *_numbered("Figure", page, figures))
            shown = [
                nodes.paragraph(
                    "", "", nodes.Text("What it is about is drawn in "), link, nodes.Text(".")
                )
            ]


def _add_head(doctree: nodes.document, chapter: str, theme: dict[str, Any]) -> None:
    """Put under a chapter's title where it can be run, and what to remember of it."""
    title = next(iter(doctree.findall(nodes.title)))
    repository = theme["repository_url"].removeprefix("https://github.com/")
    place = f"{repository}/blob/{theme['repository_branch']}/notebooks/{chapter}.ipynb"
    link = nodes.reference("", "Run this chapter", refuri=f"{COLAB}/{place}")
    ways: list[nodes.Node] = [link, nodes.Text(" in Colab, ")]
    if chapter in PLACES:
        lab = nodes.reference("", "try it in the lab", refuri=f"../{PAGE}.html#{PLACES[chapter]}")
        ways += [lab, nodes.Text(", ")]
    line = nodes.paragraph("", "", *ways, nodes.Text("or read on."), classes=["run"])
    head: list[nodes.Node] = [line]
    for section in doctree.findall(nodes.section):
        if section.children[0].astext() == REMEMBER:
            lists = [part for part in section.children if isinstance(part, nodes.bullet_list)]
            head.append(_folded([part.deepcopy() for part in lists], REMEMBER))
    _siblings(title)[1:1] = head


def _read(chapter: str) -> nbformat.NotebookNode:
    notebook: nbformat.NotebookNode = nbformat.read(CHAPTERS / f"{chapter}.ipynb", as_version=4)
    return notebook


def _siblings(node: nodes.Element) -> nodes.Element:
    """What a node stands in."""
    assert node.parent is not None  # only a whole page stands in nothing
    return node.parent


def _register(labels: StandardDomain, page: str, anchor: str, title: str) -> None:
    """Let any page of the book link to an anchor."""
    labels.labels[anchor] = (page, anchor, title)
    labels.anonlabels[anchor] = (page, anchor)


def _numbered(word: str, page: str, number: int) -> list[nodes.Node]:
    """A word with the number of something within its chapter, as Figure 3.2."""
    return [nodes.Text(f"{word} "), ChapterNumber(page=page), nodes.Text(f".{number}")]


def link_to(page: str, anchor: str, *text: nodes.Node) -> LinkWithin:
    """A link to a claim or a figure of a page, whose text may hold a chapter's number."""
    return LinkWithin("", "", *text, page=page, anchor=anchor)


def seeds_of(chapter: str) -> str:
    """Under which seeds the claims of a chapter are known to hold, in words."""
    result = recorded(chapter)
    if result is None or not is_current(result):
        return " · checked under seed 0"
    seeds = list(result.runs)
    return f" · checked under seeds {seeds[0]}–{seeds[-1]}"


def _card(line: str, anchor: str, facts: list[nodes.Node]) -> nodes.container:
    """A claim as a card: its sentence, and below it its number and what checked it."""
    tick = nodes.inline("", "✓ ", classes=["claim-tick"])
    sentence = nodes.paragraph("", "", tick, nodes.Text(typeset(line.removeprefix("✓ "))))
    below = nodes.paragraph("", "", *facts, classes=["claim-facts"])
    return nodes.container("", sentence, below, ids=[anchor], classes=["claim"])


def _folded(parts: list[nodes.Node], summary: str, lines: int = 0) -> Fold:
    return Fold("", *parts, summary=summary, lines=lines)


def _join_with_fold_above(cell: nodes.Element) -> None:
    """Make one fold of two where nothing stands between them."""
    around = _siblings(cell)
    above = around.children[around.index(cell) - 1] if around.index(cell) else None
    if not isinstance(above, nodes.container) or len(above.children) > 1:
        return
    fold, joined = cell.children[0], above.children[0]
    if isinstance(fold, Fold) and isinstance(joined, Fold):
        fold.children[:0] = joined.children
        fold["summary"], fold["lines"] = joined["summary"], joined["lines"] + fold["lines"]
        around.remove(above)


def _number_figure(cell: nodes.Element, anchor: str, number: list[nodes.Node]) -> None:
    """Give a cell the figure's anchor, and the sentence in italics under it the figure's number."""
    cell["ids"].append(anchor)
    label = nodes.strong("", "", *number, nodes.Text(". "))
    around = _siblings(cell)
    below = around.index(cell) + 1
    caption = around.children[below] if below < len(around.children) else None
    words = caption.children[0] if isinstance(caption, nodes.paragraph) else None
    if isinstance(caption, nodes.paragraph) and isinstance(words, nodes.emphasis):
        words.insert(0, label)
    else:
        caption = nodes.paragraph("", "", nodes.emphasis("", "", label))
        around.insert(below, caption)
    caption["classes"].append("numbered-caption")


def _add_dark_copy(picture: nodes.image, chapter: str, cell: str) -> None:
    """Put a figure's dark copy beside it: the theme shows one of the two."""
    path = dark_copy_of(chapter, cell)
    if path.exists():
        picture["classes"].append("only-light")
        dark = nodes.image(uri=f"/{path.relative_to(ROOT).as_posix()}", classes=["only-dark"])
        dark["alt"] = picture["alt"]
        with Image.open(path) as stored:  # the place is kept free until the picture comes
            for copy in (picture, dark):
                copy["width"], copy["height"] = map(str, stored.size)
        around = _siblings(picture)
        around.insert(around.index(picture) + 1, dark)


def _add_dark_answers(doctree: nodes.document, page: str) -> None:
    """Give each answer picture its dark copy, at a chapter's head and on other pages."""
    for picture in list(doctree.findall(nodes.image)):
        in_page = picture["uri"].startswith("data:image/png;base64,")
        chapter = Path(page if in_page else picture["uri"]).stem
        if in_page or Path(picture["uri"]).parent.name == "chapters":
            for cell in code_cells(_read(chapter)):
                if "makes-answer-picture" in tags(cell):
                    _add_dark_copy(picture, chapter, cell.id)


def number_chapters(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Write the chapters' numbers and links, since the table of contents is known by now."""
    for place in list(doctree.findall(ChapterNumber)):
        number = app.env.toc_secnumbers[place["page"]][""]
        place.replace_self(nodes.Text(".".join(map(str, number))))
    for link in list(doctree.findall(LinkWithin)):
        text = nodes.inline("", "", *link.children)
        link.replace_self(make_refnode(app.builder, page, link["page"], link["anchor"], text))


def _open_fold(writer: HTML5Translator, fold: Fold) -> None:
    summary = writer.encode(fold["summary"])
    if fold["lines"]:
        first = "imports" if summary.startswith(("import ", "from ")) else f"<code>{summary}</code>"
        summary = f"Code, {fold['lines']} lines: {first}"
    kind = "fold-code" if fold["lines"] else "fold-check"
    writer.body.append(f'<details class="fold {kind}"><summary>{summary}</summary>\n')


def _close_fold(writer: HTML5Translator, fold: Fold) -> None:
    writer.body.append("</details>\n")


def _as_it_is(writer: nodes.NodeVisitor, fold: Fold) -> None:
    """Paper has nothing to open."""


def setup(app: Sphinx) -> ExtensionMetadata:
    """Called by Sphinx."""
    paper = (_as_it_is, _as_it_is)
    app.add_node(Fold, html=(_open_fold, _close_fold), latex=paper, text=paper)
    app.connect("doctree-read", shape_chapter, priority=400)  # pictures are collected at 500
    app.connect("doctree-resolved", number_chapters)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
