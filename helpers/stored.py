"""Stored results of long runs: read, written whole or not at all, and quoted as they are."""

import json
import math
import os
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self, TypeVar, cast

import numpy as np

from helpers.checks import is_number
from helpers.claims import ClaimRecord, Numbers

T = TypeVar("T")
RESULTS = Path(__file__).parent / "results"
NOT_FINITE = ("nan", "inf", "-inf")  # as text, since JSON has no such numbers
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
        claims: what it claimed, in order; results stored before claims were recorded have none.
    """

    measured: dict[str, float]
    seconds: float
    date: str
    versions: dict[str, str]
    cores: int
    device: str
    claims: tuple[ClaimRecord, ...] = ()

    def __post_init__(self) -> None:
        for key, value in self.measured.items():
            if not re.fullmatch(r"\w+(\.\w+)*", key) or not _is_finite(value):
                raise ValueError(
                    "measured must hold finite numbers under names of letters, digits, _ and dots; "
                    f"got {key!r}: {value!r}"
                )
        if not _is_finite(self.seconds) or self.seconds < 0:
            raise ValueError(f"seconds must be a finite number from 0 up; got {self.seconds!r}")
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", str(self.date)):
            raise ValueError(f"date must be a day, as 2026-11-24; got {self.date!r}")

    def made_with(self) -> dict[str, object]:
        """What has to be the same for runs to stand in one result."""
        return {"versions": self.versions, "cores": self.cores, "device": self.device}

    def claimed(self) -> list[tuple[str, list[str]]]:
        """The sentences of its claims, each with the names of what it rests on, sorted."""
        return [(record.sentence, sorted(record.measured)) for record in self.claims]

    def to_json(self) -> str:
        """The run as it is stored."""
        return json.dumps(self._as_stored(), indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The run whose `to_json` this is.

        Args:
            text: JSON.

        Returns:
            The run.

        Raises:
            ValueError: the text is no stored run.
        """
        return _read(text, cls._of_stored, "run")

    def _as_stored(self) -> dict[str, object]:
        fields = asdict(self)
        for record in fields["claims"]:
            record["measured"] = {
                name: _numbers_as_stored(value) for name, value in record["measured"].items()
            }
        return fields

    @classmethod
    def _of_stored(cls, fields: dict) -> Self:
        claims = tuple(
            ClaimRecord(
                record["sentence"],
                record["holds"],
                {name: _stored_numbers(value) for name, value in record["measured"].items()},
            )
            for record in fields.pop("claims", [])
        )
        return cls(**fields, claims=claims)


