"""Training: Keras `compile` and `fit`, on batches gathered inside the compiled graph.

`fit(images, images)` with `steps_per_execution=32` has a large part of the gain in one keyword; how
large it was, and that gathering inside the graph is faster still, experiments/speed.py measures. On
two quiet CPU cores it was 1.25 times faster, and 10 to 15 % ahead of a `tf.data` pipeline that
gathers, with prefetch and as many steps a call. It also leaves one place, the step, where order and
noise are functions of seed, epoch and step, so that an interrupted training can go on and end with
the same weights.

`fit` is given a data set of whole numbers, the positions in an epoch, the same for each epoch. It
ends after an epoch on purpose: from one that does not, with `steps_per_epoch`, Keras draws as many
batches as fill its calls of 32 steps, 64 where 50 are wanted.
"""

import math
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from helpers.checks import check_count
from helpers.corruption import Corruption
from helpers.seeds import check_seed, spawn_seeds
from helpers.train_arguments import (
    Loss,
    OptimizerLike,
    check_backend,
    check_batch_size,
    check_callbacks,
    check_draw,
    check_initial_epoch,
    check_loss,
    check_rate_can_be_set,
    check_sets,
    check_xla,
    new_optimizer,
    old_optimizer,
)
from helpers.xla import Step, keras_step

STEPS_PER_CALL = 32
VALIDATION_BATCH_SIZE = 1000


