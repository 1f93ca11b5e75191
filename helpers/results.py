"""Stored results of long runs: read, written whole or not at all, and known to be stale."""

import hashlib
import json
import math
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np

RESULTS = Path(__file__).parent / "results"
QUOTED = re.compile(r"(?P<text>-?[\d,.]*\d)\s\(long\srun\s(?P<name>\w+):\s(?P<key>[\w.]+)\)")


@dataclass(frozen=True)
class Run:
    """One run of an experiment under one seed.

    Attributes:
        measured: numbers by name, such as `{"error.600": 2.9}`.
        seconds: how long the run took.
        date: the day it was made, as 2026-11-24.
        versions: of Python and of the packages that compute, by name.
        cores: the processor cores it could use.
        device: "CPU", or the kind of accelerator that TensorFlow saw.
    """

    measured: dict[str, float]
    seconds: float
    date: str
    versions: dict[str, str]
    cores: int
    device: str

    def __post_init__(self) -> None:
        for key, value in self.measured.items():
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not re.fullmatch(r"\w+(\.\w+)*", key) or not number or not math.isfinite(value):
                raise ValueError(
                    "measured must hold finite numbers under names of letters, digits, _ and dots; "
                    f"got {key!r}: {value!r}"
                )

    def made_with(self) -> dict[str, object]:
        """What has to be the same for runs to stand in one result."""
        return {"versions": self.versions, "cores": self.cores, "device": self.device}


@dataclass(frozen=True)
class Result:
    """What an experiment or a chapter measured, under each of its seeds.

    Attributes:
        name: its script is `experiments/NAME.py`, or its chapter `notebooks/NAME.ipynb`.
        script_sha256: the hash of the script, or of the chapter's code, that made it.
        runs: by seed.
    """

    name: str
    script_sha256: str
    runs: dict[int, Run]

    def __post_init__(self) -> None:
        if not self.runs:
            raise ValueError(f"runs must hold at least one run of {self.name}; got none")
        first = next(iter(self.runs.values()))
        for seed, run in self.runs.items():
            if set(run.measured) != set(first.measured) or run.made_with() != first.made_with():
                raise ValueError(
                    f"runs must measure the same with the same versions; seed {seed} of "
                    f"{self.name} does not"
                )

    @property
    def date(self) -> str:
        """The day of the last run."""
        return max(run.date for run in self.runs.values())

    @property
    def facts(self) -> dict[str, str]:
        """What a reader may want to know of the runs.

        The date of the last, their seeds, the minutes of the fastest, cores, device and versions.
        """
        run = next(iter(self.runs.values()))
        about = {
            "date": self.date,
            "seeds": ", ".join(map(str, self.runs)),
            "minutes": f"{min(run.seconds for run in self.runs.values()) / 60:.1f}",
            "cores": str(run.cores),
            "device": run.device,
        }
        return about | run.versions

    @property
    def keys(self) -> list[str]:
        """The names of what was measured."""
        return list(next(iter(self.runs.values())).measured)

    def values(self, key: str) -> np.ndarray:
        """One measured number under each seed.

        Args:
            key: what it is called in the result.

        Returns:
            float64 `(seeds,)`.

        Raises:
            ValueError: the result has no such number.
        """
        if key not in self.keys:
            raise ValueError(f"key must be one of {self.name}'s, {self.keys}; got {key!r}")
        return np.array([run.measured[key] for run in self.runs.values()])

    def text(self, key: str, form: str = ".2f") -> str:
        """The median over the seeds, or one of the facts, as text.

        Args:
            key: what the number is called in the result, or the name of a fact.
            form: how to write it, as Python's `format` takes it.

        Returns:
            The number as it may stand in a sentence.

        Raises:
            ValueError: the result has no such number, or the form is none.
        """
        if key in self.facts:
            return self.facts[key]
        return format(float(np.median(self.values(key))), form)

    def mean(self, key: str, form: str = ".2f") -> str:
        """The mean over the seeds and their standard deviation, as text: `7.98 ± 0.03`.

        Args:
            key: what the number is called in the result.
            form: how to write both, as Python's `format` takes it.

        Returns:
            The two numbers as they may stand in a table. The standard deviation is that of the
            seeds as a sample, with one degree of freedom less than there are seeds.

        Raises:
            ValueError: the result has no such number or fewer than two seeds, or the form is none.
        """
        values = self.values(key)
        if len(values) < 2:
            raise ValueError(f"{self.name} must have two seeds for a spread; it has {len(values)}")
        return f"{values.mean():{form}} ± {values.std(ddof=1):{form}}"

    def quote(self, key: str, form: str = ".2f") -> str:
        """The median with its source, as chapters print it: `2.90 (long run deep_30: error.600)`.

        A test compares every such text in the book with the stored result.

        Args:
            key: what the number is called in the result.
            form: how to write it, as Python's `format` takes it.

        Returns:
            The number and where it comes from.

        Raises:
            ValueError: the result has no such number, or the form is none.
        """
        return f"{self.text(key, form)} (long run {self.name}: {key})"

    def to_json(self) -> str:
        """The result as it is stored."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The result whose `to_json` this is.

        Args:
            text: JSON.

        Returns:
            The result.

        Raises:
            ValueError: the text is no stored result.
        """
        try:
            fields = json.loads(text)
            runs = {int(seed): Run(**run) for seed, run in fields.pop("runs").items()}
            return cls(runs=runs, **fields)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"text must be a stored result; {error!r}") from error


def load_result(name: str, folder: Path = RESULTS) -> Result:
    """A stored result.

    Args:
        name: the experiment's, as its script is called.
        folder: where results are stored.

    Returns:
        The result.

    Raises:
        ValueError: there is no such result, or its file is cut or altered.
    """
    path = folder / f"{name}.json"
    if not path.is_file():
        known = sorted(path.stem for path in folder.glob("*.json"))
        raise ValueError(f"name must be one of the stored results, {known}; got {name!r}")
    try:
        return Result.from_json(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(
            f"the stored result of {name} is cut or altered: {error}; restore it with git, or make "
            f"it anew with `make results ONLY={name}`"
        ) from error


def store_result(result: Result, folder: Path = RESULTS) -> Path:
    """Write a result whole, or leave what was there.

    Args:
        result: what to store, as `NAME.json`.
        folder: where results are stored.

    Returns:
        The file.
    """
    path = folder / f"{result.name}.json"
    write_whole(path, result.to_json())
    return path


def write_whole(path: Path, text: str) -> None:
    """Write a text file whole or not at all, whenever the writing is interrupted.

    Args:
        path: the file; its folder is made where it is missing.
        text: what to write.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".draft")
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, path)


def script_hash(path: Path) -> str:
    """The SHA-256 of a script, whatever its line endings.

    Args:
        path: the script.

    Returns:
        64 hexadecimal digits.
    """
    return hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def misquoted(text: str, folder: Path = RESULTS) -> list[str]:
    """Every figure in a text that says it comes from a long run and does not.

    Args:
        text: prose or printed output, with figures as `Result.quote` writes them.
        folder: where results are stored.

    Returns:
        A sentence for each: empty if every quoted figure is the stored one.
    """
    wrong = []
    for found in QUOTED.finditer(text):
        quoted = found["text"].replace(",", "")
        decimals = len(quoted.partition(".")[2])
        try:
            stored = load_result(found["name"], folder).text(found["key"], f".{decimals}f")
        except ValueError as error:
            wrong.append(f"{found[0]!r}: {error}")
            continue
        if quoted != stored:
            wrong.append(f"{found[0]!r}: the stored result says {stored}")
    return wrong
