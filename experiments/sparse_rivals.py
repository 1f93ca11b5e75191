"""Which way to a sparse code of digits leaves the smallest squared error at 10, 25 and 50 units?

Four autoencoders of 512 units, whose encoders see images less their mean, are trained until their
validation error stops falling. Top-k with an auxiliary task is that of L. Gao et al., "Scaling and
evaluating sparse autoencoders", 2025; the L1 penalty grows from 0 as in T. Conerly et al., "Update
on how we train SAEs", 2024; the KL penalty is that of A. Ng, "Sparse autoencoder", 2011; BatchTopK
is B. Bussmann, P. Leask and N. Nanda, "BatchTopK Sparse Autoencoders", 2024.

Beside them stand codes that no encoder makes. Orthogonal matching pursuit (Y. Pati, R. Rezaiifar
and P. Krishnaprasad, 1993) looks for units image by image, among atoms of its own (J. Mairal et
al., "Online Dictionary Learning for Sparse Coding", 2009) and among those that top-k learned. How
much of an encoder's error its numbers make, and not the units that it chose, is seen where least
squares replaces the numbers. Pursuit and least squares may give a unit a negative number, an
encoder may not.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import keras
import numpy as np
from keras import layers, ops
from sklearn.decomposition import MiniBatchDictionaryLearning, sparse_encode

from helpers.datasets import load_mnist
from helpers.metrics import active_units, dead_units, squared_error
from helpers.models import Autoencoder, Centring, sparse_autoencoder, with_auxiliary_loss
from helpers.sparsity import KLPenalty, TopK


@dataclass(frozen=True)
class Settings:
    """How large and how long.

    Attributes:
        units: of a code.
        train_images: how many of the training images.
        validation_images: how many of the validation images are watched in training.
        scored_images: how many of the test images.
        epochs: how long an autoencoder trains at most.
        warm_up: for how many of these the L1 penalty grows.
        dictionary_images: how many of the training images a dictionary is learned from.
        passes: how often each of these is seen.
    """

    units: int
    train_images: int
    validation_images: int
    scored_images: int
    epochs: int
    warm_up: int
    dictionary_images: int
    passes: int


class Sets(NamedTuple):
    """Digits `(n, 28, 28, 1)`: to learn from, to watch while learning, to report."""

    learn: np.ndarray
    validation: np.ndarray
    scored: np.ndarray


SEEDS = (0, 1, 2)
FULL = Settings(512, 20_000, 2_000, 2_000, 100, 4, 20_000, 2)
SMOKE = Settings(64, 512, 50, 50, 2, 1, 256, 1)
KEPT = (10, 25, 50)
L1_STRENGTHS = (5e-4, 7.5e-4, 1.1e-3, 1.7e-3, 3e-3)
KL_STRENGTHS = (3e-5, 1e-4, 3e-4, 1e-3, 3e-3)
RATE = 0.05  # the mean activation that the KL penalty asks of a sigmoid
LEAST_ACTIVATION = 0.1  # below which a sigmoid, which is never 0, does not count as active
BATCH_SIZE = 256
LEARNING_RATE = 2e-3
LEAST_FALL = 0.01 / 784  # 0.01 of squared error per image is no fall
ALPHA = 1.0  # the L1 penalty under which a dictionary is learned


class GrowingL1(layers.Layer):
    """An L1 penalty whose strength is a variable, at first 0; `full` is what it grows to."""

    def __init__(self, full: float) -> None:
        super().__init__()
        self.full = full

    def build(self, shape: tuple[int | None, ...]) -> None:  # noqa: ARG002
        """Make the variable."""
        self.strength = self.add_weight(
            shape=(), initializer="zeros", trainable=False, name="strength"
        )

    def call(self, code: keras.KerasTensor) -> keras.KerasTensor:
        """Codes `(n, code_size)` to the same codes."""
        self.add_loss(self.strength * ops.mean(ops.sum(ops.abs(code), axis=1)))
        return code


class Grow(keras.callbacks.Callback):
    """Lets a penalty's strength grow in equal steps: 0 in the first epoch, full after the last."""

    def __init__(self, penalty: GrowingL1, epochs: int) -> None:
        super().__init__()
        self.penalty, self.epochs = penalty, epochs

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:  # noqa: ARG002
        """Set the strength for this epoch."""
        self.penalty.strength.assign(self.penalty.full * epoch / self.epochs)

    def on_train_end(self, logs: dict | None = None) -> None:  # noqa: ARG002
        """Leave the full strength."""
        self.penalty.strength.assign(self.penalty.full)


