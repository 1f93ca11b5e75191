"""How well can a digit be read from its few active units, after longer training than a chapter has?

A layer of 1,000 units keeps the k largest; a linear softmax probe reads the codes of all training
digits. The design is that of Makhzani and Frey ("k-sparse autoencoders", 2014), with the start and
the auxiliary loss of Gao et al. ("Scaling and evaluating sparse autoencoders", 2024).
"""

from dataclasses import dataclass

import keras
import numpy as np
from keras import layers

from helpers.datasets import LabelledImageSet, load_mnist
from helpers.metrics import active_units, dead_units, explained_variance
from helpers.models import sparse_autoencoder, with_auxiliary_loss
from helpers.sparsity import TopK
from helpers.training import train


@dataclass(frozen=True)
class Settings:
    """How large and how long.

    Attributes:
        units: of the code.
        train_images: how many of the training images.
        scored_images: how many of the validation images and of the test images.
        epochs: how long an autoencoder trains.
        probe_epochs: how long a probe does.
    """

    units: int
    train_images: int
    scored_images: int
    epochs: int
    probe_epochs: int


KEPT = (10, 25, 40, 70)
READ = (1, 4)  # times k units let through when the code is read
SEEDS = (0, 1, 2)
FULL = Settings(1000, 55_000, 10_000, 16, 15)
SMOKE = Settings(300, 512, 100, 1, 1)


def measure(seed: int, settings: Settings) -> dict[str, float]:
    """Percent of digits that the probe reads wrongly, and what the codes are like."""
    digits = load_mnist()
    learn = digits.train[: settings.train_images]
    test = digits.test[: settings.scored_images]
    measured = {}
    for k in KEPT:
        model = sparse_autoencoder(settings.units, TopK(k), learn, seed=seed)
        # Rate and epochs were chosen on validation images under seed 0.
        train(
            with_auxiliary_loss(model),
            learn,
            epochs=settings.epochs,
            learning_rate=3e-3,
            seed=seed,
        )
        code = codes(model, test)
        measured |= {
            f"k{k}.active": active_units(code).mean(),
            f"k{k}.dead": dead_units(code).sum(),
            f"k{k}.explained": explained_variance(test, model.predict(test, verbose=0)),
        }
        for times in READ:
            model.encoder.layers[-1].k.assign(times * k)
            for split, wrong in probe(model, digits, settings, seed).items():
                measured[f"k{k}.read{times}.{split}"] = wrong
    return {name: float(value) for name, value in measured.items()}


def codes(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """The codes of images, in batches."""
    return model.encoder.predict(images, batch_size=1000, verbose=0)


def probe(
    model: keras.Model, digits: LabelledImageSet, settings: Settings, seed: int
) -> dict[str, float]:
    """Percent of validation and of test digits that one layer with a softmax reads wrongly."""
    learn = codes(model, digits.train[: settings.train_images])
    scale = learn[:, learn.std(axis=0) > 0].std()
    keras.utils.set_random_seed(seed)
    # The price of large weights was chosen on validation images, of 1e-5, 1e-4, 3e-4 and 1e-3.
    price = keras.regularizers.L2(3e-4)
    softmax = layers.Dense(10, "softmax", kernel_regularizer=price)
    reader = keras.Sequential([keras.Input(learn.shape[1:]), softmax])
    steps = settings.probe_epochs * len(learn) // 256
    falling = keras.optimizers.schedules.CosineDecay(1e-2, steps)
    reader.compile(
        keras.optimizers.Adam(falling), "sparse_categorical_crossentropy", steps_per_execution=32
    )
    labels = digits.train_labels[: settings.train_images]
    reader.fit(learn / scale, labels, batch_size=256, epochs=settings.probe_epochs, verbose=0)
    wrong = {}
    for split in ("validation", "test"):
        images = getattr(digits, split)[: settings.scored_images]
        answers = reader.predict(codes(model, images) / scale, verbose=0).argmax(axis=1)
        truth = getattr(digits, f"{split}_labels")[: settings.scored_images]
        wrong[split] = 100 * np.mean(answers != truth)
    return wrong
