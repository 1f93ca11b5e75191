"""What surrounds a call and must not matter to it, nor it to them: generators and settings."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np
import tensorflow as tf


def _draw() -> list[float]:
    """A number from each generator that a process has one of."""
    return [
        random.random(),
        np.random.rand(),
        float(tf.random.uniform(())),
        float(keras.random.uniform((), dtype="float32")),
    ]


@contextmanager
def generators_go_on() -> Iterator[None]:
    """Fails where what runs inside draws from one of the generators, or seeds it."""
    keras.utils.set_random_seed(7)
    _draw()
    expected = _draw()
    keras.utils.set_random_seed(7)
    _draw()
    yield
    assert _draw() == expected


# What Keras is set to, by name: floatx, the policy of new layers, where images have their channels.
KERAS_SETTINGS = {
    "floatx float64": ("float64", "float32", "channels_last"),
    "float64 throughout": ("float64", "float64", "channels_last"),
    "floatx float16": ("float16", "float32", "channels_last"),
    "policy float64": ("float32", "float64", "channels_last"),
    "mixed_float16": ("float32", "mixed_float16", "channels_last"),
    "mixed_bfloat16": ("float32", "mixed_bfloat16", "channels_last"),
    "channels_first": ("float32", "float32", "channels_first"),
}


@contextmanager
def keras_set_to(name: str) -> Iterator[None]:
    """Keras with one of these settings, and afterwards as it was."""
    config = keras.config
    before = config.floatx(), config.dtype_policy(), config.image_data_format()
    try:
        _set(*KERAS_SETTINGS[name])
        yield
    finally:
        _set(*before)


def _set(floatx: str, policy: str | keras.DTypePolicy, data_format: str) -> None:
    keras.config.set_floatx(floatx)
    keras.config.set_dtype_policy(policy)
    keras.config.set_image_data_format(data_format)
