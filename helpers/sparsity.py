"""What keeps most units of a code at 0: penalties in the loss, or keeping the k largest.

A code is all that the encoder makes of one image, whatever its shape, and a unit is one number of
it: these layers do to a code `(height, width, channels)` what they do to the same numbers in a row.
"""

import math

import keras
from keras import layers, ops

from helpers.checks import check_count, is_number

LEAST_RATE = 1e-6  # the logarithm of a rate of 0 is infinite


@keras.saving.register_keras_serializable(package="helpers")
class L1Penalty(layers.Layer):
    """Adds to the loss what a code's numbers cost, and passes the code on as it is.

    The cost is `strength * |code|`, summed over units and averaged over images, so it is the same
    for any batch size and in any version of Keras. What `activity_regularizer=L1(strength)` adds
    is this in Keras 1.0.1–1.0.5, 2.6–2.15 and from 3.14 on; in 1.0.7–2.3 and in 3.0–3.13 it is
    this times the batch size.

    Args:
        strength: what an activation of 1 costs, in the unit of the loss. Beside the loss "mse", an
            error per pixel, 1/784 is one unit of squared error per image.

    Raises:
        ValueError: the strength is negative or not finite.
    """

    def __init__(self, strength: float, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True  # a mask goes on with the code
        self.strength = _check_strength(strength)

    def call(self, code: keras.KerasTensor) -> keras.KerasTensor:
        """Codes `(n, …)` to the same codes."""
        sizes = ops.abs(_precise(code))
        summed = ops.sum(sizes, axis=tuple(range(1, len(sizes.shape))))
        self.add_loss(_as_loss(self.strength * ops.mean(summed)))
        return code

    def get_config(self) -> dict[str, object]:
        """What `.keras` files store of the layer."""
        return super().get_config() | {"strength": self.strength}


@keras.saving.register_keras_serializable(package="helpers")
class KLPenalty(layers.Layer):
    """Adds to the loss how far the units' rates are from a target, and passes the code on.

    A unit's rate is the mean of its activations over the batch; its distance from the target is the
    Kullback–Leibler divergence of two coins, one that shows 1 at the target rate and one at the
    unit's. The cost is `strength` times the sum of these over units, the same in any version of
    Keras. A rate is an average, so few images give a noisy one and a higher cost: use batches of
    100 images or more.

    Args:
        rate: the target, between 0 and 1.
        strength: what one nat of divergence costs, in the unit of the loss.

    Raises:
        ValueError: the rate is not between 0 and 1, or the strength is negative or not finite.

    Source:
        A. Ng, "Sparse autoencoder", lecture notes CS294A, Stanford, 2011.
    """

    def __init__(self, rate: float, strength: float, **kwargs: object) -> None:
        super().__init__(**kwargs)
        if not is_number(rate) or not 0 < rate < 1:
            raise ValueError(f"rate must be between 0 and 1; got {rate!r}")
        self.supports_masking = True  # a mask goes on with the code
        self.rate = float(rate)
        self.strength = _check_strength(strength)

    def call(self, code: keras.KerasTensor) -> keras.KerasTensor:
        """Codes `(n, …)` from 0 to 1, as a sigmoid gives, to the same codes."""
        rates = ops.mean(_precise(code), axis=0)
        # Added rather than cut off there, so that silent units keep a gradient.
        divergences = self.rate * ops.log(self.rate / (rates + LEAST_RATE))
        divergences += (1 - self.rate) * ops.log((1 - self.rate) / (1 - rates + LEAST_RATE))
        self.add_loss(_as_loss(self.strength * ops.sum(divergences)))
        return code

    def get_config(self) -> dict[str, object]:
        """What `.keras` files store of the layer."""
        return super().get_config() | {"rate": self.rate, "strength": self.strength}


@keras.saving.register_keras_serializable(package="helpers")
class TopK(layers.Layer):
    """Keeps the k largest numbers of each code where they are positive, and sets the others to 0.

    Of equal numbers, the one that stands first is kept. Gradients reach only what is kept. The
    layer's `k` is a variable of the model, which a callback may assign while it trains; it is among
    the weights that `set_weights` copies. It needs Keras's TensorFlow backend.

    Args:
        k: how many numbers of a code to keep.

    Raises:
        ValueError: k is not a whole number of at least 1, or the codes have fewer numbers.

    Source:
        A. Makhzani and B. Frey, "k-sparse autoencoders", 2014.
    """

    def __init__(self, k: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True  # a mask goes on with the code
        self.initial_k = check_count(k, "k")

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the variable, for codes of this shape."""
        self.code_size = math.prod(_code_shape(shape))
        if self.initial_k > self.code_size:
            raise ValueError(
                f"k must be at most the code size, {self.code_size}; got {self.initial_k}"
            )
        initial = keras.initializers.Constant(self.initial_k)
        self.k = self.add_weight(
            shape=(), dtype="int32", initializer=initial, trainable=False, name="k"
        )

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape that comes in."""
        return shape

    def call(self, code: keras.KerasTensor) -> keras.KerasTensor:
        """Codes `(n, …)` to the same shape."""
        shape = code.shape[1:]
        code = ops.reshape(ops.relu(code), (-1, self.code_size))
        least = ops.expand_dims(ops.top_k(code, self.k)[0][..., -1], -1)
        above = code > least
        room = self.k - ops.sum(ops.cast(above, "int32"), axis=-1, keepdims=True)
        equal = code == least
        first = ops.cumsum(ops.cast(equal, "int32"), axis=-1) <= room
        kept = ops.where(ops.logical_or(above, ops.logical_and(equal, first)), code, 0.0)
        return ops.reshape(kept, (-1, *shape))

    def get_config(self) -> dict[str, object]:
        """What `.keras` files store of the layer."""
        return super().get_config() | {"k": self.initial_k}


@keras.saving.register_keras_serializable(package="helpers")
class DeadUnits(layers.Layer):
    """The activations of dead units alone, which a top-k layer does not let through.

    A unit counts as dead that no image made active in each of the last batches of training.

    Args:
        patience: for how many batches.

    Raises:
        ValueError: patience is not a whole number of at least 1.
    """

    def __init__(self, patience: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.patience = check_count(patience, "patience")

    def build(self, shapes: list[tuple[int | None, ...]]) -> None:
        """Make the count of silent batches, one for each unit."""
        _check_shapes(shapes, ("before", "after"))
        self.silent = self.add_weight(
            shape=_code_shape(shapes[0]),
            dtype="int32",
            initializer="zeros",
            trainable=False,
            name="silent",
        )

    def call(self, codes: list[keras.KerasTensor], training: bool = False) -> keras.KerasTensor:
        """Two codes `(n, …)`, before and after a top-k layer, to one of the dead units."""
        before, after = codes
        if training:
            fired = ops.any(after > 0, axis=0)
            self.silent.assign(ops.where(fired, 0, self.silent + 1))
        return before * ops.cast(self.silent >= self.patience, before.dtype)

    def get_config(self) -> dict[str, object]:
        """What `.keras` files store of the layer."""
        return super().get_config() | {"patience": self.patience}


@keras.saving.register_keras_serializable(package="helpers")
class AuxiliaryLoss(layers.Layer):
    """Adds to the loss what dead units leave of the error that living units made.

    It adds the mean squared difference over all pixels of a batch, and nothing to a batch in which
    dead units add nothing to any image: none is dead, or none of the dead is excited.

    Args:
        strength: what this loss is multiplied by. Beside the loss "mse", an error per number as
            this one is, 1 counts both alike.

    Raises:
        ValueError: the strength is negative or not finite.

    Source:
        L. Gao et al., "Scaling and evaluating sparse autoencoders", 2025.
    """

    def __init__(self, strength: float, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.strength = _check_strength(strength)

    def build(self, shapes: list[tuple[int | None, ...]]) -> None:
        """Check that the three arrays have one shape, so that nothing is broadcast in silence."""
        _check_shapes(shapes, ("images", "reconstructions", "additions"))

    def call(self, arrays: list[keras.KerasTensor]) -> keras.KerasTensor:
        """Images, reconstructions, what dead units add, each `(n, …)`, to the reconstructions."""
        images, reconstructions, additions = arrays
        missing = ops.stop_gradient(_precise(images) - _precise(reconstructions))
        additions = _precise(additions)
        left = self.strength * ops.mean(ops.square(missing - additions))
        # Otherwise every report of the loss would have a constant in it while no unit is dead.
        self.add_loss(_as_loss(ops.where(ops.any(ops.not_equal(additions, 0)), left, 0.0)))
        return reconstructions

    def get_config(self) -> dict[str, object]:
        """What `.keras` files store of the layer."""
        return super().get_config() | {"strength": self.strength}


class AnnealK(keras.callbacks.Callback):
    """Lets k fall from a larger number to the layer's own over the first epochs, in equal ratios.

    Training that is interrupted leaves k where it was, and a checkpoint holds the k of its epoch;
    `layer.k.assign(layer.initial_k)` brings it to the layer's own.

    Args:
        layer: the top-k layer of the model that is trained.
        start: k in the first epoch, from the layer's own to the code size.
        epochs: from this epoch on, the first being 1, k is the layer's own.

    Raises:
        ValueError: the layer is not a top-k layer of a model, start is out of this range, or start
            or epochs are not whole numbers of at least 1.
    """

    def __init__(self, layer: TopK, start: int, epochs: int) -> None:
        super().__init__()
        if not isinstance(layer, TopK) or not layer.built:
            raise ValueError(
                f"layer must be a TopK layer of a model; got {type(layer).__name__}"
                + (" that is not part of one" if isinstance(layer, TopK) else "")
            )
        self.layer = layer
        self.start = check_count(start, "start")
        self.epochs = check_count(epochs, "epochs")
        if not layer.initial_k <= start <= layer.code_size:
            raise ValueError(
                f"start must be from the layer's k, {layer.initial_k}, to the code size, "
                f"{layer.code_size}; got {start}"
            )

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:  # noqa: ARG002
        """Set k for this epoch."""
        share = min(epoch / (self.epochs - 1), 1) if self.epochs > 1 else 1
        self.layer.k.assign(round(self.start ** (1 - share) * self.layer.initial_k**share))

    def on_train_end(self, logs: dict | None = None) -> None:  # noqa: ARG002
        """Leave the layer with its own k, however few epochs there were."""
        self.layer.k.assign(self.layer.initial_k)


def _precise(array: keras.KerasTensor) -> keras.KerasTensor:
    """In single precision at least: a sum of halves overflows."""
    wide = keras.backend.standardize_dtype(array.dtype) == "float64"
    return ops.cast(array, "float64" if wide else "float32")


def _as_loss(cost: keras.KerasTensor) -> keras.KerasTensor:
    """In the precision in which Keras adds up losses, whatever the layer computes in."""
    return ops.cast(cost, keras.config.floatx())


def _code_shape(shape: tuple[int | None, ...]) -> tuple[int, ...]:
    sizes = tuple(size for size in shape[1:] if size is not None)
    if len(shape) < 2 or len(sizes) < len(shape) - 1:
        raise ValueError(f"code must have shape (n, …) of known sizes; got {tuple(shape)}")
    return sizes


def _check_shapes(shapes: list[tuple[int | None, ...]], names: tuple[str, ...]) -> None:
    several = isinstance(shapes, list | tuple) and all(isinstance(s, list | tuple) for s in shapes)
    if not several or len(shapes) != len(names) or len({tuple(s[1:]) for s in shapes}) != 1:
        raise ValueError(f"{', '.join(names)} must be a list of one shape; got shapes {shapes}")


def _check_strength(strength: float) -> float:
    if not is_number(strength) or not 0 <= strength < math.inf:
        raise ValueError(f"strength must be at least 0 and finite; got {strength!r}")
    return float(strength)
