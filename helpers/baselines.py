"""Denoisers that learn nothing or little: what a denoising autoencoder must beat.

Each is called with noisy images and returns as many denoised ones, as a Keras model does. So
`Corrected` and `best_denoiser` take any of them. Those for images raise `ValueError` where the
images are not `(n, 28, 28, 1)`, not floating point or not finite.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import ndimage, optimize, signal
from scipy.special import log_ndtr
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle
from sklearn.decomposition import PCA

from helpers.checks import check_array, check_count, check_same_shape, is_number
from helpers.datasets.image_set import IMAGE_SHAPE
from helpers.metrics import squared_errors

Denoiser = Callable[[np.ndarray], np.ndarray]

NLM_PATCH = 5
NLM_DISTANCE = 4
LARGEST_SQUARE = 2 * IMAGE_SHAPE[0] - 1  # pixels a side: around any pixel, it holds the whole image
LARGEST_WIDTH = 100 * IMAGE_SHAPE[0]  # pixels: such a blur leaves one grey
IMAGES_AT_ONCE = 1_000
ROUNDING = 1 / 12 / 255**2  # the mean squared error of a pixel that was rounded to 256 levels


@dataclass(frozen=True)
class MedianFilter:
    """Each pixel becomes the median of the square around it (`scipy.ndimage.median_filter`).

    Attributes:
        size: the square's side in pixels, odd, 55 at most.
    """

    size: int

    def __post_init__(self) -> None:
        _check_odd(self.size)

    def __call__(self, images: ArrayLike) -> np.ndarray:
        """The denoised images, `(n, 28, 28, 1)` like the noisy ones."""
        return ndimage.median_filter(_check(images), (1, self.size, self.size, 1))


@dataclass(frozen=True)
class GaussianBlur:
    """Each pixel becomes a mean of those around it (`scipy.ndimage.gaussian_filter`).

    Attributes:
        width: the standard deviation of the bell by which pixels are weighted, in pixels, 2,800 at
            most.
    """

    width: float

    def __post_init__(self) -> None:
        _check_positive(self.width, "width")
        if self.width > LARGEST_WIDTH:
            raise ValueError(f"width must be at most {LARGEST_WIDTH} pixels; got {self.width!r}")

    def __call__(self, images: ArrayLike) -> np.ndarray:
        """The denoised images, `(n, 28, 28, 1)` like the noisy ones."""
        return ndimage.gaussian_filter(_check(images), (0, self.width, self.width, 0))


@dataclass(frozen=True)
class WienerFilter:
    """Each pixel moves towards the mean around it, the less the more the pixels there vary.

    Beyond its edge an image counts as black (`scipy.signal.wiener`).

    Attributes:
        size: the side in pixels of the square that mean and variance are taken over, odd, 55 at
            most.
        noise_variance: the variance of the noise, sigma squared, where it is known; None to
            estimate it from each image, as the mean of the variances of its squares.
    """

    size: int
    noise_variance: float | None = None

    def __post_init__(self) -> None:
        _check_odd(self.size)
        if self.noise_variance is not None:
            _check_positive(self.noise_variance, "noise_variance")

    def __call__(self, images: ArrayLike) -> np.ndarray:
        """The denoised images, `(n, 28, 28, 1)` like the noisy ones."""
        return _each(lambda image: signal.wiener(image, self.size, self.noise_variance), images)


@dataclass(frozen=True)
class TotalVariation:
    """The image nearby whose neighbouring pixels differ least (`denoise_tv_chambolle`).

    Attributes:
        weight: what differences cost against the distance from the noisy image.

    Source:
        scikit-image; A. Chambolle, "An algorithm for total variation minimization and
        applications", 2004.
    """

    weight: float

    def __post_init__(self) -> None:
        _check_positive(self.weight, "weight")

    def __call__(self, images: ArrayLike) -> np.ndarray:
        """The denoised images, `(n, 28, 28, 1)` like the noisy ones."""
        return _each(lambda image: denoise_tv_chambolle(image, self.weight), images)


@dataclass(frozen=True)
class NonLocalMeans:
    """Each pixel becomes a mean of pixels of the image with similar surroundings.

    Surroundings are 5×5 pixels, looked for up to 4 pixels away (`denoise_nl_means`).

    Attributes:
        strength: the difference between surroundings, in pixel units, at which a pixel still
            counts; larger smooths more.
        sigma: the standard deviation of the noise, where it is known: that much of a difference is
            put down to noise.

    Source:
        scikit-image; A. Buades, B. Coll and J.-M. Morel, "A non-local algorithm for image
        denoising", 2005.
    """

    strength: float
    sigma: float = 0.0

    def __post_init__(self) -> None:
        _check_positive(self.strength, "strength")
        if self.sigma != 0:
            _check_positive(self.sigma, "sigma")

    def __call__(self, images: ArrayLike) -> np.ndarray:
        """The denoised images, `(n, 28, 28, 1)` like the noisy ones."""
        size = {"patch_size": NLM_PATCH, "patch_distance": NLM_DISTANCE}
        return _each(
            lambda image: denoise_nl_means(image, h=self.strength, sigma=self.sigma, **size), images
        )


@dataclass(frozen=True, eq=False)
class PCAProjection:
    """Keeps what lies along the first principal components of clean images.

    Attributes:
        pca: scikit-learn's PCA, fitted on clean images.
    """

    pca: PCA

    @classmethod
    def fit(cls, clean: ArrayLike, components: int) -> Self:
        """A projection onto the first principal components.

        Args:
            clean: `(n, 28, 28, 1)`, floating point.
            components: how many, 1 to 784, and at most n, of which there are two at least.

        Returns:
            The denoiser.

        Raises:
            ValueError: the images have another shape, are not finite or are fewer than two, or the
                components are not a whole number that they allow.
        """
        clean = _check(clean, "clean")
        if len(clean) < 2:
            raise ValueError("clean must hold at least 2 images, which may differ; got 1")
        components = check_count(components, "components")
        if components > min(len(clean), math.prod(IMAGE_SHAPE)):
            raise ValueError(
                "components must be at most the pixels of an image and the number of images, "
                f"{min(len(clean), math.prod(IMAGE_SHAPE))}; got {components}"
            )
        with np.errstate(all="ignore"):  # 0 / 0, the shares of the variance where there is none
            return cls(PCA(components, svd_solver="covariance_eigh").fit(_flat(clean)))

    def __call__(self, images: ArrayLike) -> np.ndarray:
        """The denoised images, `(n, 28, 28, 1)` like the noisy ones."""
        images = _check(images)
        with np.errstate(under="ignore"):
            flat = self.pca.inverse_transform(self.pca.transform(_flat(images)))
        return flat.reshape(images.shape)


@dataclass(frozen=True, eq=False)
class AffineMap:
    """The best that a matrix and an offset can do: least squares on noisy and clean pairs.

    Attributes:
        matrix: float64 `(784, 784)`; noisy pixels times it are clean pixels, but for the offset.
        offset: float64 `(784,)`.
    """

    matrix: np.ndarray
    offset: np.ndarray

    @classmethod
    def fit(cls, noisy: ArrayLike, clean: ArrayLike) -> Self:
        """The affine map with the least squared error on these pairs.

        It follows from sums over the pairs, the covariances of noisy pixels with each other and
        with clean ones, so that it needs little memory beside them. Where several maps are equally
        good, such as with pixels that never vary, it is the one with the smallest matrix.

        Args:
            noisy: `(n, 28, 28, 1)`, floating point.
            clean: the same shape, what each should become.

        Returns:
            The denoiser.

        Raises:
            ValueError: the shapes differ or are others, or an array is not finite.
        """
        noisy, clean = _check(noisy, "noisy"), _check(clean, "clean")
        check_same_shape(noisy, clean, ("noisy", "clean"))
        inputs, targets = _flat(noisy), _flat(clean)
        scale = max(inputs.max(), -inputs.min()) or 1.0  # so that no square overflows
        input_mean = inputs.mean(0, np.float64) / scale
        target_mean = targets.mean(0, np.float64)
        among_inputs = np.zeros((len(input_mean), len(input_mean)))
        with_targets = np.zeros_like(among_inputs)
        with np.errstate(under="ignore"):
            for start in range(0, len(inputs), IMAGES_AT_ONCE):
                part = slice(start, start + IMAGES_AT_ONCE)
                deviations = np.divide(inputs[part], scale, dtype=np.float64) - input_mean
                among_inputs += deviations.T @ deviations
                with_targets += deviations.T @ (targets[part] - target_mean)
            matrix = np.linalg.lstsq(among_inputs, with_targets)[0] / scale
            return cls(matrix, target_mean - scale * input_mean @ matrix)

    def __call__(self, images: ArrayLike) -> np.ndarray:
        """The denoised images, `(n, 28, 28, 1)` like the noisy ones."""
        images = _check(images)
        with np.errstate(under="ignore"):
            denoised = _flat(images) @ self.matrix.astype(images.dtype)
            return (denoised + self.offset.astype(images.dtype)).reshape(images.shape)


@dataclass(frozen=True, eq=False)
class PosteriorMean:
    """The mean of known clean images, each weighted by how likely it is behind the noisy one.

    For Gaussian noise, of clean images that are equally likely beforehand. If there were no other
    images than these, no denoiser could have less squared error: it is E[x | noisy x]. For images
    that are not among them it is kernel regression.

    Attributes:
        clean: `(n, 28, 28, 1)`, the clean images.
        sigma: the standard deviation of the noise.
        clip: whether the noisy images were cut off at 0 and 1. Then a pixel of 0 says that the
            noise took it to 0 or below, and counts with the probability of that.
        temperature: what the logarithm of each likelihood is divided by: 1 for the posterior mean;
            more lets images count that are less likely.

    Source:
        E. Nadaraya, "On estimating regression", 1964, and G. Watson, "Smooth regression analysis",
        1964, for the mean weighted by a kernel.
    """

    clean: np.ndarray
    sigma: float
    clip: bool = False
    temperature: float = 1.0

    def __post_init__(self) -> None:
        clean = _check(self.clean, "clean").astype(np.float32, copy=False)
        object.__setattr__(self, "clean", clean)
        _check_positive(self.sigma, "sigma")
        _check_positive(self.temperature, "temperature")
        if not isinstance(self.clip, bool):
            raise ValueError(f"clip must be True or False; got {self.clip!r}")

    def __call__(self, images: ArrayLike) -> np.ndarray:
        """The denoised images, `(n, 28, 28, 1)` like the noisy ones."""
        images = _check(images)
        return self._averages(images)[0].reshape(images.shape)

    def images_that_count(self, images: ArrayLike) -> np.ndarray:
        """How many clean images each average is of: one over the sum of the squared weights.

        Args:
            images: `(n, 28, 28, 1)`, noisy.

        Returns:
            `(n,)`, from 1, where one image has all the weight, to the number of clean images.

        Raises:
            ValueError: the images have another shape or are not finite.
        """
        return self._averages(_check(images))[1]

    def _averages(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The averages `(n, 784)`, and how many clean images count in each `(n,)`."""
        noisy = _flat(images).astype(np.float32)
        black = (noisy <= 0) & self.clip
        white = (noisy >= 1) & self.clip
        known = ~(black | white)
        # Sums over the clean images seen so far, relative to the likeliest of them.
        highest = np.full((len(noisy), 1), -np.inf, np.float32)
        sums, total, squares = np.zeros_like(noisy), np.zeros_like(highest), np.zeros_like(highest)
        with np.errstate(under="ignore"):
            for start in range(0, len(self.clean), IMAGES_AT_ONCE):
                part = _flat(self.clean[start : start + IMAGES_AT_ONCE])
                logs = (noisy * known) @ part.T - known @ np.square(part).T / 2
                logs /= self.sigma**2
                if self.clip:
                    logs += black @ log_ndtr(-part / self.sigma).T
                    logs += white @ log_ndtr((part - 1) / self.sigma).T
                logs /= self.temperature
                new = np.maximum(highest, logs.max(axis=1, keepdims=True))
                weights, fades = np.exp(logs - new), np.exp(highest - new)
                sums = fades * sums + weights @ part
                total = fades * total + weights.sum(axis=1, keepdims=True)
                squares = fades**2 * squares + np.square(weights).sum(axis=1, keepdims=True)
                highest = new
        return sums / total, (total**2 / squares)[:, 0]


