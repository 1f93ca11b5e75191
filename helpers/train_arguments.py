"""What `train` asks of its arguments, and the optimizer that it makes of two of them."""

import math
import numbers
from collections.abc import Callable, Iterable, Mapping

import keras
import numpy as np
import tensorflow as tf

from helpers.checks import check_array, check_count, is_number
from helpers.corruption import Corruption

Loss = str | Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
OptimizerLike = str | keras.optimizers.Optimizer | Callable[..., keras.optimizers.Optimizer]

LEARNING_RATE = 5e-3


def check_backend() -> None:
    """Refuse the other backends of Keras."""
    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            "KERAS_BACKEND must be tensorflow, set before Keras is imported, for train to run; "
            f"got {keras.backend.backend()}"
        )


def check_sets(
    model: keras.Model, images: np.ndarray, validation: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """The two sets as arrays, of the shape that the model takes and returns."""
    if not isinstance(model, keras.Model):
        raise ValueError(f"model must be a Keras model; got {type(model).__name__}")
    images = check_array(images, "images", pixels=True)
    with model.distribute_strategy.scope():  # the check builds a model that is not built yet
        _check_returns_its_input_shape(model, images.shape)
    if validation is not None:
        validation = check_array(validation, "validation", pixels=True)
        if validation.shape[1:] != images.shape[1:]:
            raise ValueError(
                f"validation must hold images of shape {images.shape[1:]}, as images does; "
                f"got {validation.shape[1:]}"
            )
    return images, validation


def _check_returns_its_input_shape(model: keras.Model, shape: tuple[int, ...]) -> None:
    taken = getattr(model, "input_shape", None)  # models of the reader's own have none
    if isinstance(taken, tuple) and not _fits(shape[1:], taken[1:]):
        wanted = ", ".join(map(str, ("n", *taken[1:])))
        hint = "; a single image is images[np.newaxis]" if _fits(shape, taken[1:]) else ""
        raise ValueError(
            f"images must have the shape that the model takes, ({wanted}); got shape {shape}{hint}"
        )
    try:
        returned = model(keras.KerasTensor((None, *shape[1:])))
    except Exception as error:  # whatever a model of the reader's own may raise
        raise ValueError(
            f"model cannot take images of shape {shape[1:]}; it raised {type(error).__name__}: "
            f"{error}"
        ) from error
    if not isinstance(returned, keras.KerasTensor):
        raise ValueError(f"model must return images alone; it returns a {type(returned).__name__}")
    if tuple(returned.shape[1:]) != shape[1:]:
        raise ValueError(
            f"model must return images of the shape it takes, {shape[1:]}; "
            f"it returns {returned.shape[1:]}"
        )


def _fits(shape: tuple[int, ...], taken: tuple[int | None, ...]) -> bool:
    return len(shape) == len(taken) and all(
        size in (None, found) for size, found in zip(taken, shape, strict=True)
    )


def check_batch_size(batch_size: int, count: int) -> int:
    """The batch size, at most as large as the set."""
    batch_size = check_count(batch_size, "batch_size")
    if batch_size > count:
        raise ValueError(
            f"batch_size must be at most the number of images, {count}; got {batch_size}"
        )
    return batch_size


def check_initial_epoch(initial_epoch: int, epochs: int) -> int:
    """The number of epochs that were done before: 0 to `epochs` - 1."""
    whole = isinstance(initial_epoch, numbers.Integral) and not isinstance(initial_epoch, bool)
    if not whole or not 0 <= initial_epoch < epochs:
        raise ValueError(
            f"initial_epoch must be a whole number from 0 to {epochs - 1}, one less than epochs; "
            f"got {initial_epoch!r}"
        )
    return int(initial_epoch)


def check_callbacks(
    callbacks: keras.callbacks.Callback | Iterable[keras.callbacks.Callback] | None,
) -> list[keras.callbacks.Callback]:
    """Everything that Keras accepts as callbacks, as a list."""
    if isinstance(callbacks, keras.callbacks.CallbackList):
        callbacks = callbacks.callbacks
    if callbacks is None or isinstance(callbacks, keras.callbacks.Callback):
        return [] if callbacks is None else [callbacks]
    if not isinstance(callbacks, Iterable) or isinstance(callbacks, str | Mapping):
        raise ValueError(
            "callbacks must be a Keras callback or several in a list; "
            f"got {type(callbacks).__name__} {callbacks!r}"
        )
    flat = keras.tree.flatten(list(callbacks))
    for callback in flat:
        if not isinstance(callback, keras.callbacks.Callback):
            hint = ", which is a class: call it" if isinstance(callback, type) else ""
            raise ValueError(f"callbacks must be Keras callbacks; got {callback!r}{hint}")
    return flat


def check_xla(xla: bool | None) -> None:
    """Refuse what is neither a truth value nor None."""
    if not (xla is None or isinstance(xla, bool)):
        raise ValueError(f"xla must be True, False or None; got {xla!r}")


def check_loss(loss: Loss) -> None:
    """Refuse what Keras cannot take for a loss."""
    try:
        known = isinstance(loss, str | Callable) and keras.losses.get(loss) is not None
    except ValueError:
        known = False
    if not known or isinstance(loss, type):
        raise ValueError(
            "loss must be what Keras calls it, such as 'mse', a Keras loss, or a function of "
            f"target and output; got {loss!r}"
        )


def new_optimizer(
    optimizer: OptimizerLike,
    learning_rate: float | None,
) -> keras.optimizers.Optimizer:
    """An optimizer that no model has yet."""
    if learning_rate is not None and (
        not is_number(learning_rate) or not 0 < learning_rate < math.inf
    ):
        hint = (
            "; a schedule goes into an optimizer that is given" if callable(learning_rate) else ""
        )
        raise ValueError(f"learning_rate must be positive and finite; got {learning_rate!r}{hint}")
    if isinstance(optimizer, keras.optimizers.Optimizer):
        return _takes_any_rate(_like(optimizer, learning_rate))
    rate = LEARNING_RATE if learning_rate is None else float(learning_rate)
    try:
        maker = type(keras.optimizers.get(optimizer)) if isinstance(optimizer, str) else optimizer
        made = maker(learning_rate=rate)
    except (NotImplementedError, TypeError, ValueError) as error:
        raise ValueError(
            "optimizer must be what Keras calls it, such as 'adam', a Keras optimizer class, or an "
            f"optimizer; got {optimizer!r}: {error}"
        ) from error
    if not isinstance(made, keras.optimizers.Optimizer) or type(made) is keras.optimizers.Optimizer:
        raise ValueError(
            f"optimizer must make one of Keras's optimizers; {optimizer!r} makes a "
            f"{type(made).__name__}"
        )
    return _takes_any_rate(made)


def _like(
    optimizer: keras.optimizers.Optimizer, learning_rate: float | None
) -> keras.optimizers.Optimizer:
    """A new optimizer with the settings of another; that itself, if it is new and has no copy."""
    try:
        made = type(optimizer).from_config(optimizer.get_config())
    except (NotImplementedError, TypeError, ValueError) as error:  # a class of the reader's own
        if optimizer.built:
            raise ValueError(
                "optimizer must be a new one, or one that Keras can copy by get_config and "
                f"from_config; got a {type(optimizer).__name__} in use, where that fails: {error}"
            ) from error
        made = optimizer
    if learning_rate is not None:
        if not _can_be_set(made):
            raise ValueError(
                "learning_rate must be None beside an optimizer that has a schedule of its own; "
                f"got {learning_rate!r}"
            )
        made.learning_rate = float(learning_rate)
    return made


def _takes_any_rate(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    if isinstance(optimizer, keras.optimizers.Ftrl) and _can_be_set(optimizer):
        raise ValueError(
            "optimizer must be one that takes a step of size 0, with which the schedule begins; "
            "Ftrl divides by it: give it a schedule of its own"
        )
    return optimizer


def _can_be_set(optimizer: keras.optimizers.Optimizer) -> bool:
    return isinstance(optimizer.learning_rate, keras.Variable)


def check_rate_can_be_set(
    optimizer: keras.optimizers.Optimizer, callbacks: list[keras.callbacks.Callback]
) -> None:
    """Refuse what Keras would refuse in the middle of a training."""
    setters = keras.callbacks.ReduceLROnPlateau | keras.callbacks.LearningRateScheduler
    for callback in callbacks:
        if isinstance(callback, setters) and not _can_be_set(optimizer):
            raise ValueError(
                "callbacks must not set the learning rate of an optimizer that has a schedule of "
                f"its own; got a {type(callback).__name__}"
            )


def old_optimizer(
    model: keras.Model, wanted: keras.optimizers.Optimizer, learning_rate: float | None
) -> keras.optimizers.Optimizer:
    """The optimizer that a model has been trained with, to go on with its state."""
    found = getattr(model, "optimizer", None)
    if found is None or not found.built:
        raise ValueError(
            "initial_epoch must be 0 for a model without the optimizer of a training; to go on, "
            "give the model that was trained, or load it from a checkpoint of the whole model"
        )
    if _settings(found) != _settings(wanted):
        raise ValueError(
            "optimizer must be that of the training that goes on, "
            f"{_settings(found)}; got {_settings(wanted)}"
        )
    if learning_rate is not None and _can_be_set(found):
        found.learning_rate = float(learning_rate)
    return found


def _settings(optimizer: keras.optimizers.Optimizer) -> dict[str, object]:
    if hasattr(optimizer, "inner_optimizer"):  # of one that scales the loss
        optimizer = optimizer.inner_optimizer
    settings = {"class": type(optimizer).__name__, **optimizer.get_config()}
    return {name: settings[name] for name in settings if name not in ("name", "learning_rate")}


def check_draw(draw: Corruption | None, name: str, few: np.ndarray) -> None:
    """Refuse what would fail inside the graph, or not draw from its seed."""
    if draw is None:
        return
    if not callable(draw):
        raise ValueError(
            f"{name} must be callable as {name}(batch, seed); got {type(draw).__name__} {draw!r}"
        )
    batch = keras.ops.convert_to_tensor(few, keras.config.floatx())

    def in_a_graph() -> np.ndarray:
        noise = keras.random.SeedGenerator(0)
        graph = tf.function(lambda given: draw(given, noise), autograph=False)
        # Called directly, the graphs of many trainings count as one function that is traced again
        # and again, and TensorFlow warns.
        return keras.ops.convert_to_numpy(graph.get_concrete_function(batch)(batch))

    try:
        once, again = in_a_graph(), in_a_graph()
    except Exception as error:  # whatever a function of the reader's own may raise
        raise ValueError(
            f"{name} must work inside a graph, with the functions of keras.ops and keras.random; "
            f"it raised {type(error).__name__}: {error}"
        ) from error
    if once.shape != few.shape:
        raise ValueError(
            f"{name} must return the shape it is given, {few.shape}; it returned {once.shape}"
        )
    if not np.isfinite(np.asarray(once, np.float64)).all():
        raise ValueError(f"{name} must return finite numbers; of finite ones it returned others")
    if not np.array_equal(once, again):
        raise ValueError(
            f"{name} must draw everything random from the seed it is given, as in "
            "keras.random.normal(shape, seed=seed); it returned two results for one seed"
        )
