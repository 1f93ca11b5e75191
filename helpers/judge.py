"""A classifier of digits that judges pictures, made once and used unchanged.

Its weights are stored with the package, so that every chapter and every reader asks the same judge.
`make judge` makes them: tools/make_judge.py says how.
"""

import hashlib
import io
import os
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from keras import layers
from numpy.typing import ArrayLike

from helpers.datasets.image_set import IMAGE_SHAPE, check_images
from helpers.seeds import check_seed, spawn_seeds

JUDGE_PATH = Path(__file__).parent / "judge.npz"
JUDGE_SHA256 = "c94d8a0f583f10b1f95f061287585543533f94beb65d68b874509f58189161a9"
FEATURES = 64
TRUSTED_SHARE = 0.95  # of the validation digits, by which the threshold is set
IMAGES_AT_ONCE = 1_000


@dataclass(frozen=True, eq=False)
class Judge:
    """A classifier of digits, its features, and how sure it has to be.

    Attributes:
        classifier: from images `(n, 28, 28, 1)` to the probabilities of the ten digits `(n, 10)`.
        body: the same up to the last layer but one, to features `(n, 64)`, none below 0.
        threshold: the largest probability from which on an answer is trusted, as it is for 95 % of
            the validation digits.
        test_error: the share of the test digits that it reads wrongly.
    """

    classifier: keras.Model
    body: keras.Model
    threshold: float
    test_error: float

    def probabilities(self, images: ArrayLike) -> np.ndarray:
        """How likely each digit is, as the judge sees it.

        Args:
            images: `(n, 28, 28, 1)`, pixels in [0, 1].

        Returns:
            float32 `(n, 10)`; each row adds up to 1.

        Raises:
            ValueError: the images have another shape, are empty, not floating point or not finite,
                or have pixels outside [0, 1].
        """
        return _run(self.classifier, images)

    def read(self, images: ArrayLike) -> np.ndarray:
        """The digit that the judge sees in each image.

        Args:
            images: as `probabilities` takes them.

        Returns:
            Integers `(n,)`, 0 to 9.

        Raises:
            ValueError: as `probabilities`.
        """
        digits: np.ndarray = self.probabilities(images).argmax(axis=1)
        return digits

    def trusts(self, images: ArrayLike) -> np.ndarray:
        """Which images the judge is as sure of as of 95 % of the validation digits.

        A classifier that has seen nothing but digits may be sure of what is none; give beside it
        what it trusts among pictures that are known to be none.

        Args:
            images: as `probabilities` takes them.

        Returns:
            Truth values `(n,)`.

        Raises:
            ValueError: as `probabilities`.
        """
        sure: np.ndarray = self.probabilities(images).max(axis=1) >= self.threshold
        return sure

    def features(self, images: ArrayLike) -> np.ndarray:
        """What the judge's last layer decides by; `frechet_distance` compares sets of them.

        Args:
            images: as `probabilities` takes them.

        Returns:
            float32 `(n, 64)`, at least 0.

        Raises:
            ValueError: as `probabilities`.
        """
        return _run(self.body, images)


def load_judge(path: str | Path = JUDGE_PATH) -> Judge:
    """The judge as it came with the package.

    Args:
        path: the file of its weights.

    Returns:
        The judge.

    Raises:
        FileNotFoundError: the file is missing.
        ValueError: this is not a path, or the file's SHA-256 is another, since it was cut, altered
            or made anew.
    """
    if not isinstance(path, str | os.PathLike):
        raise ValueError(f"path must be the path of a file; got {path!r}")
    path = Path(path)
    restore = (
        "restore it with `git checkout -- helpers/judge.npz` in a clone of the book, or install "
        "the helpers again"
    )
    if not path.is_file():
        raise FileNotFoundError(f"the judge is missing: there is no file {path}; {restore}")
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != JUDGE_SHA256:
        raise ValueError(
            f"the judge in {path} is cut or altered: SHA-256 is {found} over {len(content)} bytes, "
            f"where {JUDGE_SHA256} is wanted; {restore}"
        )
    with np.load(io.BytesIO(content)) as arrays:
        classifier, body = build_judge()
        classifier.set_weights(
            [arrays[f"weights_{number}"] for number in range(len(classifier.weights))]
        )
        return Judge(classifier, body, float(arrays["threshold"]), float(arrays["test_error"]))


def build_judge(seed: int = 0) -> tuple[keras.Model, keras.Model]:
    """The judge's layers, not trained yet: two convolutions, 64 features, ten digits.

    Args:
        seed: of the first weights, and of the dropout.

    Returns:
        The classifier, and the part of it that ends in the features; they share their weights.
    """
    *seeds, dropout_seed = spawn_seeds(check_seed(seed), 5)
    first = (keras.initializers.GlorotUniform(seed=each) for each in seeds)
    hidden = images = keras.Input(IMAGE_SHAPE)
    for channels in (16, 32):
        hidden = layers.Conv2D(
            channels,
            3,
            strides=2,
            padding="same",
            activation="relu",
            data_format="channels_last",
            kernel_initializer=next(first),
        )(hidden)
    hidden = layers.Flatten(data_format="channels_last")(hidden)
    features = layers.Dense(FEATURES, "relu", kernel_initializer=next(first))(hidden)
    kept = layers.Dropout(0.3, seed=dropout_seed)(features)
    digits = layers.Dense(10, "softmax", kernel_initializer=next(first))(kept)
    return keras.Model(images, digits), keras.Model(images, features)


def _run(model: keras.Model, images: ArrayLike) -> np.ndarray:
    images = check_images(images)
    starts = range(0, len(images), IMAGES_AT_ONCE)
    parts = [model(images[start : start + IMAGES_AT_ONCE]) for start in starts]
    return np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])