class BatchTopK(TopK):
    """Keeps the `k * n` largest positive numbers of n codes together, and sets the others to 0.

    So it does in training. Otherwise one threshold decides for each number alone. While it trains,
    the threshold is a moving average over batches of the smallest number that was kept.
    """

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make k and the threshold."""
        super().build(shape)
        self.threshold = self.add_weight(
            shape=(), initializer="zeros", trainable=False, name="threshold"
        )

    def call(self, code: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        """Codes `(n, code_size)` to the same shape."""
        code = ops.relu(code)
        if not training:
            return ops.where(code >= self.threshold, code, 0.0)
        count = self.k * ops.shape(code)[0]
        largest = ops.top_k(ops.reshape(code, (-1,)), count, sorted=False)[0]
        kept = ops.where(code >= ops.min(largest), code, 0.0)
        smallest = ops.min(ops.where(kept > 0, kept, ops.max(kept)))
        self.threshold.assign(0.99 * self.threshold + 0.01 * smallest)
        return kept


def measure(seed: int, settings: Settings) -> dict[str, float]:
    """Squared error per test image, active and dead units of each way, and what it took.

    Returns:
        Numbers by `way.setting.name`: `error`, per image, of the test images; `active`, their
        units, on average; `dead`, units active for none of them; `validation`, the error of the
        validation images; and where there are such, `refit`, the error after least squares on the
        units chosen, `uncut`, that with small activations, `strength`, and `epochs` until training
        ended.
    """
    digits = load_mnist()
    sets = Sets(
        digits.train[: settings.train_images],
        digits.validation[: settings.validation_images],
        digits.test[: settings.scored_images],
    )
    measured: dict[str, float] = {}

    def note(name: str, found: dict[str, float]) -> None:
        measured.update({f"{name}.{key}": float(number) for key, number in found.items()})

    dictionary = learned_atoms(sets.learn[: settings.dictionary_images], seed, settings)
    for k in KEPT:
        kept, found = top_k(TopK(k), sets, seed, settings)
        note(f"top_k.{k}", found)
        note(f"omp.{k}", pursued(*atoms_of(kept), k, sets))
        _, found = top_k(BatchTopK(k), sets, seed, settings)
        note(f"batch_top_k.{k}", found)
        note(f"dictionary.{k}", pursued(*dictionary, k, sets))
    for number, strength in enumerate(L1_STRENGTHS, start=1):
        note(f"l1.{number}", {"strength": strength} | l1(strength, sets, seed, settings))
    for number, strength in enumerate(KL_STRENGTHS, start=1):
        note(f"kl.{number}", {"strength": strength} | kl(strength, sets, seed, settings))
    return measured


def top_k(
    sparsity: TopK, sets: Sets, seed: int, settings: Settings
) -> tuple[Autoencoder, dict[str, float]]:
    """A top-k autoencoder, by image or by batch, trained with the auxiliary task; its numbers."""
    model = sparse_autoencoder(settings.units, sparsity, sets.learn, centred=True, seed=seed)
    epochs = settle(with_auxiliary_loss(model), sets, "val_error", seed, settings)
    if isinstance(sparsity, BatchTopK):
        collect_threshold(model, sets.learn)
    return model, {"epochs": epochs} | judged(model, sets)


def collect_threshold(model: Autoencoder, images: np.ndarray) -> None:
    """Set a BatchTopK layer's threshold: the smallest number kept, averaged over batches."""
    *before, sparsity = model.encoder.layers
    smallest = []
    for start in range(0, len(images) - BATCH_SIZE + 1, BATCH_SIZE):
        code = images[start : start + BATCH_SIZE]
        for layer in before:
            code = layer(code)
        kept = ops.convert_to_numpy(sparsity(code, training=True))
        smallest.append(kept[kept > 0].min())
    sparsity.threshold.assign(np.mean(smallest))


