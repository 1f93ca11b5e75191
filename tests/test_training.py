"""Training: the input is the target, seeds decide, bad arguments stop before anything compiles."""

import gc
import random
import signal
import subprocess
import sys
import threading
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from helpers import training, xla
from helpers.models import dense_autoencoder
from helpers.training import train


@pytest.fixture(scope="module")
def images(digits):
    return digits.train[:512]


def trained(images, *, weights_seed=0, seed=0, **settings):
    model = dense_autoencoder(8, seed=weights_seed)
    history = train(model, images, epochs=2, batch_size=64, seed=seed, **settings)
    return model.get_weights(), history


def linear(inputs=3, outputs=3):
    return keras.Sequential([keras.Input((inputs,)), layers.Dense(outputs, use_bias=False)])


def test_a_step_of_gradient_descent_is_the_one_computed_by_hand():
    inputs = np.random.default_rng(0).normal(size=(16, 3)).astype(np.float32)
    model = linear()
    before = model.get_weights()[0]
    train(model, inputs, loss="mse", optimizer="sgd", learning_rate=0.1, epochs=1, batch_size=16)
    gradient = 2 * inputs.T @ (inputs @ before - inputs) / inputs.size
    np.testing.assert_allclose(model.get_weights()[0], before - 0.1 * gradient, atol=1e-6)


class Shift(layers.Layer):
    """Adds one number to everything; its gradient under `mean_output` is 1."""

    def build(self, shape):  # noqa: ARG002
        self.number = self.add_weight(shape=(), initializer="zeros")

    def call(self, inputs):
        return inputs + self.number


def mean_output(target, output):  # noqa: ARG001
    return keras.ops.mean(output)


def step_sizes(epochs, **settings):
    """What gradient descent moved `Shift` by in each step, eight to an epoch, and the model."""
    model = keras.Sequential([keras.Input((3,)), Shift()])
    numbers = [0.0]

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):  # noqa: ARG002
            numbers.append(float(model.layers[0].number))

    callbacks = [Watch(), *settings.pop("callbacks", [])]
    settings = {"optimizer": "sgd", "learning_rate": 0.01, **settings}
    inputs = np.zeros((32, 3), np.float32)
    train(
        model,
        inputs,
        loss=mean_output,
        epochs=epochs,
        batch_size=4,
        callbacks=callbacks,
        **settings,
    )
    return -np.diff(numbers), model


def shares(steps):
    """Of the largest step size: a tenth of the steps in a line from 0, then along a cosine."""
    warm_up = steps // 10
    fall = np.arange(steps - warm_up) / (steps - warm_up)
    return np.array([*np.arange(warm_up) / warm_up, *(0.5 + 0.5 * np.cos(np.pi * fall))])


def test_steps_grow_in_a_line_and_fall_along_a_cosine():
    sizes, model = step_sizes(5)
    np.testing.assert_allclose(sizes, 0.01 * shares(40), atol=1e-7)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.01)


def test_a_callback_that_sets_the_learning_rate_sets_the_largest_step_size():
    halve = keras.callbacks.LearningRateScheduler(lambda epoch: 0.04 / 2**epoch)
    sizes, model = step_sizes(5, callbacks=[halve])
    peaks = np.repeat(0.04 / 2.0 ** np.arange(5), 8)
    np.testing.assert_allclose(sizes, peaks * shares(40), atol=1e-7)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.04 / 16)
    reduce = keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=9)
    sizes, _ = step_sizes(5, callbacks=[reduce])
    peaks = 0.01 * np.repeat([1, 1, 0.5, 0.25, 0.125], 8)
    np.testing.assert_allclose(sizes, peaks * shares(40), atol=1e-7)


def test_an_optimizer_given_is_copied_with_its_rate_and_settings():
    given = keras.optimizers.SGD(0.02, momentum=0.5)
    sizes, model = step_sizes(5, optimizer=given, learning_rate=None)
    velocity, expected = 0.0, []
    for share in shares(40):
        velocity = 0.5 * velocity + 0.02 * share
        expected.append(velocity)
    np.testing.assert_allclose(sizes, expected, atol=1e-6)
    assert model.optimizer is not given
    assert not given.built
    sizes, _ = step_sizes(5, optimizer=keras.optimizers.SGD(0.02), learning_rate=0.01)
    np.testing.assert_allclose(sizes, 0.01 * shares(40), atol=1e-7)


def test_an_optimizer_with_a_schedule_of_its_own_keeps_it():
    schedule = keras.optimizers.schedules.InverseTimeDecay(0.01, 1, 1.0)
    sizes, _ = step_sizes(2, optimizer=keras.optimizers.SGD(schedule), learning_rate=None)
    np.testing.assert_allclose(sizes, 0.01 / (1 + np.arange(16)), atol=1e-7)
    with pytest.raises(
        ValueError, match=r"learning_rate must be None beside an optimizer that has"
    ):
        step_sizes(2, optimizer=keras.optimizers.SGD(schedule), learning_rate=0.1)


def test_the_history_is_kerass_with_one_number_an_epoch(images, digits):
    _, history = trained(images, validation=digits.validation[:100])
    assert isinstance(history, keras.callbacks.History)
    assert {name: len(numbers) for name, numbers in history.history.items()} == {
        "loss": 2,
        "val_loss": 2,
    }


@pytest.mark.slow
def test_the_validation_loss_is_the_error_on_the_validation_images(images, digits):
    model = dense_autoencoder(8)
    held_out = digits.validation[:100]
    history = train(model, images, validation=held_out, epochs=1, batch_size=64)
    expected = np.square(model.predict(held_out, verbose=0) - held_out).mean()
    assert history.history["val_loss"][0] == pytest.approx(expected, rel=1e-5)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights_and_another_seed_others(images):
    first, _ = trained(images)
    second, _ = trained(images)
    other_order, _ = trained(images, seed=1)
    for weights, same, other in zip(first, second, other_order, strict=True):
        np.testing.assert_array_equal(weights, same)
        assert not np.array_equal(weights, other)


