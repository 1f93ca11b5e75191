"""Training: Keras `compile` and `fit`, with a schedule, a seed and a progress bar."""

import math
import numbers
from collections.abc import Callable, Sequence

import keras
import numpy as np
from tqdm import tqdm

from helpers.checks import check_array, check_count
from helpers.seeds import check_seed


def train(
    model: keras.Model,
    images: np.ndarray,
    *,
    validation: np.ndarray | None = None,
    loss: str | keras.losses.Loss = "mse",
    optimizer: str | Callable[..., keras.optimizers.Optimizer] = "adam",
    learning_rate: float = 5e-3,
    epochs: int = 10,
    batch_size: int = 256,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    seed: int | None = None,
) -> keras.callbacks.History:
    """Train a model to rebuild its own input. There are no labels: the images are the target.

    The optimizer's steps start small, grow, and end small.

    Args:
        model: any Keras model that returns the shape it takes; it is compiled here.
        images: `(n, …)`, floating point, what the model trains on.
        validation: `(m, …)`, images of the same shape, measured after each epoch.
        loss: what Keras calls it, or a Keras loss.
        optimizer: what Keras calls it, or a Keras optimizer class.
        learning_rate: the optimizer's largest step size. It is reached after a tenth of all steps,
            in a straight line from 0, and falls from there to 0 along a cosine.
        epochs: how often the model sees every image.
        batch_size: how many images one step averages over.
        callbacks: Keras callbacks to run along.
        seed: of the order in which images are drawn; None is the book's default seed. The first
            weights have a seed of their own, where the model is built.

    Returns:
        The Keras history: `.history["loss"]` and `.history["val_loss"]`, one number an epoch.

    Raises:
        ValueError: images or validation are not finite floating-point arrays of one shape, the
            model does not return that shape, the learning rate is not positive and finite, epochs
            or batch size are below 1, or a batch is larger than the set of images.
    """
    images = check_array(images, "images")
    if validation is not None:
        validation = check_array(validation, "validation")
        if validation.shape[1:] != images.shape[1:]:
            raise ValueError(
                f"validation must hold images of shape {images.shape[1:]}, as images does; "
                f"got {validation.shape[1:]}"
            )
    epochs = check_count(epochs, "epochs")
    batch_size = check_count(batch_size, "batch_size")
    if batch_size > len(images):
        raise ValueError(
            f"batch_size must be at most the number of images, {len(images)}; got {batch_size}"
        )
    real = isinstance(learning_rate, numbers.Real) and not isinstance(learning_rate, bool)
    if not real or not 0 < learning_rate < math.inf:
        raise ValueError(f"learning_rate must be positive and finite; got {learning_rate!r}")
    if not isinstance(optimizer, str | Callable):
        raise ValueError(
            "optimizer must be what Keras calls it, such as 'adam', or a Keras optimizer class; "
            f"got {optimizer!r}"
        )
    if not isinstance(model, keras.Model):
        raise ValueError(f"model must be a Keras model; got {type(model).__name__}")
    _check_returns_its_input_shape(model, images.shape[1:])
    seed = check_seed(seed)

    if isinstance(optimizer, str):
        optimizer = type(keras.optimizers.get(optimizer))
    steps = epochs * math.ceil(len(images) / batch_size)
    schedule = _warm_up_and_cosine(learning_rate, steps)
    model.compile(optimizer=optimizer(learning_rate=schedule), loss=loss)
    keras.utils.set_random_seed(seed)
    with tqdm(total=epochs, unit="epoch", leave=False) as bar:

        def show(_epoch: int, logs: dict[str, float]) -> None:
            bar.set_postfix({name: f"{value:.4f}" for name, value in logs.items()})
            bar.update()

        inputs = keras.ops.convert_to_tensor(images)  # once: input and target share its memory
        return model.fit(
            inputs,
            inputs,
            validation_data=None if validation is None else (validation, validation),
            epochs=epochs,
            batch_size=batch_size,
            callbacks=[*callbacks, keras.callbacks.LambdaCallback(on_epoch_end=show)],
            verbose=0,
        )


def _warm_up_and_cosine(peak: float, steps: int) -> keras.optimizers.schedules.CosineDecay:
    warm_up = steps // 10
    if warm_up == 0:
        return keras.optimizers.schedules.CosineDecay(peak, steps)
    return keras.optimizers.schedules.CosineDecay(
        0.0, steps - warm_up, warmup_target=peak, warmup_steps=warm_up
    )


def _check_returns_its_input_shape(model: keras.Model, shape: tuple[int, ...]) -> None:
    try:
        returned = model(keras.KerasTensor((None, *shape))).shape[1:]
    except ValueError as error:
        raise ValueError(f"model cannot take images of shape {shape}: {error}") from error
    if tuple(returned) != tuple(shape):
        raise ValueError(
            f"model must return images of the shape it takes, {shape}; it returns {returned}"
        )