@dataclass(frozen=True)
class Corrected:
    """Another denoiser, and after it one slope and one offset for all pixels.

    Clipped noise lifts a black background, and a filter that averages keeps it lifted. Two numbers
    bring grey levels back.

    Attributes:
        denoiser: any denoiser.
        slope: what its output is multiplied by.
        offset: what is added then.
    """

    denoiser: Denoiser
    slope: float
    offset: float

    def __post_init__(self) -> None:
        _check_callable(self.denoiser, "denoiser")
        for name in ("slope", "offset"):
            value = getattr(self, name)
            if not is_number(value) or not math.isfinite(value):
                raise ValueError(f"{name} must be a finite number; got {value!r}")

    @classmethod
    def fit(cls, denoiser: Denoiser, noisy: ArrayLike, clean: ArrayLike) -> Self:
        """The two numbers with the least squared error on these pairs.

        Args:
            denoiser: any denoiser.
            noisy: `(n, …)`, floating point.
            clean: the same shape, what each should become.

        Returns:
            The corrected denoiser.

        Raises:
            ValueError: the denoiser cannot be called, the shapes differ, that of its answers
                included, or an array, its answers included, is empty, not floating point or not
                finite.
        """
        noisy, clean = _check_pairs(noisy, clean)
        return cls(denoiser, *_line(_denoiser_answers(denoiser, noisy, clean), clean))

    @classmethod
    def fit_through_cut(cls, denoiser: Denoiser, noisy: ArrayLike, clean: ArrayLike) -> Self:
        """The two numbers with the highest mean PSNR once the answers are cut off at 0 and 1.

        An image counts 59 dB at most, what rounding to 256 grey levels leaves, so that none that
        the cut makes perfect, such as a black one, decides for all. The two numbers may push a grey
        background below 0, where the cut makes it black. The search starts from those of `fit`
        (Nelder and Mead, `scipy.optimize.minimize`).

        Args:
            denoiser: any denoiser.
            noisy: `(n, …)`, floating point.
            clean: the same shape, what each should become; pixels in [0, 1].

        Returns:
            The corrected denoiser.

        Raises:
            ValueError: as `fit`.
        """
        noisy, clean = _check_pairs(noisy, clean)
        answers = _denoiser_answers(denoiser, noisy, clean)

        def minus_psnr(numbers: np.ndarray) -> float:
            slope, offset = numbers
            errors = _errors_after_cut(slope * answers + offset, clean)
            return -_decibels(np.maximum(errors, ROUNDING))

        settings = {"xatol": 1e-3, "fatol": 1e-3}
        found = optimize.minimize(
            minus_psnr, _line(answers, clean), method="Nelder-Mead", options=settings
        )
        return cls(denoiser, *map(float, found.x))

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """The denoised images, in the shape of the noisy ones."""
        return self.slope * np.asarray(self.denoiser(images)) + self.offset


