"""Verdicts: sentences that rank, compare or quantify what was measured, and what carries them.

    python -m tools.verdicts

A verdict ends in a mark that no reader sees, `<!-- v:depth-1 -->`. Under the mark's name,
`experiments/verdicts.toml` repeats the sentence word for word, says where each number in it comes
from, and has an expression over stored results that must be true under every seed:

    [verdicts.02_architecture.depth-1]
    sentence = "With 20,000 images a second layer halves the error."
    numbers = [["20,000", "setting"], ["halves", "stored('depth.1') / stored('depth.2')"]]
    holds = "stored('depth.2') < stored('depth.1')"

A number is the median over the seeds of what its expression gives, rounded as it is written; or a
"setting", which the code of the page sets; or a "bound", with which `holds` compares. In
expressions, `stored(key)` is a stored number of the page's own result and `stored(key, "deep_30")`
one of another, `others(key)` the same number of all other models, and `claimed(beginning, name)` a
value that the claim with this beginning rests on, each with one entry a seed. `UNDER_SEEDS` and
`OVER_SEEDS` have the functions that may be called.

`[unmarked]` has for each page how many of its sentences compare and are not marked. It may only
fall.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import nbformat
import numpy as np

from helpers.stored import RESULTS, Result, load_result
from tools.chapter_rules import code_cells, plain
from tools.digests import CHAPTERS, EXPERIMENTS, ROOT
from tools.prose import Sentence, sentences_of
from tools.written_numbers import number_of, numbers_in, rounds_to, text_of_sentence, words_of

VERDICTS = EXPERIMENTS / "verdicts.toml"
PAGES = ROOT / "book"
MOST_MARKED = 40  # of a chapter's sentences: one that needs more compares too much
MOST_UNMARKED = 15  # of a new page's sentences
SETTING, BOUND = "setting", "bound"

# What compares: "than", a superlative, a share, a multiple.
NO_SUPERLATIVE = "t|r|gu|w|n|requ|inter|hon|sugg|for|manif|cont|mod|lat"
COMPARES = re.compile(
    r"\b(?:than|most|worst|half|halves|twice|nearly|per ?cent|"
    rf"(?!(?:{NO_SUPERLATIVE})est\b)\w+est)\b|%",
    re.IGNORECASE,
)
UNDER_SEEDS: dict[str, Callable] = {
    "abs": np.abs,
    "smaller": np.minimum,
    "larger": np.maximum,
    "below": lambda value, *others: np.less(value, np.vstack(others)).all(axis=0),
    "above": lambda value, *others: np.greater(value, np.vstack(others)).all(axis=0),
}
OVER_SEEDS: dict[str, Callable] = {
    "all": np.all,
    "any": np.any,
    "count": np.count_nonzero,
    "lowest": np.min,
    "highest": np.max,
    "mean": np.mean,
    "median": np.median,
    "spread": lambda values: np.std(values, ddof=1),
}


@dataclass(frozen=True)
class Verdict:
    """What carries one marked sentence.

    Attributes:
        page: the name of the page's file without the suffix.
        mark: the mark's name.
        sentence: the sentence, word for word.
        holds: an expression that is true under every seed.
        numbers: each number in the sentence, in order, with where it comes from.
    """

    page: str
    mark: str
    sentence: str
    holds: str
    numbers: tuple[tuple[str, str], ...] = ()


@dataclass
class Values:
    """Stored values as an expression asks for them, noting which it read.

    Attributes:
        page: whose own results are meant where none is named.
        folder: where results are stored.
        changed: what to multiply a value with, by the result's name, what was read, and the seed's
            place; to see whether an expression depends on it.
        read: the results' names and what was read of them.
    """

    page: str
    folder: Path = RESULTS
    changed: tuple[str, str, int, float] | None = None
    read: list[tuple[str, str, int]] = field(default_factory=list)

    def stored(self, key: str, of: str = "") -> np.ndarray:
        """A stored number under each seed."""
        return self._noted(
            of or self.page, key, result_of(of or self.page, self.folder).values(key)
        )

    def others(self, key: str, of: str = "") -> np.ndarray:
        """The same number of all other models: those whose key ends alike, a row each."""
        result = result_of(of or self.page, self.folder)
        kind = key.rpartition(".")[2]
        alike = [other for other in result.keys if other.rpartition(".")[2] == kind != other]
        return np.stack([self.stored(other, of) for other in alike if other != key])

    def claimed(self, beginning: str, name: str, of: str = "") -> np.ndarray:
        """What a claim rests on, under each seed; the claim is the one that begins like this."""
        result = result_of(of or self.page, self.folder)
        found = [claim for claim in result.claims if claim.startswith(beginning)]
        if len(found) != 1:
            raise ValueError(
                f"one claim of {result.name} must begin with {beginning!r}; {len(found)} do"
            )
        return self._noted(result.name, f"{found[0]} {name}", result.claim_values(found[0], name))

    def _noted(self, result: str, key: str, values: np.ndarray) -> np.ndarray:
        self.read.append((result, key, len(values)))
        if self.changed and self.changed[:2] == (result, key):
            values = values.copy()
            values[self.changed[2]] *= self.changed[3]
        return values

    def evaluate(self, expression: str) -> np.ndarray:
        """What an expression gives, for each seed or for all together.

        Raises:
            ValueError: it is no expression, or asks for what there is not.
        """
        names = UNDER_SEEDS | OVER_SEEDS
        names |= {"stored": self.stored, "others": self.others, "claimed": self.claimed}
        try:
            code = compile(f"({expression})", "verdicts.toml", "eval")
            with np.errstate(all="ignore"):
                return np.asarray(eval(code, {"__builtins__": {}}, names))  # our own file
        except (SyntaxError, NameError, TypeError, ValueError, IndexError) as error:
            raise ValueError(f"{expression!r} cannot be evaluated: {error}") from error


@cache
def result_of(name: str, folder: Path) -> Result:
    """A stored result, read once."""
    return load_result(name, folder)


def pages() -> list[Path]:
    """Every chapter and every page without code."""
    return [*sorted(CHAPTERS.glob("*.ipynb")), *sorted(PAGES.glob("*.md"))]


def read_verdicts(path: Path = VERDICTS) -> tuple[list[Verdict], dict[str, int]]:
    """The verdicts of a file, and how many unmarked comparisons it allows by page.

    Raises:
        ValueError: an entry lacks something, or has something else.
    """
    entries = tomllib.loads(path.read_text(encoding="utf-8"))
    verdicts = []
    for page, marked in entries.get("verdicts", {}).items():
        for mark, entry in marked.items():
            if not {"sentence", "holds"} <= set(entry) <= {"sentence", "holds", "numbers"}:
                raise ValueError(
                    f"{page}.{mark} must have sentence and holds, and may have numbers; it has "
                    f"{sorted(entry)}"
                )
            numbers = tuple((text, source) for text, source in entry.get("numbers", []))
            verdicts.append(Verdict(page, mark, entry["sentence"], entry["holds"], numbers))
    return verdicts, entries.get("unmarked", {})


def compares(sentence: Sentence) -> bool:
    """Whether a sentence has a word by which one compares."""
    return bool(COMPARES.search(text_of_sentence(sentence.text)))


@cache
def settings_of(page: str) -> frozenset[float]:
    """Every number in the code of a chapter, of all for other pages, and of the data sets."""
    chapter = CHAPTERS / f"{page}.ipynb"
    scripts = [*EXPERIMENTS.glob("*.py"), *(ROOT / "helpers" / "datasets").glob("*.py")]
    texts = [path.read_text(encoding="utf-8") for path in scripts]
    for path in [chapter] if chapter.exists() else CHAPTERS.glob("*.ipynb"):
        texts += map(plain, code_cells(nbformat.read(path, as_version=4)))
    code = re.sub(r"(?<=\d)[_,](?=\d{3})", "", "\n".join(texts))
    return frozenset(map(float, re.findall(r"(?<![\w.])(?:\d+(?:\.\d+)?|\.\d+)(?:e-?\d+)?", code)))


def constants(expression: str) -> set[float]:
    """The numbers that stand in an expression, and the fractions that are made of two."""
    found = set()
    for node in ast.walk(ast.parse(f"({expression})", mode="eval")):
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            found.add(float(node.value))
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            match node.left, node.right:
                case ast.Constant(int() | float() as above), ast.Constant(int() | float() as below):
                    found.add(above / below)
    return found


def wrong_in(verdict: Verdict, folder: Path = RESULTS) -> list[str]:
    """What is wrong with a verdict: it does not hold, or a number is not the stored one."""
    wrong = []
    found = numbers_in(verdict.sentence)
    if found != [text for text, _ in verdict.numbers]:
        wrong.append(f"it has the numbers {found}; list them, in this order, under numbers")
    for text, source in verdict.numbers if not wrong else ():
        wrong += wrong_number(verdict, text, source, folder)
    return [f"{verdict.page}.{verdict.mark}: {text}" for text in wrong + broken(verdict, folder)]


def wrong_number(verdict: Verdict, text: str, source: str, folder: Path) -> list[str]:
    """Why a number of a sentence is not what it says it is."""
    number = number_of(text)
    if source == SETTING:
        is_word = not text[-1:].isdigit() and "%" not in text
        known = settings_of(verdict.page)
        if not is_word and not {number, number / 100} & known:
            return [f"{text} is called a setting, and no code of the page has it"]
        return []
    if source == BOUND:
        same = {number, number / 100, 100 * number, 1 - number / 100, 1 + number / 100}
        same.add(1 / (number or 1))
        if not any(np.isclose(a, b) for a in same for b in constants(verdict.holds)):
            return [f"{text} is called a bound, and holds compares with no such number"]
        return []
    values = Values(verdict.page, folder)
    try:
        value = float(np.median(values.evaluate(source)))
    except ValueError as error:
        return [str(error)]
    if not values.read:
        return [f"{text} comes from {source!r}, which reads no stored value"]
    if not rounds_to(value, text):
        return [f"it says {text}, and {source!r} is {value:.6g}"]
    return []


def broken(verdict: Verdict, folder: Path = RESULTS) -> list[str]:
    """Why the expression of a verdict does not carry it: it is false, or could not be false."""
    values = Values(verdict.page, folder)
    try:
        found = values.evaluate(verdict.holds)
    except ValueError as error:
        return [str(error)]
    if not values.read:
        return [f"{verdict.holds!r} reads no stored value"]
    if found.dtype != bool or not found.size:
        return [f"{verdict.holds!r} must be true or false; it is {found.tolist()!r}"]
    if not found.all():
        where = "" if found.ndim == 0 else f" under the seeds {found.tolist()}"
        return [f"{verdict.holds!r} does not hold{where}"]
    return [
        f"{verdict.holds!r} would hold whatever {result} measured under its seed number {seed}"
        for result, seed in idle_seeds(verdict, values.read, folder)
    ]


def idle_seeds(
    verdict: Verdict, read: Iterable[tuple[str, str, int]], folder: Path
) -> list[tuple[str, int]]:
    """The seeds of each result on which an expression does not depend."""
    idle = []
    for result, count in sorted({(result, count) for result, _, count in read}):
        keys = sorted({key for name, key, _ in read if name == result})
        for seed in range(count):
            changes = ((result, key, seed, by) for key in keys for by in (-1, 0, 1e-3, 1e3))
            if all(
                Values(verdict.page, folder, change).evaluate(verdict.holds).all()
                for change in changes
            ):
                idle.append((result, seed))
    return idle


def unfitting_marks(verdicts: list[Verdict], sentences: list[Sentence]) -> list[str]:
    """Marks without an entry, entries without a mark, and sentences that their entry has not."""
    wrong = []
    entries = {(verdict.page, verdict.mark): verdict for verdict in verdicts}
    marked = [((each.page, mark), each.text) for each in sentences for mark in each.marks]
    for place, text in marked:
        name, entry = ".".join(place), entries.get(place)
        if entry is None:
            wrong.append(f"{name}: the page has this mark, and verdicts.toml no entry for it")
        elif words_of(entry.sentence) != words_of(text):
            wrong.append(
                f"{name}: the page says {words_of(text)!r}, its entry {words_of(entry.sentence)!r}"
            )
    places = [place for place, _ in marked]
    twice = sorted({place for place in places if places.count(place) > 1})
    wrong += [f"{'.'.join(place)}: more than one sentence has this mark" for place in twice]
    unused = sorted(entries.keys() - set(places))
    wrong += [f"{'.'.join(place)}: no sentence of the page has this mark" for place in unused]
    pages = [page for page, _ in places]
    crowded = sorted({page for page in pages if pages.count(page) > MOST_MARKED})
    return wrong + [
        f"{page} has {pages.count(page)} verdicts, and {MOST_MARKED} are enough: delete comparisons"
        for page in crowded
    ]


def unmarked(sentences: list[Sentence]) -> dict[str, list[Sentence]]:
    """By page, its sentences that compare and are not marked."""
    found: dict[str, list[Sentence]] = {sentence.page: [] for sentence in sentences}
    for sentence in sentences:
        if compares(sentence) and not sentence.marks:
            found[sentence.page].append(sentence)
    return found


def risen(allowed: dict[str, int], sentences: list[Sentence]) -> list[str]:
    """Pages on which more sentences compare unmarked than were there, or fewer than are noted."""
    wrong = []
    found = unmarked(sentences)
    for page, comparing in found.items():
        count, most = len(comparing), allowed.get(page, MOST_UNMARKED)
        if count > most:
            latest = "; ".join(f"{sentence.place}: {sentence.text}" for sentence in comparing)
            wrong.append(
                f"{page} has {count} sentences that compare without a mark, and may have {most}: "
                f"mark, or better delete, one of these: {latest}"
            )
        elif page in allowed and count < most:
            wrong.append(f"{page} has {count} unmarked comparisons: lower its figure from {most}")
    gone = sorted(allowed.keys() - found.keys())
    return wrong + [f"[unmarked] names {page}, and there is no such page" for page in gone]


def main() -> None:
    """Check every page."""
    sentences = [sentence for path in pages() for sentence in sentences_of(path)]
    verdicts, allowed = read_verdicts()
    wrong = unfitting_marks(verdicts, sentences) + risen(allowed, sentences)
    wrong += [text for verdict in verdicts for text in wrong_in(verdict)]
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