def train(
    model: keras.Model,
    images: np.ndarray,
    *,
    validation: np.ndarray | None = None,
    augmentation: Corruption | None = None,
    corruption: Corruption | None = None,
    loss: Loss = "mse",
    optimizer: OptimizerLike = "adam",
    learning_rate: float | None = None,
    epochs: int = 10,
    initial_epoch: int = 0,
    batch_size: int = 256,
    callbacks: keras.callbacks.Callback | Iterable[keras.callbacks.Callback] | None = None,
    xla: bool | None = None,
    seed: int | None = None,
) -> keras.callbacks.History:
    """Train a model to rebuild its own input. There are no labels: the images are the target.

    It is Keras `fit` on index numbers: the images lie in memory once, and each step gathers its
    batch inside the compiled graph. The optimizer's steps start small, grow, and end small.

    **Seeds.** The order of the images, and what augmentation, corruption and layers such as
    dropout draw, are functions of seed, epoch and step. No global generator is read or set; only a
    model that is not built yet draws its first weights from them, as in Keras, and a function that
    draws without a seed. A second call with the same seed trains with the same order and the same
    noise again: give it another seed, or go on with `initial_epoch`.

    **Going on.** However training ends, by itself, by an interrupt or by an error in a callback,
    the model is left as the last step left it, with its optimizer and the optimizer's state;
    `model.history` has the epochs until then. `train(…, initial_epoch=3)`, all else as before,
    goes on after three whole epochs, with that model or one that was loaded from a checkpoint, and
    ends with the weights of a training without a break. So does a training that is started anew
    with the same `keras.callbacks.BackupAndRestore`, where that saves at the end of epochs, as it
    does unless told otherwise.

    Args:
        model: any Keras model that returns the shape it takes; it is compiled here.
        images: `(n, …)`, floating point, what the model trains on.
        validation: `(m, …)`, images of the same shape, measured after each epoch.
        augmentation: what is done to a batch before it is both input and target, such as noise
            that the model shall rebuild or a fresh binarisation: one draw makes both. It is called
            as a corruption is.
        corruption: what is done to a batch on its way into the model; the target stays without
            it. It is called as `corruption(batch, seed)` inside the graph, with a tensor
            `(batch_size, …)` and the seed that the functions of `keras.random` take, and returns
            the same shape. What it draws with that seed it draws anew for every batch. The
            validation images are augmented and corrupted once.
        loss: what Keras calls it, a Keras loss, or a function of target and output.
        optimizer: what Keras calls it, a Keras optimizer class, or an optimizer, of which a new
            one with the same settings is made where Keras can copy it. A training that goes on
            keeps the model's own, which has to have the same settings.
        learning_rate: the optimizer's largest step size; None for 0.005, or for that of the
            optimizer given. A schedule multiplies it: by a factor that grows in a tenth of all
            steps from 0 to 1, in a straight line, and falls from there to 0 along a cosine. The
            optimizer's own `learning_rate` stays at the largest, so a callback that sets it sets
            the largest from there on, and a saved model learns on at it. An optimizer that has a
            schedule of its own keeps it, and gets no other.
        epochs: how often the model sees every image, counted from the first epoch of all.
        initial_epoch: how many epochs of the same training were done before.
        batch_size: how many images one step averages over. The last batch of an epoch is filled up
            with images of its first.
        callbacks: Keras callbacks to run along. One of the reader's own that watches single batches
            is called at each; otherwise 32 steps run in one call, which is faster.
        xla: whether XLA compiles the step; None for where that is known to be faster and to change
            nothing else, which takes a CPU and 2,000 steps at least. XLA drops assertions and
            checks of a model where it is asked for.
        seed: of everything that is drawn here; None is the book's default seed. The first weights
            have a seed of their own, where the model is built.

    Returns:
        The Keras history: `.history["loss"]` and `.history["val_loss"]`, one number an epoch.

    Raises:
        ValueError: images or validation are not finite floating-point arrays of one shape, the
            model does not return that shape, augmentation or corruption change it, cannot run
            inside a graph or give two results for one seed, Keras knows no such loss or optimizer,
            the learning rate is not positive and finite, epochs or batch size are below 1, a batch
            is larger than the set of images, a callback is not one of Keras's, a training is to
            continue and the model lacks its optimizer, XLA is asked for and cannot compile the
            step, or Keras does not run on TensorFlow.
        FloatingPointError: the loss became NaN or infinite, and no `TerminateOnNaN` is among the
            callbacks.

    Example:
        >>> def noise(batch, seed):
        ...     return batch + 0.5 * keras.random.normal(batch.shape, seed=seed)
        >>> train(autoencoder, digits.train, corruption=noise, epochs=5)
    """
    check_backend()
    images, validation = check_sets(model, images, validation)
    batch_size = check_batch_size(batch_size, len(images))
    epochs = check_count(epochs, "epochs")
    initial_epoch = check_initial_epoch(initial_epoch, epochs)
    callbacks = check_callbacks(callbacks)
    check_loss(loss)
    check_xla(xla)
    check_draw(augmentation, "augmentation", images[:2])
    check_draw(corruption, "corruption", images[:2])
    order_seed, noise_seed, validation_seed = spawn_seeds(check_seed(seed), 3)

    plan = _Plan(len(images), batch_size, epochs, order_seed, noise_seed)
    with model.distribute_strategy.scope():
        chosen = new_optimizer(optimizer, learning_rate)
        if initial_epoch > 0:
            chosen = old_optimizer(model, chosen, learning_rate)
        check_rate_can_be_set(chosen, callbacks)
        draws = _Draws(augmentation, corruption, model.distribute_strategy.num_replicas_in_sync)
    with (
        _in_memory(images) as held,
        _compiled(model, chosen, loss, callbacks, plan),
        _progress_bar(epochs, initial_epoch) as bar,
    ):
        steps = (epochs - initial_epoch) * plan.steps
        step = keras_step(model, (batch_size, *images.shape[1:]), steps, xla)
        model.train_step = _planned_step(model, step, held, plan, draws)  # type: ignore[method-assign]
        return model.fit(
            plan.positions(),
            validation_data=draws.once(validation, validation_seed),
            validation_batch_size=VALIDATION_BATCH_SIZE,
            epochs=epochs,
            initial_epoch=initial_epoch,
            shuffle=False,  # the plan of an epoch is shuffled
            callbacks=[plan, *_guards(callbacks, epochs, images), *callbacks, _Progress(bar)],
            verbose=0,
        )