@dataclass(frozen=True)
class Result:
    """What an experiment or a chapter measured, under each of its seeds.

    Attributes:
        name: its script is `experiments/NAME.py`, or its chapter `notebooks/NAME.ipynb`.
        code_sha256: the hash of the script, or of the chapter's code, that made it.
        helpers_sha256: the hash of the helpers that this code imported.
        runs: by seed.
    """

    name: str
    code_sha256: str
    helpers_sha256: str
    runs: dict[int, Run]

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not re.fullmatch(r"\w+", self.name):
            raise ValueError(f"name must be letters, digits and _; got {self.name!r}")
        if not self.runs:
            raise ValueError(f"runs must hold at least one run of {self.name}; got none")
        first = next(iter(self.runs.values()))
        for seed, run in self.runs.items():
            if set(run.measured) != set(first.measured) or run.made_with() != first.made_with():
                raise ValueError(
                    f"runs must measure the same with the same versions; seed {seed} of "
                    f"{self.name} does not"
                )
            if run.claimed() != first.claimed():
                raise ValueError(
                    "runs must make the same claims, in one order and about values of the same "
                    f"names; seed {seed} of {self.name} does not"
                )
        clashing = sorted(set(first.measured) & set(self.facts))
        if clashing:
            raise ValueError(
                f"measured must not be called as a fact of the run is; got {clashing} in "
                f"{self.name}, and the facts are {list(self.facts)}"
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

    @property
    def claims(self) -> list[str]:
        """The sentences that it claims, in order: none where it was stored before they were."""
        return [sentence for sentence, _ in next(iter(self.runs.values())).claimed()]

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
        return np.array([run.measured[key] for run in self.runs.values()], np.float64)

    def claim_values(self, claim: int | str, name: str) -> np.ndarray:
        """What a claim rests on, under each seed.

        Args:
            claim: its number, 0 for the first, or its sentence.
            name: what the value is called in the claim.

        Returns:
            float64 `(seeds, …)`, with the shape of the value behind the seeds.

        Raises:
            ValueError: there is no such claim, it has no such value, or the value has not the same
                shape under each seed.
        """
        records = self._records(claim)
        names = list(records[0].measured)
        if name not in names:
            raise ValueError(f"name must be one of the claim's, {names}; got {name!r}")
        values = [np.array(record.measured[name], np.float64) for record in records]
        shapes = sorted({value.shape for value in values})
        if len(shapes) > 1:
            raise ValueError(
                f"{name!r} must have one shape under all seeds of {self.name}; it has {shapes}"
            )
        return np.stack(values)

    def claim_holds(self, claim: int | str) -> np.ndarray:
        """Whether a claim held, under each seed.

        Args:
            claim: its number, 0 for the first, or its sentence.

        Returns:
            bool `(seeds,)`.

        Raises:
            ValueError: there is no such claim.
        """
        return np.array([record.holds for record in self._records(claim)])

    def _records(self, claim: int | str) -> list[ClaimRecord]:
        """A claim under each seed."""
        numbers = [number for number, sentence in enumerate(self.claims) if sentence == claim]
        if isinstance(claim, int) and not isinstance(claim, bool) and 0 <= claim < len(self.claims):
            numbers = [claim]
        if len(numbers) != 1:
            raise ValueError(
                f"claim must be a number below {len(self.claims)}, or a sentence that one claim of "
                f"{self.name} has, of {self.claims}; got {claim!r}, which {len(numbers)} have"
            )
        return [run.claims[numbers[0]] for run in self.runs.values()]

    def fact(self, name: str) -> str:
        """One of the facts of the run, as text.

        Args:
            name: "date", "seeds", "minutes", "cores", "device", or a package.

        Raises:
            ValueError: there is no such fact.
        """
        if name not in self.facts:
            raise ValueError(
                f"name must be a fact of {self.name}'s run, {list(self.facts)}; got {name!r}"
            )
        return self.facts[name]

    def median_text(self, key: str, form: str = ".2f") -> str:
        """The median over the seeds, as text.

        Args:
            key: what the number is called in the result.
            form: how to write it, as Python's `format` takes it.

        Returns:
            The number as it may stand in a sentence.

        Raises:
            ValueError: the result has no such number, or the format is not valid.
        """
        return _written(np.median(self.values(key)), form)

    def mean_text(self, key: str, form: str = ".2f") -> str:
        """The mean over the seeds and their standard deviation, as text: `7.98 ± 0.03`.

        Args:
            key: what the number is called in the result.
            form: how to write both, as Python's `format` takes it.

        Returns:
            The two numbers as they may stand in a table. The standard deviation is that of the
            seeds as a sample, with one degree of freedom less than there are seeds.

        Raises:
            ValueError: the result has no such number or fewer than two seeds, or the format is not
                valid.
        """
        values = self.values(key)
        if len(values) < 2:
            raise ValueError(f"{self.name} must have two seeds for a spread; it has {len(values)}")
        return f"{_written(values.mean(), form)} ± {_written(values.std(ddof=1), form)}"

    def quote(self, key: str, form: str = ".2f") -> str:
        """The median with its source, as chapters print it: `2.90 (long run deep_30: error.600)`.

        A test compares every such text in the book with the stored result.

        Args:
            key: what the number is called in the result.
            form: how to write it, as Python's `format` takes it: digits, a point and commas, which
                the test can read.

        Returns:
            The number and where it comes from.

        Raises:
            ValueError: the result has no such number, or the format is not valid or writes
                anything else.
        """
        quoted = f"{self.median_text(key, form)} (long run {self.name}: {key})"
        if not QUOTED.fullmatch(quoted):
            raise ValueError(f"form must write digits, a point and commas alone; got {form!r}")
        return quoted

    def to_json(self) -> str:
        """The result as it is stored."""
        runs = {seed: run._as_stored() for seed, run in self.runs.items()}
        return json.dumps({**vars(self), "runs": runs}, indent=1, allow_nan=False) + "\n"

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
        return _read(text, cls._of_stored, "result")

    @classmethod
    def _of_stored(cls, fields: dict) -> Self:
        runs = {int(seed): Run._of_stored(run) for seed, run in fields.pop("runs").items()}
        return cls(**fields, runs=runs)


def load_result(name: str, folder: str | Path = RESULTS) -> Result:
    """A stored result.

    Args:
        name: the experiment's, as its script is called.
        folder: where results are stored.

    Returns:
        The result.

    Raises:
        ValueError: there is no such result, or its file is cut or altered.
    """
    folder = Path(folder)
    known = sorted(path.stem for path in folder.glob("*.json"))
    if name not in known:
        raise ValueError(f"name must be one of the stored results, {known}; got {name!r}")
    try:
        result = Result.from_json((folder / f"{name}.json").read_text(encoding="utf-8"))
        if result.name != name:
            raise ValueError(f"it is that of {result.name}")
        return result
    except ValueError as error:
        raise ValueError(
            f"the stored result of {name} is cut or altered: {error}; restore it with git, or make "
            f"it anew with `make results ONLY={name}`"
        ) from error


def store_result(result: Result, folder: str | Path = RESULTS) -> Path:
    """Write a result whole, or leave what was there.

    Args:
        result: what to store, as `NAME.json`.
        folder: where results are stored.

    Returns:
        The file.
    """
    path = Path(folder) / f"{result.name}.json"
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


def misquoted(text: str, folder: str | Path = RESULTS) -> list[str]:
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
            stored = load_result(found["name"], folder).median_text(found["key"], f".{decimals}f")
        except ValueError as error:
            wrong.append(f"{found[0]!r}: {error}")
            continue
        if quoted != stored:
            wrong.append(f"{found[0]!r}: the stored result says {stored}")
    return wrong


def _is_finite(value: object) -> bool:
    """Whether JSON can hold it as a number."""
    return isinstance(value, int | float) and is_number(value) and math.isfinite(value)


def _written(number: float, form: str) -> str:
    try:
        return format(float(number), form)
    except (TypeError, ValueError) as error:
        raise ValueError(f"form must be one for numbers, as '.2f'; got {form!r}") from error


def _read(text: str, of_stored: Callable[[dict], T], kind: str) -> T:
    """What some JSON holds, if it is what it should be."""
    try:
        return of_stored(json.loads(text))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"text must be a stored {kind}; {error!r}") from error


def _numbers_as_stored(value: Numbers) -> object:
    """Numbers as JSON can hold them: NaN and infinity as text."""
    if isinstance(value, list):
        return [_numbers_as_stored(part) for part in value]
    return value if math.isfinite(value) else str(value)


def _stored_numbers(value: Numbers | str) -> Numbers:
    if isinstance(value, list):
        return [_stored_numbers(part) for part in value]
    # What is no number after this, ClaimRecord refuses.
    return float(value) if value in NOT_FINITE else cast("Numbers", value)
