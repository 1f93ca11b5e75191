"""How fast is training here, and what makes it so?

On one machine, in one run: seconds an epoch for plain Keras `fit(x, x)`, for the same with one
keyword that makes it run many steps a call, for the book's `train` built up one change at a time,
for a bare compiled loop over the same arithmetic, and for the arithmetic alone; what XLA does to
layers that it slows down; seconds to a published quality, plain recipe against ours; memory;
start-up.

The recipes are built anew from their published settings (F. Chollet, "Building Autoencoders in
Keras", 2016; A. Dertat, "Applied Deep Learning, part 3: Autoencoders", 2017), and both sides have
the same Keras, the same 55,000 training images and the same layers.
"""

import functools
import math
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from helpers.datasets import load_mnist
from helpers.training import train

LOSS = "binary_crossentropy"


@dataclass(frozen=True)
class Recipe:
    """A published autoencoder for flat images, ReLU inside and sigmoid at the end.

    Attributes:
        hidden_units: widths of the encoder's layers before the code of 32; mirrored after it.
        batch_size: as published; Adam at 0.001, as published too.
        published: the cross-entropy that was published, nats per pixel.
        quality: the largest cross-entropy that would be printed so, and what both sides have to
            reach on test images.
        most_epochs: as published, and where the plain recipe is given up.
        our_epochs: how long ours trains.
        our_learning_rate: its largest step size. Both were chosen on validation images, under
            seeds other than those of the run.
    """

    hidden_units: tuple[int, ...]
    batch_size: int
    published: float
    quality: float
    most_epochs: int
    our_epochs: int
    our_learning_rate: float


@dataclass(frozen=True)
class Settings:
    """How much is measured."""

    train_images: int
    xla_images: int
    epochs: int
    matrix: int
    recipes: dict[str, Recipe]


class LargestFew(layers.Layer):
    """Keeps the 32 largest numbers of each row, the others become 0."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Rows `(batch, units)` to rows of the same shape."""
        smallest_kept = keras.ops.top_k(inputs, 32)[0][:, -1:]
        return keras.ops.where(inputs >= smallest_kept, inputs, 0.0)


def dense(*inner: layers.Layer) -> list[layers.Layer]:
    """A fully connected autoencoder, 784-512-784, with layers after the code."""
    pixels = layers.Dense(784, activation="sigmoid")
    return [layers.Flatten(), layers.Dense(512), *inner, pixels, layers.Reshape((28, 28, 1))]


def convolutional() -> list[layers.Layer]:
    """28 to 7 and back, with pooling, as in the Keras blog's convolutional tutorial."""
    convolution = functools.partial(layers.Conv2D, kernel_size=3, padding="same", activation="relu")
    return [
        *(convolution(32), layers.MaxPooling2D(2), convolution(32), layers.MaxPooling2D(2)),
        *(convolution(32), layers.UpSampling2D(2), convolution(32), layers.UpSampling2D(2)),
        layers.Conv2D(1, 3, padding="same", activation="sigmoid"),
    ]


XLA_MODELS = {
    "dense": dense,
    "top_k": lambda: dense(LargestFew()),
    "dropout": lambda: dense(layers.Dropout(0.3)),
    "convolution": convolutional,
}
RECIPES = {
    "simple": Recipe((), 256, 0.093, 0.0935, 50, 2, 4e-2),
    "deep": Recipe((128, 64), 256, 0.08, 0.085, 100, 7, 1.5e-2),
    "dertat": Recipe((), 32, 0.092, 0.09205, 20, 5, 5e-2),
}
SEEDS = (0, 1, 2)
FULL = Settings(train_images=55_000, xla_images=12_800, epochs=5, matrix=2000, recipes=RECIPES)
SMOKE = Settings(
    train_images=600,
    xla_images=600,
    epochs=2,
    matrix=50,
    recipes={
        name: replace(recipe, quality=1.0, most_epochs=1, our_epochs=1)
        for name, recipe in RECIPES.items()
    },
)