class _Plan(keras.callbacks.Callback):
    """What the steps of an epoch are made of, functions of seed and epoch: set as an epoch begins.

    Attributes:
        steps: of an epoch.
        order: int64 `(steps * batch_size,)`, the images' numbers in this epoch's order; all batches
            have one size, so that the step is compiled once and replicas share evenly.
        keys: int64 `(steps, 2)`, from 0 to 2**32 - 1: the seed of what a step draws.
        shares: `(steps,)`, the share of the largest step size that a step takes.
        largest: the largest step size, as it was before the step that runs.
        in_step: whether one runs, or raised: the optimizer's rate is not the largest then.
    """

    def __init__(
        self, count: int, batch_size: int, epochs: int, order_seed: int, noise_seed: int
    ) -> None:
        super().__init__()
        self.count, self.batch_size, self.epochs = count, batch_size, epochs
        self.order_seed, self.noise_seed = order_seed, noise_seed
        self.steps = math.ceil(count / batch_size)
        positions = tf.zeros(self.steps * batch_size, "int64")
        self.order = tf.Variable(positions, trainable=False)
        self.keys = tf.Variable(tf.zeros((self.steps, 2), "int64"), trainable=False)
        self.shares = tf.Variable(tf.zeros(self.steps, keras.config.floatx()), trainable=False)
        self.largest = tf.Variable(0, trainable=False, dtype=keras.config.floatx())
        self.in_step = tf.Variable(False, trainable=False)

    def positions(self) -> tf.data.Dataset:
        """The positions in an epoch, in batches: the same for each epoch."""
        positions = np.arange(self.steps * self.batch_size).reshape(self.steps, self.batch_size)
        return tf.data.Dataset.from_tensor_slices(positions)

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:  # noqa: ARG002
        order = np.random.default_rng([self.order_seed, epoch]).permutation(self.count)
        self.order.assign(np.resize(order, self.order.shape))  # filled up with its first
        draws = np.random.default_rng([self.noise_seed, epoch])
        self.keys.assign(draws.integers(2**32, size=self.keys.shape))
        steps = epoch * self.steps + np.arange(self.steps)
        self.shares.assign(_warm_up_and_cosine(steps, self.epochs * self.steps))
        # Layers that draw, such as dropout: no checkpoint holds how far they are.
        for state in self.model.variables:
            if state.name == "seed_generator_state":
                state.assign(draws.integers(2**32, size=2))


def _warm_up_and_cosine(steps: np.ndarray, total: int) -> np.ndarray:
    """Shares of the largest step size, from 0 to 1 in a tenth of all steps, then down to 0."""
    warm_up = total // 10
    falling = 0.5 + 0.5 * np.cos(np.pi * (steps - warm_up) / (total - warm_up))
    return np.where(steps < warm_up, steps / max(warm_up, 1), falling)


