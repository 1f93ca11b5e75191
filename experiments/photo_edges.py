"""Does a sparse autoencoder find edges in photographs? What share of its atoms is one?

The patches are whitened and rid of their finest details, as Olshausen and Field ("Emergence of
simple-cell receptive field properties", 1996) do before they look for a sparse code; else the atoms
would spend themselves on slow changes of brightness. Patches that are almost flat are left out.
"""

from dataclasses import dataclass

import keras
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.decomposition import PCA

from helpers.datasets.photos import load_photos
from helpers.metrics import active_units, dead_units, explained_variance
from helpers.models import sparse_autoencoder, with_auxiliary_loss
from helpers.sparsity import TopK
from helpers.training import train


@dataclass(frozen=True)
class Settings:
    """How large and how long.

    Attributes:
        patches: how many to train on.
        units: of the code.
        active: of these for each patch.
        epochs: how long it trains.
    """

    patches: int
    units: int
    active: int
    epochs: int


SIDE = 14
DIRECTIONS = 100  # of 196: those in which patches vary most; the others are mostly grain
SEEDS = (0, 1, 2)
FULL = Settings(100_000, 196, 5, 40)
SMOKE = Settings(2_000, 50, 5, 1)


def measure(seed: int, settings: Settings) -> dict[str, float]:
    """Shares of local, of oriented atoms and of both, and how well patches are rebuilt."""
    photos = load_photos(train_count=settings.patches, seed=seed)
    middle = slice(7, 7 + SIDE)
    learn, test = (
        images[:, middle, middle].reshape(-1, SIDE**2) for images in (photos.train, photos.test)
    )
    pca = PCA(DIRECTIONS, svd_solver="covariance_eigh").fit(without_mean(learn))
    learn, test = (whiten(patches, pca) for patches in (learn, test))
    model = sparse_autoencoder(settings.units, TopK(settings.active), learn, seed=seed)
    start = atoms_of(model)
    train(with_auxiliary_loss(model), learn, epochs=settings.epochs, learning_rate=2e-3, seed=seed)
    code = model.encoder.predict(test, batch_size=1000, verbose=0)
    rebuilt = model.decoder.predict(code, batch_size=1000, verbose=0)
    alive = ~dead_units(code)
    measured = {
        "active": active_units(code).mean(),
        "dead": np.mean(~alive),
        "explained": explained_variance(test, rebuilt),
    }
    for name, atoms in (
        ("atoms", atoms_of(model)[alive]),
        ("start", start),
        ("pca", pca.components_.reshape(-1, SIDE, SIDE)),
    ):
        local, oriented = is_local(atoms), is_oriented(atoms)
        measured |= {
            f"{name}.local": local.mean(),
            f"{name}.oriented": oriented.mean(),
            f"{name}.edges": (local & oriented).mean(),
        }
    return {name: float(value) for name, value in measured.items()}


def without_mean(patches: np.ndarray) -> np.ndarray:
    """Patches `(n, 196)`, each less its own mean."""
    return patches - patches.mean(axis=1, keepdims=True)


def whiten(patches: np.ndarray, pca: PCA) -> np.ndarray:
    """Whitened patches `(m, 14, 14, 1)` of one contrast, without those that are almost flat."""
    white = pca.transform(without_mean(patches)) / np.sqrt(pca.explained_variance_)
    white = white @ pca.components_
    contrast = white.std(axis=1, keepdims=True)
    clear = contrast[:, 0] > np.median(contrast) / 2
    return (white / contrast)[clear].astype(np.float32).reshape(-1, SIDE, SIDE, 1)


def atoms_of(model: keras.Model) -> np.ndarray:
    """A model's atoms as pictures, `(units, 14, 14)`."""
    return np.array(model.decoder.layers[0].kernel).reshape(-1, SIDE, SIDE)


def is_local(atoms: np.ndarray) -> np.ndarray:
    """Whether half of an atom's squared weights lie in some square of 5 × 5 of 14 × 14 pixels."""
    squares = np.square(atoms)
    windows = sliding_window_view(squares, (5, 5), axis=(1, 2)).sum(axis=(3, 4))
    return windows.max(axis=(1, 2)) >= 0.5 * squares.sum(axis=(1, 2))


def is_oriented(atoms: np.ndarray) -> np.ndarray:
    """Whether an atom's slopes have one direction: a coherence of its structure tensor above 0.5.

    The structure tensor is the mean of the slopes' outer products. The coherence is the difference
    of its eigenvalues over their sum: 1 for stripes, 0 where all directions are equal.
    """
    up, across = np.gradient(atoms, axis=(1, 2))
    a, b, c = (
        (one * other).sum(axis=(1, 2)) for one, other in ((up, up), (across, across), (up, across))
    )
    return np.hypot(a - b, 2 * c) > 0.5 * (a + b)