def l1(strength: float, sets: Sets, seed: int, settings: Settings) -> dict[str, float]:
    """What is measured of an L1 penalty that grows to this strength."""
    penalty = GrowingL1(strength)
    model = sparse_autoencoder(settings.units, penalty, sets.learn, centred=True, seed=seed)
    grow = Grow(penalty, settings.warm_up)
    epochs = settle(model, sets, "val_loss", seed, settings, grow)
    return {"epochs": epochs} | judged(model, sets)


def kl(strength: float, sets: Sets, seed: int, settings: Settings) -> dict[str, float]:
    """What is measured of sigmoids under a KL penalty of this strength."""
    keras.utils.set_random_seed(seed)
    shape = sets.learn.shape[1:]
    centring, look = Centring(), layers.Dense(settings.units, "sigmoid", use_bias=False)
    encoder = keras.Sequential(
        [keras.Input(shape), layers.Flatten(), centring, look, KLPenalty(RATE, strength)]
    )
    centring.set_weights([sets.learn.mean(axis=0, dtype=np.float64).ravel()])
    kernel = look.get_weights()[0]
    kernel[-1] = np.log(RATE / (1 - RATE)) / centring.constant  # begins at the target rate
    look.set_weights([kernel])
    decoder = keras.Sequential(
        [keras.Input((settings.units,)), layers.Dense(math.prod(shape)), layers.Reshape(shape)]
    )
    model = Autoencoder(encoder, decoder)
    epochs = settle(model, sets, "val_loss", seed, settings)
    code = run(encoder, sets.scored)
    cut, validation_cut = (
        np.where(each < LEAST_ACTIVATION, 0, each) for each in (code, run(encoder, sets.validation))
    )
    return {
        "epochs": epochs,
        "uncut": squared_error(sets.scored, run(decoder, code)),
        **scores(cut, run(decoder, cut), sets.scored),
        "validation": squared_error(sets.validation, run(decoder, validation_cut)),
    }


def settle(
    model: keras.Model,
    sets: Sets,
    watched: str,
    seed: int,
    settings: Settings,
    grow: Grow | None = None,
) -> int:
    """Train until what is watched stops falling, at smaller and smaller steps.

    Where a layer has chosen k units, the error alone is made small and watched. Under a penalty it
    is their sum: the error alone may rise while training still does what it is asked to, and would
    choose the weights of an epoch in which more units were active. What is watched begins when the
    penalty has its full strength.

    Args:
        model: it is left with the weights of its best epoch.
        sets: to learn from and to watch.
        watched: `val_error`, the error alone, or `val_loss`, with all that layers add to it.
        seed: of the order of the images.
        settings: `epochs` is read.
        grow: the first epochs, in which a penalty grows.

    Returns:
        How many epochs it took.
    """
    keras.utils.set_random_seed(seed)
    model.compile(
        keras.optimizers.Adam(LEARNING_RATE),
        "mse",
        metrics=[keras.metrics.MeanSquaredError("error")],
        steps_per_execution=32,
        jit_compile=False,
    )

    def fit(begin: int, end: int, callbacks: list[keras.callbacks.Callback]) -> int:
        history = model.fit(
            sets.learn,
            sets.learn,
            batch_size=BATCH_SIZE,
            initial_epoch=begin,
            epochs=end,
            validation_data=(sets.validation, sets.validation),
            validation_batch_size=1000,
            callbacks=callbacks,
            verbose=0,
        )
        return history.epoch[-1] + 1

    begun = fit(0, grow.epochs, [grow]) if grow else 0
    lower = keras.callbacks.ReduceLROnPlateau(
        watched, factor=0.3, patience=1, min_delta=LEAST_FALL, min_lr=LEARNING_RATE / 40
    )
    stop = keras.callbacks.EarlyStopping(
        watched, patience=4, min_delta=LEAST_FALL, restore_best_weights=True
    )
    return fit(begun, settings.epochs, [lower, stop])