@pytest.mark.slow
def test_the_default_seed_follows_the_environment(images, monkeypatch):
    monkeypatch.setenv("BOOK_SEED", "1")
    shifted, _ = trained(images, seed=None)
    expected, _ = trained(images, seed=1)
    np.testing.assert_array_equal(shifted[0], expected[0])


def test_callbacks_run_along(images):
    seen = []
    watch = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, _logs: seen.append(epoch))
    trained(images, callbacks=[watch])
    assert seen == [0, 1]


@pytest.mark.slow
def test_optimizers_may_be_named_or_given_as_a_class(images):
    named, _ = trained(images, optimizer="adam")
    given, _ = trained(images, optimizer=keras.optimizers.Adam)
    np.testing.assert_array_equal(named[0], given[0])


def test_progress_is_shown_and_nothing_of_it_stays(images, capsys):
    trained(images)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "2/2" in shown.err or "1/2" in shown.err
    assert "\n" not in shown.err
    assert shown.err.rsplit("\r", 2)[-2].strip() == ""


class Recorder(layers.Layer):
    """Passes batches on and keeps a copy of each."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def call(self, batch):
        tf.numpy_function(self.seen.append, [batch], [])
        return tf.identity(batch)


def recording(shape):
    """A model, and in it the recorder of what it is given."""
    recorder = Recorder()
    model = keras.Sequential([keras.Input(shape), recorder, layers.Dense(3)])
    recorder.seen.clear()
    return model, recorder


def recorded(inputs, *, epochs=3, batch_size=4, **settings):
    """The batches a model is given, epoch by epoch, trained without XLA: `(epochs, steps, …)`."""
    model, recorder = recording(inputs.shape[1:])
    train(model, inputs, epochs=epochs, batch_size=batch_size, xla=False, **settings)
    return np.array(recorder.seen).reshape(epochs, -1, batch_size, *inputs.shape[1:])


NUMBERED = np.arange(30, dtype=np.float32).reshape(10, 3)
MANY = np.ones((400, 3), np.float32)


def test_each_epoch_draws_every_image_in_another_order_and_fills_up_with_its_first():
    first_column = recorded(NUMBERED, seed=0)[..., 0].reshape(3, 12) / 3
    for order in first_column:
        assert sorted(order[:10]) == list(range(10))
        np.testing.assert_array_equal(order[10:], order[:2])
    assert not np.array_equal(first_column[0], first_column[1])
    assert not np.array_equal(first_column[1], first_column[2])


def add_noise(batch, seed):
    return batch + keras.random.normal(keras.ops.shape(batch), seed=seed)


@pytest.mark.slow
def test_noise_is_drawn_anew_for_every_batch_and_decided_by_the_seed():
    clean = np.zeros((10, 3), np.float32)
    noise = recorded(clean, corruption=add_noise, seed=0)
    assert len(np.unique(noise)) == noise.size
    np.testing.assert_array_equal(noise, recorded(clean, corruption=add_noise, seed=0))
    assert not np.isin(noise, recorded(clean, corruption=add_noise, seed=1)).any()


@pytest.mark.slow
def test_a_second_call_draws_the_same_again_and_a_later_epoch_what_it_would_have_drawn():
    clean = np.zeros((10, 3), np.float32)
    first = recorded(clean, corruption=add_noise, seed=0)
    np.testing.assert_array_equal(first, recorded(clean, corruption=add_noise, seed=0))
    order = recorded(NUMBERED, seed=0)
    model, recorder = recording((3,))
    for initial_epoch in (0, 2):
        recorder.seen.clear()
        settings = {"epochs": 3, "batch_size": 4, "seed": 0, "initial_epoch": initial_epoch}
        train(model, NUMBERED, xla=False, **settings)
    np.testing.assert_array_equal(recorder.seen, order[2])
    recorder.seen.clear()
    train(model, clean, xla=False, corruption=add_noise, **settings)
    np.testing.assert_array_equal(recorder.seen, first[2])


@pytest.mark.slow
def test_augmentation_draws_once_for_input_and_target():
    pairs = []

    def keep(target, output):
        tf.numpy_function(lambda *pair: pairs.append(pair), [target, output], [])
        return keras.ops.mean(keras.ops.square(target - output))

    def halve(batch, seed):  # noqa: ARG001
        return 0.5 * batch

    clean = np.ones((4, 3), np.float32)
    for corruption in (None, halve):
        model = keras.Sequential([keras.Input((3,)), Shift()])
        pairs.clear()
        train(
            model,
            clean,
            validation=clean[:2],
            augmentation=add_noise,
            corruption=corruption,
            loss=keep,
            optimizer="sgd",
            learning_rate=1e-9,
            epochs=2,
            batch_size=4,
        )
        first, _, second, _ = pairs  # a batch and the validation images, twice
        for target, output in pairs:
            share = 0.5 if corruption else 1.0
            np.testing.assert_allclose(output, share * target, atol=1e-6)
        assert len(np.unique([*first[0].ravel(), *second[0].ravel()])) == 24
        np.testing.assert_array_equal(pairs[1][0], pairs[3][0])  # drawn once


def test_the_input_is_corrupted_and_the_target_is_clean():
    inputs = np.random.default_rng(0).normal(size=(16, 3)).astype(np.float32)
    model = linear()
    before = model.get_weights()[0]
    train(
        model,
        inputs,
        corruption=lambda batch, seed: 0.5 * batch,  # noqa: ARG005
        optimizer="sgd",
        learning_rate=0.1,
        epochs=1,
        batch_size=16,
    )
    gradient = inputs.T @ (0.5 * inputs @ before - inputs) / inputs.size
    np.testing.assert_allclose(model.get_weights()[0], before - 0.1 * gradient, atol=1e-6)


def test_penalties_that_layers_add_count_beside_the_error():
    class Penalised(layers.Dense):
        def call(self, inputs):
            outputs = super().call(inputs)
            self.add_loss(keras.ops.mean(keras.ops.square(outputs)))
            return outputs

    inputs = np.random.default_rng(0).normal(size=(16, 3)).astype(np.float32)
    for compiled in (False, True):
        model = keras.Sequential([keras.Input((3,)), Penalised(3, use_bias=False)])
        before = model.get_weights()[0]
        settings = {"optimizer": "sgd", "learning_rate": 0.1, "epochs": 1, "batch_size": 16}
        history = train(model, inputs, xla=compiled, **settings)
        outputs = inputs @ before
        loss = np.square(outputs - inputs).mean() + np.square(outputs).mean()
        assert history.history["loss"] == pytest.approx([loss], rel=1e-5)
        gradient = 2 * inputs.T @ (outputs - inputs + outputs) / inputs.size
        np.testing.assert_allclose(model.get_weights()[0], before - 0.1 * gradient, atol=1e-6)


@pytest.mark.slow
def test_validation_images_are_corrupted_once_against_a_clean_target(digits):
    seen = []

    def watched_noise(batch, seed):
        noisy = add_noise(batch, seed)
        if batch.shape[0] == 100:
            seen.append(keras.ops.convert_to_numpy(noisy))
        return noisy

    model = dense_autoencoder(8)
    held_out = digits.validation[:100]
    settings = {"epochs": 3, "batch_size": 64, "corruption": watched_noise}
    history = train(model, digits.train[:128], validation=held_out, **settings)
    assert len(seen) == 1
    expected = np.square(model.predict(seen[0], verbose=0) - held_out).mean()
    assert history.history["val_loss"][-1] == pytest.approx(expected, rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("corruption", [None, add_noise], ids=["clean", "noisy"])
def test_compiled_or_not_the_weights_are_the_same_within_rounding(images, corruption):
    plain, _ = trained(images, corruption=corruption, xla=False)
    compiled, _ = trained(images, corruption=corruption, xla=True)
    start = dense_autoencoder(8, seed=0).get_weights()
    for found, expected, first in zip(compiled, plain, start, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-4)
        assert np.abs(expected - first).max() > 0.01


@pytest.mark.slow
def test_one_step_a_call_or_many_the_weights_are_the_same(images):
    calls = []
    watch = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: calls.append(batch)  # noqa: ARG005
    )
    single, _ = trained(images, callbacks=[watch])
    many, _ = trained(images)
    assert calls == [*range(8), *range(8)]
    for found, expected in zip(many, single, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)


class TopK(layers.Layer):
    def call(self, inputs):
        return keras.ops.top_k(inputs, 2)[0]


class Sieve(layers.Layer):
    """Its output's shape depends on the numbers, which XLA does not compile."""

    def call(self, inputs):
        self.add_loss(tf.reduce_sum(tf.boolean_mask(inputs, inputs > 0)))
        return inputs


