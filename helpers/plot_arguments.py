"""What the figures ask of their arguments: one function for each kind of argument.

Each takes the value and what the caller's argument is called, and returns the value in the one form
that is drawn from. It raises a ValueError that names the argument, what came and what is wanted.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from helpers.checks import as_array, check_array, check_count, check_list

Drawn = TypeVar("Drawn", np.ndarray, float)  # one form in which a value is drawn from
IMAGE_CHANNELS = (1, 3)  # grey, or red, green and blue


def check_by_name(
    items: Mapping[str, Any] | None, argument: str, check: Callable[[Any, str], Drawn]
) -> dict[str, Drawn]:
    """A dictionary, each of its values checked; empty where the argument is left out."""
    if items is None:
        return {}
    if not isinstance(items, Mapping):
        raise ValueError(f"{argument} must be a dictionary; got {type(items).__name__}")
    for name in items:
        if not isinstance(name, str):
            raise ValueError(f"{argument} must have strings as names; got {name!r}")
    return {name: check(item, f"{argument}[{name!r}]") for name, item in items.items()}


def check_some_by_name(
    items: Mapping[str, Any], argument: str, check: Callable[[Any, str], Drawn]
) -> dict[str, Drawn]:
    """A dictionary with at least one value, each of them checked."""
    found = check_by_name(items, argument, check)
    if not found:
        raise ValueError(f"{argument} must name at least one thing to draw; got none")
    return found


def check_names(names: Sequence[str], argument: str) -> list[str]:
    """A list of strings."""
    names = check_list(names, argument, "a list of strings")
    if not all(isinstance(name, str) for name in names):
        raise ValueError(f"{argument} must be a list of strings; got {names!r}")
    return names


def check_numbers(values: ArrayLike, argument: str) -> np.ndarray:
    """Finite numbers of shape `(n, …)`; integers become floats, since no pixels are meant."""
    return check_array(_with_floats(values, argument), argument)


def check_line(values: ArrayLike, argument: str) -> np.ndarray:
    """Finite numbers of shape `(n,)`, at least one."""
    array = _with_floats(values, argument)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(
            f"{argument} must have shape (n,) with n at least 1; got shape {array.shape}"
        )
    line: np.ndarray = check_array(array[np.newaxis], argument)[0]
    return line


def check_number(value: float, argument: str) -> float:
    """One finite number."""
    array = _with_floats([value], argument)
    if array.ndim != 1:
        raise ValueError(f"{argument} must be one number; got shape {array.shape[1:]}")
    return float(check_line(array, argument)[0])


def check_positive(numbers: np.ndarray, argument: str) -> np.ndarray:
    """Numbers that have been checked already, all of them above 0."""
    if numbers.min() <= 0:
        raise ValueError(f"{argument} must be positive; got {numbers.min():g}")
    return numbers


def check_positive_number(value: float, argument: str) -> float:
    """One finite number above 0."""
    number = check_number(value, argument)
    check_positive(np.array([number]), argument)
    return number


def check_not_negative_line(values: ArrayLike, argument: str) -> np.ndarray:
    """Finite numbers of shape `(n,)`, none of them below 0."""
    numbers = check_line(values, argument)
    _check_not_negative(numbers, argument)
    return numbers


def check_not_negative_number(value: float, argument: str) -> float:
    """One finite number that is not below 0."""
    number = check_number(value, argument)
    _check_not_negative(np.array([number]), argument)
    return number


def check_points(points: ArrayLike, argument: str) -> np.ndarray:
    """Positive coordinates of points, `(2, n)`: the horizontal ones, then the vertical ones."""
    points = _with_floats(points, argument)
    if points.ndim != 2 or len(points) != 2:
        raise ValueError(
            f"{argument} must be two lists of equal length, horizontal and vertical positions; "
            f"got shape {points.shape}"
        )
    return check_positive(check_array(points, argument), argument)


def check_point(point: ArrayLike, argument: str) -> np.ndarray:
    """Positive coordinates of one point, `(2,)`."""
    point = _with_floats(point, argument)
    if point.shape != (2,):
        raise ValueError(
            f"{argument} must be two numbers, a horizontal and a vertical position; "
            f"got shape {point.shape}"
        )
    return check_positive(check_line(point, argument), argument)


def check_activations(code: ArrayLike, argument: str) -> np.ndarray:
    """Codes `(n, code_size)` without a negative number, not all of them 0."""
    code = _with_floats(code, argument)
    if code.ndim != 2:
        raise ValueError(f"{argument} must have shape (n, code_size); got shape {code.shape}")
    code = check_array(code, argument)
    if code.min() < 0 or code.max() == 0:
        raise ValueError(
            f"{argument} must hold activations of at least 0, not all of them 0; "
            f"got values from {code.min():g} to {code.max():g}"
        )
    return code


def check_table(
    numbers: ArrayLike,
    argument: str,
    rows: Sequence[str],
    columns: Sequence[str],
    names: tuple[str, str],
) -> tuple[np.ndarray, list[str], list[str], list[str]]:
    """Numbers `(rows, columns)`, with what rows, columns and both of their kinds are called."""
    rows, columns = check_names(rows, "rows"), check_names(columns, "columns")
    for name, texts in (("rows", rows), ("columns", columns)):
        if len(set(texts)) < len(texts):
            raise ValueError(f"{name} must have different names; got {texts}")
    kinds = check_names(names, "names")
    if len(kinds) != 2:
        raise ValueError(f"names must be two, of the rows and of the columns; got {kinds}")
    numbers = check_numbers(numbers, argument)
    if numbers.shape != (len(rows), len(columns)):
        raise ValueError(
            f"{argument} must have shape {(len(rows), len(columns))}, as rows and columns do; "
            f"got shape {numbers.shape}"
        )
    return numbers, rows, columns, kinds


def check_image(image: ArrayLike, argument: str) -> np.ndarray:
    """One image: `(height, width)` where it is grey, `(height, width, 3)` where it has colour."""
    image = _pixels(image, argument)
    if image.ndim != 2 and not (image.ndim == 3 and image.shape[-1] in IMAGE_CHANNELS):
        raise ValueError(
            f"{argument} must have shape (height, width) or (height, width, channels) with "
            f"1 or 3 channels; got shape {image.shape}"
        )
    return _without_grey_channel(image) if image.ndim == 3 else image


def check_images_or_codes(row: ArrayLike, argument: str) -> np.ndarray:
    """Images `(n, height, width)` or `(n, height, width, 3)`, or codes `(n, code_size)`."""
    if _with_floats(row, argument).ndim == 2:
        return check_numbers(row, argument)
    row = _pixels(row, argument)
    if row.ndim != 4 or row.shape[-1] not in IMAGE_CHANNELS:
        raise ValueError(
            f"{argument} must hold images of shape (n, height, width, channels) with 1 or 3 "
            f"channels, or codes of shape (n, code_size); got shape {row.shape}"
        )
    return _without_grey_channel(row)


def check_grid(images: ArrayLike, argument: str) -> np.ndarray:
    """Images `(rows, columns, height, width)` or `(rows, columns, height, width, 3)`."""
    images = _pixels(images, argument)
    if images.ndim != 5 or images.shape[-1] not in IMAGE_CHANNELS:
        raise ValueError(
            f"{argument} must have shape (rows, columns, height, width, channels) with 1 or 3 "
            f"channels; got shape {images.shape}"
        )
    return _without_grey_channel(images)


def check_filters(weights: ArrayLike, argument: str) -> np.ndarray:
    """Weights `(rows, columns, height, width)` or `(rows, columns, height, width, 3)`."""
    weights = check_numbers(weights, argument)
    if weights.ndim != 4 and not (weights.ndim == 5 and weights.shape[-1] in IMAGE_CHANNELS):
        raise ValueError(
            f"{argument} must have shape (rows, columns, height, width) or (rows, columns, height, "
            f"width, channels) with 1 or 3 channels; got shape {weights.shape}"
        )
    return _without_grey_channel(weights) if weights.ndim == 5 else weights


def check_layer_shapes(shapes: Sequence[tuple[int, ...]], argument: str) -> list[tuple[int, ...]]:
    """The shape of an input, and of at least one layer."""
    if not isinstance(shapes, tuple | list) or len(shapes) < 2:
        raise ValueError(
            f"{argument} must hold the shapes of an input and of at least one layer; got {shapes!r}"
        )
    for shape in shapes:
        if not isinstance(shape, tuple | list) or not shape:
            raise ValueError(
                f"{argument} must hold shapes, tuples such as (28, 28, 1) or (32,); got {shape!r}"
            )
    each = f"each size in {argument}"
    return [tuple(check_count(size, each) for size in shape) for shape in shapes]


def _with_floats(values: ArrayLike, argument: str) -> np.ndarray:
    array = as_array(values, argument, "real numbers")
    return array.astype(float) if np.issubdtype(array.dtype, np.integer) else array


def _check_not_negative(numbers: np.ndarray, argument: str) -> None:
    if numbers.min() < 0:
        raise ValueError(f"{argument} must not be negative; got {numbers.min():g}")


def _pixels(images: ArrayLike, argument: str) -> np.ndarray:
    images = check_array(images, argument, pixels=True)
    # Noise of whatever strength leaves the mean where it is; another scale does not.
    mean = images.mean()
    if not -0.5 <= mean <= 1.5:
        hint = "; divide pixels 0–255 by 255" if mean > 1.5 else ""
        raise ValueError(
            f"{argument} must hold pixels in [0, 1]; got values from {images.min():g} to "
            f"{images.max():g}, {mean:g} on average{hint}"
        )
    return images


def _without_grey_channel(images: np.ndarray) -> np.ndarray:
    """What is drawn: grey without an axis of channels, colour with it."""
    return images[..., 0] if images.shape[-1] == 1 else images
