"""Training: Keras `compile` and `fit`, on batches gathered inside the compiled graph."""

import functools
import math
from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from helpers.checks import check_array, check_count, is_number
from helpers.seeds import check_seed, spawn_seeds

Corruption = Callable[[tf.Tensor, int | keras.random.SeedGenerator], tf.Tensor]

STEPS_PER_CALL = 32
VALIDATION_BATCH_SIZE = 1000
# Compiling with XLA takes about as long as it saves in this many steps: experiments/speed.py.
XLA_PAYS_FROM = 1000
# On CPU, XLA's versions of these take longer than TensorFlow's own: experiments/speed.py.
SLOW_UNDER_XLA = {
    "Conv2D",
    "Conv2DBackpropInput",  # a transposed convolution
    "StatelessRandomGetKeyCounter",  # any random number of Keras, such as those of dropout
    "TopK",
    "TopKV2",
}
# Calls of Python, and results whose shape depends on the numbers: XLA refuses them.
IMPOSSIBLE_UNDER_XLA = {"EagerPyFunc", "PyFunc", "PyFuncStateless", "Unique", "UniqueV2", "Where"}


def train(
    model: keras.Model,
    images: np.ndarray,
    *,
    validation: np.ndarray | None = None,
    corruption: Corruption | None = None,
    loss: str | keras.losses.Loss = "mse",
    optimizer: str | Callable[..., keras.optimizers.Optimizer] = "adam",
    learning_rate: float = 5e-3,
    epochs: int = 10,
    batch_size: int = 256,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    xla: bool | None = None,
    seed: int | None = None,
) -> keras.callbacks.History:
    """Train a model to rebuild its own input. There are no labels: the images are the target.

    It is Keras `fit` on index numbers: the images lie in memory once, and each step gathers its
    batch inside the compiled graph. The optimizer's steps start small, grow, and end small.

    An interrupt, or an error in a callback, leaves the model as the last step left it, ready to be
    used or trained again; `model.history` has the epochs until then. However training ends, the
    model is left compiled with the loss and a new optimizer at the learning rate.

    Args:
        model: any Keras model that returns the shape it takes; it is compiled here.
        images: `(n, …)`, floating point, what the model trains on.
        validation: `(m, …)`, images of the same shape, measured after each epoch.
        corruption: what is done to a batch on its way into the model; the target stays clean. It
            is called as `corruption(batch, seed)` inside the graph, with a tensor
            `(batch_size, …)` and the seed that the functions of `keras.random` take, and returns
            the same shape. What it draws with that seed it draws anew for every batch; the
            validation images are corrupted once.
        loss: what Keras calls it, or a Keras loss.
        optimizer: what Keras calls it, or a Keras optimizer class.
        learning_rate: the optimizer's largest step size. It is reached after a tenth of all steps,
            in a straight line from 0, and falls from there to 0 along a cosine.
        epochs: how often the model sees every image.
        batch_size: how many images one step averages over. The last batch of an epoch is filled up
            with images of its first.
        callbacks: Keras callbacks to run along. One that watches single batches is called at each;
            otherwise 32 steps run in one call, which is faster.
        xla: whether XLA compiles the step; None for where that is known to be faster, which takes
            1,000 steps at least.
        seed: of the order in which images are drawn and of the corruption; None is the book's
            default seed. The first weights have a seed of their own, where the model is built.

    Returns:
        The Keras history: `.history["loss"]` and `.history["val_loss"]`, one number an epoch.

    Raises:
        ValueError: images or validation are not finite floating-point arrays of one shape, the
            model does not return that shape, the corruption changes it, cannot run inside a graph
            or gives two results for one seed, the learning rate is not positive and finite, epochs
            or batch size are below 1, or a batch is larger than the set of images.
        FloatingPointError: the loss became NaN or infinite.

    Example:
        >>> def noise(batch, seed):
        ...     return batch + 0.5 * keras.random.normal(batch.shape, seed=seed)
        >>> train(autoencoder, digits.train, corruption=noise, epochs=5)
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
    if not is_number(learning_rate) or not 0 < learning_rate < math.inf:
        raise ValueError(f"learning_rate must be positive and finite; got {learning_rate!r}")
    if not isinstance(optimizer, str | Callable):
        raise ValueError(
            "optimizer must be what Keras calls it, such as 'adam', or a Keras optimizer class; "
            f"got {optimizer!r}"
        )
    if not (xla is None or isinstance(xla, bool)):
        raise ValueError(f"xla must be True, False or None; got {xla!r}")
    if not isinstance(model, keras.Model):
        raise ValueError(f"model must be a Keras model; got {type(model).__name__}")
    with model.distribute_strategy.scope():  # the check builds a model that is not built yet
        _check_returns_its_input_shape(model, images.shape[1:])
    order_seed, noise_seed, validation_seed = spawn_seeds(check_seed(seed), 3)
    if corruption is not None:
        _check_corruption(corruption, images[:2])

    if isinstance(optimizer, str):
        optimizer = type(keras.optimizers.get(optimizer))
    steps = math.ceil(len(images) / batch_size)
    schedule = _warm_up_and_cosine(learning_rate, epochs * steps)
    single = any(_watches_batches(callback) for callback in callbacks)
    # Keras's loop over several steps fails where they run on several devices.
    single = single or model.distribute_strategy.num_replicas_in_sync > 1
    keras.utils.set_random_seed(order_seed)
    with model.distribute_strategy.scope():
        model.compile(
            optimizer(learning_rate=schedule),
            loss,
            steps_per_execution=1 if single else STEPS_PER_CALL,
            jit_compile=False,  # XLA gets the step alone, in _step_on_indices
        )
        replicas = model.distribute_strategy.num_replicas_in_sync
        if replicas == 1:
            _without_sum_over_replicas(model.optimizer)
        noise = [keras.random.SeedGenerator(part) for part in spawn_seeds(noise_seed, replicas)]
        operations = _trace_loss(model, images.shape[1:])
    if xla is None:
        xla = epochs * steps >= XLA_PAYS_FROM and _is_faster_under_xla(model, operations)
    if validation is not None:
        validation = (_corrupted(validation, corruption, validation_seed), validation)
    # A layer such as silu keeps the graph of the step in memory, and with it a tensor it holds; a
    # variable can be emptied.
    held = tf.Variable(
        images, trainable=False, dtype=keras.config.floatx(), shape=(None, *images.shape[1:])
    )
    step = _step_on_indices(model, held, corruption, noise, xla)
    with tqdm(total=epochs, unit="epoch", leave=False) as bar:

        def show(_epoch: int, logs: dict[str, float]) -> None:
            bar.set_postfix({name: f"{value:.4f}" for name, value in logs.items()})
            bar.update()

        try:
            model.train_step = step
            return model.fit(
                _index_batches(len(images), batch_size, order_seed),
                validation_data=validation,
                validation_batch_size=VALIDATION_BATCH_SIZE,
                epochs=epochs,
                shuffle=False,  # the indices come shuffled
                callbacks=[
                    _StopWhenNotFinite(epochs, learning_rate, images),
                    *callbacks,
                    keras.callbacks.LambdaCallback(on_epoch_end=show),
                ],
                verbose=0,
            )
        finally:
            del model.train_step
            with model.distribute_strategy.scope():
                model.compile(optimizer(learning_rate=learning_rate), loss)
            held.assign(images[:0])


def _warm_up_and_cosine(peak: float, steps: int) -> keras.optimizers.schedules.CosineDecay:
    warm_up = steps // 10
    if warm_up == 0:
        return keras.optimizers.schedules.CosineDecay(peak, steps)
    return keras.optimizers.schedules.CosineDecay(
        0.0, steps - warm_up, warmup_target=peak, warmup_steps=warm_up
    )


def _index_batches(count: int, batch_size: int, seed: int) -> tf.data.Dataset:
    """The numbers 0 to count - 1 in batches, in another order each time it is iterated.

    All batches have one size, so that the step is compiled once and replicas share evenly.
    """
    steps = math.ceil(count / batch_size)
    filled_up = tf.range(steps * batch_size) % count

    def one_epoch(epoch_seed: tf.Tensor) -> tf.data.Dataset:
        order = tf.random.experimental.stateless_shuffle(
            tf.range(count), seed=tf.stack([epoch_seed, epoch_seed])
        )
        batches = tf.reshape(tf.gather(order, filled_up), (steps, batch_size))
        return tf.data.Dataset.from_tensor_slices(batches)

    epoch_seeds = tf.data.Dataset.random(seed, rerandomize_each_iteration=True).take(1)
    return epoch_seeds.flat_map(one_epoch).apply(tf.data.experimental.assert_cardinality(steps))


def _step_on_indices(
    model: keras.Model,
    images: tf.Variable,
    corruption: Corruption | None,
    noise: list[keras.random.SeedGenerator],
    xla: bool,
) -> Callable[[tf.Tensor], dict[str, tf.Tensor]]:
    """The model's own train step, on images gathered by their indices.

    XLA gets the step alone: its gather and its random numbers are slower than TensorFlow's. Each
    replica has a seed generator of its own; a shared one would give all of them the same noise.
    """
    step = (
        tf.function(model.train_step, autograph=False, jit_compile=True)
        if xla
        else model.train_step
    )

    def step_on_indices(indices: tf.Tensor) -> dict[str, tf.Tensor]:
        batch = tf.gather(images, indices)
        if corruption is None:
            return step((batch, batch))
        replica = tf.get_static_value(tf.distribute.get_replica_context().replica_id_in_sync_group)
        return step((corruption(batch, noise[replica]), batch))

    return step_on_indices


def _without_sum_over_replicas(optimizer: keras.optimizers.Optimizer) -> None:
    """Leave out a step that changes nothing where there is one replica, and that costs memory.

    Keras sums gradients over replicas, be it one. TensorFlow registers the gradient of that sum by
    name (`tf.custom_gradient` in `ReplicaContext.all_reduce`) and so keeps the whole graph of a
    training until Python ends. The method is Keras's own; should its name change, the memory is
    all that is lost.
    """
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)  # of one that scales the loss
    optimizer._all_reduce_sum_gradients = lambda gradients_and_variables: gradients_and_variables


def _corrupted(images: np.ndarray, corruption: Corruption | None, seed: int) -> np.ndarray:
    if corruption is None:
        return images
    noise = keras.random.SeedGenerator(seed)
    images = keras.ops.convert_to_tensor(images, keras.config.floatx())
    starts = range(0, len(images), VALIDATION_BATCH_SIZE)
    batches = [corruption(images[start : start + VALIDATION_BATCH_SIZE], noise) for start in starts]
    return keras.ops.convert_to_numpy(keras.ops.concatenate(batches))


def _trace_loss(model: keras.Model, shape: tuple[int, ...]) -> set[str]:
    """The names of TensorFlow's operations in a compiled model and its loss.

    It also lets Keras build the loss, which under `tf.distribute` it would try on the indices.
    """

    @functools.partial(tf.function, autograph=False)
    def loss(batch: tf.Tensor) -> tf.Tensor:
        return model.compute_loss(x=batch, y=batch, y_pred=model(batch, training=True))

    spec = tf.TensorSpec((None, *shape), keras.config.floatx())
    graph = loss.get_concrete_function(spec).graph.as_graph_def()
    parts = [graph.node, *(part.node_def for part in graph.library.function)]
    return {node.op for nodes in parts for node in nodes}


def _is_faster_under_xla(model: keras.Model, operations: set[str]) -> bool:
    return (
        model.distribute_strategy.num_replicas_in_sync == 1  # Keras, too, leaves XLA out there
        and all(layer.supports_jit for layer in model._flatten_layers())
        and not operations & (SLOW_UNDER_XLA | IMPOSSIBLE_UNDER_XLA)
    )


def _watches_batches(callback: keras.callbacks.Callback) -> bool:
    def overrides(name: str) -> bool:
        method = getattr(callback, name)
        return getattr(method, "__func__", method) is not getattr(keras.callbacks.Callback, name)

    names = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")
    return any(overrides(name) for name in names)


class _StopWhenNotFinite(keras.callbacks.Callback):
    """Raises with the usual causes where the loss is no number any more."""

    def __init__(self, epochs: int, learning_rate: float, images: np.ndarray) -> None:
        super().__init__()
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.images = images
        self.epoch = 0

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:  # noqa: ARG002
        self.epoch = epoch + 1

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:  # noqa: ARG002
        self._check("loss", logs)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:  # noqa: ARG002
        self._check("val_loss", logs)

    def _check(self, name: str, logs: dict[str, float]) -> None:
        if math.isfinite(logs.get(name, 0.0)):
            return
        raise FloatingPointError(
            f"{name} became {logs[name]} in epoch {self.epoch} of {self.epochs}, and training "
            f"stopped. Usual causes: a learning rate that is too large (it is "
            f"{self.learning_rate:g}); images that are not scaled (they run from "
            f"{self.images.min():g} to {self.images.max():g}); a loss or a layer that divides by "
            "0 or takes the logarithm of a number that is not positive."
        )


def _check_corruption(corruption: Corruption, few: np.ndarray) -> None:
    if not callable(corruption):
        raise ValueError(
            "corruption must be callable as corruption(batch, seed); "
            f"got {type(corruption).__name__} {corruption!r}"
        )
    batch = keras.ops.convert_to_tensor(few, keras.config.floatx())

    def in_a_graph() -> np.ndarray:
        noise = keras.random.SeedGenerator(0)
        graph = tf.function(lambda given: corruption(given, noise), autograph=False)
        # Called directly, the graphs of many trainings count as one function that is traced again
        # and again, and TensorFlow warns.
        return keras.ops.convert_to_numpy(graph.get_concrete_function(batch)(batch))

    try:
        once, again = in_a_graph(), in_a_graph()
    except (AttributeError, NotImplementedError, TypeError, ValueError) as error:
        raise ValueError(
            "corruption must work inside a graph, with the functions of keras.ops and "
            f"keras.random; it raised {type(error).__name__}: {error}"
        ) from error
    if once.shape != few.shape:
        raise ValueError(
            f"corruption must return the shape it is given, {few.shape}; it returned {once.shape}"
        )
    if not np.array_equal(once, again, equal_nan=True):
        raise ValueError(
            "corruption must draw everything random from the seed it is given, as in "
            "keras.random.normal(shape, seed=seed); it returned two results for one seed"
        )


def _check_returns_its_input_shape(model: keras.Model, shape: tuple[int, ...]) -> None:
    try:
        returned = model(keras.KerasTensor((None, *shape)))
    except ValueError as error:
        raise ValueError(f"model cannot take images of shape {shape}: {error}") from error
    if not isinstance(returned, keras.KerasTensor):
        raise ValueError(f"model must return images alone; it returns a {type(returned).__name__}")
    if tuple(returned.shape[1:]) != tuple(shape):
        raise ValueError(
            f"model must return images of the shape it takes, {shape}; "
            f"it returns {returned.shape[1:]}"
        )
