"""Autoencoders: an encoder, a decoder, and a code between them."""

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


def dense_autoencoder(code_size: int = 32, *, seed: int | None = None) -> Autoencoder:
    """One fully connected layer down to a code, one back up to the image.

    The code passes through a ReLU, so its numbers are never negative; the output passes through
    a sigmoid, so every pixel stays in (0, 1).

    Args:
        code_size: how many numbers the code has.
        seed: of the initial weights; None is the book's default seed.

    Returns:
        An untrained autoencoder for images `(n, 28, 28, 1)` with codes `(n, code_size)`.

    Raises:
        ValueError: the code size is not a whole number of at least 1, or the seed is no seed.
    """
    code_size = check_count(code_size, "code_size")
    seed = check_seed(seed)
    pixels = IMAGE_SHAPE[0] * IMAGE_SHAPE[1]
    # With one seed for both layers their first weights would be related.
    down, up = (keras.initializers.GlorotUniform(seed=part) for part in spawn_seeds(seed, 2))
    encoder = keras.Sequential(
        [
            keras.Input(IMAGE_SHAPE),
            layers.Flatten(),
            layers.Dense(code_size, activation="relu", kernel_initializer=down),
        ],
        name="encoder",
    )
    decoder = keras.Sequential(
        [
            keras.Input((code_size,)),
            layers.Dense(pixels, activation="sigmoid", kernel_initializer=up),
            layers.Reshape(IMAGE_SHAPE),
        ],
        name="decoder",
    )
    return Autoencoder(encoder, decoder, name="dense_autoencoder")
