"""Sentences as they are found in Markdown: whole, without code, with their marks."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools.prose import blocks, sentences_of, split


def texts(markdown):
    return [sentence for block in blocks(markdown) for sentence in split(block)]


@pytest.mark.parametrize(
    ("markdown", "found"),
    [
        ("One line\ngoes on. A second.", ["One line goes on.", "A second."]),
        ("It is 7.99, e.g. here. See A. Author.", ["It is 7.99, e.g. here.", "See A. Author."]),
        ("Is it? $x$ is. *It* is! 32 are.", ["Is it?", "$x$ is.", "*It* is!", "32 are."]),
        ("*A caption. Its second sentence.*", ["*A caption.", "Its second sentence.*"]),
        ("# A title\n\n- first item\n  goes on\n- **second:** item", None),
        ("| a | b c |\n|---|--:|\n| 1 | 2 |", ["a", "b c", "1", "2"]),
        ("before\n\n```python\nx = 1. Not this.\n```\n\nafter", ["before", "after"]),
        ("```{exercise} Half of it\n:label: half\n\nDo it.\n```", ["Half of it", "Do it."]),
        (
            "::::{grid}\n:gutter: 3\n:::{card} Title\nText.\n:::\n::::\nend",
            ["Title", "Text.", "end"],
        ),
        ("so that\n\n$$\nE = 1 .\n$$\n\nholds.", ["so that", "holds."]),
        ("![Alt text. More.](a.png)\n\nText.", ["Text."]),
        ("```{math}\nx = 2\n```\nText.", ["Text."]),
        ("```{seed-plot}\n:alt: Less.\n\nerror\n  a: kinds pca.error\n```\nText.", ["Text."]),
        ("> ✓ A claim holds.", ["✓ A claim holds."]),
        ("A comment <!-- nobody reads. This --> is out.", ["A comment", "is out."]),
    ],
)
def test_markdown_is_read_as_sentences(markdown, found):
    wanted = found or ["A title", "first item goes on", "**second:** item"]
    assert texts(markdown) == wanted


def written(folder, *cells):
    path = folder / "05_chapter.ipynb"
    nbformat.write(new_notebook(cells=list(cells)), path)
    return path


def test_a_sentence_knows_its_page_its_cell_and_its_marks(tmp_path):
    text = "It is so. <!-- v:so-1 --> It is *not. <!-- v:not --> <!--v:two-->*"
    path = written(
        tmp_path,
        new_code_cell("# No prose."),
        new_markdown_cell(text, id="verdict"),
    )
    first, second = sentences_of(path)
    assert (first.page, first.place, first.text, first.marks) == (
        "05_chapter",
        "verdict",
        "It is so.",
        ("so-1",),
    )
    assert (second.text, second.marks) == ("It is *not.*", ("not", "two"))


def test_marks_may_end_items_cells_and_paragraphs(tmp_path):
    path = tmp_path / "page.md"
    path.write_text("- an item <!-- v:a -->\n- none\n\n| x | y <!-- v:b --> |\n", encoding="utf-8")
    found = {each.text: each.marks for each in sentences_of(path)}
    assert found == {"an item": ("a",), "none": (), "x": (), "y": ("b",)}


def test_a_mark_within_a_sentence_is_refused(tmp_path):
    path = tmp_path / "page.md"
    path.write_text("It is <!-- v:a --> so.", encoding="utf-8")
    with pytest.raises(ValueError, match=r"must end a sentence.*page\.md.*It is"):
        sentences_of(path)
