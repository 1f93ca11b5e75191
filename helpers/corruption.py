"""Corruption of images: of an array, or of each batch in training."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np

from helpers.checks import check_array, is_number
from helpers.seeds import check_seed

IMAGES_AT_ONCE = 1_000
Seed = int | keras.random.SeedGenerator
# What `train` takes: a batch `(batch_size, …)` and a seed, to a batch of the same shape.
Corruption = Callable[[keras.KerasTensor, Seed], keras.KerasTensor]


class _NumberByNumber(ABC):
    """A corruption that draws for every number on its own, of batches and of arrays."""

    @abstractmethod
    def __call__(self, batch: keras.KerasTensor, seed: Seed) -> keras.KerasTensor:
        """Corrupt a batch inside a graph; `train(…, corruption=…)` calls it.

        Args:
            batch: `(batch_size, …)`.
            seed: what the functions of `keras.random` take.

        Returns:
            The same shape.
        """

    def corrupt(self, images: np.ndarray, seed: int | None = None) -> np.ndarray:
        """Corrupt an array, every number on its own.

        Args:
            images: `(n, …)`, any finite floating-point array.
            seed: of what is drawn; None is the book's default seed. Two sets corrupted under
                one seed share their noise, image by image: give each set a seed of its own.

        Returns:
            A new array of the same shape and dtype (float32 for bfloat16, float64 for longdouble):
            what these images become, in batches of 1,000, with `keras.random.SeedGenerator(seed)`.

        Raises:
            ValueError: the images are empty, not floating point or not finite, or the seed is not
                valid.
        """
        images = check_array(images, "images", pixels=True)
        drawn = keras.random.SeedGenerator(check_seed(seed))
        corrupted = np.empty(images.shape, images.dtype.newbyteorder("="))
        for start in range(0, len(images), IMAGES_AT_ONCE):
            part = slice(start, start + IMAGES_AT_ONCE)
            batch = self(keras.ops.convert_to_tensor(images[part]), drawn)
            corrupted[part] = keras.ops.convert_to_numpy(batch)
        return corrupted


@dataclass(frozen=True)
class GaussianNoise(_NumberByNumber):
    """Adds to every number one of its own, drawn from a normal distribution of mean 0.

    Attributes:
        sigma: the noise's standard deviation, in units of a pixel's range; 0 for none.
        clip: whether the sum is cut off at 0 and 1, as an image file would.
    """

    sigma: float
    clip: bool = False

    def __post_init__(self) -> None:
        if not is_number(self.sigma) or not 0 <= self.sigma < math.inf:
            raise ValueError(f"sigma must be at least 0 and finite; got {self.sigma!r}")
        if not isinstance(self.clip, bool):
            raise ValueError(f"clip must be True or False; got {self.clip!r}")

    def __call__(self, batch: keras.KerasTensor, seed: Seed) -> keras.KerasTensor:
        """The batch with noise."""
        # Always drawn as float32, so that a seed means the same for every dtype.
        drawn = keras.random.normal(keras.ops.shape(batch), dtype="float32", seed=seed)
        noisy = batch + keras.ops.cast(float(self.sigma) * drawn, batch.dtype)
        return keras.ops.clip(noisy, 0, 1) if self.clip else noisy


@dataclass(frozen=True)
class _Replacement(_NumberByNumber):
    """Replaces a share of the numbers."""

    share: float

    def __post_init__(self) -> None:
        if not is_number(self.share) or not 0 <= self.share <= 1:
            raise ValueError(f"share must be from 0 to 1; got {self.share!r}")


@dataclass(frozen=True)
class Masking(_Replacement):
    """Sets a share of the numbers to 0, each by a draw of its own.

    Attributes:
        share: the probability with which a number is hidden, 0 to 1.
    """

    def __call__(self, batch: keras.KerasTensor, seed: Seed) -> keras.KerasTensor:
        """The batch with holes."""
        return keras.ops.where(_uniform(batch, seed) < float(self.share), 0.0, batch)


@dataclass(frozen=True)
class SaltAndPepper(_Replacement):
    """Sets a share of the numbers to 0 or to 1, each by a draw of its own, half of them to either.

    Attributes:
        share: the probability with which a number is replaced, 0 to 1.
    """

    def __call__(self, batch: keras.KerasTensor, seed: Seed) -> keras.KerasTensor:
        """The batch with black and white specks."""
        drawn, share = _uniform(batch, seed), float(self.share)
        salted = keras.ops.where(drawn < share, 1.0, batch)
        return keras.ops.where(drawn < share / 2, 0.0, salted)


def _uniform(batch: keras.KerasTensor, seed: Seed) -> keras.KerasTensor:
    return keras.random.uniform(keras.ops.shape(batch), dtype="float32", seed=seed)