def learned_atoms(
    images: np.ndarray, seed: int, settings: Settings
) -> tuple[np.ndarray, np.ndarray]:
    """Atoms of length 1, `(units, 784)`, learned from images less their mean; and the mean."""
    pixels = images.reshape(len(images), -1).astype("float64")
    offset = pixels.mean(axis=0)
    pixels -= offset
    start = np.random.default_rng(seed).choice(pixels, settings.units, replace=False)
    learner = MiniBatchDictionaryLearning(
        settings.units,
        alpha=ALPHA,
        max_iter=settings.passes,
        batch_size=BATCH_SIZE,
        dict_init=unit_length(start),  # digits: three times as fast as from principal components
        max_no_improvement=None,
        tol=0,
        random_state=seed,
    )
    return unit_length(learner.fit(pixels).components_), offset


def unit_length(vectors: np.ndarray) -> np.ndarray:
    """Vectors `(n, 784)` at length 1, so that matching pursuit compares directions alone."""
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def atoms_of(model: Autoencoder) -> tuple[np.ndarray, np.ndarray]:
    """The atoms of a sparse autoencoder's decoder, `(units, 784)`, and its bias `(784,)`."""
    atoms, offset = model.decoder.layers[0].get_weights()
    return atoms.astype("float64"), offset.astype("float64")


def pursued(atoms: np.ndarray, offset: np.ndarray, k: int, sets: Sets) -> dict[str, float]:
    """What is measured of codes of k units that orthogonal matching pursuit finds."""

    def pursue(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        pixels = images.reshape(len(images), -1) - offset
        code = sparse_encode(pixels, atoms, algorithm="omp", n_nonzero_coefs=k)
        return code, (code @ atoms + offset).reshape(images.shape)

    _, validation_rebuilt = pursue(sets.validation)
    return {
        **scores(*pursue(sets.scored), sets.scored),
        "validation": squared_error(sets.validation, validation_rebuilt),
    }


def judged(model: Autoencoder, sets: Sets) -> dict[str, float]:
    """What is measured of a trained sparse autoencoder."""
    code = run(model.encoder, sets.scored)
    refit = least_squares(code != 0, *atoms_of(model), sets.scored)
    return {
        **scores(code, run(model.decoder, code), sets.scored),
        "refit": squared_error(sets.scored, refit),
        "validation": squared_error(sets.validation, run(model, sets.validation)),
    }


def least_squares(
    chosen: np.ndarray, atoms: np.ndarray, offset: np.ndarray, images: np.ndarray
) -> np.ndarray:
    """The nearest reconstructions that the units chosen for each image allow.

    Args:
        chosen: truth values `(n, units)`.
        atoms: `(units, 784)`.
        offset: `(784,)`, what every reconstruction begins with.
        images: `(n, 28, 28, 1)`.

    Returns:
        Reconstructions of the same shape.
    """
    pixels = images.reshape(len(images), -1) - offset
    rebuilt = [
        np.linalg.lstsq(atoms[units].T, image, rcond=None)[0] @ atoms[units]
        for units, image in zip(chosen, pixels, strict=True)
    ]
    return (np.stack(rebuilt) + offset).reshape(images.shape)


def scores(code: np.ndarray, rebuilt: np.ndarray, images: np.ndarray) -> dict[str, float]:
    """Squared error per image, active units on average, and how many units are dead."""
    return {
        "error": squared_error(images, rebuilt),
        "active": active_units(code).mean(),
        "dead": dead_units(code).sum(),
    }


def run(model: keras.Model, inputs: np.ndarray) -> np.ndarray:
    """What a model answers, all at once: fewer compiled functions than `predict` in batches."""
    return ops.convert_to_numpy(model(inputs))
