"""Errors at the door: what public functions ask of the arrays and numbers they are given."""

import numbers

import numpy as np

IMAGE_SHAPE = (28, 28, 1)


def check_array(array: np.ndarray, name: str) -> np.ndarray:
    """A floating-point array with at least one example and no NaN or infinity.

    Args:
        array: `(n, …)`, n examples of any shape.
        name: what the caller's argument is called; the error message names it.

    Returns:
        The array as NumPy holds it, its dtype unchanged.

    Raises:
        ValueError: it is empty, has no example axis, is not floating point or is not finite.
    """
    array = np.asarray(array)
    if array.ndim < 2 or array.size == 0:
        raise ValueError(
            f"{name} must have shape (n, …) with n at least 1 and no empty axis; "
            f"got shape {array.shape}"
        )
    if not np.issubdtype(array.dtype, np.floating):
        hint = "; divide pixels 0–255 by 255" if np.issubdtype(array.dtype, np.integer) else ""
        raise ValueError(f"{name} must hold floating-point numbers; got dtype {array.dtype}{hint}")
    finite = np.isfinite(array)
    if not finite.all():
        raise ValueError(
            f"{name} must be finite; got {np.isnan(array).sum()} NaN and "
            f"{np.isinf(array).sum()} infinite of {array.size} numbers"
        )
    return array


def check_images(images: np.ndarray, name: str = "images") -> np.ndarray:
    """Images as the book's image sets are: float32 in [0, 1], shape (n, 28, 28, 1).

    Args:
        images: `(n, 28, 28, 1)`, floating point, pixels in [0, 1].
        name: what the caller's argument is called; the error message names it.

    Returns:
        The images as float32 `(n, 28, 28, 1)`.

    Raises:
        ValueError: shape, dtype or range is another, or there is no image or a NaN among them.
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[1:] != IMAGE_SHAPE or len(images) == 0:
        raise ValueError(
            f"{name} must have shape (n, 28, 28, 1) with n at least 1; got shape {images.shape}"
        )
    images = check_array(images, name)
    lowest, highest = images.min(), images.max()
    if lowest < 0 or highest > 1:
        hint = "; divide pixels 0–255 by 255" if highest > 1.5 and lowest >= 0 else ""
        raise ValueError(
            f"{name} must hold pixels in [0, 1]; got values from {lowest:g} to {highest:g}{hint}"
        )
    return images.astype(np.float32, copy=False)


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
        True for 1, 0.5, NaN or infinity; False for True, "1" or None.
    """
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def check_count(value: int, name: str) -> int:
    """A whole number of at least 1: a code size, a number of epochs, a batch size.

    Args:
        value: the number.
        name: what the caller's argument is called; the error message names it.

    Returns:
        The number as a Python int.

    Raises:
        ValueError: it is not a whole number or is below 1.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < 1:
        raise ValueError(f"{name} must be a whole number of at least 1; got {value!r}")
    return int(value)
