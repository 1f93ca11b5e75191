"""The kinds of autoencoder side by side: one set of digits, one training, one probe.

Six networks have the same layers, 784-512-784, and begin alike. One of them is left as it began;
five train equally long and differ in what is asked of the code. A seventh is narrow, as PCA is.
"""

from dataclasses import dataclass

import keras
import numpy as np
from keras import layers
from sklearn.decomposition import PCA

from helpers.corruption import GaussianNoise
from helpers.datasets import LabelledImageSet, load_mnist
from helpers.metrics import active_units, dead_units, noise_gain, squared_error
from helpers.models import dense_autoencoder, sparse_autoencoder, with_auxiliary_loss
from helpers.seeds import spawn_seeds
from helpers.sparsity import L1Penalty, TopK
from helpers.training import train


@dataclass(frozen=True)
class Settings:
    """How large and how long.

    Attributes:
        units: of a wide code.
        train_images: how many of the training images.
        test_images: how many of the test images.
        epochs: how long an autoencoder trains.
        probe_epochs: how long a probe does.
    """

    units: int
    train_images: int
    test_images: int
    epochs: int
    probe_epochs: int


NARROW = 32
SEEDS = (0, 1, 2, 3, 4)
FULL = Settings(512, 55_000, 10_000, 10, 10)
SMOKE = Settings(64, 512, 100, 1, 1)
STRONG = GaussianNoise(0.5, clip=True)  # what a denoising autoencoder trains with
UNCUT = GaussianNoise(0.5)  # what another one does: without the grey that the cut leaves on black
WEAK = GaussianNoise(0.1)  # what the noise gain is measured with


class Linear:
    """PCA as an autoencoder: `encode` and `decode`."""

    def __init__(self, images: np.ndarray) -> None:
        self.pca = PCA(NARROW, svd_solver="covariance_eigh").fit(images.reshape(len(images), -1))

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Images to codes."""
        return self.pca.transform(images.reshape(len(images), -1))

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Codes to images."""
        return self.pca.inverse_transform(codes).reshape(-1, 28, 28, 1)


class Network:
    """A trained autoencoder: `encode` and `decode`, in batches."""

    def __init__(self, model: keras.Model) -> None:
        self.model = model

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Images to codes."""
        return self.model.encoder.predict(images, batch_size=1000, verbose=0)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Codes to images."""
        return self.model.decoder.predict(codes, batch_size=1000, verbose=0)


def measure(seed: int, settings: Settings) -> dict[str, float]:
    """Errors, noise gain, active units and probe of each kind, on test images."""
    digits = load_mnist()
    learn = digits.train[: settings.train_images]
    test = digits.test[: settings.test_images]
    strong_seed, weak_seed = spawn_seeds(seed, 2)
    noisy = STRONG.corrupt(test, strong_seed)
    uncut = UNCUT.corrupt(test, strong_seed)
    nudged = WEAK.corrupt(test, weak_seed)
    measured = {}
    for name, kind in kinds(learn, settings, seed).items():
        codes = kind.encode(test)
        answers = kind.decode(codes)
        nudged_answers = kind.decode(kind.encode(nudged))
        measured |= {
            f"{name}.error": squared_error(test, answers),
            f"{name}.noisy_error": squared_error(test, kind.decode(kind.encode(noisy))),
            f"{name}.uncut_error": squared_error(test, kind.decode(kind.encode(uncut))),
            f"{name}.gain": 100 * noise_gain(answers, nudged_answers, nudged - test),
            f"{name}.active": active_units(codes).mean(),
            f"{name}.dead": dead_units(codes).sum(),
            f"{name}.probe": probe(kind, digits, settings, seed),
        }
    return {name: float(value) for name, value in measured.items()}


def kinds(learn: np.ndarray, settings: Settings, seed: int) -> dict[str, Linear | Network]:
    """PCA and the kinds of autoencoder, by name."""
    how = {"epochs": settings.epochs, "learning_rate": 2e-3, "seed": seed}
    keras.utils.set_random_seed(seed)
    narrow = dense_autoencoder(NARROW, [256], code_activation=None)
    train(narrow, learn, **how)

    def wide(sparsity: layers.Layer) -> keras.Model:
        return sparse_autoencoder(settings.units, sparsity, learn, seed=seed)

    untrained, plain, denoising, on_uncut = (wide(L1Penalty(0)) for _ in range(4))
    train(plain, learn, **how)
    train(denoising, learn, corruption=STRONG, **how)
    train(on_uncut, learn, corruption=UNCUT, **how)
    penalised = wide(L1Penalty(4e-4))
    train(penalised, learn, **how)
    kept = wide(TopK(25))
    train(with_auxiliary_loss(kept), learn, **how)
    models = {
        "narrow": narrow,
        "untrained": untrained,
        "wide": plain,
        "denoising": denoising,
        "denoising_uncut": on_uncut,
        "l1": penalised,
        "top_k": kept,
    }
    return {"pca": Linear(learn), **{name: Network(model) for name, model in models.items()}}


def probe(kind: Linear | Network, digits: LabelledImageSet, settings: Settings, seed: int) -> float:
    """Percent of test digits that one layer with a softmax reads wrongly from the codes."""
    learn = kind.encode(digits.train[: settings.train_images])
    scale = learn[:, learn.std(axis=0) > 0].std()
    keras.utils.set_random_seed(seed)
    # The price of large weights is that of sparse_features, chosen there on validation images.
    softmax = layers.Dense(10, "softmax", kernel_regularizer=keras.regularizers.L2(3e-4))
    reader = keras.Sequential([keras.Input(learn.shape[1:]), softmax])
    falling = keras.optimizers.schedules.CosineDecay(
        1e-2, settings.probe_epochs * (len(learn) // 256)
    )
    reader.compile(
        keras.optimizers.Adam(falling), "sparse_categorical_crossentropy", steps_per_execution=32
    )
    labels = digits.train_labels[: settings.train_images]
    reader.fit(learn / scale, labels, batch_size=256, epochs=settings.probe_epochs, verbose=0)
    codes = kind.encode(digits.test[: settings.test_images]) / scale
    answers = reader.predict(codes, verbose=0).argmax(axis=1)
    return 100 * float(np.mean(answers != digits.test_labels[: settings.test_images]))
