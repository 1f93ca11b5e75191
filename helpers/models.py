"""Autoencoders: an encoder, a decoder, and a code between them."""

import math
from collections.abc import Sequence

import keras
from keras import layers

from helpers.checks import IMAGE_SHAPE, check_count
from helpers.seeds import check_seed, spawn_seeds


@keras.saving.register_keras_serializable(package="helpers")
class Autoencoder(keras.Model):
    """An encoder and a decoder, joined by a code.

    It is a Keras model like any other (`compile`, `fit`, `predict`, `save`), and its two halves
    work alone: `autoencoder.encoder.predict(images)` gives the codes, and
    `autoencoder.decoder.predict(codes)` gives the images back.

    Args:
        encoder: a built model from images `(n, …)` to codes.
        decoder: a built model from those codes back to the shape of the images.

    Raises:
        ValueError: the decoder does not take what the encoder gives, or does not give back the
            encoder's input shape.
    """

    def __init__(self, encoder: keras.Model, decoder: keras.Model, **kwargs):
        _check_joint(encoder.output_shape, decoder.input_shape, "decoder must take codes")
        _check_joint(encoder.input_shape, decoder.output_shape, "decoder must return images")
        images = keras.Input(encoder.input_shape[1:], name="images")
        super().__init__(images, decoder(encoder(images)), **kwargs)
        self.encoder = encoder
        self.decoder = decoder

    def get_config(self):
        """What `.keras` files store of the model's structure."""
        return {
            "name": self.name,
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "decoder": keras.saving.serialize_keras_object(self.decoder),
        }

    @classmethod
    def from_config(cls, config):
        """The model whose `get_config` this is."""
        halves = {
            name: keras.saving.deserialize_keras_object(config.pop(name))
            for name in ("encoder", "decoder")
        }
        return cls(**halves, **config)


def _check_joint(wanted: tuple, found: tuple, what: str) -> None:
    if tuple(wanted[1:]) != tuple(found[1:]):
        raise ValueError(
            f"{what} of shape {wanted[1:]}, to fit the encoder; the decoder given has {found[1:]}"
        )


def dense_autoencoder(
    code_size: int = 32,
    hidden_units: Sequence[int] = (),
    *,
    activation: str = "relu",
    code_activation: str | None = "relu",
    seed: int | None = None,
) -> Autoencoder:
    """Fully connected layers down to a code, and their mirror image back up to the image.

    The output ends in a sigmoid, so every pixel stays in (0, 1).

    Args:
        code_size: how many numbers the code has.
        hidden_units: the widths of the encoder's layers before the code; the decoder has them in
            reverse. Empty for one layer down and one up.
        activation: what Keras calls the function of the hidden layers.
        code_activation: what Keras calls the function at the code; None for none, so that the
            code's numbers may be negative.
        seed: of the initial weights; None is the book's default seed.

    Returns:
        An untrained autoencoder for images `(n, 28, 28, 1)` with codes `(n, code_size)`.

    Raises:
        ValueError: the code size or a width is not a whole number of at least 1, Keras knows no
            such activation, or the seed is no seed.
    """
    code_size = check_count(code_size, "code_size")
    if not isinstance(hidden_units, Sequence):
        raise ValueError(
            f"hidden_units must be a list of widths, such as [256]; got {hidden_units!r}"
        )
    hidden_units = [check_count(units, "hidden_units") for units in hidden_units]
    # With one seed for all layers their first weights would be related.
    seeds = iter(spawn_seeds(check_seed(seed), 2 * len(hidden_units) + 2))

    def dense(units: int, activation: str | None) -> layers.Dense:
        initializer = keras.initializers.GlorotUniform(seed=next(seeds))
        return layers.Dense(units, activation=activation, kernel_initializer=initializer)

    encoder = keras.Sequential(
        [
            keras.Input(IMAGE_SHAPE),
            layers.Flatten(),
            *(dense(units, activation) for units in hidden_units),
            dense(code_size, code_activation),
        ],
        name="encoder",
    )
    decoder = keras.Sequential(
        [
            keras.Input((code_size,)),
            *(dense(units, activation) for units in reversed(hidden_units)),
            dense(math.prod(IMAGE_SHAPE), "sigmoid"),
            layers.Reshape(IMAGE_SHAPE),
        ],
        name="decoder",
    )
    return Autoencoder(encoder, decoder, name="dense_autoencoder")
