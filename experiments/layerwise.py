"""What did tied weights and training layer by layer buy in 2006, and what do they buy today?

Deep autoencoders were first trained one layer at a time, then as a whole (G. Hinton and R.
Salakhutdinov, "Reducing the Dimensionality of Data with Neural Networks", Science 313:504, 2006),
with the sigmoid in their hidden layers. Here the same is done with the sigmoid and with today's
gelu, on a network of a quarter of their widths. They trained each layer as a restricted Boltzmann
machine; here it is an autoencoder with one hidden layer, as in Y. Bengio et al., "Greedy layer-wise
training of deep networks", 2007. Adam trains all, for equally many steps.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers

from helpers.datasets import load_mnist
from helpers.metrics import squared_error
from helpers.training import train


@dataclass(frozen=True)
class Settings:
    """How large and how long.

    Attributes:
        units: widths of the encoder's layers, the code last.
        train_images: how many of the training images.
        batch_size: of a step.
        epochs: of a network trained at once. Layer by layer it is half as many for the whole, and
            the other half is shared among the layers.
        largest_rate: the largest step size that is tried.
    """

    units: tuple[int, ...]
    train_images: int
    batch_size: int
    epochs: int
    largest_rate: float


SEEDS = (0, 1, 2)
FULL = Settings((256, 128, 64, 30), 38_400, 128, 8, 0.032)
SMOKE = Settings((8, 7, 6, 5), 400, 100, 8, 0.032)


class Transposed(layers.Layer):
    """A fully connected layer with the weights of another, transposed, and biases of its own."""

    def __init__(self, tied: layers.Dense, activation: str | None) -> None:
        super().__init__()
        self.tied = tied
        self.activation = keras.activations.get(activation)

    def build(self, shape: tuple[int | None, ...]) -> None:  # noqa: ARG002
        """Make the biases."""
        self.bias = self.add_weight(shape=(self.tied.kernel.shape[0],), initializer="zeros")

    def call(self, numbers: keras.KerasTensor) -> keras.KerasTensor:
        """From what the other layer returns to what it takes."""
        back = keras.ops.matmul(numbers, keras.ops.transpose(self.tied.kernel))
        return self.activation(back + self.bias)


def measure(seed: int, settings: Settings) -> dict[str, float]:
    """Squared error per test image, the rate chosen, and the parameters, of each way to train."""
    digits = load_mnist()
    images = digits.train[: settings.train_images]
    measured = {}
    for activation in ("sigmoid", "gelu"):
        for name, way in (("at_once", at_once), ("layerwise", layerwise), ("tied", tied)):
            chosen, rate = best(way, activation, images, digits.validation, seed, settings)
            measured |= {
                f"{activation}.{name}.error": error_of(chosen, digits.test),
                f"{activation}.{name}.validation": error_of(chosen, digits.validation),
                f"{activation}.{name}.rate": rate,
                f"{activation}.{name}.parameters": chosen.count_params(),
            }
    mean = np.broadcast_to(images.mean(axis=0), digits.test.shape)
    return measured | {"mean_digit.error": squared_error(digits.test, mean)}


Way = Callable[[str, np.ndarray, float, int, Settings], keras.Model]


def best(
    way: Way,
    activation: str,
    images: np.ndarray,
    validation: np.ndarray,
    seed: int,
    settings: Settings,
) -> tuple[keras.Model, float]:
    """The model of the best rate, halved as long as the error on validation images falls."""
    rate = settings.largest_rate
    found = way(activation, images, rate, seed, settings)
    error = error_of(found, validation)
    while True:
        lower = way(activation, images, rate / 2, seed, settings)
        lower_error = error_of(lower, validation)
        if lower_error >= error:
            return found, rate
        found, error, rate = lower, lower_error, rate / 2


def at_once(
    activation: str, images: np.ndarray, rate: float, seed: int, settings: Settings
) -> keras.Model:
    """Keras's first weights, and all layers trained from the first step on."""
    keras.utils.set_random_seed(seed)
    model = joined(*new_layers(activation, settings.units))
    fit(model, images, settings.epochs, rate, seed, settings)
    return model


def tied(
    activation: str, images: np.ndarray, rate: float, seed: int, settings: Settings
) -> keras.Model:
    """As at once; each layer of the decoder has the weights of the encoder's, transposed."""
    keras.utils.set_random_seed(seed)
    down, up = new_layers(activation, settings.units)
    mirrored = [
        Transposed(below, above.activation) for below, above in zip(reversed(down), up, strict=True)
    ]
    model = joined(down, mirrored)
    fit(model, images, settings.epochs, rate, seed, settings)
    return model


def layerwise(
    activation: str, images: np.ndarray, rate: float, seed: int, settings: Settings
) -> keras.Model:
    """Pair by pair from the image inwards, each trained to rebuild what the last one codes."""
    keras.utils.set_random_seed(seed)
    down, up = new_layers(activation, settings.units)
    numbers = images.reshape(len(images), -1)
    each = settings.epochs // 2 // len(down)
    for below, above in zip(down, reversed(up), strict=True):
        pair = keras.Sequential([keras.Input(numbers.shape[1:]), below, above])
        fit(pair, numbers, each, rate, seed, settings)
        encoder = keras.Sequential([keras.Input(numbers.shape[1:]), below])
        numbers = encoder.predict(numbers, batch_size=1000, verbose=0)
    model = joined(down, up)
    fit(model, images, settings.epochs - each * len(down), rate, seed, settings)
    return model


def new_layers(
    activation: str, units: Sequence[int]
) -> tuple[list[layers.Dense], list[layers.Dense]]:
    """The layers of the encoder and those of the decoder, each in the order of their use."""
    *hidden, code = units
    down = [*(layers.Dense(width, activation) for width in hidden), layers.Dense(code)]
    up = [layers.Dense(width, activation) for width in reversed(hidden)]
    return down, [*up, layers.Dense(28 * 28, "sigmoid")]


def joined(down: Sequence[layers.Layer], up: Sequence[layers.Layer]) -> keras.Model:
    """An autoencoder for images of the layers given."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            *down,
            *up,
            layers.Reshape((28, 28, 1)),
        ]
    )


def fit(
    model: keras.Model, images: np.ndarray, epochs: int, rate: float, seed: int, settings: Settings
) -> None:
    """Train a model to return what it is given."""
    train(
        model,
        images,
        epochs=epochs,
        learning_rate=rate,
        batch_size=settings.batch_size,
        xla=False,
        seed=seed,
    )


def error_of(model: keras.Model, images: np.ndarray) -> float:
    """Squared error per image."""
    return squared_error(images, model.predict(images, batch_size=1000, verbose=0))
