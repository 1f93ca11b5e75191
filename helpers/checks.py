"""Errors at the door: what public functions ask of the arrays and numbers they are given."""

import numbers
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike

LARGEST_COUNT = 2**31 - 1  # what TensorFlow counts with
LONGDOUBLE = np.dtype(np.longdouble).char  # wider than float64 on some systems, equal on others


def as_array(array: ArrayLike, name: str, wanted: str = "floating-point numbers") -> np.ndarray:
    """What NumPy makes of numbers in memory, refused where it would make something else of them.

    Args:
        array: numbers of any shape: an array of NumPy or of another library, or lists of numbers.
        name: what the caller's argument is called; the error message names it.
        wanted: the numbers that the caller takes, for the error message.

    Returns:
        The array, its dtype unchanged, except that bfloat16 and the floats of fewer bits, which
        NumPy does not know by itself, become float32, and longdouble becomes float64.

    Raises:
        ValueError: it is something else, such as None, a text or a dataset that yields batches; it
            holds something else than real numbers; its rows have different shapes; or some of its
            numbers are masked.
    """
    masked = _count_masked(array)
    if masked:
        raise ValueError(
            f"{name} must hold no masked numbers, whose values nobody knows; got {masked}: leave "
            "them out, or fill them"
        )
    try:
        found = np.asarray(array)
    except (AttributeError, TypeError, ValueError, RuntimeError) as error:
        shapes = _unequal_shapes(array) if isinstance(array, list | tuple) else []
        if len(shapes) > 1:
            raise ValueError(
                f"{name} must hold arrays of one shape; got shapes {shapes[0]} and {shapes[1]}"
            ) from error
        raise ValueError(_no_numbers(array, name)) from error
    if found.dtype.kind not in "biuf":
        if found.dtype.name.startswith(("bfloat", "float")):
            return found.astype(np.float32)
        if found.ndim == 0:
            raise ValueError(_no_numbers(array, name))
        holder = "" if isinstance(array, np.ndarray | list | tuple) else f" in {_kind(array)}"
        raise ValueError(f"{name} must hold {wanted}; got dtype {found.dtype}{holder}")
    if found.dtype.char == LONGDOUBLE:
        with np.errstate(over="ignore"):  # infinity, which the doors refuse
            return found.astype(np.float64)
    return found


def _count_masked(array: ArrayLike) -> int:
    if isinstance(array, list | tuple):
        return sum(map(_count_masked, array))
    return int(np.ma.count_masked(array)) if isinstance(array, np.ma.MaskedArray) else 0


def _unequal_shapes(rows: Sequence) -> list[tuple[int, ...]]:
    """The different shapes of rows of which NumPy makes no array, outermost rows first."""
    shapes = []
    for row in rows:
        try:
            shape = np.shape(row)
        except ValueError:
            return _unequal_shapes(row)
        if shape not in shapes:
            shapes.append(shape)
    return shapes


def _no_numbers(value: object, name: str) -> str:
    return f"{name} must be one array of numbers, held in memory; got {_kind(value)}"


def _kind(value: object) -> str:
    return "None" if value is None else type(value).__name__


def check_array(array: ArrayLike, name: str, *, pixels: bool = False) -> np.ndarray:
    """A floating-point array with at least one example and no NaN or infinity.

    Args:
        array: `(n, …)`, n examples of any shape, as `as_array` takes them.
        name: what the caller's argument is called; the error message names it.
        pixels: whether pixels are meant, so that whole numbers are answered with what to do.

    Returns:
        The array as `as_array` returns it.

    Raises:
        ValueError: it is no array, is empty, has no example axis, is not floating point or is not
            finite.
    """
    array = as_array(array, name)
    if array.ndim < 2 or array.size == 0:
        raise ValueError(
            f"{name} must have shape (n, …) with n at least 1 and no empty axis; "
            f"got shape {array.shape}"
        )
    if not np.issubdtype(array.dtype, np.floating):
        whole = np.issubdtype(array.dtype, np.integer)
        hint = "; divide pixels 0–255 by 255" if pixels and whole else ""
        raise ValueError(f"{name} must hold floating-point numbers; got dtype {array.dtype}{hint}")
    finite = np.isfinite(array)
    if not finite.all():
        raise ValueError(
            f"{name} must be finite; got {np.isnan(array).sum()} NaN and "
            f"{np.isinf(array).sum()} infinite of {array.size} numbers"
        )
    return array


