"""Autoencoders: an encoder, a decoder, and a code between them."""

import math
from collections.abc import Callable, Sequence
from typing import Any, Self

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import ArrayLike

from helpers.checks import LARGEST_COUNT, check_array, check_count, check_list, is_number
from helpers.datasets.image_set import IMAGE_SHAPE
from helpers.seeds import check_seed, spawn_seeds
from helpers.sparsity import AuxiliaryLoss, DeadUnits, KLPenalty, TopK


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
        ValueError: a half is not a built model with one input and one output, the decoder does not
            take what the encoder gives or does not give back the encoder's input shape, or it
            shares weights with the encoder.
    """

    def __init__(self, encoder: keras.Model, decoder: keras.Model, **kwargs: object) -> None:
        image_shape, code_shape = ends(encoder, "encoder")
        taken, returned = ends(decoder, "decoder")
        check_joint(code_shape, taken, "decoder must take codes")
        check_joint(image_shape, returned, "decoder must return images")
        check_apart(encoder, decoder)
        images = keras.Input(image_shape, name="images")
        super().__init__(images, decoder(encoder(images)), **kwargs)
        self.encoder = encoder
        self.decoder = decoder

    def get_config(self) -> dict[str, object]:
        """What `.keras` files store of the model's structure."""
        return {
            "name": self.name,
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "decoder": keras.saving.serialize_keras_object(self.decoder),
        }

    @classmethod
    # As a layer's is; a model's takes custom objects besides, for which nothing here has a use.
    def from_config(cls, config: dict[str, Any]) -> Self:  # type: ignore[override]
        """The model whose `get_config` this is."""
        halves = {
            name: keras.saving.deserialize_keras_object(config[name])
            for name in ("encoder", "decoder")
        }
        return cls(**(config | halves))


def ends(model: keras.Model, name: str) -> tuple[tuple, tuple]:
    """The shapes that a model takes and returns, without the batch axis."""
    found: list[Any] = [getattr(model, end, None) for end in ("inputs", "outputs")]
    held = [getattr(model, end, None) for end in ("input", "output")]
    if not isinstance(model, keras.Model) or None in found:
        what = " that is not built from a keras.Input" if isinstance(model, keras.Model) else ""
        raise ValueError(
            f"{name} must be a Keras model built from a keras.Input, functional or sequential; "
            f"got {type(model).__name__}{what}"
        )
    if [len(end) for end in found] != [1, 1] or any(
        isinstance(h, list | tuple | dict) for h in held
    ):
        raise ValueError(
            f"{name} must have one input and one output, not in lists or by name; got "
            f"{len(found[0])} and {len(found[1])}"
        )
    (taken,), (returned,) = found
    return tuple(taken.shape[1:]), tuple(returned.shape[1:])


def check_joint(wanted: tuple, found: tuple, what: str) -> None:
    """Refuse a decoder of which one end does not fit the encoder."""
    if wanted != found:
        raise ValueError(
            f"{what} of shape {wanted}, to fit the encoder; the decoder given has {found}"
        )


def check_apart(encoder: keras.Model, decoder: keras.Model) -> None:
    """Refuse halves that share weights: a file would hold them twice, and could not be loaded."""
    own = {id(weights) for weights in encoder.weights}
    shared = [weights.path for weights in decoder.weights if id(weights) in own]
    if shared:
        raise ValueError(
            "decoder must have weights of its own, since files hold each half apart; it shares "
            f"{', '.join(shared)} with the encoder"
        )