def small_model(*inner):
    return keras.Sequential([keras.Input((3,)), *inner, layers.Dense(3)])


def as_compiled(model, monkeypatch, epochs=667, **settings):
    """Whether `train` asks for XLA, and how many steps it runs in a call; three steps an epoch."""
    asked, steps = [], []
    function = tf.function

    def watched(*arguments, jit_compile=None, **options):
        if arguments == (model.train_step,):  # Keras compiles parts of its own
            asked.append(jit_compile)
        return function(*arguments, jit_compile=jit_compile, **options)

    def stop(_logs):
        steps.append(model.steps_per_execution)
        model.stop_training = True

    stopper = keras.callbacks.LambdaCallback(on_train_begin=stop)
    with monkeypatch.context() as patch:
        patch.setattr(tf, "function", watched)
        callbacks = [stopper, *settings.pop("callbacks", [])]
        train(model, NUMBERED, epochs=epochs, batch_size=4, callbacks=callbacks, **settings)
    return True in asked, steps[0]


def compiled_with_xla(model, monkeypatch, **settings):
    return as_compiled(model, monkeypatch, **settings)[0]


def test_xla_is_used_where_it_is_asked_for_and_nowhere_else(monkeypatch):
    assert compiled_with_xla(small_model(), monkeypatch, epochs=1, xla=True)
    assert not compiled_with_xla(small_model(), monkeypatch, xla=False)


@pytest.mark.slow
def test_many_steps_run_in_a_call_unless_a_callback_watches_batches(monkeypatch):
    watch = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)  # noqa: ARG005
    assert as_compiled(small_model(), monkeypatch)[1] == 32
    assert as_compiled(small_model(), monkeypatch, callbacks=[watch])[1] == 1


@pytest.mark.slow
def test_callbacks_of_keras_that_act_once_an_epoch_keep_many_steps_a_call(monkeypatch, tmp_path):
    class Named(keras.callbacks.ModelCheckpoint):
        pass

    for often, callback in (
        (32, keras.callbacks.ModelCheckpoint(tmp_path / "model.keras")),
        (32, Named(tmp_path / "model.keras")),
        (32, keras.callbacks.BackupAndRestore(tmp_path / "backup")),
        (32, keras.callbacks.TerminateOnNaN()),
        (32, keras.callbacks.EarlyStopping("loss")),
        (1, keras.callbacks.ModelCheckpoint(tmp_path / "model.keras", save_freq=2)),
        (1, keras.callbacks.BackupAndRestore(tmp_path / "backup", save_freq=2)),
    ):
        found = as_compiled(small_model(), monkeypatch, epochs=1, callbacks=[callback])
        assert found == (False, often), callback