def measure(seed: int, settings: Settings) -> dict[str, float]:
    """Everything above under one seed: seconds, megabytes, ratios, cross-entropy in nats."""
    digits = load_mnist()
    images = flat(digits.train[: settings.train_images])
    test = flat(digits.test[: settings.train_images])
    measured = {"startup.import": child("import"), "rate.matmul": matmul_rate(settings.matrix)}
    for kind in ("nothing", "plain", "ours"):
        measured[f"memory.{kind}"] = child(kind, settings.train_images)
    for name in ("simple", "deep"):
        measured |= epoch_times(name, settings.recipes[name], images, seed, settings)
        floor = operations(settings.recipes[name], len(images)) / measured["rate.matmul"] / 1e9
        measured[f"{name}.epoch.floor"] = floor
    measured |= {
        f"xla.{name}": times_as_long_under_xla(inner, seed, digits.train[: settings.xla_images])
        for name, inner in XLA_MODELS.items()
    }
    for name, recipe in settings.recipes.items():
        measured |= times_to_quality(name, recipe, images, test, seed)
    return measured | same_quality(
        settings.recipes["simple"], images, test, seed, 2 * settings.epochs
    )


def flat(images: np.ndarray) -> np.ndarray:
    """Images `(n, 28, 28, 1)` as the recipes take them, `(n, 784)`."""
    return images.reshape(len(images), -1)


def widths(recipe: Recipe) -> list[int]:
    """From pixels to pixels."""
    return [784, *recipe.hidden_units, 32, *recipe.hidden_units[::-1], 784]


def build(recipe: Recipe, seed: int) -> keras.Model:
    """The recipe's layers, untrained."""
    keras.utils.set_random_seed(seed)
    first, *inner, last = widths(recipe)
    return keras.Sequential(
        [
            keras.Input((first,)),
            *(layers.Dense(units, activation="relu") for units in inner),
            layers.Dense(last, activation="sigmoid"),
        ]
    )