def check_pixels(images: ArrayLike, name: str = "images") -> np.ndarray:
    """Images of any shape whose pixels lie in [0, 1].

    Args:
        images: `(n, …)`, floating point, pixels in [0, 1].
        name: what the caller's argument is called; the error message names it.

    Returns:
        The images as float32 of the same shape.

    Raises:
        ValueError: there is no image, the pixels are not floating point or not finite, or one of
            them lies outside [0, 1].
    """
    images = check_array(images, name, pixels=True)
    with np.errstate(over="ignore", under="ignore"):
        pixels = images.astype(np.float32, copy=False)
    if pixels.min() < 0 or pixels.max() > 1:
        lowest, highest = images.min(), images.max()
        hint = "; divide pixels 0–255 by 255" if highest > 1.5 and lowest >= 0 else ""
        raise ValueError(
            f"{name} must hold pixels in [0, 1]; got values from {lowest:.9g} to "
            f"{highest:.9g}{hint}"
        )
    return pixels


def check_same_shape(first: np.ndarray, second: np.ndarray, names: tuple[str, str]) -> None:
    """Two arrays of one shape, so that nothing is broadcast in silence.

    Args:
        first: `(n, …)`.
        second: `(n, …)`.
        names: what the caller's two arguments are called.

    Raises:
        ValueError: the shapes differ.
    """
    if first.shape != second.shape:
        raise ValueError(
            f"{names[0]} and {names[1]} must have the same shape; "
            f"got {first.shape} and {second.shape}"
        )


def is_number(value: float) -> bool:
    """Whether something is a real number, of Python or of NumPy, and no truth value.

    Args:
        value: anything.

    Returns:
        True for 1, 0.5, NaN or infinity; False for True, "1" or None, and for a whole number or a
        fraction that is too large for a float.
    """
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        return False
    try:
        float(value)
    except OverflowError:
        return False
    return True


def check_list(values: Sequence, name: str, wanted: str) -> list:
    """Values in an order: a list, a tuple, a range or an array of one axis.

    Args:
        values: the values.
        name: what the caller's argument is called; the error message names it.
        wanted: what the caller takes, for the error message, such as "a list of widths".

    Returns:
        A new list of the values.

    Raises:
        ValueError: it is something else, such as one number, a text, a set or a generator.
    """
    in_order = isinstance(values, Sequence) and not isinstance(values, str | bytes | bytearray)
    if not in_order and not (isinstance(values, np.ndarray) and values.ndim == 1):
        raise ValueError(f"{name} must be {wanted}; got {values!r}")
    return list(values)


def check_choice(value: str, choices: Iterable[str], name: str) -> str:
    """One of several names.

    Args:
        value: the name.
        choices: those there are.
        name: what the caller's argument is called; the error message names it.

    Returns:
        The name.

    Raises:
        ValueError: it is not a string, or not one of them.
    """
    choices = list(choices)
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {choices}; got {value!r}")
    return value


def is_whole(value: int) -> bool:
    """Whether something is a whole number, of Python or of NumPy, and no truth value.

    Args:
        value: anything.

    Returns:
        True for 1 or -3; False for True, 1.0, "1" or None.
    """
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def check_count(value: int, name: str) -> int:
    """A whole number of at least 1: a code size, a number of epochs, a batch size.

    Args:
        value: the number.
        name: what the caller's argument is called; the error message names it.

    Returns:
        The number as a Python int.

    Raises:
        ValueError: it is not a whole number, is below 1 or above 2**31 - 1.
    """
    if not is_whole(value) or value < 1:
        raise ValueError(f"{name} must be a whole number of at least 1; got {value!r}")
    if value > LARGEST_COUNT:
        raise ValueError(f"{name} must be at most {LARGEST_COUNT}; got {value!r}")
    return int(value)