@pytest.mark.slow
@pytest.mark.parametrize("form", ["alone", "generator", "nested", "list of Keras"])
def test_callbacks_may_come_in_every_form_that_keras_takes(images, form):
    seen = []
    watch = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, _logs: seen.append(epoch))
    given = {
        "alone": watch,
        "generator": (callback for callback in [watch]),
        "nested": [[watch]],
        "list of Keras": keras.callbacks.CallbackList([watch]),
    }
    trained(images, callbacks=given[form])
    assert seen == [0, 1]


@pytest.mark.slow
def test_xla_is_left_out_where_it_is_slower_or_cannot_be(monkeypatch):
    unsupported = layers.Dense(4)
    unsupported.supports_jit = False
    assert compiled_with_xla(small_model(layers.Dense(4)), monkeypatch)
    assert not compiled_with_xla(small_model(layers.Dense(4)), monkeypatch, epochs=666)
    assert not compiled_with_xla(small_model(unsupported), monkeypatch)
    for slower in (
        [TopK()],
        [keras.Sequential([TopK()])],
        [layers.Dropout(0.5)],
        [layers.GaussianNoise(0.5)],
        [Recorder()],
        [Sieve()],
        [layers.Reshape((3, 1, 1)), layers.Conv2D(1, 3, padding="same"), layers.Flatten()],
        [layers.Reshape((3, 1, 1)), layers.Conv2DTranspose(1, 1), layers.Flatten()],
    ):
        assert not compiled_with_xla(small_model(*slower), monkeypatch), slower


