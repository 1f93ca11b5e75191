"""A large picture cut into 28×28 patches, and patches put together again."""

import numpy as np
from numpy.typing import ArrayLike

from helpers.checks import as_array, check_array, check_list, is_whole
from helpers.datasets.image_set import IMAGE_SHAPE

PATCH_SIZE = IMAGE_SHAPE[0]


def to_patches(picture: ArrayLike) -> np.ndarray:
    """A picture cut into patches that do not overlap, row by row from the top left.

    What is left over at the right and at the bottom is dropped.

    Args:
        picture: `(height, width)`, any finite floating-point array of at least 28×28 pixels.

    Returns:
        `(n, 28, 28, 1)` with n = (height // 28) * (width // 28), of the picture's dtype
        as `as_array` returns it.

    Raises:
        ValueError: the picture is smaller, has another number of axes, is not floating point or
            is not finite.
    """
    picture = as_array(picture, "picture")
    if picture.ndim != 2 or min(picture.shape) < PATCH_SIZE:
        raise ValueError(
            f"picture must have shape (height, width), each at least {PATCH_SIZE}; "
            f"got shape {picture.shape}"
        )
    picture = check_array(picture, "picture", pixels=True)
    rows, columns = (side // PATCH_SIZE for side in picture.shape)
    blocks = picture[: rows * PATCH_SIZE, : columns * PATCH_SIZE].reshape(
        rows, PATCH_SIZE, columns, PATCH_SIZE
    )
    return blocks.swapaxes(1, 2).reshape(-1, *IMAGE_SHAPE)


def from_patches(patches: ArrayLike, shape: tuple[int, int]) -> np.ndarray:
    """Patches put together, row by row from the top left: what undoes `to_patches`.

    Args:
        patches: `(n, 28, 28, 1)`, any finite floating-point array.
        shape: `(height, width)` of the picture that was cut, in pixels.

    Returns:
        The picture, height and width rounded down to multiples of 28, of the patches' dtype
        as `as_array` returns it.

    Raises:
        ValueError: the patches have another shape, are not floating point or not finite, or
            there are not as many as the shape holds, or the shape is not two whole numbers.
    """
    patches = check_array(patches, "patches", pixels=True)
    if patches.shape[1:] != IMAGE_SHAPE:
        raise ValueError(f"patches must have shape (n, 28, 28, 1); got shape {patches.shape}")
    sides = check_list(shape, "shape", "(height, width) in pixels")
    if len(sides) != 2 or not all(map(is_whole, sides)):
        raise ValueError(f"shape must be (height, width) in whole pixels; got {shape!r}")
    height, width = map(int, sides)
    rows, columns = height // PATCH_SIZE, width // PATCH_SIZE
    if min(rows, columns) < 1 or rows * columns != len(patches):
        raise ValueError(
            f"shape must hold as many patches as there are, {len(patches)}; got {shape}, "
            f"which holds {rows} rows of {columns}"
        )
    blocks = patches.reshape(rows, columns, PATCH_SIZE, PATCH_SIZE).swapaxes(1, 2)
    return blocks.reshape(rows * PATCH_SIZE, columns * PATCH_SIZE)
