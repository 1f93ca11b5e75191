"""What an image set of the book is: images of one shape in three splits, pixels in [0, 1]."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from helpers.checks import as_array, check_pixels

IMAGE_SHAPE = (28, 28, 1)


@dataclass(frozen=True)
class ImageSet:
    """Images in three splits.

    Train on `train`, make every choice on `validation`, report on `test`.

    Attributes:
        train: float32 `(n, 28, 28, 1)`, pixels in [0, 1].
        validation: the same, kept out of training.
        test: the same, never trained on and never chosen by.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


@dataclass(frozen=True)
class LabelledImageSet(ImageSet):
    """Images in three splits, with their labels apart.

    Attributes:
        train_labels: integers `(n,)`; so are the other two.
        validation_labels: one label for each validation image.
        test_labels: one label for each test image.
    """

    train_labels: np.ndarray
    validation_labels: np.ndarray
    test_labels: np.ndarray


def check_images(images: ArrayLike, name: str = "images") -> np.ndarray:
    """Images as the book's image sets are: float32 in [0, 1], shape (n, 28, 28, 1).

    Args:
        images: `(n, 28, 28, 1)`, floating point, pixels in [0, 1].
        name: what the caller's argument is called; the error message names it.

    Returns:
        The images as float32 `(n, 28, 28, 1)`.

    Raises:
        ValueError: the shape, dtype or range differs, or there is no image, or a NaN among them.
    """
    images = as_array(images, name)
    if images.ndim != 4 or images.shape[1:] != IMAGE_SHAPE or len(images) == 0:
        raise ValueError(
            f"{name} must have shape (n, 28, 28, 1) with n at least 1; got shape {images.shape}"
        )
    return check_pixels(images, name)
