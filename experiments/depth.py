"""Does depth pay? Networks of equally many parameters, none to three hidden layers on each side.

Which depth is best may depend on how long and how boldly one trains. So each depth is trained for
several numbers of steps, each time from the start with a schedule of that length, and with a
largest step size of its own, chosen on validation images. The hidden layers are ReLUs whose first
weights keep a signal's size (K. He et al., "Delving deep into rectifiers", 2015), since with
Keras's own it shrinks from layer to layer, the more the deeper.

Without a hidden layer there is no width to choose: the code alone says how many parameters that
network has, a quarter of the others'.

A second pair is five times as large: the deep network of the chapter on architecture,
784-512-256-30 and back, and one hidden layer of as many parameters, trained as the chapter trains
the first.
"""

import functools
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers

from helpers.datasets import LabelledImageSet, load_mnist
from helpers.metrics import squared_error
from helpers.training import train


@dataclass(frozen=True)
class Design:
    """What is built.

    Attributes:
        hidden_units: widths of the encoder's layers before the code; the decoder mirrors them.
        code_size: how many numbers the code has.
        activation: of the hidden layers.
        first_weights: of the hidden layers, what Keras calls how they are drawn.
    """

    hidden_units: tuple[int, ...]
    code_size: int
    activation: str = "relu"
    first_weights: str = "he_normal"


@dataclass(frozen=True)
class Budget:
    """How long and on what a network trains.

    Attributes:
        epochs: how often it sees every image.
        train_images: how many of the training images.
        batch_size: of a step.
        largest_rate: the largest step size that is tried.
    """

    epochs: int
    train_images: int
    batch_size: int
    largest_rate: float


@dataclass(frozen=True)
class Settings:
    """What is compared.

    Attributes:
        depths: the designs by their number of hidden layers on each side.
        budgets: by name, rising.
        large: the large pair by name.
        large_budget: how long it trains.
    """

    depths: dict[int, Design]
    budgets: dict[str, Budget]
    large: dict[str, Design]
    large_budget: Budget


def of_parameters(depth: int, code_size: int, parameters: int) -> Design:
    """Equally wide hidden layers, as wide as so many parameters allow; without any, none."""
    units = 0
    while depth and count(units + 1, depth, code_size) <= parameters:
        units += 1
    return Design((units,) * depth, code_size)


def count(units: int, depth: int, code_size: int) -> int:
    """The parameters of a network with such hidden layers: weights and biases of both halves."""
    weights = 2 * (28 * 28 * units + (depth - 1) * units**2 + units * code_size)
    return weights + 2 * depth * units + code_size + 28 * 28


SEEDS = (0, 1, 2)
FULL = Settings(
    {depth: of_parameters(depth, 32, 210_000) for depth in (0, 1, 2, 3)},
    {
        name: Budget(epochs, 54_000, 90, 0.032)
        for name, epochs in (("short", 1), ("middle", 5), ("long", 20))
    },
    {"shallow": Design((663,), 30, "gelu", "glorot_uniform")}
    | {"deep": Design((512, 256), 30, "gelu", "glorot_uniform")},
    Budget(8, 55_000, 128, 0.008),
)
SMOKE = Settings(
    {depth: of_parameters(depth, 4, 20_000) for depth in (0, 1, 2, 3)},
    {
        name: Budget(epochs, 200, 50, 0.032)
        for name, epochs in (("short", 1), ("middle", 2), ("long", 3))
    },
    {"shallow": Design((20,), 4, "gelu", "glorot_uniform")}
    | {"deep": Design((18, 8), 4, "gelu", "glorot_uniform")},
    Budget(1, 200, 50, 0.008),
)


def measure(seed: int, settings: Settings) -> dict[str, float]:
    """Of each network and budget: the squared errors per image, the rate, and the seconds."""
    digits = load_mnist()
    measured: dict[str, float] = {}
    for depth, design in settings.depths.items():
        rate = settings.budgets["short"].largest_rate
        for name, budget in settings.budgets.items():
            # The longer a training, the smaller is its best rate, so the search goes on downwards.
            found, rate = descend(functools.partial(trained, design, budget, digits, seed), rate)
            measured |= found.numbers(f"{depth}.{name}", rate)
        # A short training is over before its first step, which traces the graph, is forgotten.
        for name in settings.budgets:
            steps = measured[f"{depth}.{name}.steps"]
            measured[f"{depth}.{name}.seconds"] = found.seconds / found.steps * steps
    for name, design in settings.large.items():
        budget = settings.large_budget
        found, rate = descend(
            functools.partial(trained, design, budget, digits, seed), budget.largest_rate
        )
        measured |= found.numbers(f"large.{name}", rate)
    return measured


@dataclass(frozen=True)
class Trained:
    """What is measured of a trained network: squared errors per image, and more.

    Attributes:
        test: error on test images.
        validation: error on validation images.
        training: error on the first 10,000 training images.
        parameters: how many it has.
        steps: how many it was trained for.
        seconds: that they took, by the median epoch.
    """

    test: float
    validation: float
    training: float
    parameters: int
    steps: int
    seconds: float

    def numbers(self, name: str, rate: float) -> dict[str, float]:
        """These numbers as they are stored."""
        return {
            f"{name}.error": self.test,
            f"{name}.validation": self.validation,
            f"{name}.training": self.training,
            f"{name}.parameters": self.parameters,
            f"{name}.steps": self.steps,
            f"{name}.seconds": self.seconds,
            f"{name}.rate": rate,
        }


def descend(trained_at: Callable[[float], Trained], rate: float) -> tuple[Trained, float]:
    """The best rate from this one down, halved as long as the validation error falls."""
    found = trained_at(rate)
    while (lower := trained_at(rate / 2)).validation < found.validation:
        found, rate = lower, rate / 2
    return found, rate


def trained(
    design: Design, budget: Budget, digits: LabelledImageSet, seed: int, rate: float
) -> Trained:
    """One network, built and trained."""
    images = digits.train[: budget.train_images]
    model = build(design, seed)
    ends = [time.perf_counter()]
    watch = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: ends.append(time.perf_counter()))
    train(
        model,
        images,
        epochs=budget.epochs,
        batch_size=budget.batch_size,
        learning_rate=rate,
        callbacks=watch,
        xla=False,  # left to itself it would compile the longest training alone
        seed=seed,
    )
    return Trained(
        test=error_of(model, digits.test),
        validation=error_of(model, digits.validation),
        training=error_of(model, images[:10_000]),
        parameters=model.count_params(),
        steps=budget.epochs * math.ceil(len(images) / budget.batch_size),
        seconds=budget.epochs * float(np.median(np.diff(ends))),
    )


def build(design: Design, seed: int) -> keras.Model:
    """The encoder's layers down to the code, which has no function, and their mirror image."""
    keras.utils.set_random_seed(seed)

    def hidden(units: int) -> layers.Dense:
        return layers.Dense(units, design.activation, kernel_initializer=design.first_weights)

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            *map(hidden, design.hidden_units),
            layers.Dense(design.code_size),
            *map(hidden, reversed(design.hidden_units)),
            layers.Dense(28 * 28, "sigmoid"),
            layers.Reshape((28, 28, 1)),
        ]
    )


def error_of(model: keras.Model, images: np.ndarray) -> float:
    """Squared error per image."""
    return squared_error(images, model.predict(images, batch_size=1000, verbose=0))