def best_denoiser(candidates: Iterable[Denoiser], noisy: ArrayLike, clean: ArrayLike) -> Denoiser:
    """The candidate with the highest mean PSNR, its output cut off at 0 and 1.

    An image that comes out as exactly as files of 256 grey levels hold it, with 59 dB or more,
    counts 3 dB more than the best of the others, whichever candidate that is from: the infinite
    PSNR of one perfect image would hide what happens to all others.

    Args:
        candidates: denoisers; most often one of several strengths.
        noisy: `(n, …)`, floating point: images that choices may be made by.
        clean: the same shape, what each should become.

    Returns:
        One of the candidates; of equals the one with the least squared error, then the first.

    Raises:
        ValueError: there is no candidate, one cannot be called, the shapes differ, that of a
            candidate's answers included, or an array, its answers included, is not finite.
    """
    candidates = _check_candidates(candidates)
    names = [f"candidates[{number}]" for number in range(len(candidates))]
    noisy, clean = _check_pairs(noisy, clean)
    errors = np.stack(
        [
            _errors_after_cut(_answers(candidate, noisy, clean, name), clean)
            for candidate, name in zip(candidates, names, strict=True)
        ]
    )
    visible = errors > ROUNDING
    exact = errors[visible].min() / 2 if visible.any() else ROUNDING
    scores = [_decibels(of_one) for of_one in np.where(visible, errors, exact)]
    ranks = list(zip(scores, -errors.mean(axis=1), strict=True))
    return candidates[ranks.index(max(ranks))]


