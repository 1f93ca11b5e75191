"""How well does a small U-Net take noise off digits in ten minutes on two cores?

The noise is that of `denoisers`: a standard deviation of 0.5, cut off at 0 and 1, drawn anew for
each batch. The network is convolutional, with links past its narrow middle (O. Ronneberger, P.
Fischer and T. Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation", 2015), and
what it computes is added to the noisy image (K. Zhang et al., "Beyond a Gaussian Denoiser", 2017).
"""

import time
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from helpers.corruption import GaussianNoise
from helpers.datasets import load_mnist
from helpers.metrics import psnrs, ssims
from helpers.seeds import spawn_seeds
from helpers.training import train


@dataclass(frozen=True)
class Settings:
    """How large and how long.

    Attributes:
        channels: of the convolutions at 14, 7 and 4 pixels a side.
        train_images: how many of the training images.
        scored_images: how many of the validation images and of the test images.
        epochs: how long it trains.
    """

    channels: tuple[int, int, int]
    train_images: int
    scored_images: int
    epochs: int


NOISE = GaussianNoise(0.5, clip=True)
SEEDS = (0, 1, 2)
FULL = Settings((32, 64, 128), 55_000, 10_000, 16)
SMOKE = Settings((2, 3, 4), 512, 100, 1)


def measure(seed: int, settings: Settings) -> dict[str, float]:
    """PSNR in dB and SSIM of the denoised test images, and what it took."""
    digits = load_mnist()
    _, validation_seed, test_seed = spawn_seeds(seed, 3)  # as in denoisers.py
    images = digits.train[: settings.train_images]
    unet = build(settings, seed)
    started = time.perf_counter()
    learn(unet, images, settings.epochs, seed)
    seconds = time.perf_counter() - started
    measured = {"seconds": seconds, "epochs": settings.epochs, "weights": unet.count_params()}
    for name, images, noise_seed in (
        ("unet", digits.test, test_seed),
        ("validation", digits.validation, validation_seed),
    ):
        scored = images[: settings.scored_images]
        denoised = denoise(unet, NOISE.corrupt(scored, noise_seed))
        measured |= {
            f"{name}.psnr": psnrs(scored, denoised).mean(),
            f"{name}.ssim": ssims(scored, denoised).mean(),
        }
    return {name: float(value) for name, value in measured.items()}


def build(settings: Settings, seed: int) -> keras.Model:
    """28 pixels a side to 14, 7 and 4 and back, each size with a link to the same size.

    The first convolution halves the sides and the last doubles them, so that nothing is computed at
    full size, which is slow on CPU. Two tries were made on validation images under seed 0, 20
    epochs each: this network ended at 21.17 dB, and with a fully connected layer of 512 units
    beside the convolutions at 4 pixels a side, which has four times the weights, at 21.16.
    """
    keras.utils.set_random_seed(seed)
    finest, finer, coarse = settings.channels
    noisy = keras.Input((28, 28, 1))
    at_14 = convolution(finest)(convolution(finest, 4, 2)(noisy))
    at_7 = convolution(finer)(convolution(finer, 3, 2)(at_14))
    at_4 = convolution(coarse)(convolution(coarse, 3, 2)(at_7))
    at_4 = convolution(coarse)(at_4)
    up = layers.Cropping2D(((0, 1), (0, 1)))(doubled(finer)(at_4))
    up = layers.Concatenate()([up, at_7])
    up = convolution(finer)(convolution(finer)(up))
    up = layers.Concatenate()([doubled(finest)(up), at_14])
    up = convolution(finest)(convolution(finest)(up))
    correction = layers.Conv2DTranspose(1, 4, strides=2, padding="same")(up)
    return keras.Model(noisy, layers.Add()([noisy, correction]))


def convolution(channels: int, side: int = 3, strides: int = 1) -> layers.Layer:
    """A convolution with a ReLU; the first weights are those of He et al. for ReLUs.

    With Keras's own, and a sigmoid at the end, the network answered black and stayed there.
    """
    return layers.Conv2D(
        channels,
        side,
        strides=strides,
        padding="same",
        activation="relu",
        kernel_initializer="he_normal",
    )


def doubled(channels: int) -> layers.Layer:
    """A transposed convolution that doubles the sides."""
    return layers.Conv2DTranspose(channels, 2, strides=2, activation="relu")


def learn(model: keras.Model, images: np.ndarray, epochs: int, seed: int) -> None:
    """Fresh noise for every batch, and what is reported as the loss."""
    train(
        model,
        images,
        corruption=NOISE,
        loss=MinusPSNR(),
        learning_rate=2e-3,
        epochs=epochs,
        batch_size=128,
        seed=seed,
    )


class MinusPSNR(keras.losses.Loss):
    """The PSNR in dB, averaged over images, its sign turned."""

    def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        """Images `(n, 28, 28, 1)` and answers to `(n,)`."""
        errors = keras.ops.mean(keras.ops.square(y_true - y_pred), axis=(1, 2, 3))
        return 10 * keras.ops.log10(errors)


def denoise(model: keras.Model, noisy: np.ndarray) -> np.ndarray:
    """The model's answers, cut off at 0 and 1, in batches."""
    return np.clip(model.predict(noisy, batch_size=1000, verbose=0), 0, 1)
