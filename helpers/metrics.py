"""How far a reconstruction is from its image, in the unit in which the literature prints it."""

import math

import numpy as np
from numpy.typing import ArrayLike
from skimage.metrics import structural_similarity

from helpers.checks import check_array, check_pixels, check_same_shape

SSIM_AT_ONCE = 1000
SSIM_WINDOW = 11


def squared_errors(images: ArrayLike, reconstructions: ArrayLike) -> np.ndarray:
    """The squared error of each image: summed over its pixels.

    Args:
        images: `(n, …)`, any finite floating-point array.
        reconstructions: the same shape.

    Returns:
        float64 `(n,)`, in squared pixel units: with pixels in [0, 1], a white pixel rebuilt as
        black counts 1.

    Raises:
        ValueError: the shapes differ, an array is empty, not floating point or not finite, or a
            squared error is beyond the largest float.
    """
    images = check_array(images, "images", pixels=True)
    reconstructions = check_array(reconstructions, "reconstructions", pixels=True)
    check_same_shape(images, reconstructions, ("images", "reconstructions"))
    precision = np.result_type(images, reconstructions, np.float32)
    with np.errstate(over="ignore", under="ignore"):
        differences = np.subtract(images, reconstructions, dtype=precision).reshape(len(images), -1)
        errors: np.ndarray = np.einsum("np,np->n", differences, differences, dtype=np.float64)
    if not np.isfinite(errors).all():
        raise ValueError(
            "images and reconstructions must lie near enough for a float to hold their squared "
            f"error; got differences of up to {np.abs(differences).max():g}"
        )
    return errors


def squared_error(images: ArrayLike, reconstructions: ArrayLike) -> float:
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


def psnrs(images: ArrayLike, reconstructions: ArrayLike) -> np.ndarray:
    """The peak signal-to-noise ratio of each image whose pixels are meant to lie in [0, 1].

    It is minus ten times the decimal logarithm of the mean squared error of a pixel: 20 dB is a
    hundredth, 3 dB more is half of that.

    Args:
        images: `(n, …)`, any finite floating-point array.
        reconstructions: the same shape.

    Returns:
        float64 `(n,)`, in decibels; infinity for an exact copy.

    Raises:
        ValueError: the shapes differ, or an array is empty, not floating point or not finite.
    """
    errors = squared_errors(images, reconstructions) / math.prod(np.shape(images)[1:])
    with np.errstate(divide="ignore"):  # an exact copy
        return -10 * np.log10(errors)


def ssims(images: ArrayLike, reconstructions: ArrayLike) -> np.ndarray:
    """The structural similarity of each image with its reconstruction.

    Means, variances and covariance are compared in windows of 11×11 pixels, weighted by a Gaussian
    with a standard deviation of 1.5 pixels, and averaged over all windows that lie inside the image
    and over its channels.

    Args:
        images: `(n, height, width, channels)`, at least 11 pixels a side, pixels in [0, 1].
        reconstructions: the same shape, pixels in [0, 1].

    Returns:
        float64 `(n,)`, from -1 to 1; 1 for an exact copy.

    Raises:
        ValueError: the shapes differ, the images have another number of axes or smaller sides, or
            pixels are outside [0, 1] or not finite.

    Source:
        Z. Wang, A. Bovik, H. Sheikh and E. Simoncelli, "Image quality assessment: from error
        visibility to structural similarity", 2004.
    """
    images = check_pixels(images)
    reconstructions = check_pixels(reconstructions, "reconstructions")
    check_same_shape(images, reconstructions, ("images", "reconstructions"))
    if images.ndim != 4 or min(images.shape[1:3]) < SSIM_WINDOW:
        raise ValueError(
            f"images must have shape (n, height, width, channels) and at least {SSIM_WINDOW} "
            f"pixels a side; got shape {images.shape}"
        )
    starts = range(0, len(images), SSIM_AT_ONCE)
    return np.concatenate(
        [
            _ssims(images[start:end], reconstructions[start:end])
            for start, end in ((start, start + SSIM_AT_ONCE) for start in starts)
        ]
    )


def _ssims(images: np.ndarray, reconstructions: np.ndarray) -> np.ndarray:
    """Of images one below the other in one picture: a window inside an image sees no other."""
    pictures = [
        array.reshape(-1, *array.shape[2:]).astype(np.float64)
        for array in (images, reconstructions)
    ]
    similarities = structural_similarity(
        *pictures,
        data_range=1.0,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        channel_axis=-1,
        full=True,
    )[1]
    edge = SSIM_WINDOW // 2
    inside = similarities.reshape(images.shape)[:, edge:-edge, edge:-edge]
    # Rounding may take two flat images past 1.
    found: np.ndarray = np.clip(inside.mean(axis=(1, 2, 3)), -1, 1)
    return found


