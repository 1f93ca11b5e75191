"""Training: the input is the target, seeds decide, bad arguments stop before anything compiles."""

import keras
import numpy as np
import pytest
from keras import layers

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


def test_steps_grow_in_a_line_and_fall_along_a_cosine(images):
    sizes = []

    class Watch(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):  # noqa: ARG002
            sizes.append(float(self.model.optimizer.learning_rate))

    model = dense_autoencoder(8)
    train(model, images, epochs=5, batch_size=64, learning_rate=0.01, callbacks=[Watch()])
    steps, warm_up = 40, 4
    grow = 0.01 * np.arange(warm_up) / warm_up
    fall = 0.005 * (1 + np.cos(np.pi * np.arange(steps - warm_up) / (steps - warm_up)))
    np.testing.assert_allclose(sizes, [*grow, *fall], atol=1e-8)


def test_the_history_is_kerass_with_one_number_an_epoch(images, digits):
    _, history = trained(images, validation=digits.validation[:100])
    assert isinstance(history, keras.callbacks.History)
    assert {name: len(numbers) for name, numbers in history.history.items()} == {
        "loss": 2,
        "val_loss": 2,
    }


def test_the_validation_loss_is_the_error_on_the_validation_images(images, digits):
    model = dense_autoencoder(8)
    held_out = digits.validation[:100]
    history = train(model, images, validation=held_out, epochs=1, batch_size=64)
    expected = np.square(model.predict(held_out, verbose=0) - held_out).mean()
    assert history.history["val_loss"][0] == pytest.approx(expected, rel=1e-5)


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(images):
    first, _ = trained(images)
    second, _ = trained(images)
    other_order, _ = trained(images, seed=1)
    for weights, same, other in zip(first, second, other_order, strict=True):
        np.testing.assert_array_equal(weights, same)
        assert not np.array_equal(weights, other)


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


def test_the_images_are_left_as_they_were(images):
    before = images.copy()
    trained(images)
    np.testing.assert_array_equal(images, before)


ROWS = np.zeros((8, 3), np.float32)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"images": np.zeros((8, 3), np.uint8)}, "images must hold floating-point .* uint8"),
        ({"images": np.full((8, 3), np.nan, np.float32)}, "images must be finite; got 24 NaN"),
        ({"images": np.zeros((0, 3), np.float32)}, r"images must have shape .*\(0, 3\)"),
        ({"images": np.zeros((8, 4), np.float32)}, r"model cannot take images of shape \(4,\)"),
        ({"validation": np.zeros((2, 4), np.float32)}, r"validation must .*\(3,\).* got \(4,\)"),
        ({"validation": np.full((2, 3), np.inf, np.float32)}, "validation must be finite"),
        ({"epochs": 0}, "epochs must be a whole number of at least 1; got 0"),
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1; got 0"),
        ({"batch_size": 9}, "batch_size must be at most the number of images, 8; got 9"),
        ({"learning_rate": 0.0}, "learning_rate must be positive and finite; got 0.0"),
        ({"learning_rate": float("nan")}, "learning_rate must be positive and finite; got nan"),
        ({"learning_rate": "fast"}, "learning_rate must be positive and finite; got 'fast'"),
        ({"learning_rate": True}, "learning_rate must be positive and finite; got True"),
        ({"optimizer": keras.optimizers.Adam()}, "optimizer must be what Keras calls it"),
        ({"seed": -1}, "seed must be an integer"),
        ({"model": linear(3, 2)}, r"model must return .* takes, \(3,\); it returns \(2,\)"),
    ],
)
def test_bad_arguments_are_refused_by_name_before_anything_is_compiled(arguments, message):
    arguments = {"model": linear(), "images": ROWS, "batch_size": 4, **arguments}
    with pytest.raises(ValueError, match=message):
        train(**arguments)
    assert not arguments["model"].compiled


def test_what_is_no_model_is_refused():
    with pytest.raises(ValueError, match="model must be a Keras model; got NoneType"):
        train(None, ROWS, batch_size=4)


def test_there_is_no_place_for_labels(images):
    with pytest.raises(TypeError):
        train(dense_autoencoder(8), images, np.zeros(len(images)))
