"""The MNIST handwritten digits, checked on loading."""

import hashlib
import io
import os
from pathlib import Path

import numpy as np

from helpers.datasets.image_set import LabelledImageSet, check_images

MNIST_PATH = Path(__file__).parent / "mnist.npz"
MNIST_SHA256 = "06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64"
VALIDATION_EVERY = 12


def load_mnist(path: str | Path = MNIST_PATH) -> LabelledImageSet:
    """The MNIST handwritten digits: 55,000 to train on, 5,000 to validate, 10,000 to test.

    Every twelfth of the 60,000 training images goes to the validation split: the same ones each
    time, spread evenly over the file.

    Args:
        path: the file, as it came with the package.

    Returns:
        The digits as float32 images in [0, 1] with integer labels 0 to 9.

    Raises:
        FileNotFoundError: the file is missing.
        ValueError: this is not a path, or the file's SHA-256 is not the published one, since it
            was cut or altered.

    Source:
        Y. LeCun and C. Cortes; see LICENSE beside the file.
    """
    if not isinstance(path, str | os.PathLike):
        raise ValueError(f"path must be the path of a file; got {path!r}")
    path = Path(path)
    restore = (
        "restore it with `git checkout -- helpers/datasets/mnist.npz` in a clone of the book, "
        "or install the helpers again"
    )
    if not path.is_file():
        raise FileNotFoundError(f"the digits are missing: there is no file {path}; {restore}")
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != MNIST_SHA256:
        raise ValueError(
            f"the digits in {path} are cut or altered: SHA-256 is {found} over {len(content)} "
            f"bytes, where {MNIST_SHA256} is wanted; {restore}"
        )
    with np.load(io.BytesIO(content)) as arrays:
        images, labels = _to_images(arrays["x_train"]), arrays["y_train"].astype(np.int64)
        test, test_labels = _to_images(arrays["x_test"]), arrays["y_test"].astype(np.int64)
    validates = np.arange(len(images)) % VALIDATION_EVERY == 0
    return LabelledImageSet(
        train=images[~validates],
        validation=images[validates],
        test=test,
        train_labels=labels[~validates],
        validation_labels=labels[validates],
        test_labels=test_labels,
    )


def _to_images(pixels: np.ndarray) -> np.ndarray:
    return check_images(pixels[..., np.newaxis].astype(np.float32) / 255)
