"""Seeds: the one used where none is given, and several made from one."""

import os

import numpy as np


def default_seed() -> int:
    """The seed of everything random that was not given one: 0, or the value of BOOK_SEED.

    `BOOK_SEED=3` in the environment runs a whole chapter under another seed.

    Returns:
        An integer from 0 to 2**32 - 1.

    Raises:
        ValueError: BOOK_SEED is set to something else.
    """
    text = os.environ.get("BOOK_SEED", "0")
    if not (text.isascii() and text.isdecimal()) or int(text) >= 2**32:
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
    if isinstance(seed, bool) or not hasattr(seed, "__index__") or not 0 <= int(seed) < 2**32:
        raise ValueError(f"seed must be an integer from 0 to 2**32 - 1, or None; got {seed!r}")
    return int(seed)


def spawn_seeds(seed: int, count: int) -> list[int]:
    """Several unrelated seeds made from one, for the parts of a thing that has one seed.

    Args:
        seed: an integer from 0 to 2**32 - 1.
        count: how many.

    Returns:
        Integers from 0 to 2**32 - 1; the same for the same seed, the first ones whatever the count.
    """
    return [int(part) for part in np.random.SeedSequence(seed).generate_state(count)]
