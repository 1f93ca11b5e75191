"""What does a nat of code buy: rate against distortion, as the price of the code goes up and down?

A variational autoencoder, trained with the divergence multiplied by beta, has a rate, the
divergence itself, and a distortion, what the pixels cost once a code is drawn: A. Alemi et al.,
"Fixing a broken ELBO" (2018). Beside it stands a plain autoencoder of the same layers, whose code
is written in a few bits a number; its rate is the entropy of these bits, number by number.
"""

from dataclasses import dataclass

import keras
import numpy as np

from helpers.compression import Quantiser
from helpers.datasets import load_mnist
from helpers.models import Autoencoder, dense_autoencoder
from helpers.seeds import spawn_seeds
from helpers.training import train
from helpers.variational import Bernoulli, binarise, dense_variational_autoencoder


@dataclass(frozen=True)
class Settings:
    """How large and how long.

    Attributes:
        train_images: how many of the training images.
        test_images: how many of the test images.
        units: widths of the two hidden layers.
        epochs: of each training.
    """

    train_images: int
    test_images: int
    units: tuple[int, int]
    epochs: int


SEEDS = (0, 1, 2)
FULL = Settings(55_000, 10_000, (400, 400), 8)
SMOKE = Settings(256, 40, (16, 16), 1)
CODE_SIZE = 50
BETAS = (0.1, 0.3, 1.0, 3.0, 10.0)
BITS = (1, 2, 3, 4, 6)
LEARNING_RATE = 2e-3
KNOWN = 10_000  # training images whose codes set the quantiser and the entropies


def measure(seed: int, settings: Settings) -> dict[str, float]:
    """Rates and distortions in nats per test image, their pixels drawn once."""
    digits = load_mnist()
    images = digits.train[: settings.train_images]
    test_seed, known_seed = spawn_seeds(seed, 2)
    test = np.asarray(binarise(digits.test[: settings.test_images], test_seed))
    known = np.asarray(binarise(images[:KNOWN], known_seed))
    measured = {}
    for beta in BETAS:
        vae = dense_variational_autoencoder(CODE_SIZE, settings.units, beta=beta, seed=seed)
        learn(vae, images, seed, settings)
        parts = vae.evaluate(test, batch_size=1000, verbose=0, return_dict=True)
        measured |= {
            f"beta.{beta:g}.rate": parts["divergence"],
            f"beta.{beta:g}.distortion": parts["reconstruction"],
        }
    plain = dense_autoencoder(
        CODE_SIZE,
        settings.units,
        activation="silu",
        code_activation=None,
        output_activation=None,
        seed=seed,
    )
    learn(plain, images, seed, settings)
    return {name: float(value) for name, value in (measured | points(plain, known, test)).items()}


def learn(model: keras.Model, images: np.ndarray, seed: int, settings: Settings) -> None:
    """The recipe of all of them: pixels drawn anew in each epoch, for input and target alike."""
    train(
        model,
        images,
        augmentation=binarise,
        loss=Bernoulli(),
        learning_rate=LEARNING_RATE,
        epochs=settings.epochs,
        seed=seed,
        xla=False,
    )


def points(plain: Autoencoder, known: np.ndarray, test: np.ndarray) -> dict[str, float]:
    """A plain autoencoder's rates and distortions, its code written in few bits a number.

    Args:
        plain: trained, its decoder's output logits.
        known: images whose codes set the quantiser's range and the probabilities of its levels.
        test: images whose codes are written.

    Returns:
        By name, nats per image; "plain.distortion" is that of the code unwritten.
    """
    codes, own = (
        plain.encoder.predict(images, batch_size=1000, verbose=0) for images in (known, test)
    )
    found = {"plain.distortion": distortion(plain, test, own)}
    for bits in BITS:
        quantiser = Quantiser.fit(codes, bits)
        levels = quantiser.encode(own)
        found |= {
            f"plain.{bits}.rate": rate(quantiser.encode(codes), levels, 2**bits),
            f"plain.{bits}.distortion": distortion(plain, test, quantiser.decode(levels)),
        }
    return found


def rate(known: np.ndarray, levels: np.ndarray, count: int) -> float:
    """Nats that an image's levels take, at the frequencies that each number's have in known ones.

    One more of each level is counted than was seen, so that none has a probability of 0.
    """
    costs = 0.0
    for seen, own in zip(known.T, levels.T, strict=True):
        counts = np.bincount(seen, minlength=count) + 1
        costs -= np.log(counts / counts.sum())[own].mean()
    return costs


def distortion(plain: Autoencoder, images: np.ndarray, codes: np.ndarray) -> float:
    """Nats that the pixels of an image take, with what the decoder makes of its code."""
    logits = plain.decoder.predict(codes.astype(np.float32), batch_size=1000, verbose=0)
    return float(Bernoulli()(images, logits))
