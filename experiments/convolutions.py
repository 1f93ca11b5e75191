"""Why do first weights matter so much to a convolutional autoencoder?

Trained alike from different first weights, one ends with a tenth more error than another. Two
things are varied here, one at a time: the size of the first weights, which decides how much of the
image reaches the untrained output, and the ReLU, whose units may die, that is answer 0 for every
image, so that no gradient reaches them. A leaky ReLU lets a fifth of a negative number through.
Each version is trained from several first weights under each seed.
"""

from dataclasses import dataclass

import keras
import numpy as np
from keras import layers

from helpers.datasets import load_mnist
from helpers.metrics import squared_error
from helpers.seeds import spawn_seeds
from helpers.training import train


@dataclass(frozen=True)
class Settings:
    """How large and how long.

    Attributes:
        channels: of the two convolutions of the encoder; the decoder mirrors them.
        train_images: how many of the training images.
        epochs: how long a network trains.
        trainings: how many of each version, each from other first weights.
    """

    channels: tuple[int, int]
    train_images: int
    epochs: int
    trainings: int


CODE_SIZE = 32
SEEDS = (0, 1, 2)
FULL = Settings((16, 32), 20_000, 4, 5)
SMOKE = Settings((2, 3), 300, 1, 2)
# By name, the function of the hidden layers and what Keras calls the way to draw first weights.
VERSIONS = {
    "keras": ("relu", "glorot_uniform"),
    "larger": ("relu", "he_normal"),
    "leaky": ("leaky_relu", "glorot_uniform"),
    "both": ("leaky_relu", "he_normal"),
}


def measure(seed: int, settings: Settings) -> dict[str, float]:
    """Errors per test image, signal, and dead units of each version, over its trainings."""
    digits = load_mnist()
    images = digits.train[: settings.train_images]
    measured = {}
    for name, version in VERSIONS.items():
        errors, signals, dead = [], [], []
        for own_seed in spawn_seeds(seed, settings.trainings):
            model = build(*version, own_seed, settings)
            signals.append(signal(model, digits.validation[:1000]))
            train(model, images, epochs=settings.epochs, batch_size=128, seed=own_seed)
            errors.append(error_of(model, digits.test))
            dead.append(dead_share(model, digits.validation))
        measured |= {
            f"{name}.error": np.mean(errors),
            f"{name}.lowest": min(errors),
            f"{name}.highest": max(errors),
            f"{name}.spread": np.std(errors, ddof=1),
            f"{name}.signal": np.mean(signals),
            f"{name}.dead": np.mean(dead),
            f"{name}.dead_in_best": dead[int(np.argmin(errors))],
            f"{name}.dead_in_worst": dead[int(np.argmax(errors))],
            f"{name}.parameters": model.count_params(),
        }
    return {name: float(value) for name, value in measured.items()}


def build(activation: str, first_weights: str, seed: int, settings: Settings) -> keras.Model:
    """Two convolutions that halve the sides, a code, and the way back."""
    keras.utils.set_random_seed(seed)
    few, many = settings.channels
    how = {"activation": activation, "kernel_initializer": first_weights}
    halve = {"strides": 2, "padding": "same"}
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(few, 3, **halve, **how),
            layers.Conv2D(many, 3, **halve, **how),
            layers.Flatten(),
            layers.Dense(CODE_SIZE),
            layers.Dense(7 * 7 * many, **how, name="behind_code"),
            layers.Reshape((7, 7, many)),
            layers.Conv2DTranspose(few, 3, **halve, **how),
            layers.Conv2DTranspose(1, 3, **halve, activation="sigmoid"),
        ]
    )


def signal(model: keras.Model, images: np.ndarray) -> float:
    """How much the output depends on the image.

    Its standard deviation over images, averaged over pixels, before the sigmoid.
    """
    outputs = model.predict(images, batch_size=1000, verbose=0).astype(np.float64)
    before = np.log(outputs / (1 - outputs))
    return float(before.std(axis=0).mean())


def dead_share(model: keras.Model, images: np.ndarray) -> float:
    """Percent of the units behind the code, the widest layer, that are never above 0."""
    inner = keras.Model(model.inputs[0], model.get_layer("behind_code").output)
    highest = inner.predict(images, batch_size=1000, verbose=0).max(axis=0)
    return 100 * float(np.mean(highest <= 0))


def error_of(model: keras.Model, images: np.ndarray) -> float:
    """Squared error per image."""
    return squared_error(images, model.predict(images, batch_size=1000, verbose=0))