def noise_gain(outputs: ArrayLike, noisy_outputs: ArrayLike, noise: ArrayLike) -> float:
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
            noise is 0 everywhere or has squares that no float holds.
    """
    outputs = check_array(outputs, "outputs")
    noisy_outputs = check_array(noisy_outputs, "noisy_outputs")
    check_same_shape(outputs, noisy_outputs, ("outputs", "noisy_outputs"))
    noise = check_array(noise, "noise")
    if len(noise) != len(outputs):
        raise ValueError(f"noise must be that of {len(outputs)} images; got {len(noise)}")
    with np.errstate(over="ignore", under="ignore"):
        power = float(np.square(noise, dtype=np.float64).sum())
    if not 0 < power < math.inf:
        raise ValueError(
            "noise must not be 0 everywhere, nor too small or too large for a float to hold its "
            f"square; got a sum of squares of {power:g}"
        )
    return float(squared_errors(outputs, noisy_outputs).sum()) / power


def explained_variance(images: ArrayLike, reconstructions: ArrayLike) -> float:
    """The share of the images' variance that their reconstructions hold.

    It is 1 minus the squared error over that of the mean image: 1 for copies, 0 for a model that
    answers the mean of these images whatever it sees, negative for a worse one.

    Args:
        images: `(n, …)`, any finite floating-point array that is not the same n times.
        reconstructions: the same shape.

    Returns:
        The share, at most 1.

    Raises:
        ValueError: the shapes differ, an array is empty, not floating point or not finite, or the
            images do not vary.
    """
    error = squared_error(images, reconstructions)
    images = check_array(images, "images")
    mean = np.broadcast_to(images.mean(axis=0, dtype=np.float64), images.shape)
    variance = 0.0 if (images == images[:1]).all() else squared_error(images, mean)
    if variance == 0:
        raise ValueError(f"images must not all be the same; got {len(images)} without a difference")
    return 1 - error / variance


def frechet_distance(features: ArrayLike, others: ArrayLike) -> float:
    """How far two sets of pictures lie apart, by the features of each.

    Each set of features is taken for a normal distribution, of which mean and covariance are
    compared: the squared distance of the means, plus `trace(A + B - 2 (A B)^(1/2))` of the
    covariances A and B. It is 0 for equal means and covariances, whatever else differs. Two samples
    of one distribution lie a little apart, the more the fewer they are, so compare only distances
    between sets of equal sizes.

    Args:
        features: `(n, k)`, floating point, n at least 2: k numbers for each picture.
        others: `(m, k)`, m at least 2.

    Returns:
        The distance, at least 0, in the squared unit of the features.

    Raises:
        ValueError: a set has another shape, fewer than two rows, is not floating point or not
            finite, or the two have different numbers of features.

    Source:
        M. Heusel et al., "GANs trained by a two time-scale update rule converge to a local Nash
        equilibrium", 2017; D. Dowson and B. Landau, "The Fréchet distance between multivariate
        normal distributions", 1982.
    """
    sets = []
    for name, array in (("features", features), ("others", others)):
        array = check_array(array, name)
        if array.ndim != 2 or len(array) < 2:
            raise ValueError(
                f"{name} must have shape (n, k), a row of k numbers for each of at least 2 "
                f"pictures; got shape {array.shape}"
            )
        sets.append(array.astype(np.float64))
    if sets[0].shape[1] != sets[1].shape[1]:
        raise ValueError(
            "features and others must have equally many numbers a picture; got "
            f"{sets[0].shape[1]} and {sets[1].shape[1]}"
        )
    means = [each.mean(axis=0) for each in sets]
    first, second = (np.atleast_2d(np.cov(each, rowvar=False)) for each in sets)
    values, vectors = np.linalg.eigh(first)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    # The eigenvalues of the product, which is not symmetric, are those of this, which is.
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ second @ root), 0)).sum()
    apart = np.square(means[0] - means[1]).sum()
    return max(0.0, float(apart + np.trace(first) + np.trace(second) - 2 * shared))


def active_units(codes: ArrayLike) -> np.ndarray:
    """How many units are active in each code: the numbers that are not 0, called its L0.

    Args:
        codes: `(n, code_size)`, any finite floating-point array.

    Returns:
        Integers `(n,)`, from 0 to the code size.

    Raises:
        ValueError: the codes have another shape, are empty, not floating point or not finite.
    """
    counts: np.ndarray = np.count_nonzero(_check_codes(codes), axis=1)
    return counts


def dead_units(codes: ArrayLike) -> np.ndarray:
    """Which units are active in none of the codes.

    A unit that is rarely active may be called dead where the codes are few: count on thousands.

    Args:
        codes: `(n, code_size)`, any finite floating-point array.

    Returns:
        Truth values `(code_size,)`; their sum is the number of dead units.

    Raises:
        ValueError: the codes have another shape, are empty, not floating point or not finite.
    """
    return np.logical_not(_check_codes(codes).any(axis=0))


def _check_codes(codes: ArrayLike) -> np.ndarray:
    codes = check_array(codes, "codes")
    if codes.ndim != 2:
        raise ValueError(
            f"codes must have shape (n, code_size); got shape {codes.shape}; where each number "
            "is a unit, give codes.reshape(len(codes), -1)"
        )
    return codes