class Clock(keras.callbacks.Callback):
    """Seconds of each epoch, what other callbacks do at its end left out."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = []
        self.started = self.first_end = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:  # noqa: ARG002
        """Start."""
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:  # noqa: ARG002
        """Stop."""
        ended = time.perf_counter()
        self.first_end = self.first_end or ended
        self.seconds.append(ended - self.started)

    def after_the_first(self) -> float:
        """Seconds of an epoch, the median of all but the first, in which the step is compiled."""
        return float(np.median(self.seconds[1:]))


def epoch_times(
    name: str, recipe: Recipe, images: np.ndarray, seed: int, settings: Settings
) -> dict[str, float]:
    """Seconds an epoch: plain, with one keyword, ours change by change, and the bare loop."""

    def plain(clock: Clock, steps_per_execution: int = 1) -> None:
        model = build(recipe, seed)
        model.compile("adam", LOSS, steps_per_execution=steps_per_execution)
        model.fit(
            images,
            images,
            batch_size=recipe.batch_size,
            epochs=1 + settings.epochs,
            callbacks=[clock],
            verbose=0,
        )

    def ours(clock: Clock, **options: bool | list) -> None:
        callbacks = [clock, *options.pop("callbacks", [])]
        train(
            build(recipe, seed),
            images,
            loss=LOSS,
            batch_size=recipe.batch_size,
            epochs=1 + settings.epochs,
            callbacks=callbacks,
            seed=seed,
            **options,
        )

    # A callback that watches single batches makes `train` run one step a call.
    single = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)  # noqa: ARG005
    ways = {
        "plain": plain,
        "keyword": lambda clock: plain(clock, steps_per_execution=32),
        "gathered": lambda clock: ours(clock, xla=False, callbacks=[single]),
        "many": lambda clock: ours(clock, xla=False),
        "ours": lambda clock: ours(clock),
        "bare": lambda clock: bare_loop(recipe, images, seed, settings.epochs, clock),
    }
    measured = {}
    for way, run in ways.items():
        clock = Clock()
        called = time.perf_counter()
        run(clock)
        measured[f"{name}.epoch.{way}"] = clock.after_the_first()
        first = clock.first_end - called
        measured[f"{name}.compile.{way}"] = first - clock.after_the_first()
    seconds = {way: measured[f"{name}.epoch.{way}"] for way in ways}
    measured[f"{name}.epoch.times_faster"] = seconds["plain"] / seconds["ours"]
    measured[f"{name}.epoch.keyword_share"] = (seconds["plain"] - seconds["keyword"]) / (
        seconds["plain"] - seconds["ours"]
    )
    measured[f"{name}.epoch.times_keyword"] = seconds["keyword"] / seconds["ours"]
    measured[f"{name}.epoch.times_bare"] = seconds["ours"] / seconds["bare"]
    return measured


def bare_loop(recipe: Recipe, images: np.ndarray, seed: int, epochs: int, clock: Clock) -> None:
    """The same arithmetic without Keras `fit`: one compiled step, called from one compiled loop."""
    model, optimizer = build(recipe, seed), keras.optimizers.Adam()
    optimizer.build(model.trainable_variables)
    loss_of = keras.losses.get(LOSS)
    pixels = tf.constant(images)
    steps = math.ceil(len(images) / recipe.batch_size)

    @tf.function(jit_compile=True)
    def step(batch: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(loss_of(batch, model(batch, training=True)))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    @tf.function
    def epoch(order: tf.Tensor) -> tf.Tensor:
        total = 0.0
        for indices in order:
            total += step(tf.gather(pixels, indices))
        return total

    random = np.random.default_rng(seed)
    for number in range(1 + epochs):
        clock.on_epoch_begin(number)
        order = np.resize(random.permutation(len(images)), steps * recipe.batch_size)
        epoch(tf.constant(order.reshape(steps, -1), tf.int32)).numpy()
        clock.on_epoch_end(number)


def times_as_long_under_xla(
    inner: Callable[[], list[layers.Layer]], seed: int, images: np.ndarray
) -> float:
    """Seconds of an epoch compiled by XLA over seconds without, compilation apart."""
    seconds = {}
    for xla in (False, True):
        keras.utils.set_random_seed(seed)
        model = keras.Sequential([keras.Input(images.shape[1:]), *inner()])
        clock = Clock()
        train(model, images, epochs=4, batch_size=128, callbacks=[clock], xla=xla, seed=seed)
        seconds[xla] = clock.after_the_first()
    return seconds[True] / seconds[False]


def operations(recipe: Recipe, images: int) -> float:
    """Multiplications and additions of an epoch's matrix products.

    Each layer has three: forward, the gradient of its weights, the gradient of its input. The first
    layer has no need of the third.
    """
    products = [before * after for before, after in pairwise(widths(recipe))]
    return 2.0 * images * (3 * sum(products) - products[0])


def matmul_rate(size: int) -> float:
    """Billion operations a second in a product of two square matrices."""
    matrix = tf.random.stateless_uniform((size, size), (0, 0))

    @tf.function
    def product(left: tf.Tensor) -> tf.Tensor:
        return tf.matmul(left, matrix)

    seconds = []
    for _ in range(10):
        started = time.perf_counter()
        product(matrix).numpy()
        seconds.append(time.perf_counter() - started)
    return 2 * size**3 / float(np.median(seconds[1:])) / 1e9


def cross_entropy(model: keras.Model, images: np.ndarray) -> float:
    """Nats per pixel."""
    losses = keras.losses.get(LOSS)(images, model.predict(images, batch_size=1000, verbose=0))
    return float(np.mean(losses))


def times_to_quality(
    name: str, recipe: Recipe, images: np.ndarray, test: np.ndarray, seed: int
) -> dict[str, float]:
    """Seconds until the cross-entropy on test images is what was published, both ways.

    The plain recipe is stopped at the end of the first epoch that reaches it; the time for looking
    is not counted. Ours trains for as long as it was told.
    """
    looked = 0.0
    plain = build(recipe, seed)

    def look(_epoch: int, _logs: dict) -> None:
        nonlocal looked
        started = time.perf_counter()
        losses.append(cross_entropy(plain, test))
        plain.stop_training = losses[-1] <= recipe.quality
        looked += time.perf_counter() - started

    losses = []
    started = time.perf_counter()
    plain.compile("adam", LOSS)
    plain.fit(
        images,
        images,
        batch_size=recipe.batch_size,
        epochs=recipe.most_epochs,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=look)],
        verbose=0,
    )
    plain_seconds = time.perf_counter() - started - looked

    ours = build(recipe, seed)
    started = time.perf_counter()
    train(
        ours,
        images,
        loss=LOSS,
        optimizer=keras.optimizers.Muon(ns_steps=3),
        learning_rate=recipe.our_learning_rate,
        epochs=recipe.our_epochs,
        seed=seed,
    )
    our_seconds = time.perf_counter() - started
    return {
        f"{name}.quality.published": recipe.published,
        f"{name}.quality.wanted": recipe.quality,
        f"{name}.quality.plain": losses[-1],
        f"{name}.quality.ours": cross_entropy(ours, test),
        f"{name}.epochs.plain": len(losses),
        f"{name}.epochs.ours": recipe.our_epochs,
        f"{name}.seconds.plain": plain_seconds,
        f"{name}.seconds.ours": our_seconds,
        f"{name}.seconds.times_faster": plain_seconds / our_seconds,
    }


def same_quality(
    recipe: Recipe, images: np.ndarray, test: np.ndarray, seed: int, epochs: int
) -> dict[str, float]:
    """The same optimizer, schedule, epochs and batch size, through `train` and plain `fit`."""
    peak, batch_size = 5e-3, recipe.batch_size
    ours = build(recipe, seed)
    train(ours, images, loss=LOSS, learning_rate=peak, epochs=epochs, seed=seed)
    plain = build(recipe, seed)
    steps = epochs * math.ceil(len(images) / batch_size)
    warm_up = steps // 10
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, steps - warm_up, warmup_target=peak, warmup_steps=warm_up
    )
    plain.compile(keras.optimizers.Adam(schedule), LOSS)
    plain.fit(images, images, epochs=epochs, batch_size=batch_size, verbose=0)
    return {
        "schedule.quality.plain": cross_entropy(plain, test),
        "schedule.quality.ours": cross_entropy(ours, test),
    }


def child(kind: str, images: int = 0) -> float:
    """What `in_child` measures, in a new Python: a process remembers its own peak only."""
    command = [sys.executable, __file__, kind, str(images)]
    started = time.perf_counter()
    done = subprocess.run(command, check=True, text=True, capture_output=True)
    return time.perf_counter() - started if kind == "import" else float(done.stdout)


def in_child(kind: str, count: int) -> None:
    """Import, and print the peak memory in megabytes after one epoch of the simple model."""
    if kind != "import":
        # As large as the digits; loading those would take more memory for a moment than training.
        images = np.random.default_rng(0).random((count, 784), dtype=np.float32)
        model = build(RECIPES["simple"], 0)
        if kind == "plain":
            model.compile("adam", LOSS)
            model.fit(images, images, batch_size=256, verbose=0)
        if kind == "ours":
            train(model, images, loss=LOSS, epochs=1)
    print(peak_memory())


def peak_memory() -> float:
    """The largest memory of this process so far, in megabytes."""
    status = Path("/proc/self/status")
    if status.is_file():  # on Linux getrusage also counts what the parent had before it started us
        return int(re.search(r"VmHWM:\s*(\d+) kB", status.read_text())[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


if __name__ == "__main__":
    in_child(sys.argv[1], int(sys.argv[2]))