def best_stretched(candidates: Iterable[Denoiser], noisy: ArrayLike, clean: ArrayLike) -> Corrected:
    """The candidate with the highest mean PSNR once each has its two numbers, `fit_through_cut`.

    Args:
        candidates: denoisers; most often one of several strengths.
        noisy: `(n, …)`, floating point: images that choices may be made by.
        clean: the same shape, what each should become; pixels in [0, 1].

    Returns:
        One of the candidates, with its two numbers.

    Raises:
        ValueError: as `best_denoiser`.
    """
    candidates = _check_candidates(candidates)
    fitted = [Corrected.fit_through_cut(each, noisy, clean) for each in candidates]
    best = best_denoiser(fitted, noisy, clean)
    return next(each for each in fitted if each is best)


def _errors_after_cut(answers: np.ndarray, clean: np.ndarray) -> np.ndarray:
    """The mean squared error of a pixel of each image, `(n,)`."""
    return squared_errors(clean, np.clip(answers, 0, 1)) / math.prod(clean.shape[1:])


def _decibels(errors: np.ndarray) -> float:
    """The mean PSNR of images with these errors."""
    return float((-10 * np.log10(errors)).mean())


def _each(denoise: Callable[[np.ndarray], np.ndarray], images: ArrayLike) -> np.ndarray:
    images = _check(images)
    found = np.empty_like(images)
    with np.errstate(all="ignore"):  # such as 0 / 0 where a Wiener filter finds no noise
        for number, image in enumerate(images[..., 0]):
            found[number, ..., 0] = denoise(image)
    broken = ~np.isfinite(found)
    found[broken] = images[broken]
    return found


