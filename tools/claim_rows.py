"""Every claim of the book with its address on the site and what it rests on, under each seed.

The sentences are those that the stored notebooks print; the values are those that the runs under
five seeds recorded. Where these say something else than the notebook, or its code has changed since
they ran, `missing_records` says so.
"""

from dataclasses import dataclass
from pathlib import Path

import nbformat
import yaml

from helpers.claims import Numbers
from helpers.stored import RESULTS, Result, load_result
from tools.digests import CHAPTERS, ROOT, changes_since
from tools.notebooks import claims_of

CONTENTS = ROOT / "book" / "_toc.yml"


@dataclass(frozen=True)
class ClaimRow:
    """One claim as readers meet it.

    Attributes:
        chapter: its notebook's name.
        number: 1 for the chapter's first.
        sentence: what the chapter says.
        measured: by name its values, one for each seed; empty until they are recorded.
    """

    chapter: str
    number: int
    sentence: str
    measured: dict[str, list[Numbers]]

    @property
    def anchor(self) -> str:
        """Where it stands on the site, within its chapter's page."""
        return claim_anchor(self.chapter, self.number)


def chapter_mark(chapter: str) -> str:
    """What stands for a chapter in anchors: its number if its file has one, or its file's name.

    `03_denoising` is 3, `when_it_does_not_work` is when-it-does-not-work.
    """
    number = chapter.partition("_")[0]
    return str(int(number)) if number.isdigit() else chapter.replace("_", "-")


def claim_anchor(chapter: str, number: int) -> str:
    """The anchor of a chapter's claim, as claim-3-07."""
    return f"claim-{chapter_mark(chapter)}-{number:02}"


def figure_anchor(chapter: str, cell: str) -> str:
    """The anchor of the figure that a cell of a chapter shows, as figure-1-curves."""
    return f"figure-{chapter_mark(chapter)}-{cell}"


def chapters_in_order(contents: Path = CONTENTS) -> list[str]:
    """The names of all chapters in the order of the table of contents."""
    parts = yaml.safe_load(contents.read_text(encoding="utf-8"))["parts"]
    files = [Path(page["file"]) for part in parts for page in part["chapters"]]
    return [file.name for file in files if file.parent.name == "notebooks"]


def sentences(chapter: str, folder: Path = CHAPTERS) -> list[str]:
    """The claims that a stored notebook prints, in order."""
    printed = claims_of(nbformat.read(folder / f"{chapter}.ipynb", as_version=4))
    return [line.removeprefix("✓ ") for text in printed for line in text.splitlines()]


def recorded(chapter: str, folder: Path = CHAPTERS, results: Path = RESULTS) -> Result | None:
    """The stored runs of a chapter, if they make the claims that its notebook prints."""
    if not (results / f"{chapter}.json").exists():
        return None
    result = load_result(chapter, results)
    return result if result.claims == sentences(chapter, folder) else None


def is_current(result: Result) -> bool:
    """Whether the chapter's code is still that under which its claims were recorded."""
    return "code" not in changes_since(result)


def claim_rows(chapter: str, folder: Path = CHAPTERS, results: Path = RESULTS) -> list[ClaimRow]:
    """The claims of a chapter, in order."""
    result = recorded(chapter, folder, results)
    rows = []
    for index, sentence in enumerate(sentences(chapter, folder)):
        measured: dict[str, list[Numbers]] = {}
        if result:
            claims = [run.claims[index].measured for run in result.runs.values()]
            measured = {name: [values[name] for values in claims] for name in claims[0]}
        rows.append(ClaimRow(chapter, index + 1, sentence, measured))
    return rows


def missing_records(chapter: str, folder: Path = CHAPTERS, results: Path = RESULTS) -> list[str]:
    """Why a chapter's claims are not all in the claims page as they stand: empty where they are."""
    wanted = sentences(chapter, folder)
    path = results / f"{chapter}.json"
    renew = f"run `make results ONLY={chapter}`"
    if not path.exists():
        return [f"{chapter} has no stored runs, so its {len(wanted)} claims have no rows: {renew}"]
    result = load_result(chapter, results)
    lacking = [sentence for sentence in wanted if sentence not in result.claims]
    wrong = [
        f"{chapter} claims {sentence!r}, of which no run is stored: {renew}" for sentence in lacking
    ]
    if not lacking and result.claims != wanted:
        wrong.append(f"{chapter} makes its claims in another order than its stored runs: {renew}")
    if not is_current(result):
        wrong.append(f"the code of {chapter} has changed since its claims were recorded: {renew}")
    return wrong