class _Draws:
    """What is drawn for a batch: once for input and target together, and once for the input.

    Each replica has a generator of its own; a shared one would give all of them the same noise.
    """

    def __init__(
        self, augmentation: Corruption | None, corruption: Corruption | None, replicas: int
    ) -> None:
        self.augmentation, self.corruption = augmentation, corruption
        self.nothing = augmentation is None and corruption is None
        self.generators = [keras.random.SeedGenerator(0) for _ in range(replicas)]

    def of_step(self, batch: tf.Tensor, key: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Input and target of a step that has this key, inside its graph."""
        if self.nothing:
            return batch, batch
        replica = tf.get_static_value(tf.distribute.get_replica_context().replica_id_in_sync_group)
        generator = self.generators[replica]
        key = tf.stack([(key[0] + replica) % 2**32, key[1]])
        generator.state.assign(keras.ops.cast(key, generator.state.dtype))
        return self._both(batch, generator)

    def once(self, images: np.ndarray | None, seed: int) -> tuple[np.ndarray, np.ndarray] | None:
        """Inputs and targets `(m, …)` of the validation images; None for none."""
        if images is None:
            return None
        if self.nothing:
            return images, images
        generator = keras.random.SeedGenerator(seed)
        images = keras.ops.convert_to_tensor(images, keras.config.floatx())
        starts = range(0, len(images), VALIDATION_BATCH_SIZE)
        batches = [images[start : start + VALIDATION_BATCH_SIZE] for start in starts]
        pairs = zip(*(self._both(batch, generator) for batch in batches), strict=True)
        return tuple(keras.ops.convert_to_numpy(keras.ops.concatenate(part)) for part in pairs)

    def _both(
        self, batch: tf.Tensor, generator: keras.random.SeedGenerator
    ) -> tuple[tf.Tensor, tf.Tensor]:
        target = batch if self.augmentation is None else self.augmentation(batch, generator)
        given = target if self.corruption is None else self.corruption(target, generator)
        return given, target


def _planned_step(
    model: keras.Model,
    step: Step,
    images: tf.Variable,
    plan: _Plan,
    draws: _Draws,
) -> Callable[[tf.Tensor], dict[str, tf.Tensor]]:
    """The step as `fit` calls it: on the positions of a batch in the epoch.

    The optimizer's learning rate is what the plan says while the step runs, and the largest before
    and after it: that is what callbacks see and set, and what checkpoints hold.
    """
    rate = model.optimizer.learning_rate
    has_schedule = not isinstance(rate, keras.Variable)

    def planned_step(positions: tf.Tensor) -> dict[str, tf.Tensor]:
        number = positions[0] // plan.batch_size
        batch = tf.gather(images, tf.gather(plan.order, positions))
        pair = draws.of_step(batch, plan.keys[number])
        if has_schedule:
            return step(pair)
        plan.largest.assign(rate)
        plan.in_step.assign(True)
        rate.assign(plan.largest * plan.shares[number])
        logs = step(pair)
        rate.assign(plan.largest)
        plan.in_step.assign(False)
        return logs

    return planned_step


@contextmanager
def _in_memory(images: np.ndarray) -> Iterator[tf.Variable]:
    """The images as a variable, which is emptied afterwards.

    A constant would not be let go: activations such as silu keep the graph of the step until Python
    ends, and the graph keeps its constants.
    """
    shape = (None, *images.shape[1:])
    held = tf.Variable(images, trainable=False, dtype=keras.config.floatx(), shape=shape)
    try:
        yield held
    finally:
        held.assign(images[:0])


@contextmanager
def _compiled(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    loss: Loss,
    callbacks: list[keras.callbacks.Callback],
    plan: _Plan,
) -> Iterator[None]:
    """The model compiled for a step of ours; afterwards, for plain Keras, with its optimizer."""
    strategy = model.distribute_strategy
    one_device = strategy.num_replicas_in_sync == 1
    # Keras's loop over several steps fails where they run on several devices.
    many = one_device and not any(_watches_batches(callback) for callback in callbacks)
    with strategy.scope():
        model.compile(optimizer, loss, jit_compile=False)  # XLA gets the step alone, in keras_step
        # Set here, it is no part of what checkpoints say of the compilation.
        model.steps_per_execution = STEPS_PER_CALL if many else 1
        model.optimizer.build(model.trainable_variables)  # into which a checkpoint can be loaded
    optimizer = model.optimizer  # under mixed precision Keras wraps it
    if one_device:
        _leave_out_sum_over_replicas(optimizer)
    try:
        yield
    finally:
        if plan.in_step:
            optimizer.learning_rate = plan.largest
        model.__dict__.pop("train_step", None)
        _take_back_sum_over_replicas(optimizer)
        # BackupAndRestore sets the epoch to go on from, and the next training would begin there.
        model._initial_epoch = None
        with strategy.scope():
            model.compile(optimizer, loss)


def _leave_out_sum_over_replicas(optimizer: keras.optimizers.Optimizer) -> None:
    """Leave out a step that changes nothing where there is one replica, and that costs memory.

    Keras sums gradients over replicas, be it one. TensorFlow registers the gradient of that sum by
    name (`tf.custom_gradient` in `ReplicaContext.all_reduce`) and so keeps the whole graph of a
    training until Python ends. The method is Keras's own; should its name change, the memory is
    all that is lost.
    """
    if hasattr(optimizer, "inner_optimizer"):  # of one that scales the loss
        optimizer = optimizer.inner_optimizer
    optimizer._all_reduce_sum_gradients = lambda gradients_and_variables: gradients_and_variables  # type: ignore[method-assign]


def _take_back_sum_over_replicas(optimizer: keras.optimizers.Optimizer) -> None:
    if hasattr(optimizer, "inner_optimizer"):
        optimizer = optimizer.inner_optimizer
    optimizer.__dict__.pop("_all_reduce_sum_gradients", None)


def _watches_batches(callback: keras.callbacks.Callback) -> bool:
    """Whether a callback has something of its own to do at single batches.

    Keras's own callbacks watch them as well, but act on them only where they are told to save or
    write more often than once an epoch; to look for a NaN every 32 steps is enough.
    """
    names = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")
    methods = (getattr(callback, name) for name in names)
    if any(not _module(method).startswith("keras.") for method in methods):
        return True
    how_often = {getattr(callback, name, "epoch") for name in ("save_freq", "update_freq")}
    return how_often != {"epoch"}


def _module(method: Callable) -> str:
    return getattr(method, "__module__", None) or ""


def _progress_bar(epochs: int, initial_epoch: int) -> tqdm:
    # Where there is no console, such as under pythonw, there is no stderr.
    settings = {"unit": "epoch", "leave": False, "disable": sys.stderr is None}
    return tqdm(total=epochs, initial=initial_epoch, **settings)


class _Progress(keras.callbacks.Callback):
    """Moves a progress bar on, and shows the losses beside it."""

    def __init__(self, bar: tqdm) -> None:
        super().__init__()
        self.bar = bar

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        shown = {name: f"{value:.4f}" for name, value in (logs or {}).items()}
        self.bar.set_postfix(shown, refresh=False)
        self.bar.update(epoch + 1 - self.bar.n)  # from where BackupAndRestore went on


def _guards(
    callbacks: list[keras.callbacks.Callback], epochs: int, images: np.ndarray
) -> list[keras.callbacks.Callback]:
    """What stops a training whose loss is no number, where no callback was given that does."""
    if any(isinstance(callback, keras.callbacks.TerminateOnNaN) for callback in callbacks):
        return []
    return [_StopWhenNotFinite(epochs, images)]


class _StopWhenNotFinite(keras.callbacks.Callback):
    """Raises with the usual causes where the loss has become NaN or infinite."""

    def __init__(self, epochs: int, images: np.ndarray) -> None:
        super().__init__()
        self.epochs, self.images = epochs, images
        self.epoch = 0

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:  # noqa: ARG002
        self.epoch = epoch + 1

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:  # noqa: ARG002
        self._check("loss", logs)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:  # noqa: ARG002
        self._check("val_loss", logs)

    def _check(self, name: str, logs: dict[str, float] | None) -> None:
        logs = logs or {}
        if math.isfinite(logs.get(name, 0.0)):
            return
        raise FloatingPointError(
            f"{name} became {logs[name]} in epoch {self.epoch} of {self.epochs}, and training "
            f"stopped. Usual causes: a learning rate that is too large (it is "
            f"{float(self.model.optimizer.learning_rate):g}); images that are not scaled (they run "
            f"from {self.images.min():g} to {self.images.max():g}); a loss or a layer that divides "
            "by 0 or takes the logarithm of a number that is not positive."
        )