def _flat(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1)


def _check(images: ArrayLike, name: str = "images") -> np.ndarray:
    images = check_array(images, name, pixels=True)
    if images.shape[1:] != IMAGE_SHAPE:
        raise ValueError(f"{name} must have shape (n, 28, 28, 1); got shape {images.shape}")
    # SciPy's filters know no float16.
    return images.astype(np.result_type(images, np.float32), copy=False)


def _check_pairs(noisy: ArrayLike, clean: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    noisy = check_array(noisy, "noisy", pixels=True)
    clean = check_array(clean, "clean", pixels=True)
    check_same_shape(noisy, clean, ("noisy", "clean"))
    return noisy, clean


def _denoiser_answers(denoiser: Denoiser, noisy: np.ndarray, clean: np.ndarray) -> np.ndarray:
    _check_callable(denoiser, "denoiser")
    return _answers(denoiser, noisy, clean, "the denoiser")


def _answers(denoiser: Denoiser, noisy: np.ndarray, clean: np.ndarray, whose: str) -> np.ndarray:
    answers = check_array(denoiser(noisy.copy()), f"{whose}'s answers")
    check_same_shape(answers, clean, (f"{whose}'s answers", "clean"))
    return answers


def _check_candidates(candidates: Iterable[Denoiser]) -> list[Denoiser]:
    try:
        one_by_one = iter(candidates)
    except (TypeError, NotImplementedError) as error:  # the latter from a Keras tensor
        kind = type(candidates).__name__
        raise ValueError(f"candidates must be a list of denoisers; got {kind}") from error
    candidates = list(one_by_one)
    if not candidates:
        raise ValueError("candidates must hold at least one denoiser; got none")
    for number, candidate in enumerate(candidates):
        _check_callable(candidate, f"candidates[{number}]")
    return candidates


def _check_callable(denoiser: Denoiser, name: str) -> None:
    if not callable(denoiser):
        raise ValueError(
            f"{name} must be a denoiser, called with noisy images; got {type(denoiser).__name__}"
        )


def _line(answers: np.ndarray, clean: np.ndarray) -> tuple[float, float]:
    """Slope and offset of least squares."""
    found, wanted = np.ravel(answers).astype(np.float64), np.ravel(clean).astype(np.float64)
    if found.std() <= 1e-6 * abs(found.mean()):  # one grey, but for rounding
        return 0.0, float(wanted.mean())
    slope, offset = np.polyfit(found, wanted, 1)
    return float(slope), float(offset)


def _check_odd(size: int) -> None:
    if check_count(size, "size") % 2 == 0:
        raise ValueError(f"size must be odd, so that the square has a middle; got {size}")
    if size > LARGEST_SQUARE:
        raise ValueError(f"size must be at most {LARGEST_SQUARE} pixels; got {size}")


def _check_positive(value: float, name: str) -> None:
    if not is_number(value) or not 0 < value < math.inf:
        raise ValueError(f"{name} must be positive and finite; got {value!r}")
