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


def noise_gain(outputs: np.ndarray, noisy_outputs: np.ndarray, noise: np.ndarray) -> float:
    """The share of the noise added to a model's input that reaches its output.

    Squared differences between what comes out with noise and without, over the squared noise, both
    summed over everything. 0 is a model that ignores the noise, 1 one that passes it on whole. An
    orthogonal projection onto k of p dimensions has k / p for white noise.

    Args:
        outputs: `(n, …)`, what the model makes of the images.
        noisy_outputs: the same shape, what it makes of the images with the noise added.
        noise: `(n, …)`, the noise; its n is that of the outputs.

    Returns:
        The gain, at least 0.

    Raises:
        ValueError: the shapes differ, an array is empty, not floating point or not finite, or the
            noise is 0 everywhere.
    """
    outputs = check_array(outputs, "outputs")
    noisy_outputs = check_array(noisy_outputs, "noisy_outputs")
    check_same_shape(outputs, noisy_outputs, ("outputs", "noisy_outputs"))
    noise = check_array(noise, "noise")
    if len(noise) != len(outputs):
        raise ValueError(f"noise must be that of {len(outputs)} images; got {len(noise)}")
    power = float(np.square(noise, dtype=np.float64).sum())
    if power == 0:
        raise ValueError("noise must not be 0 everywhere")
    return float(squared_errors(outputs, noisy_outputs).sum()) / power