def test_xla_is_left_to_the_cpu(monkeypatch):
    assert compiled_with_xla(small_model(), monkeypatch)
    devices = [*tf.config.list_logical_devices(), tf.config.LogicalDevice("GPU:0", "GPU")]
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda: devices)
    assert not compiled_with_xla(small_model(), monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize(
    "optimizer",
    [
        keras.optimizers.Muon,
        keras.optimizers.AdamW,
        keras.optimizers.SGD(momentum=0.9),
        keras.optimizers.Adam(global_clipnorm=1.0),
    ],
    ids=["Muon", "AdamW", "momentum", "clipped"],
)
def test_what_keras_s_optimizers_do_is_no_reason_to_leave_xla_out(optimizer, monkeypatch):
    assert compiled_with_xla(small_model(), monkeypatch, optimizer=optimizer)


@pytest.mark.slow
def test_an_operation_that_xla_has_not_is_found_by_trying(monkeypatch):
    def printing(target, output):
        tf.print("", end="")
        return keras.ops.mean(keras.ops.square(target - output))

    monkeypatch.setattr(xla, "FASTER", {*xla.FASTER, "StringFormat", "PrintV2"})
    monkeypatch.setattr(xla, "PAYS_FROM", 200)
    model = small_model()
    train(model, MANY, loss=printing, epochs=2, batch_size=4)  # 200 steps
    assert len(model.history.epoch) == 2
    with pytest.raises(ValueError, match=r"xla must be None or False for this model, .* PrintV2"):
        train(small_model(), NUMBERED, loss=printing, batch_size=4, xla=True)


class Asserting(layers.Layer):
    def __init__(self, assertion):
        super().__init__()
        self.assertion = assertion

    def call(self, inputs):
        return self.assertion(inputs)


def below(inputs):
    tf.debugging.assert_less(tf.reduce_max(inputs), -1e9)
    return inputs


@tf.custom_gradient
def below_on_the_way_back(inputs):
    return tf.identity(inputs), below


class BelowInTheStep(keras.Sequential):
    def train_step(self, data):
        below(data[0])
        return super().train_step(data)


@pytest.mark.slow
def test_what_raises_outside_model_and_loss_raises_in_many_steps_too(monkeypatch):
    monkeypatch.setattr(xla, "PAYS_FROM", 200)
    constrained = layers.Dense(3, kernel_constraint=below)
    in_the_step = BelowInTheStep([keras.Input((3,)), layers.Dense(3)])
    backwards = small_model(layers.Dense(3), Asserting(below_on_the_way_back))
    for model in (small_model(constrained), in_the_step, backwards):
        with pytest.raises(tf.errors.InvalidArgumentError):
            train(model, MANY, epochs=2, batch_size=4)  # 200 steps


@pytest.mark.slow
@pytest.mark.parametrize(
    "raising",
    [
        below,
        lambda inputs: tf.debugging.check_numerics(inputs / 0, "divided"),
        lambda inputs: inputs + tf.gather(tf.ones(2), 2 + tf.cast(inputs, "int32")),
        lambda inputs: inputs + tf.cast(1 // (0 * tf.cast(inputs, "int32")), "float32"),
    ],
    ids=["assertion", "check", "look-up", "division"],
)
def test_what_raises_in_few_steps_raises_in_many(raising, monkeypatch):
    monkeypatch.setattr(xla, "PAYS_FROM", 200)
    for epochs in (1, 2):  # 100 and 200 steps
        with pytest.raises(tf.errors.InvalidArgumentError):
            train(small_model(Asserting(raising)), MANY, epochs=epochs, batch_size=4)


def test_a_step_that_raises_leaves_the_learning_rate_as_it_was():
    model = small_model(Asserting(below))
    with pytest.raises(tf.errors.InvalidArgumentError):
        train(model, NUMBERED, learning_rate=0.25, epochs=9, batch_size=4)
    assert float(model.optimizer.learning_rate) == 0.25
    assert "train_step" not in vars(model)

    def refuse(_logs):
        raise tf.errors.InvalidArgumentError(None, None, "before the first step")

    early = keras.callbacks.LambdaCallback(on_train_begin=refuse)
    with pytest.raises(tf.errors.InvalidArgumentError):
        train(model, NUMBERED, learning_rate=0.25, batch_size=4, callbacks=early)
    assert float(model.optimizer.learning_rate) == 0.25


@pytest.mark.slow
def test_two_replicas_train_as_one_device_does(tmp_path):
    script = """
import keras
import numpy as np
import tensorflow as tf

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
from helpers.models import dense_autoencoder
from helpers.training import train

images = np.random.default_rng(0).random((96, 28, 28, 1), dtype=np.float32)
weights, batches, noises = [], [], []
mirrored = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
for strategy in (mirrored, tf.distribute.get_strategy()):
    with strategy.scope():
        model = dense_autoencoder(8, seed=0)
    assert model.distribute_strategy.num_replicas_in_sync == (2 if weights == [] else 1)
    history = train(
        model, images, validation=images, epochs=3, batch_size=96, optimizer="sgd",
        learning_rate=100.0, seed=0,
    )
    assert len(history.history["val_loss"]) == 3
    model.evaluate(images, images, verbose=0)
    weights.append(model.get_weights())

with mirrored.scope():
    model = keras.Sequential([keras.layers.Dense(3)])  # not built yet
def noise(batch, seed):
    drawn = keras.random.normal(keras.ops.shape(batch), seed=seed)
    tf.numpy_function(lambda *pair: (batches.append(pair[0]), noises.append(pair[1]))[:0],
                      [batch, drawn], [])
    return batch + drawn
numbered = np.arange(36, dtype=np.float32).reshape(12, 3)
try:
    train(model, numbered, batch_size=4, xla=True)
except ValueError as error:
    assert "xla must be None or False where a model runs on several devices" in str(error)
else:
    raise AssertionError("XLA was asked for on two devices, and nothing was said")
train(model, numbered, corruption=noise, epochs=2, batch_size=4, seed=0)
halves = [part[:, 0] / 3 for part in batches][-12:]  # two replicas, three steps, two epochs
for epoch in (halves[:6], halves[6:]):
    assert {len(half) for half in epoch} == {2}
    assert sorted(np.concatenate(epoch)) == list(range(12))
drawn = np.concatenate([part.ravel() for part in noises[-12:]])
assert len(np.unique(drawn)) == len(drawn) == 72
for on_two, on_one in zip(*weights):
    np.testing.assert_allclose(on_two, on_one, atol=1e-5)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_images_are_let_go_after_training(images, monkeypatch):
    held, build = [], training._planned_step

    def keep(model, step, variable, *rest):
        held.append(variable)
        assert tf.size(variable) == images.size
        return build(model, step, variable, *rest)

    monkeypatch.setattr(training, "_planned_step", keep)
    train(dense_autoencoder(8), images, epochs=1, batch_size=64)
    assert [int(tf.size(variable)) for variable in held] == [0]


@pytest.mark.slow
@pytest.mark.parametrize("xla", [False, True])
def test_the_graph_of_a_training_is_let_go(images, xla):
    def graphs():
        gc.collect()
        return sum(isinstance(thing, tf.Graph) for thing in gc.get_objects())

    train(dense_autoencoder(8), images, epochs=1, batch_size=64, xla=xla)
    before = graphs()
    train(dense_autoencoder(8), images, epochs=1, batch_size=64, xla=xla)
    assert graphs() - before < 3  # one training has 18


@pytest.fixture
def mixed_precision():
    keras.config.set_dtype_policy("mixed_float16")
    yield tf.distribute.get_strategy()
    keras.config.set_dtype_policy("float32")


@pytest.fixture
def mirrored_once():
    return tf.distribute.MirroredStrategy(["CPU:0"])


@pytest.fixture
def one_device():
    return tf.distribute.OneDeviceStrategy("CPU:0")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["mixed_precision", "mirrored_once", "one_device"])
def test_mixed_precision_and_strategies_of_one_device_train(kind, images, request):
    with request.getfixturevalue(kind).scope():
        model = dense_autoencoder(8)
    losses = train(model, images, epochs=8, batch_size=64).history["loss"]
    assert losses[-1] < 0.8 * losses[0]


def test_a_train_step_of_the_reader_s_own_runs_as_in_plain_keras(images):
    replicas = []

    class Watching(keras.Model):
        def train_step(self, data):
            replicas.append(tf.distribute.get_replica_context().num_replicas_in_sync)
            return super().train_step(data)

    whole = dense_autoencoder(8)
    train(Watching(whole.input, whole.output), images, epochs=1, batch_size=64)
    assert set(replicas) == {1}


def test_afterwards_the_model_is_one_for_plain_keras(images):
    model = dense_autoencoder(8)
    train(model, images, epochs=1, batch_size=64)
    assert "train_step" not in vars(model)
    expected = np.square(model.predict(images, verbose=0) - images).mean()
    assert model.evaluate(images, images, verbose=0) == pytest.approx(expected, rel=1e-5)
    assert float(model.optimizer.learning_rate) == pytest.approx(5e-3)
    model.fit(images, images, batch_size=64, epochs=3, verbose=0)
    assert model.evaluate(images, images, verbose=0) < 0.9 * expected


@pytest.mark.slow
def test_keras_callbacks_steer_as_in_plain_fit(images, digits, tmp_path):
    model = dense_autoencoder(8)
    held_out = digits.validation[:100]
    best = keras.callbacks.ModelCheckpoint(tmp_path / "best.keras", save_best_only=True)
    early = keras.callbacks.EarlyStopping(min_delta=10.0, patience=2)
    history = train(
        model, images, validation=held_out, epochs=9, batch_size=64, callbacks=[best, early]
    )
    losses = history.history["val_loss"]
    assert len(losses) == 3
    saved = keras.models.load_model(tmp_path / "best.keras")
    found = np.square(saved.predict(held_out, verbose=0) - held_out).mean()
    assert found == pytest.approx(min(losses), rel=1e-5)


@pytest.fixture
def interruptible():
    """Python's answer to an interrupt, which a shell switches off for what it runs behind."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.slow
@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("moment", ["on_epoch_begin", "on_train_batch_end"])
def test_an_interrupt_leaves_a_usable_model_and_its_history(images, moment):
    model = dense_autoencoder(8)
    epochs = []

    def interrupt(number, logs):  # noqa: ARG001
        epochs.append(number)
        if len(epochs) == (3 if moment == "on_epoch_begin" else 20):  # in the third of eight steps
            signal.raise_signal(signal.SIGINT)

    watch = keras.callbacks.LambdaCallback(**{moment: interrupt})
    with pytest.raises(KeyboardInterrupt):
        train(model, images, epochs=5, batch_size=64, callbacks=[watch])
    assert len(model.history.history["loss"]) == 2
    loss = np.square(model.predict(images, verbose=0) - images).mean()
    assert model.evaluate(images, images, verbose=0) == pytest.approx(loss, rel=1e-5)
    train(model, images, epochs=1, batch_size=64)
    assert np.square(model.predict(images, verbose=0) - images).mean() < loss


def drawing_model():
    """A model whose layers draw, built with the same weights each time."""
    keras.utils.set_random_seed(7)
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(8, "relu"),
            layers.GaussianNoise(0.1),
            layers.Dense(784, "sigmoid"),
            layers.Reshape((28, 28, 1)),
        ]
    )


