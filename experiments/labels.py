"""How far do 10, 100 and 1,000 labels go, read from pixels, from PCA and from codes?

The test is that of the chapter on properties: as many labelled digits of each class, a logistic
regression, features that are centred and brought to one spread. Its codes were those of a narrow
autoencoder; here stand beside them the units of a wide one that was trained without noise, with
noise, or not at all, and sparse ones.
"""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, RidgeClassifierCV

from helpers.corruption import Corruption, GaussianNoise
from helpers.datasets import load_mnist
from helpers.models import dense_autoencoder, sparse_autoencoder, with_auxiliary_loss
from helpers.seeds import spawn_seeds
from helpers.sparsity import TopK
from helpers.training import train


@dataclass(frozen=True)
class Settings:
    """How large and how long.

    Attributes:
        units: of a wide code.
        train_images: how many images the codes are learned from, without labels.
        pool: from how many of these the labelled ones are drawn.
        test_images: how many of the test images.
        epochs: how long an autoencoder trains.
        draws: how often labelled digits are drawn.
        counts: how many are drawn at a time.
    """

    units: int
    train_images: int
    pool: int
    test_images: int
    epochs: int
    draws: int
    counts: tuple[int, ...]


SEEDS = (0, 1, 2)
FULL = Settings(1024, 55_000, 10_000, 10_000, 8, 20, (10, 100, 1000))
SMOKE = Settings(64, 512, 512, 100, 1, 2, (10, 100, 1000))
NARROW = 32
ACTIVE = 25
STRENGTHS = np.logspace(-3, 3, 13)  # of the ridge penalty, chosen by leaving one label out

Encoder = Callable[[np.ndarray], np.ndarray]


def measure(seed: int, settings: Settings) -> dict[str, float]:
    """Percent of test digits read wrongly, over the draws.

    Returns:
        Numbers by `code.labels.classifier`: the mean over the draws; with `.spread`, the standard
        deviation; with `.wins`, percent of the draws after which fewer digits are read wrongly from
        this code than from the pixels, with the same labels.
    """
    digits = load_mnist()
    learn = digits.train[: settings.train_images]
    pool, labels = learn[: settings.pool], digits.train_labels[: settings.pool]
    test = digits.test[: settings.test_images]
    test_labels = digits.test_labels[: settings.test_images]
    draws = [
        [balanced(labels, count, draw_seed) for count in settings.counts]
        for draw_seed in spawn_seeds(seed, settings.draws)  # the same for every code
    ]
    measured = {}
    from_pixels = {}
    for name, encode in encoders(learn, settings, seed).items():
        features, test_features = centred(encode(pool), encode(test))
        for column, count in enumerate(settings.counts):
            wrong = np.array(
                [
                    [
                        100 * np.mean(reader.predict(test_features) != test_labels)
                        for reader in readers(features[chosen], labels[chosen])
                    ]
                    for chosen in (draw[column] for draw in draws)
                ]
            )
            for kind, shares in zip(("logistic", "ridge"), wrong.T, strict=True):
                measured[f"{name}.{count}.{kind}"] = shares.mean()
                measured[f"{name}.{count}.{kind}.spread"] = shares.std()
                if name == "pixels":  # they come first
                    from_pixels[count, kind] = shares
                    continue
                wins = shares < from_pixels[count, kind]
                measured[f"{name}.{count}.{kind}.wins"] = 100 * wins.mean()
    return {name: float(value) for name, value in measured.items()}


def balanced(labels: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Positions of `count` labels, as many of each of the ten classes."""
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    return np.concatenate(
        [shuffled[labels[shuffled] == label][: count // 10] for label in range(10)]
    )


def centred(features: np.ndarray, test_features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both less the mean of the first, by one factor that gives each code the same spread."""
    mean = features.mean(axis=0)
    factor = np.sqrt(NARROW / np.square(features - mean).sum(axis=1).mean())
    return (features - mean) * factor, (test_features - mean) * factor


def readers(
    features: np.ndarray, labels: np.ndarray
) -> tuple[LogisticRegression, RidgeClassifierCV]:
    """Two linear classifiers: scikit-learn's default, and one that chooses its own penalty."""
    return (
        LogisticRegression(max_iter=1000).fit(features, labels),
        RidgeClassifierCV(STRENGTHS).fit(features, labels),
    )


def encoders(learn: np.ndarray, settings: Settings, seed: int) -> dict[str, Encoder]:
    """What turns images `(n, 28, 28, 1)` into features `(n, numbers)`, by name."""
    keras.utils.set_random_seed(seed)
    narrow = dense_autoencoder(NARROW)
    train(narrow, learn, epochs=settings.epochs, seed=seed)
    sparse = sparse_autoencoder(settings.units, TopK(ACTIVE), learn, seed=seed)
    train(with_auxiliary_loss(sparse), learn, epochs=settings.epochs, learning_rate=2e-3, seed=seed)
    pca = PCA(NARROW, svd_solver="covariance_eigh").fit(flat(learn))
    return {
        "pixels": flat,
        "pca": lambda images: pca.transform(flat(images)),
        "narrow": coder(narrow.encoder),
        "untrained": wide(learn, None, 0, settings, seed),
        "without_noise": wide(learn, None, settings.epochs, settings, seed),
        "with_noise": wide(learn, GaussianNoise(0.5), settings.epochs, settings, seed),
        "sparse": coder(sparse.encoder),
    }


def wide(
    learn: np.ndarray, corruption: Corruption | None, epochs: int, settings: Settings, seed: int
) -> Encoder:
    """The hidden ReLUs of the network of the chapter on what is learned from noise."""
    keras.utils.set_random_seed(seed)
    pixels = keras.Input((28, 28, 1))
    code = layers.Dense(settings.units, activation="relu")(layers.Flatten()(pixels))
    answers = layers.Reshape((28, 28, 1))(layers.Dense(784, activation="sigmoid")(code))
    if epochs:
        train(keras.Model(pixels, answers), learn, corruption=corruption, epochs=epochs, seed=seed)
    return coder(keras.Model(pixels, code))


def coder(encoder: keras.Model) -> Encoder:
    """Codes in batches."""
    return lambda images: encoder.predict(images, batch_size=1000, verbose=0)


def flat(images: np.ndarray) -> np.ndarray:
    """Pixels in a row."""
    return images.reshape(len(images), -1)