def dense_autoencoder(
    code_size: int = 32,
    hidden_units: Sequence[int] = (),
    *,
    shape: Sequence[int] = IMAGE_SHAPE,
    activation: str = "relu",
    code_activation: str | None = "relu",
    output_activation: str | None = "sigmoid",
    seed: int | None = None,
) -> Autoencoder:
    """Fully connected layers down to a code, and their mirror image back up to the input's shape.

    With a sigmoid at the output every number stays in (0, 1), as pixels do.

    Args:
        code_size: how many numbers the code has.
        hidden_units: the widths of the encoder's layers before the code; the decoder has them in
            reverse. Empty for one layer down and one up.
        shape: of one input, without the batch axis: `(height, width, channels)` for images,
            `(steps, channels)` for signals, `(columns,)` for the rows of a table, or any other.
        activation: Keras's name for the function of the hidden layers.
        code_activation: Keras's name for the function at the code; None for none, so that the
            code's numbers may be negative.
        output_activation: Keras's name for the function at the output; None for none, so that
            the output may take any value.
        seed: of the initial weights; None is the book's default seed.

    Returns:
        An untrained autoencoder for arrays `(n, *shape)` with codes `(n, code_size)`.

    Raises:
        ValueError: the code size, a width or a size in the shape is not a whole number of at least
            1, Keras has no such activation, or the seed is not valid.
    """
    code_size = check_count(code_size, "code_size")
    hidden_units = _check_counts(hidden_units, "hidden_units", "a list of widths, such as [256]")
    shape = _check_shape(shape)
    _check_activation(activation, "activation")
    _check_activation(code_activation, "code_activation")
    _check_activation(output_activation, "output_activation")
    # With one seed for all layers their first weights would be related.
    seeds = iter(spawn_seeds(check_seed(seed), 2 * len(hidden_units) + 2))

    encoder = keras.Sequential(
        [
            keras.Input(shape),
            _flatten(),
            *(_dense(units, activation, next(seeds)) for units in hidden_units),
            _dense(code_size, code_activation, next(seeds)),
        ],
        name="encoder",
    )
    decoder = keras.Sequential(
        [
            keras.Input((code_size,)),
            *(_dense(units, activation, next(seeds)) for units in reversed(hidden_units)),
            _dense(math.prod(shape), output_activation, next(seeds)),
            layers.Reshape(shape),
        ],
        name="decoder",
    )
    return _started(Autoencoder(encoder, decoder, name="dense_autoencoder"))


@keras.saving.register_keras_serializable(package="helpers")
class WeightDecay(keras.regularizers.L2):
    """Keras's L2, in the precision in which Keras adds up losses, whatever the weights have."""

    def __call__(self, weights: keras.KerasTensor) -> keras.KerasTensor:
        """The penalty on the weights."""
        return ops.cast(super().__call__(weights), keras.config.floatx())


def linear_autoencoder(
    code_size: int = 32,
    *,
    shape: Sequence[int] = IMAGE_SHAPE,
    weight_decay: float = 0.0,
    seed: int | None = None,
) -> Autoencoder:
    """One linear map down to a code and one back up, each with a bias; no function after either.

    At its best it spans the space of the first principal components, along other axes (Baldi and
    Hornik, "Neural networks and principal component analysis", 1989). With weight decay the left
    singular vectors of the decoder's weights are the components themselves (Kunin et al., "Loss
    landscapes of regularized linear autoencoders", 2019).

    Args:
        code_size: how many numbers the code has.
        shape: of one input, without the batch axis, such as `(28, 28, 1)` or `(columns,)`.
        weight_decay: the penalty on each squared weight, in units of the squared error per image;
            0 for none. Biases are not penalized. It is meant for the loss "mse", the error per
            number.
        seed: of the initial weights; None is the book's default seed.

    Returns:
        An untrained autoencoder for arrays `(n, *shape)` with codes `(n, code_size)`.

    Raises:
        ValueError: the code size or a size in the shape is not a whole number of at least 1, the
            weight decay is negative or not finite, or the seed is not valid.
    """
    code_size = check_count(code_size, "code_size")
    shape = _check_shape(shape)
    if not is_number(weight_decay) or not 0 <= weight_decay < math.inf:
        raise ValueError(f"weight_decay must be at least 0 and finite; got {weight_decay!r}")
    size = math.prod(shape)
    seeds = iter(spawn_seeds(check_seed(seed), 2))

    decay = WeightDecay(weight_decay / size) if weight_decay else None

    encoder = keras.Sequential(
        [keras.Input(shape), _flatten(), _dense(code_size, None, next(seeds), decay)],
        name="encoder",
    )
    decoder = keras.Sequential(
        [
            keras.Input((code_size,)),
            _dense(size, None, next(seeds), decay),
            layers.Reshape(shape),
        ],
        name="decoder",
    )
    return _started(Autoencoder(encoder, decoder, name="linear_autoencoder"))


