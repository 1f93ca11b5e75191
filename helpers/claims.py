"""Sentences of the book that an experiment has to bear out."""

import numpy as np


class ClaimError(AssertionError):
    """A sentence of the book that the experiment beside it does not bear out."""


def claim(sentence: str, condition: bool, **measured: float) -> None:
    """Print a sentence with a tick, or stop with the numbers that broke it.

    The sentence holds thresholds, never measured numbers: its printed text is compared from run
    to run.

    Args:
        sentence: what the book says, as one sentence.
        condition: whether the measurement bears it out.
        measured: the numbers it rests on, by name; shown where the claim fails.

    Raises:
        ClaimError: the condition is false.
        ValueError: the sentence is empty, or the condition is not a single truth value.

    Example:
        >>> claim("The code is at least ten times smaller than the image.", 784 / 32 > 10)
        ✓ The code is at least ten times smaller than the image.
    """
    if not isinstance(sentence, str) or not sentence.strip():
        raise ValueError(f"sentence must be a sentence of the book; got {sentence!r}")
    if not isinstance(condition, bool | np.bool_):
        raise ValueError(
            f"condition must be one truth value, True or False; got {type(condition).__name__} "
            f"{condition!r}"
        )
    if not condition:
        numbers = ", ".join(f"{name} = {value}" for name, value in measured.items())
        raise ClaimError(f"✗ {sentence}" + (f"\nMeasured: {numbers}" if numbers else ""))
    print(f"✓ {sentence}")
