"""Seeds: the one used where none is given, and several made from one."""

import operator
import os
import re

import numpy as np

from helpers.checks import check_count


def default_seed() -> int:
    """The seed of everything random that was not given one: 0, or the value of BOOK_SEED.

    `BOOK_SEED=3` in the environment runs a whole chapter under another seed.

    Returns:
        An integer from 0 to 2**32 - 1.

    Raises:
        ValueError: BOOK_SEED is set to something else.
    """
    text = os.environ.get("BOOK_SEED", "0")
    if not re.fullmatch("0*[0-9]{1,10}", text) or int(text) >= 2**32:
        raise ValueError(
            f"BOOK_SEED must be an integer from 0 to 2**32 - 1, such as BOOK_SEED=3; got {text!r}"
        )
    return int(text)


def check_seed(seed: int | None) -> int:
    """The seed itself, or the default seed for None.

    Args:
        seed: an integer from 0 to 2**32 - 1, or None.

    Returns:
        The seed to use.

    Raises:
        ValueError: the seed is not such an integer.
    """
    if seed is None:
        return default_seed()
    try:
        number = -1 if isinstance(seed, bool) else operator.index(seed)
    except TypeError:
        number = -1
    if not 0 <= number < 2**32:
        raise ValueError(f"seed must be an integer from 0 to 2**32 - 1, or None; got {seed!r}")
    return number


def spawn_seeds(seed: int | None, count: int) -> list[int]:
    """Several unrelated seeds made from one, for the parts of a thing that has one seed.

    Args:
        seed: an integer from 0 to 2**32 - 1; None for the default seed.
        count: how many.

    Returns:
        Integers from 0 to 2**32 - 1; the same for the same seed, the first ones whatever the count.

    Raises:
        ValueError: the seed is not such an integer, or the count not a whole number of at least 1.
    """
    state = np.random.SeedSequence(check_seed(seed))
    return [int(part) for part in state.generate_state(check_count(count, "count"))]