class StopAfter(keras.callbacks.Callback):
    def __init__(self, epochs):
        super().__init__()
        self.epochs = epochs

    def on_epoch_end(self, epoch, logs=None):  # noqa: ARG002
        if epoch + 1 == self.epochs:
            raise KeyboardInterrupt


GOING_ON = {"epochs": 4, "batch_size": 64, "corruption": add_noise, "seed": 5}


@pytest.fixture(scope="module")
def unbroken(images):
    model = drawing_model()
    train(model, images, **GOING_ON)
    return model.get_weights()


def interrupted(images, *callbacks, after=2):
    model = drawing_model()
    with pytest.raises(KeyboardInterrupt):
        train(model, images, callbacks=[*callbacks, StopAfter(after)], **GOING_ON)
    return model


def assert_equal_weights(model, weights):
    for found, expected in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.slow
def test_an_interrupted_model_goes_on_to_the_weights_of_an_unbroken_training(images, unbroken):
    model = interrupted(images)
    history = train(model, images, initial_epoch=2, **GOING_ON)
    assert history.epoch == [2, 3]
    assert_equal_weights(model, unbroken)


@pytest.mark.slow
def test_a_loaded_checkpoint_goes_on_to_the_weights_of_an_unbroken_training(
    images, unbroken, tmp_path
):
    interrupted(images, keras.callbacks.ModelCheckpoint(tmp_path / "last.keras"), after=3)
    keras.utils.set_random_seed(99)
    model = keras.models.load_model(tmp_path / "last.keras")
    train(model, images, initial_epoch=3, **GOING_ON)
    assert_equal_weights(model, unbroken)


@pytest.mark.slow
def test_backup_and_restore_goes_on_and_the_next_training_begins_at_its_beginning(
    images, unbroken, tmp_path
):
    interrupted(images, keras.callbacks.BackupAndRestore(tmp_path))
    model = drawing_model()
    again = [keras.callbacks.BackupAndRestore(tmp_path)]
    assert train(model, images, callbacks=again, **GOING_ON).epoch == [2, 3]
    assert_equal_weights(model, unbroken)
    assert train(model, images, **GOING_ON).epoch == [0, 1, 2, 3]


KILLED = """
import os, signal, sys
import keras
import numpy as np
from keras import layers
from helpers.corruption import Masking
from helpers.training import train

class Kill(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if str(epoch) == sys.argv[1]:
            os.kill(os.getpid(), signal.SIGKILL)

keras.utils.set_random_seed(3)
model = keras.Sequential(
    [keras.Input((9,)), layers.Dropout(0.2), layers.Dense(4, "relu"), layers.Dense(9)]
)
images = np.random.default_rng(0).random((50, 9), dtype=np.float32)
backup = keras.callbacks.BackupAndRestore("backup")
train(model, images, corruption=Masking(0.2), epochs=3, batch_size=8, callbacks=[backup, Kill()])
np.save("weights.npy", np.concatenate([part.ravel() for part in model.get_weights()]))
"""


@pytest.mark.slow
def test_a_training_that_is_killed_goes_on_in_another_process_to_the_same_weights(tmp_path):
    def run(folder, kill_at):
        folder.mkdir(exist_ok=True)
        command = [sys.executable, "-c", KILLED, str(kill_at)]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == (0 if kill_at is None else -signal.SIGKILL), done.stderr

    run(tmp_path / "unbroken", None)
    for kill_at in (1, 2, None):
        run(tmp_path / "broken", kill_at)
    found, expected = (np.load(tmp_path / name / "weights.npy") for name in ("broken", "unbroken"))
    np.testing.assert_array_equal(found, expected)


def test_only_the_optimizer_of_a_training_goes_on(images):
    model = interrupted(images)
    with pytest.raises(
        ValueError, match=r"optimizer must be that of the training .*Adam.*got .*SGD"
    ):
        train(model, images, initial_epoch=2, optimizer="sgd", **GOING_ON)
    model.compile("adam", "mse")
    with pytest.raises(ValueError, match="initial_epoch must be 0 for a model without"):
        train(model, images, initial_epoch=2, **GOING_ON)