def conv_autoencoder(
    code_size: int = 32,
    channels: Sequence[int] = (16, 32),
    *,
    shape: Sequence[int] = IMAGE_SHAPE,
    code_activation: str | None = "relu",
    output_activation: str | None = "sigmoid",
    seed: int | None = None,
) -> Autoencoder:
    """Convolutions that halve the sides down to a fully connected code, and their mirror image.

    Each convolution looks at 3 × 3 pixels, or at 3 steps of a signal, and moves by 2, so that 28
    pixels a side become 14, then 7; an odd side is rounded up. Each transposed convolution doubles
    the sides, and where that is one too many, the last row, column or step is cropped. So the
    output has the input's shape, whatever its sides. Hidden layers end in a ReLU.

    Args:
        code_size: how many numbers the code has.
        channels: of each of the encoder's convolutions, at least one.
        shape: of one input, without the batch axis: `(height, width, channels)` for images,
            `(steps, channels)` for signals. A grey image needs its axis of channels too: `(28, 28)`
            is a signal of 28 steps.
        code_activation: Keras's name for the function at the code; None for none.
        output_activation: Keras's name for the function at the output; None for none, so that
            the output may take any value.
        seed: of the initial weights; None is the book's default seed.

    Returns:
        An untrained autoencoder for arrays `(n, *shape)` with codes `(n, code_size)`.

    Raises:
        ValueError: the code size, a number of channels or a size in the shape is not a whole number
            of at least 1, the shape is neither an image's nor a signal's, there are no convolutions
            or more than its shorter side can be halved, Keras has no such activation, or the seed
            is not valid.
    """
    code_size = check_count(code_size, "code_size")
    channels = _check_counts(channels, "channels", "a list of channels, such as [16, 32]")
    shape = _check_shape(shape)
    if len(shape) not in (2, 3):
        raise ValueError(
            "shape must be (height, width, channels) or (steps, channels) for convolutions; "
            f"got {shape}: rows of a table are for dense_autoencoder"
        )
    sides = [shape[:-1]]
    while min(sides[-1]) > 1:
        sides.append(tuple(math.ceil(side / 2) for side in sides[-1]))
    most = len(sides) - 1
    if most < 1:
        raise ValueError(f"shape must have sides of at least 2, to be halved; got {shape}")
    if not 1 <= len(channels) <= most:
        raise ValueError(
            f"channels must name from 1 to {most} convolutions, since sides of {sides[0]} can be "
            f"halved {most} times; got {len(channels)}"
        )
    _check_activation(code_activation, "code_activation")
    _check_activation(output_activation, "output_activation")
    smallest = (*sides[len(channels)], channels[-1])
    seeds = iter(spawn_seeds(check_seed(seed), 2 * len(channels) + 2))
    image = len(shape) == 3
    down, up, crop = (
        (layers.Conv2D, layers.Conv2DTranspose, layers.Cropping2D)
        if image
        else (layers.Conv1D, layers.Conv1DTranspose, layers.Cropping1D)
    )

    def convolution(
        kind: Callable[..., layers.Layer], filters: int, activation: str | None
    ) -> layers.Layer:
        return kind(
            filters,
            3,
            strides=2,
            padding="same",
            data_format="channels_last",
            activation=activation,
            kernel_initializer=keras.initializers.GlorotUniform(seed=next(seeds)),
        )

    def cropped(before: tuple[int, ...], wanted: tuple[int, ...]) -> list[layers.Layer]:
        """What takes doubled sides to those that the encoder halved."""
        surplus = [(0, 2 * small - side) for small, side in zip(before, wanted, strict=True)]
        if not any(end for _, end in surplus):
            return []
        return [crop(surplus, data_format="channels_last") if image else crop(*surplus)]

    encoder = keras.Sequential(
        [
            keras.Input(shape),
            *(convolution(down, filters, "relu") for filters in channels),
            _flatten(),
            _dense(code_size, code_activation, next(seeds)),
        ],
        name="encoder",
    )
    decoder = keras.Sequential(
        [
            keras.Input((code_size,)),
            _dense(math.prod(smallest), "relu", next(seeds)),
            layers.Reshape(smallest),
        ],
        name="decoder",
    )
    for level in reversed(range(len(channels))):
        # The last one's output is the model's.
        filters, activation = (
            (channels[level - 1], "relu") if level else (shape[-1], output_activation)
        )
        decoder.add(convolution(up, filters, activation))
        for layer in cropped(sides[level + 1], sides[level]):
            decoder.add(layer)
    return _started(Autoencoder(encoder, decoder, name="conv_autoencoder"))


