"""The sentences that readers meet: those of a chapter's text and of the pages without code.

A sentence may end in marks, `<!-- v:depth-1 -->`, which no reader sees, on the site, in Colab or on
a code host. `tools/verdicts.py` says what they lead to.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat

MARK = re.compile(r"\s*<!--\s*v:([\w-]+)\s*-->")
# What is no prose: other comments, displayed mathematics, pictures, targets of links.
HIDDEN = re.compile(r"<!--.*?-->|\$\$.*?\$\$|!\[[^]]*\]\([^)]*\)", re.DOTALL)
FENCE = re.compile(r"\s*(`{3,}|:{3,}|~{3,})\s*(.*)")
NO_PROSE = re.compile(r"(?!\{)\S|\{(?:math|code|code-block|code-cell|toctree|claims|seed-plot)\}")
OPTION = re.compile(r"\s*:[\w-]+:(?:\s|$)")
ITEM = re.compile(r"^\s*(?:#+ |[-*+] |\d+\. |> ?)")
TABLE_RULE = re.compile(r"\s*\|[\s:|-]+\|\s*")
# A sentence ends in a point, what closes with it, and its marks, before a capital or a number.
END = re.compile(
    r"(?<!\b[A-Z]\.)(?<!\b(?:e\.g|i\.e)\.)(?<=[.!?])"
    r"[\"'”’)*_\]]*(?:\0[\w-]+\0[*_]*)*\s+(?=[\"“'‘(*_`$\[{]*[A-Z0-9$`{σ])"
)


@dataclass(frozen=True)
class Sentence:
    """A sentence, as a page has it.

    Attributes:
        page: the name of its file without the suffix.
        place: the cell's id in a notebook; on a page, the number of its paragraph.
        text: in one line, without marks.
        marks: the names of the marks that it ends in.
    """

    page: str
    place: str
    text: str
    marks: tuple[str, ...] = ()


def sentences_of(path: Path) -> list[Sentence]:
    """Every sentence of a notebook's Markdown or of a page, in order.

    Args:
        path: an `.ipynb` or an `.md` file.

    Returns:
        The sentences; headings, a table's cells and a list's items count as such.

    Raises:
        ValueError: a mark stands within a sentence, where nobody could tell what it marks.
    """
    if path.suffix == ".ipynb":
        cells = nbformat.read(path, as_version=4).cells
        texts = [(cell.id, cell.source) for cell in cells if cell.cell_type == "markdown"]
    else:
        texts = [("", path.read_text(encoding="utf-8"))]
    found = []
    for cell, text in texts:
        for number, block in enumerate(blocks(text)):
            for sentence in split(block):
                marks = re.findall(r"\0([\w-]+)\0", sentence)
                plain, behind, rest = sentence.partition("\0")
                if re.sub(r"\0[\w-]+\0|[*_)]", "", behind + rest):
                    raise ValueError(
                        f"a mark must end a sentence; in {path.name} one stands within "
                        f"{MARK.sub('', unhidden(sentence))!r}"
                    )
                closing = re.sub(r"\0[\w-]+\0", "", behind + rest)
                place = cell or str(number)
                found.append(Sentence(path.stem, place, plain + closing, tuple(marks)))
    return found


def unhidden(text: str) -> str:
    """Marks as the page has them, where blocks have them between two zeros."""
    return re.sub(r"\0([\w-]+)\0", r" <!-- v:\1 -->", text)


def split(block: str) -> list[str]:
    """The sentences of a block, with their marks."""
    ends = [found.end() for found in END.finditer(block)]
    parts = [
        block[first:last].strip() for first, last in zip([0, *ends], [*ends, None], strict=True)
    ]
    return [part for part in parts if part]


def blocks(text: str) -> Iterator[str]:
    """The paragraphs, headings, list items and table cells of Markdown, each in one line.

    Code is left out; what stands within a directive, such as an exercise, is not. Marks stand
    between two zeros.
    """
    text = HIDDEN.sub("\n\n", MARK.sub("\0\\1\0", text))
    lines: list[str] = []
    fences: list[tuple[str, bool]] = []  # open ones, and whether they hold code
    for line in [*text.splitlines(), ""]:
        fence, is_row = FENCE.match(line), line.lstrip().startswith("|")
        in_code = any(is_code for _, is_code in fences)
        ends = not line.strip() or fence or is_row or OPTION.match(line) or ITEM.match(line)
        if lines and ends:
            yield " ".join(lines)
            lines = []
        if fence:
            if fences and not fence[2] and fence[1].startswith(fences[-1][0]):
                fences.pop()
            elif not in_code:
                title = re.sub(r"^\{[\w-]+\}\s*", "", fence[2])
                fences.append((fence[1], not fence[2] or bool(NO_PROSE.match(fence[2]))))
                if title and not fences[-1][1]:
                    yield title
        elif in_code or not line.strip() or OPTION.match(line) or TABLE_RULE.fullmatch(line):
            continue
        elif is_row:
            yield from (cell.strip() for cell in line.strip().strip("|").split("|"))
        else:
            lines.append(ITEM.sub("", line).strip())
