"""How far a reconstruction is from its image, in the unit in which the literature prints it."""

import numpy as np

from helpers.checks import check_array, check_same_shape


def squared_errors(images: np.ndarray, reconstructions: np.ndarray) -> np.ndarray:
    """The squared error of each image: summed over its pixels.

    Args:
        images: `(n, …)`, any finite floating-point array.
        reconstructions: the same shape.

    Returns:
        float64 `(n,)`, in squared pixel units: with pixels in [0, 1], a white pixel rebuilt as
        black counts 1.

    Raises:
        ValueError: the shapes differ, or an array is empty, not floating point or not finite.
    """
    images = check_array(images, "images")
    reconstructions = check_array(reconstructions, "reconstructions")
    check_same_shape(images, reconstructions, ("images", "reconstructions"))
    precision = np.result_type(images, reconstructions, np.float32)
    differences = np.subtract(images, reconstructions, dtype=precision).reshape(len(images), -1)
    return np.einsum("np,np->n", differences, differences, dtype=np.float64)


def squared_error(images: np.ndarray, reconstructions: np.ndarray) -> float:
    """Squared error per image: summed over pixels, averaged over images.

    The book's headline number. It is the unit of Hinton and Salakhutdinov (2006), so it compares
    with print; divide it by 784 for the mean squared error per pixel that Keras reports.

    Args:
        images: `(n, …)`, any finite floating-point array.
        reconstructions: the same shape.

    Returns:
        The error, in squared pixel units.

    Raises:
        ValueError: the shapes differ, or an array is empty, not floating point or not finite.
    """
    return float(squared_errors(images, reconstructions).mean())