@pytest.mark.slow
def test_a_checkpoint_of_the_last_epoch_learns_on_in_plain_keras(images, digits, tmp_path):
    best = keras.callbacks.ModelCheckpoint(tmp_path / "best.keras", save_best_only=True)
    model = dense_autoencoder(8)
    held_out = digits.validation[:100]
    train(model, images, validation=held_out, epochs=4, batch_size=64, callbacks=best)
    loaded = keras.models.load_model(tmp_path / "best.keras")
    assert float(loaded.optimizer.learning_rate) == pytest.approx(5e-3)
    assert loaded.steps_per_execution == 1
    before = loaded.evaluate(images, images, verbose=0)
    losses = loaded.fit(images, images, batch_size=64, epochs=4, verbose=0).history["loss"]
    assert losses[-1] < 0.9 * before


def test_a_trained_model_is_saved_and_loaded_without_a_word(images, tmp_path):
    model = dense_autoencoder(8)
    train(model, images, epochs=1, batch_size=64)
    model.save(tmp_path / "model.keras")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        loaded = keras.models.load_model(tmp_path / "model.keras")
    assert [str(warning.message) for warning in caught] == []
    for found, expected in zip(loaded.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(found, expected)


def draws_of_all_generators():
    return (
        random.random(),
        np.random.random(),
        float(tf.random.uniform(())),
        float(keras.random.uniform(())),
    )


@pytest.mark.slow
def test_the_callers_generators_go_on_as_if_nothing_had_been_trained(images, digits):
    model = drawing_model()
    keras.utils.set_random_seed(11)
    expected = draws_of_all_generators(), draws_of_all_generators()
    keras.utils.set_random_seed(11)
    before = draws_of_all_generators()
    train(model, images, validation=digits.validation[:50], **GOING_ON)
    assert (before, draws_of_all_generators()) == expected


@pytest.mark.slow
def test_two_trainings_in_threads_are_those_of_one_after_the_other(images):
    found = {}

    def run(seed):
        found[seed], _ = trained(images, seed=seed, corruption=add_noise)

    threads = [threading.Thread(target=run, args=(seed,)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed in (1, 2):
        expected, _ = trained(images, seed=seed, corruption=add_noise)
        for one, other in zip(found[seed], expected, strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_callback_that_ends_a_training_without_a_number_ends_it_quietly():
    model = linear()
    inputs = np.random.default_rng(0).normal(size=(16, 3)).astype(np.float32)
    settings = {"optimizer": "sgd", "learning_rate": 1e30, "epochs": 9, "batch_size": 16}
    stop = keras.callbacks.TerminateOnNaN()
    assert len(train(model, inputs, callbacks=stop, **settings).epoch) < 9


def test_a_loss_that_is_no_number_stops_with_the_epoch_and_the_usual_causes():
    inputs = np.random.default_rng(0).normal(size=(16, 3)).astype(np.float32)
    model = linear()
    message = r"loss became (nan|inf) in epoch 2 of 9.*learning rate.*1e\+30.*scaled.*logarithm"
    with pytest.raises(FloatingPointError, match=message):
        train(model, inputs, optimizer="sgd", learning_rate=1e30, epochs=9, batch_size=16)
    assert len(model.history.history["loss"]) == 1
    assert "train_step" not in vars(model)


def test_a_validation_loss_that_is_no_number_stops_too():
    inputs = np.random.default_rng(0).normal(size=(16, 3)).astype(np.float32)
    held_out = np.full((4, 3), 3e38, np.float32)
    with pytest.raises(FloatingPointError, match=r"val_loss became (nan|inf) in epoch 1 of 2"):
        train(linear(), inputs, validation=held_out, epochs=2, batch_size=16)


@pytest.mark.slow
def test_nothing_is_warned_of(images, digits):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trained(images[:500], validation=digits.validation[:100], corruption=add_noise)
    assert [str(warning.message) for warning in caught] == []


# With fewer epochs TensorFlow would warn of Keras's own functions, traced once a training.
MANY_TRAININGS = """
import keras, numpy as np
from helpers.corruption import Masking
from helpers.training import train

for _ in range(7):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3)])
    images = np.zeros((8, 3), np.float32)
    train(model, images, corruption=Masking(0.5), epochs=20, batch_size=8)
"""


@pytest.mark.slow
def test_many_trainings_with_a_corruption_are_no_reason_to_warn():
    done = subprocess.run(
        [sys.executable, "-c", MANY_TRAININGS], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING:tensorflow" not in done.stdout + done.stderr


def test_the_images_are_left_as_they_were(images):
    before = images.copy()
    trained(images)
    np.testing.assert_array_equal(images, before)


def image_and_code():
    inputs = keras.Input((3,))
    code = layers.Dense(2)(inputs)
    return keras.Model(inputs, [layers.Dense(3)(code), code])


ROWS = np.zeros((8, 3), np.float32)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"images": np.zeros((8, 3), np.uint8)}, "images must hold floating-point .* uint8"),
        ({"images": np.full((8, 3), np.nan, np.float32)}, "images must be finite; got 24 NaN"),
        ({"images": np.zeros((0, 3), np.float32)}, r"images must have shape .*\(0, 3\)"),
        (
            {"images": np.zeros((8, 4), np.float32)},
            r"images must .* takes, \(n, 3\); got .*\(8, 4\)",
        ),
        ({"images": (ROWS, ROWS)}, r"images must .* takes, \(n, 3\); got shape \(2, 8, 3\)"),
        ({"images": ROWS[0]}, r"images must have shape \(n, …\)"),
        ({"images": [np.zeros((2, 3)), np.zeros((3, 3))]}, r"images must .*\(2, 3\) and \(3, 3\)"),
        (
            {"images": tf.data.Dataset.from_tensor_slices(ROWS)},
            "images must be one array of numbers, held in memory; got _TensorSliceDataset",
        ),
        ({"images": np.ma.masked_equal(ROWS, 0)}, "images must hold no masked numbers"),
        ({"validation": np.zeros((2, 4), np.float32)}, r"validation must .*\(3,\).* got \(4,\)"),
        ({"validation": np.full((2, 3), np.inf, np.float32)}, "validation must be finite"),
        ({"epochs": 0}, "epochs must be a whole number of at least 1; got 0"),
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1; got 0"),
        ({"batch_size": 9}, "batch_size must be at most the number of images, 8; got 9"),
        ({"learning_rate": 0.0}, "learning_rate must be positive and finite; got 0.0"),
        ({"learning_rate": float("nan")}, "learning_rate must be positive and finite; got nan"),
        ({"learning_rate": "fast"}, "learning_rate must be positive and finite; got 'fast'"),
        ({"learning_rate": True}, "learning_rate must be positive and finite; got True"),
        ({"optimizer": "adamm"}, "optimizer must be what Keras calls it, .* got 'adamm'"),
        ({"optimizer": 3}, "optimizer must be what Keras calls it, .* got 3"),
        ({"optimizer": dict}, "optimizer must make one of Keras's optimizers; .* makes a dict"),
        ({"loss": "msee"}, "loss must be what Keras calls it, .* got 'msee'"),
        ({"loss": None}, "loss must be what Keras calls it, .* got None"),
        ({"loss": keras.losses.MeanSquaredError}, "loss must be .* got <class"),
        ({"initial_epoch": 10}, "initial_epoch must be a whole number from 0 to 9, .* got 10"),
        ({"initial_epoch": -1}, "initial_epoch must be a whole number from 0 to 9, .* got -1"),
        ({"initial_epoch": 0.5}, "initial_epoch must be a whole number from 0 to 9, .* got 0.5"),
        ({"initial_epoch": 1}, "initial_epoch must be 0 for a model without the optimizer"),
        ({"callbacks": "early"}, "callbacks must be a Keras callback .* got str 'early'"),
        ({"callbacks": {"a": 1}}, "callbacks must be a Keras callback .* got dict"),
        (
            {"learning_rate": keras.optimizers.schedules.CosineDecay(0.1, 9)},
            "goes into an optimizer",
        ),
        (
            {"corruption": lambda batch, seed: keras.ops.log(0 * batch)},  # noqa: ARG005
            "corruption must return finite numbers",
        ),
        ({"optimizer": keras.optimizers.Optimizer}, "optimizer must make .* makes a .*Optimizer"),
        ({"callbacks": [None]}, "callbacks must be Keras callbacks; got None"),
        ({"callbacks": [keras.callbacks.History]}, "callbacks must be .* is a class: call it"),
        ({"augmentation": 0.5}, "augmentation must be callable .* got float 0.5"),
        ({"xla": "fast"}, "xla must be True, False or None; got 'fast'"),
        ({"corruption": 0.5}, "corruption must be callable .* got float 0.5"),
        (
            {"corruption": lambda batch, seed: batch[:, :2]},  # noqa: ARG005
            r"corruption must return the shape it is given, \(2, 3\); it returned \(2, 2\)",
        ),
        (
            {"corruption": lambda batch, seed: batch + np.random.rand()},  # noqa: ARG005
            "corruption must draw everything random from the seed",
        ),
        (
            {"corruption": lambda batch, seed: np.clip(batch, 0, 1)},  # noqa: ARG005
            "corruption must work inside a graph",
        ),
        ({"seed": -1}, "seed must be an integer"),
        ({"model": image_and_code()}, "model must return images alone; it returns a (list|tuple)"),
        ({"model": linear(3, 2)}, r"model must return .* takes, \(3,\); it returns \(2,\)"),
    ],
)
def test_bad_arguments_are_refused_by_name_before_anything_is_compiled(arguments, message):
    arguments = {"model": linear(), "images": ROWS, "batch_size": 4, **arguments}
    with pytest.raises(ValueError, match=message):
        train(**arguments)
    assert not arguments["model"].compiled


def test_a_model_that_cannot_be_called_is_refused():
    class Empty(keras.Model):
        pass

    with pytest.raises(ValueError, match=r"model cannot take images .* NotImplementedError"):
        train(Empty(), ROWS, batch_size=4)


def test_a_loss_without_a_gradient_is_named():
    def constant(target, output):  # noqa: ARG001
        return keras.ops.mean(target)

    for loss in (constant, keras.metrics.MeanSquaredError()):
        with pytest.raises(ValueError, match="loss must depend on what the model learns"):
            train(linear(), ROWS, loss=loss, batch_size=4)


def test_a_loss_that_raises_is_named():
    def broken(target, output):  # noqa: ARG001
        raise KeyError("pixels")

    with pytest.raises(ValueError, match=r"loss must be one of .* it raised KeyError: 'pixels'"):
        train(linear(), ROWS, loss=broken, batch_size=4)


def test_another_backend_than_tensorflow_is_refused(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ValueError, match=r"KERAS_BACKEND must be tensorflow, .* got jax"):
        train(linear(), ROWS, batch_size=4)


def test_a_single_image_is_recognised():
    with pytest.raises(ValueError, match=r"got shape \(28, 28, 1\); a single image is images\["):
        train(dense_autoencoder(8), np.zeros((28, 28, 1), np.float32))


def test_what_is_no_model_is_refused():
    with pytest.raises(ValueError, match="model must be a Keras model; got NoneType"):
        train(None, ROWS, batch_size=4)


def test_there_is_no_place_for_labels(images):
    with pytest.raises(TypeError):
        train(dense_autoencoder(8), images, np.zeros(len(images)))
