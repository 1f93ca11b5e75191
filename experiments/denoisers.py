"""How well does the book take noise off digits in ten minutes, and how well does the Keras blog?

The noise has a standard deviation of 0.5 and is cut off at 0 and 1. Ours is a fully connected
network with a few convolutions behind it, on fresh noise. The blog's (F. Chollet, "Building
Autoencoders in Keras", 2016) is convolutional, on noise drawn once; it is built anew from its
published settings, in plain Keras, and trains for as many seconds as ours took, or up to an epoch
less.
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
        hidden_units: widths of the fully connected layers of ours.
        channels: of the convolutions of ours.
        train_images: how many of the training images.
        scored_images: how many of the validation images and of the test images.
        epochs: how long ours trains.
        most_epochs: where the blog's recipe stops though it has time left; it says 100.
    """

    hidden_units: tuple[int, ...]
    channels: int
    train_images: int
    scored_images: int
    epochs: int
    most_epochs: int


NOISE = GaussianNoise(0.5, clip=True)
SEEDS = (0, 1, 2)
FULL = Settings((1024, 256, 1024), 32, 55_000, 10_000, 28, 100)
SMOKE = Settings((16,), 2, 512, 100, 1, 1)


def measure(seed: int, settings: Settings) -> dict[str, float]:
    """PSNR in dB and SSIM of the denoised test images, and what it took."""
    digits = load_mnist()
    images = digits.train[: settings.train_images]
    noise_seed, validation_seed, test_seed = spawn_seeds(seed, 3)
    validation = digits.validation[: settings.scored_images]
    test = digits.test[: settings.scored_images]
    noisy_validation = NOISE.corrupt(validation, validation_seed)
    noisy_test = NOISE.corrupt(test, test_seed)

    ours = build(settings, seed)
    started = time.perf_counter()
    learn(ours, images, settings.epochs, seed)
    seconds = time.perf_counter() - started

    blogs = build_blogs(seed)
    noisy = NOISE.corrupt(images, noise_seed)
    stop = StopInTime(seconds)
    history = blogs.fit(
        noisy, images, batch_size=128, epochs=settings.most_epochs, callbacks=[stop], verbose=0
    )
    measured = {
        "seconds": seconds,
        "noisy.psnr": psnrs(test, noisy_test).mean(),
        "ours.epochs": settings.epochs,
        "blogs.epochs": len(history.history["loss"]),
    }
    for name, model in (("ours", ours), ("blogs", blogs)):
        denoised = denoise(model, noisy_test)
        measured |= {
            f"{name}.psnr": psnrs(test, denoised).mean(),
            f"{name}.ssim": ssims(test, denoised).mean(),
            f"{name}.validation.psnr": psnrs(validation, denoise(model, noisy_validation)).mean(),
            f"{name}.weights": model.count_params(),
        }
    return {name: float(value) for name, value in measured.items()}


def build(settings: Settings, seed: int) -> keras.Model:
    """A fully connected denoiser, and convolutions that correct its answer from the noisy image.

    The convolutions see both at once. They need no more than a neighbourhood, 14 pixels wide: what
    digit it is the first part has found out.
    """
    keras.utils.set_random_seed(seed)
    noisy = keras.Input((28, 28, 1))
    hidden = layers.Flatten()(noisy)
    for units in settings.hidden_units:
        hidden = layers.Dense(units, activation="relu")(hidden)
    answer = layers.Reshape((28, 28, 1))(layers.Dense(28 * 28)(hidden))  # before the sigmoid
    seen = layers.Concatenate()([noisy, layers.Activation("sigmoid")(answer)])
    seen = convolution(settings.channels, 4, strides=2)(seen)
    for _ in range(2):
        seen = convolution(settings.channels, 3)(seen)
    correction = layers.Conv2DTranspose(
        1, 4, strides=2, padding="same", kernel_initializer="zeros"
    )(seen)
    return keras.Model(noisy, layers.Activation("sigmoid")(layers.Add()([answer, correction])))


def learn(model: keras.Model, images: np.ndarray, epochs: int, seed: int) -> None:
    """The recipe of ours, chosen on validation images under seed 0.

    In equal time were worse: the fully connected part alone, convolutions with links past a narrow
    middle, convolutions on patches of 8 × 8 pixels, and cross-entropy as the loss.
    """
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
    """What is reported is what is trained: the PSNR in dB, averaged over images."""

    def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        """Images `(n, 28, 28, 1)` and answers to `(n,)`."""
        errors = keras.ops.mean(keras.ops.square(y_true - y_pred), axis=(1, 2, 3))
        return 10 * keras.ops.log10(errors)


def build_blogs(seed: int) -> keras.Model:
    """The blog's denoising autoencoder, compiled as it is there, but for XLA.

    Keras switches XLA on by itself, and on CPU it slows convolutions down (`experiments/speed.py`).
    """
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            convolution(32, 3),
            layers.MaxPooling2D(2, padding="same"),
            convolution(32, 3),
            layers.MaxPooling2D(2, padding="same"),
            convolution(32, 3),
            layers.UpSampling2D(2),
            convolution(32, 3),
            layers.UpSampling2D(2),
            layers.Conv2D(1, 3, padding="same", activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", jit_compile=False)
    return model


def convolution(channels: int, side: int, strides: int = 1) -> layers.Layer:
    """A convolution with a ReLU that keeps the picture's size, or divides it by the strides."""
    return layers.Conv2D(channels, side, strides=strides, padding="same", activation="relu")


def denoise(model: keras.Model, noisy: np.ndarray) -> np.ndarray:
    """The model's answers, in batches."""
    return model.predict(noisy, batch_size=1000, verbose=0)


class StopInTime(keras.callbacks.Callback):
    """Stops before the epoch that would end too late."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds
        self.started = self.lap = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:  # noqa: ARG002
        """Compare what is left with what the last epoch took."""
        now = time.perf_counter()
        self.model.stop_training = now + (now - self.lap) > self.started + self.seconds
        self.lap = now