@keras.saving.register_keras_serializable(package="helpers")
class Centring(layers.Layer):
    """Images less their mean, and one constant more.

    A dense layer without biases that follows it finds its biases in the last row of its kernel,
    divided by the constant. An optimizer that takes equally large steps for every weight, as Adam
    does, so moves a bias by `constant` times what it would move one of a layer with biases.

    Its weights, the mean, are not trained; they are 0 at first.

    Args:
        constant: the number that follows the pixels.

    Raises:
        ValueError: the constant is not above 0 and finite, or what comes in is not in rows.
    """

    def __init__(self, constant: float = 2.0, **kwargs: object) -> None:
        super().__init__(**kwargs)
        if not is_number(constant) or not 0 < constant < math.inf:
            raise ValueError(f"constant must be above 0 and finite; got {constant!r}")
        self.constant = float(constant)

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the mean, for images in rows of this many numbers."""
        if len(shape) != 2 or shape[-1] is None:
            raise ValueError(f"images must be in rows (n, numbers); got shape {tuple(shape)}")
        self.mean = self.add_weight(
            shape=shape[-1:], initializer="zeros", trainable=False, name="mean"
        )

    def call(self, images: keras.KerasTensor) -> keras.KerasTensor:
        """Images in rows `(n, numbers)` to `(n, numbers + 1)`."""
        centred = images - self.mean
        return ops.pad(centred, [(0, 0), (0, 1)], constant_values=self.constant)

    def get_config(self) -> dict[str, object]:
        """What `.keras` files store of the layer."""
        return super().get_config() | {"constant": self.constant}


def sparse_autoencoder(
    code_size: int,
    sparsity: layers.Layer,
    images: ArrayLike,
    *,
    centred: bool = False,
    seed: int | None = None,
) -> Autoencoder:
    """One layer of ReLUs to a large code, what keeps it sparse, and a sum of parts back.

    The decoder is linear: a reconstruction is its bias plus the code's numbers times one part each,
    the atoms: `decoder.layers[0].kernel`, `(code_size, numbers of an image)`. Training keeps each
    atom at length 1, so that a penalty on the code cannot be evaded with long atoms and small
    numbers. The atoms start in random directions, the decoder's bias at the mean image, and the
    encoder as the decoder transposed: a unit's first activation is how far an image, less the mean,
    reaches along its atom. The loss "mse" suits it.

    On patches of photographs, whose mean is large, nine in ten of 1,000 units died with k = 25. A
    centred encoder sees the image less the mean (`Centring`, after `Flatten`); 17 died at most. It
    begins as the same function, and takes other steps.

    Args:
        code_size: how many numbers the code has, many more than are active at a time.
        sparsity: the layer after the ReLUs, a new one for each model: an `L1Penalty` or a `TopK`,
            or any other that takes codes and returns codes of the same size and has no weights yet.
        images: `(n, …)`, the training images; the start uses their mean, and the model their shape.
        centred: whether the encoder sees images less their mean.
        seed: of the first atoms; None is the book's default seed.

    Returns:
        An untrained autoencoder for images of that shape with codes `(n, code_size)`.

    Raises:
        ValueError: the code size is not a whole number of at least 1, sparsity is not a Keras layer
            or is part of a model already, it takes or returns other codes, the images are empty,
            not floating point or not finite, centred is neither True nor False, or the seed is not
            valid.

    Source:
        The transposed start and the atoms' length: L. Gao et al., "Scaling and evaluating sparse
        autoencoders", 2025.
    """
    code_size = check_count(code_size, "code_size")
    if not isinstance(sparsity, layers.Layer):
        raise ValueError(f"sparsity must be a Keras layer; got {type(sparsity).__name__}")
    if isinstance(sparsity, AuxiliaryLoss | DeadUnits | KLPenalty):
        raise ValueError(
            "sparsity must take the codes that ReLUs return, such as L1Penalty or TopK; "
            f"got {type(sparsity).__name__}"
        )
    # A layer without weights is born built, and a functional model has an output from the start.
    called = hasattr(sparsity, "output") and (
        isinstance(sparsity, keras.Sequential) or not isinstance(sparsity, keras.Model)
    )
    if called or sparsity.weights:
        raise ValueError(
            f"sparsity must be a new layer for each model; got a {type(sparsity).__name__} that is "
            "part of one already, or built"
        )
    if not isinstance(centred, bool):
        raise ValueError(f"centred must be True or False; got {centred!r}")
    images = check_array(images, "images", pixels=True)
    mean = images.mean(axis=0, dtype=np.float64).ravel()
    random = np.random.default_rng(spawn_seeds(check_seed(seed), 1)[0])
    atoms = random.normal(size=(code_size, mean.size))
    atoms /= np.linalg.norm(atoms, axis=1, keepdims=True)

    # In the precision of the weights, since a centred number may be a small difference.
    precise = keras.config.dtype_policy().variable_dtype
    centring = [Centring(dtype=precise)] if centred else []
    # Weights are set below; Keras's own first ones would take a seed from Python's generator.
    encoder = keras.Sequential(
        [
            keras.Input(images.shape[1:]),
            _flatten(),
            *centring,
            layers.Dense(code_size, "relu", not centred, kernel_initializer="zeros"),
        ],
        name="encoder",
    )
    if centred:
        encoder.layers[1].set_weights([mean])
        encoder.layers[2].set_weights([np.append(atoms.T, np.zeros((1, code_size)), axis=0)])
    else:
        encoder.layers[1].set_weights([atoms.T, -atoms @ mean])
    try:
        encoder.add(sparsity)
    except (TypeError, ValueError) as error:
        raise ValueError(f"sparsity must take codes of shape (n, {code_size}); {error}") from error
    returned = [tuple(code.shape[1:]) for code in encoder.outputs]
    if returned != [(code_size,)]:
        raise ValueError(
            f"sparsity must return codes of shape (n, {code_size}), as it takes; got a "
            f"{type(sparsity).__name__} that returns {encoder.output_shape}"
        )
    decoder = keras.Sequential(
        [
            keras.Input((code_size,)),
            layers.Dense(
                mean.size,
                kernel_initializer="zeros",
                kernel_constraint=keras.constraints.UnitNorm(axis=1),
            ),
            layers.Reshape(images.shape[1:]),
        ],
        name="decoder",
    )
    decoder.layers[0].set_weights([atoms, mean])
    return Autoencoder(encoder, decoder, name="sparse_autoencoder")


def with_auxiliary_loss(
    autoencoder: Autoencoder, *, strength: float = 1.0, units: int = 50, patience: int = 5
) -> keras.Model:
    """A sparse autoencoder with a second task in training, which brings dead units back.

    The dead units that an image excites most, which the top-k layer holds back, learn to answer
    what is missing in the reconstruction. The weights are those of the autoencoder: train this
    model, and use that one.

    Args:
        autoencoder: what `sparse_autoencoder` returns for a top-k layer.
        strength: what the second task's squared error is multiplied by, beside the first's.
        units: how many dead units answer for an image at most; the code size, where that is less.
        patience: a unit is dead after so many batches in which no image made it active.

    Returns:
        A Keras model that returns the autoencoder's reconstructions.

    Raises:
        ValueError: the autoencoder is not one with a top-k layer, the strength is negative or not
            finite, or units or patience are not whole numbers of at least 1.
    """
    halves = getattr(autoencoder, "encoder", None), getattr(autoencoder, "decoder", None)
    if not all(isinstance(half, keras.Sequential) for half in halves):
        raise ValueError(
            "autoencoder must be what sparse_autoencoder(code_size, TopK(k), images) returns; "
            f"got {type(autoencoder).__name__}"
        )
    *before, top_k = autoencoder.encoder.layers
    if not isinstance(top_k, TopK):
        raise ValueError(
            "autoencoder must end its encoder in a TopK layer, as sparse_autoencoder(code_size, "
            f"TopK(k), images) does; got {type(top_k).__name__}"
        )
    units = min(check_count(units, "units"), top_k.code_size)
    images = keras.Input(autoencoder.input_shape[1:], name="images")
    activations = images
    for layer in before:
        activations = layer(activations)
    code = top_k(activations)
    dead = TopK(units)(DeadUnits(patience)([activations, code]))
    decoder = autoencoder.decoder
    additions = decoder(dead) - decoder(ops.zeros_like(ops.take(dead, [0], axis=0)))  # no bias
    answers = AuxiliaryLoss(strength)([images, decoder(code), additions])
    return keras.Model(images, answers, name="with_auxiliary_loss")


def layer_shapes(half: keras.Model) -> list[tuple[int, ...]]:
    """What an encoder or a decoder turns its input into, layer by layer.

    A layer that only arranges the numbers anew, such as `Flatten`, does not count as a step: of the
    two shapes the one with more axes stands, so that an image is written `(28, 28, 1)`. Cropping
    belongs to the layer before it.

    Args:
        half: a Keras model whose layers follow one another.

    Returns:
        Shapes without the batch axis: the input's, then one for each layer.

    Raises:
        ValueError: it is not a built model with one input and one output, or its layers branch.

    Example:
        >>> layer_shapes(dense_autoencoder(32, [256]).encoder)
        [(28, 28, 1), (256,), (32,)]
    """
    shapes = [ends(half, "half")[0]]
    for layer in half.layers:
        if isinstance(layer, layers.InputLayer):
            continue
        if not isinstance(layer.input, keras.KerasTensor):
            raise ValueError(
                "half must be a model whose layers follow one another; got one in which "
                f"{layer.name!r} takes several inputs"
            )
        shape = tuple(layer.output.shape[1:])
        if isinstance(layer, layers.Cropping1D | layers.Cropping2D):
            shapes[-1] = shape
        elif not isinstance(layer, layers.Flatten | layers.Reshape):
            shapes.append(shape)
        elif len(shape) > len(shapes[-1]):
            shapes[-1] = shape
    return shapes


def _dense(
    units: int,
    activation: str | None,
    seed: int,
    regularizer: keras.regularizers.Regularizer | None = None,
) -> layers.Dense:
    initializer = keras.initializers.GlorotUniform(seed=seed)
    return layers.Dense(
        units, activation, kernel_initializer=initializer, kernel_regularizer=regularizer
    )


def _flatten() -> layers.Flatten:
    # Otherwise it would reorder an image where Keras is set to channels_first.
    return layers.Flatten(data_format="channels_last")


def _started(autoencoder: Autoencoder) -> Autoencoder:
    """With the weights that its seeds draw in single precision, in whatever Keras holds them."""
    for layer in (*autoencoder.encoder.layers, *autoencoder.decoder.layers):
        if layer.weights and layer.variable_dtype != "float32":
            layer.kernel.assign(layer.kernel_initializer(layer.kernel.shape, dtype="float32"))
    return autoencoder


def _check_shape(shape: Sequence[int]) -> tuple[int, ...]:
    sizes = tuple(_check_counts(shape, "shape", "the sizes of one input, such as (28, 28, 1)"))
    if not sizes or math.prod(sizes) > LARGEST_COUNT:
        raise ValueError(
            f"shape must have an axis, and at most {LARGEST_COUNT} numbers in all; got {sizes}"
        )
    return sizes


def _check_counts(counts: Sequence[int], name: str, wanted: str) -> list[int]:
    counts = check_list(counts, name, wanted)
    return [check_count(count, f"each of {name}") for count in counts]


def _check_activation(activation: str | None, name: str) -> None:
    try:
        keras.activations.get(activation)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name} must be what Keras calls an activation, such as 'relu'; got {activation!r}"
        ) from error
