"""Sentences of the book that an experiment has to bear out, and a record of what bore them out."""

import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from helpers.checks import as_array, is_number

Numbers = float | list["Numbers"]


class ClaimError(AssertionError):
    """A sentence of the book that the experiment beside it does not bear out."""


@dataclass(frozen=True)
class ClaimRecord:
    """One claim as it was made.

    Attributes:
        sentence: what the book says.
        holds: whether the measurement bore it out.
        measured: the values it rests on, unrounded, by name: numbers, or lists of lists of numbers.
    """

    sentence: str
    holds: bool
    measured: dict[str, Numbers]

    def __post_init__(self) -> None:
        right = isinstance(self.sentence, str) and isinstance(self.holds, bool)
        if not right or not all(map(_are_numbers, self.measured.values())):
            raise ValueError(
                "a record must hold a sentence, a truth value and numbers by name; got "
                f"{self.sentence!r}, {self.holds!r}, {self.measured!r}"
            )


_RECORDS: list[ClaimRecord] = []


def recorded_claims() -> list[ClaimRecord]:
    """The claims made since Python was started, in order, those that did not hold included."""
    return list(_RECORDS)


def claim(sentence: str, condition: bool, **measured: ArrayLike) -> None:
    """Record a claim, then print its sentence with a tick, or stop with the numbers that broke it.

    The sentence holds thresholds, never measured numbers: its printed text is compared from run
    to run. Where the output's encoding lacks the tick, `OK` stands in its place, and other letters
    that it lacks are written as their numbers.

    Args:
        sentence: what the book says, as one sentence.
        condition: whether the measurement bears it out.
        measured: all values that decide the condition, unrounded, by name: numbers, or arrays,
            tensors and lists of numbers. They are recorded, and shown where the claim fails.

    Raises:
        ClaimError: the condition is false.
        ValueError: the sentence is empty, the condition is not a single truth value, or a value is
            something else than numbers.

    Example:
        >>> claim("The code is ten times smaller than the image.", 784 / 32 > 10, ratio=784 / 32)
        ✓ The code is ten times smaller than the image.
    """
    if not isinstance(sentence, str) or not sentence.strip():
        raise ValueError(f"sentence must be a sentence of the book; got {sentence!r}")
    if not isinstance(condition, bool | np.bool_):
        raise ValueError(
            f"condition must be one truth value, True or False; got {type(condition).__name__} "
            f"{condition!r}"
        )
    record = {name: _numbers(name, value) for name, value in measured.items()}
    _RECORDS.append(ClaimRecord(sentence, bool(condition), record))
    if not condition:
        # Bytes, which an f-string writes as b'…', are no numbers and were refused.
        numbers = ", ".join(f"{name} = {value}" for name, value in measured.items())  # type: ignore[str-bytes-safe]
        raise ClaimError(f"✗ {sentence}" + (f"\nMeasured: {numbers}" if numbers else ""))
    # A stream without an encoding, such as StringIO, takes any letter.
    print(_printable(f"✓ {sentence}", getattr(sys.stdout, "encoding", None) or "utf-8"))


def _numbers(name: str, value: ArrayLike) -> Numbers:
    """A value of a claim as numbers of Python, in lists of lists where it is an array."""
    if isinstance(value, int) and is_number(value):
        return int(value)  # as large as a float may be, which is more than an array of int64 holds
    array = as_array(value, name)
    if array.dtype == bool:
        raise ValueError(
            f"{name} must hold numbers, no truth values; got {value}: pass what decides them"  # type: ignore[str-bytes-safe]
        )
    found: Numbers = array.tolist()
    return found


def _are_numbers(value: object) -> bool:
    if isinstance(value, list):
        return all(map(_are_numbers, value))
    return isinstance(value, int | float) and not isinstance(value, bool)


def _printable(text: str, encoding: str) -> str:
    """A claim's text as an output of some encoding can take it: unchanged, wherever that is so."""
    shown = text.encode(encoding, "backslashreplace").decode(encoding)
    return shown if shown.startswith("✓") else "OK" + shown.removeprefix(r"\u2713")
