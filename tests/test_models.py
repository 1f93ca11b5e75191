"""Autoencoders: shapes and sizes by hand, halves alone, saved and loaded."""

import subprocess
import sys
from itertools import pairwise

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers
from sklearn.decomposition import PCA

from helpers.models import (
    Autoencoder,
    conv_autoencoder,
    dense_autoencoder,
    layer_shapes,
    linear_autoencoder,
)
from helpers.training import train
from tests.surroundings import KERAS_SETTINGS, generators_go_on, keras_set_to


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 200), st.lists(st.integers(1, 50), max_size=3), st.integers(1, 3))
def test_dense_shapes_and_parameters_by_hand(code_size, hidden_units, n):
    model = dense_autoencoder(code_size, hidden_units)
    images = np.zeros((n, 28, 28, 1), np.float32)
    codes = model.encoder(images)
    assert codes.shape == (n, code_size)
    assert model.decoder(codes).shape == model(images).shape == images.shape
    widths = [784, *hidden_units, code_size, *hidden_units[::-1], 784]
    weights = sum(before * after for before, after in pairwise(widths))
    assert model.count_params() == weights + sum(widths[1:])


def test_the_whole_is_its_halves_in_order(digits):
    model = dense_autoencoder(8)
    images = digits.test[:5]
    np.testing.assert_array_equal(model(images), model.decoder(model.encoder(images)))


def test_dense_is_the_formula_of_the_chapter(digits):
    model = dense_autoencoder(8)
    down, down_bias, up, up_bias = (np.asarray(weights) for weights in model.get_weights())
    flat = digits.test[:5].reshape(5, 784)
    codes = np.maximum(flat @ down + down_bias, 0)
    expected = 1 / (1 + np.exp(-(codes @ up + up_bias)))
    np.testing.assert_allclose(np.reshape(model(digits.test[:5]), (5, 784)), expected, atol=1e-5)


def test_seeds_decide_the_first_weights(monkeypatch):
    monkeypatch.delenv("BOOK_SEED", raising=False)
    default, zero, one = (dense_autoencoder(4, seed=seed).get_weights() for seed in (None, 0, 1))
    for same, other, weights in zip(zero, one, default, strict=True):
        np.testing.assert_array_equal(weights, same)
        if weights.ndim == 2:
            assert not np.array_equal(weights, other)
    monkeypatch.setenv("BOOK_SEED", "1")
    np.testing.assert_array_equal(dense_autoencoder(4).get_weights()[0], one[0])


def test_the_two_layers_do_not_start_alike():
    down, _, up, _ = dense_autoencoder(28).get_weights()
    assert abs(np.corrcoef(down.ravel(), up.ravel())[0, 1]) < 0.05
    assert abs(np.corrcoef(down.ravel(), up.T.ravel())[0, 1]) < 0.05


@pytest.mark.slow
@pytest.mark.parametrize(
    "model",
    [
        dense_autoencoder(8, seed=5),
        linear_autoencoder(8, weight_decay=0.1, seed=5),
        conv_autoencoder(8, seed=5),
    ],
    ids=lambda model: model.name,
)
def test_a_saved_model_gives_the_same_outputs_in_a_new_process(model, tmp_path, digits):
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "images.npy", digits.test[:20])
    script = (
        "import keras, numpy as np, helpers.models\n"
        "model = keras.models.load_model('model.keras')\n"
        "images = np.load('images.npy')\n"
        "codes = model.encoder.predict(images, verbose=0)\n"
        "np.save('outputs.npy', model.predict(images, verbose=0))\n"
        "np.save('decoded.npy', model.decoder.predict(codes, verbose=0))\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, capture_output=True)
    expected = model.predict(digits.test[:20], verbose=0)
    np.testing.assert_array_equal(np.load(tmp_path / "outputs.npy"), expected)
    np.testing.assert_allclose(np.load(tmp_path / "decoded.npy"), expected, atol=1e-6)


def test_a_deep_one_is_relu_layers_around_a_code_without_activation(digits):
    model = dense_autoencoder(3, [10], code_activation=None)
    weights = [np.asarray(array, np.float64) for array in model.get_weights()]
    (w1, b1), (w2, b2), (w3, b3), (w4, b4) = zip(weights[::2], weights[1::2], strict=True)
    hidden = np.maximum(digits.test[:5].reshape(5, 784) @ w1 + b1, 0)
    codes = hidden @ w2 + b2
    expected = 1 / (1 + np.exp(-(np.maximum(codes @ w3 + b3, 0) @ w4 + b4)))
    assert (codes < 0).any()
    np.testing.assert_allclose(model.encoder(digits.test[:5]), codes, atol=1e-4)
    np.testing.assert_allclose(np.reshape(model(digits.test[:5]), (5, 784)), expected, atol=1e-5)


def test_the_hidden_activation_can_be_another(digits):
    model = dense_autoencoder(3, [10], activation="tanh")
    (w1, b1), (w2, b2) = (model.get_weights()[start : start + 2] for start in (0, 2))
    hidden = np.tanh(digits.test[:5].reshape(5, 784) @ w1 + b1)
    codes = np.maximum(hidden @ w2 + b2, 0)
    np.testing.assert_allclose(model.encoder(digits.test[:5]), codes, atol=1e-5)


def test_hidden_units_that_are_no_list_are_refused():
    with pytest.raises(ValueError, match=r"hidden_units must be a list of widths.* got 64"):
        dense_autoencoder(2, 64)


@pytest.mark.parametrize("hidden_units", [[0], [256, -1], [2.5]])
def test_hidden_units_that_are_no_counts_are_refused(hidden_units):
    with pytest.raises(ValueError, match="hidden_units must be a whole number of at least 1"):
        dense_autoencoder(2, hidden_units)


@pytest.mark.parametrize("code_size", [0, -3, 2.5, "32", None])
@pytest.mark.parametrize("build", [dense_autoencoder, linear_autoencoder, conv_autoencoder])
def test_a_code_size_that_is_no_count_is_refused(build, code_size):
    with pytest.raises(ValueError, match="code_size must be a whole number of at least 1"):
        build(code_size)


def test_linear_shapes_parameters_and_formula_by_hand(digits):
    model = linear_autoencoder(10)
    assert model.count_params() == 784 * 10 + 10 + 10 * 784 + 784
    down, down_bias, up, up_bias = model.get_weights()
    expected = (digits.test[:5].reshape(5, 784) @ down + down_bias) @ up + up_bias
    np.testing.assert_allclose(np.reshape(model(digits.test[:5]), (5, 784)), expected, atol=1e-5)


def test_weight_decay_costs_what_the_docstring_says(digits):
    free, dear = (linear_autoencoder(4, weight_decay=decay, seed=0) for decay in (0.0, 0.7))
    for model in (free, dear):
        model.compile(loss="mse")
    images = digits.test[:20]
    cost = 784 * (
        dear.evaluate(images, images, verbose=0) - free.evaluate(images, images, verbose=0)
    )
    down, _, up, _ = dear.get_weights()
    assert cost == pytest.approx(0.7 * (np.square(down).sum() + np.square(up).sum()), rel=1e-3)


@pytest.mark.slow
def test_a_trained_linear_autoencoder_is_pca():
    random = np.random.default_rng(0)
    spread = np.zeros(784)
    spread[:6] = [6, 5, 4, 3, 0.3, 0.2]
    turned = np.linalg.qr(random.standard_normal((784, 6)))[0]
    numbers = random.standard_normal((3000, 784)) * spread
    images = (numbers[:, :6] @ turned.T).astype(np.float32).reshape(-1, 28, 28, 1)
    pca = PCA(4).fit(images.reshape(-1, 784))
    plain, decayed = linear_autoencoder(4), linear_autoencoder(4, weight_decay=1.0)
    for model in (plain, decayed):
        train(model, images, epochs=60, batch_size=100, learning_rate=1e-2)
    best = pca.inverse_transform(pca.transform(images.reshape(-1, 784))).reshape(images.shape)
    found = np.square(plain.predict(images, verbose=0) - images).sum()
    assert found == pytest.approx(np.square(best - images).sum(), rel=0.02)
    own = np.linalg.qr(plain.decoder.layers[0].get_weights()[0].T)[0]
    cosines = np.linalg.svd(pca.components_ @ own, compute_uv=False)
    assert np.degrees(np.arccos(cosines.min().clip(0, 1))) < 1
    axes = np.linalg.svd(decayed.decoder.layers[0].get_weights()[0].T, full_matrices=False)[0]
    assert np.abs((pca.components_ * axes.T).sum(axis=1)).min() > np.cos(np.radians(5))


@pytest.mark.parametrize("weight_decay", [-0.1, float("nan"), float("inf"), "0.1", True])
def test_a_weight_decay_that_is_negative_or_not_finite_is_refused(weight_decay):
    with pytest.raises(ValueError, match="weight_decay must be at least 0 and finite; got"):
        linear_autoencoder(4, weight_decay=weight_decay)


def test_conv_shapes_and_parameters_by_hand(digits):
    model = conv_autoencoder(5, [3, 4])
    assert layer_shapes(model.encoder) == [(28, 28, 1), (14, 14, 3), (7, 7, 4), (5,)]
    assert layer_shapes(model.decoder) == [(5,), (7, 7, 4), (14, 14, 3), (28, 28, 1)]
    down = (9 * 1 * 3 + 3) + (9 * 3 * 4 + 4) + (196 * 5 + 5)
    up = (5 * 196 + 196) + (9 * 4 * 3 + 3) + (9 * 3 * 1 + 1)
    assert model.count_params() == down + up
    assert model.encoder(digits.test[:2]).shape == (2, 5)
    assert model(digits.test[:2]).shape == (2, 28, 28, 1)


def test_one_convolution_halves_once():
    model = conv_autoencoder(5, [3])
    assert layer_shapes(model.encoder) == [(28, 28, 1), (14, 14, 3), (5,)]
    assert layer_shapes(model.decoder) == [(5,), (14, 14, 3), (28, 28, 1)]


def test_a_convolution_with_stride_two_is_the_sum_by_hand(digits):
    model = conv_autoencoder(5, [2], seed=1)
    kernel, bias = model.encoder.layers[0].get_weights()
    image = np.pad(digits.test[0, :, :, 0], ((0, 1), (0, 1)))  # "same" fills up below and right
    expected = np.maximum((image[6:9, 10:13, np.newaxis] * kernel[:, :, 0]).sum((0, 1)) + bias, 0)
    found = model.encoder.layers[0](digits.test[:1])[0, 3, 5]
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("channels", "message"),
    [
        ([], "channels must name from 1 to 5 convolutions.* got 0"),
        ([4] * 6, r"sides of \(28, 28\) can be halved 5 times; got 6"),
        ([0], "channels must be a whole number of at least 1"),
        (16, "channels must be a list of channels.* got 16"),
        ("ab", "channels must be a list of channels.* got 'ab'"),
    ],
)
def test_channels_that_cannot_be_built_are_refused(channels, message):
    with pytest.raises(ValueError, match=message):
        conv_autoencoder(8, channels)


@pytest.mark.parametrize("build", [linear_autoencoder, conv_autoencoder])
def test_seeds_decide_the_first_weights_of_every_builder(build):
    first, same, other = (build(4, seed=seed).get_weights()[0] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)
    with pytest.raises(ValueError, match="seed must be an integer"):
        build(4, seed=-1)


def test_layer_shapes_leave_out_what_only_arranges_anew():
    model = dense_autoencoder(32, [256, 64])
    assert layer_shapes(model.encoder) == [(28, 28, 1), (256,), (64,), (32,)]
    assert layer_shapes(model.decoder) == [(32,), (64,), (256,), (28, 28, 1)]


def dense(inputs, outputs):
    return keras.Sequential([keras.Input((inputs,)), layers.Dense(outputs)])


def test_any_encoder_and_decoder_that_fit_make_an_autoencoder():
    model = Autoencoder(dense(6, 2), dense(2, 6))
    assert model(np.zeros((3, 6), np.float32)).shape == (3, 6)


def test_halves_that_do_not_fit_are_refused_with_both_shapes():
    with pytest.raises(ValueError, match=r"decoder must take codes of shape \(2,\).* \(3,\)"):
        Autoencoder(dense(6, 2), dense(3, 6))
    with pytest.raises(ValueError, match=r"decoder must return images of shape \(6,\).* \(5,\)"):
        Autoencoder(dense(6, 2), dense(2, 5))


BUILDERS = {
    "dense": lambda seed: dense_autoencoder(4, [8], seed=seed),
    "linear": lambda seed: linear_autoencoder(4, weight_decay=0.1, seed=seed),
    "convolutional": lambda seed: conv_autoencoder(4, seed=seed),
}


@pytest.mark.parametrize("build", BUILDERS.values(), ids=BUILDERS)
def test_building_leaves_the_generators_of_the_process_alone(build):
    with generators_go_on():
        build(1)
        build(None)


@pytest.mark.slow
@pytest.mark.parametrize("build", BUILDERS.values(), ids=BUILDERS)
@pytest.mark.parametrize("setting", KERAS_SETTINGS)
def test_a_model_is_the_same_whatever_keras_is_set_to_and_learns(build, setting, digits):
    images = digits.train[:64]
    expected = build(1)
    with keras_set_to(setting):
        model = build(1)
        for weights, same in zip(model.get_weights(), expected.get_weights(), strict=True):
            np.testing.assert_array_equal(weights, same)
        outputs = np.asarray(model(images)).astype(np.float64)
        assert layer_shapes(model.encoder) == layer_shapes(expected.encoder)
        model.compile("adam", "mse")
        losses = [float(model.train_on_batch(images, images)) for _ in range(5)]
    tolerance = {"mixed_float16": 2e-3, "mixed_bfloat16": 2e-2, "floatx float16": 1e-3}
    np.testing.assert_allclose(outputs, expected(images), atol=tolerance.get(setting, 1e-5))
    assert losses[-1] < losses[0]


def test_a_model_built_under_channels_first_is_the_same_after_saving(tmp_path, digits):
    images = digits.test[:3]
    with keras_set_to("channels_first"):
        model = conv_autoencoder(4, seed=1)
        model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again(images), conv_autoencoder(4, seed=1)(images), atol=1e-6)


def test_models_learn_where_functions_run_eagerly(digits):
    tf.config.run_functions_eagerly(True)
    try:
        model = dense_autoencoder(4)
        model.compile("adam", "mse")
        losses = [float(model.train_on_batch(digits.test[:32], digits.test[:32])) for _ in "ab"]
    finally:
        tf.config.run_functions_eagerly(False)
    assert losses[1] < losses[0]


def test_without_weight_decay_there_is_no_penalty():
    assert linear_autoencoder(4).losses == []
    assert len(linear_autoencoder(4, weight_decay=1e-9).losses) == 2


@pytest.mark.parametrize("hidden_units", [np.array([6, 5]), (6, 5), [np.int64(6), 5]])
def test_hidden_units_may_be_any_row_of_whole_numbers(hidden_units):
    assert layer_shapes(dense_autoencoder(2, hidden_units).encoder)[1:] == [(6,), (5,), (2,)]
    assert layer_shapes(conv_autoencoder(2, hidden_units).encoder)[1:3] == [(14, 14, 6), (7, 7, 5)]


@pytest.mark.parametrize(
    "widths", [None, "64", b"64", {64, 32}, {64: 1}, (n for n in (64,)), 6.5, np.array(64)]
)
def test_widths_without_an_order_are_refused(widths):
    with pytest.raises(ValueError, match=r"^hidden_units must be a list of widths, such as \[256"):
        dense_autoencoder(2, widths)
    with pytest.raises(ValueError, match=r"^channels must be a list of channels, such as \[16"):
        conv_autoencoder(2, widths)


@pytest.mark.parametrize("widths", [[0], [8, True], np.array([8.0]), [None], ["8"]])
def test_a_width_that_is_no_count_is_called_one_of_them(widths):
    with pytest.raises(
        ValueError, match=r"^each of hidden_units must be a whole number of at least"
    ):
        dense_autoencoder(2, widths)
    with pytest.raises(ValueError, match=r"^each of channels must be a whole number of at least 1"):
        conv_autoencoder(2, widths)


@pytest.mark.parametrize("activation", [3, [], "reluu", True, {"a": 1}, np.ones(2), b"relu"])
def test_an_activation_that_keras_does_not_know_is_refused_by_name(activation):
    with pytest.raises(ValueError, match=r"^activation must be what Keras calls an activation"):
        dense_autoencoder(2, activation=activation)
    for build in (dense_autoencoder, conv_autoencoder):
        with pytest.raises(ValueError, match=r"^code_activation must be what Keras calls an activ"):
            build(2, code_activation=activation)


@pytest.mark.parametrize("seed", [np.float64(3), True, "3", -1, [3]])
def test_a_seed_that_is_none_is_refused(seed):
    for build in BUILDERS.values():
        with pytest.raises(ValueError, match=r"^seed must be an integer"):
            build(seed)


class Subclassed(keras.Model):
    def call(self, images):
        return images


def odd_models():
    image, other = keras.Input((28, 28, 1)), keras.Input((28, 28, 1))
    return {
        "none": (None, "NoneType"),
        "layer": (layers.Dense(3), "Dense"),
        "text": ("encoder", "str"),
        "class": (keras.Model, "type"),
        "not built": (keras.Sequential([layers.Dense(3)]), "Sequential that is not built from a"),
        "subclassed": (Subclassed(), "Subclassed that is not built from a keras.Input"),
        "two outputs": (keras.Model(image, [image + 1, image + 2]), "1 and 2"),
        "two inputs": (keras.Model([image, other], image + other), "2 and 1"),
        "a list of one": (keras.Model([image], [image + 1]), "1 and 1"),
    }


@pytest.mark.parametrize("kind", odd_models())
def test_halves_that_are_no_models_of_one_input_and_output_are_refused_by_name(kind):
    odd, got = odd_models()[kind]
    halves = dense_autoencoder(2)
    with pytest.raises(ValueError, match=f"^encoder must .*; got {got}"):
        Autoencoder(odd, halves.decoder)
    with pytest.raises(ValueError, match=f"^decoder must .*; got {got}"):
        Autoencoder(halves.encoder, odd)
    with pytest.raises(ValueError, match=f"^half must .*; got {got}"):
        layer_shapes(odd)


def test_layers_that_branch_have_no_shapes_in_a_row():
    image = keras.Input((28, 28, 1))
    added = layers.Add(name="sum")([layers.Dense(3)(image), layers.Dense(3)(image)])
    with pytest.raises(
        ValueError, match=r"half must be .* one in which 'sum' takes several inputs"
    ):
        layer_shapes(keras.Model(image, added))


def test_a_whole_autoencoder_has_shapes_too():
    shapes = layer_shapes(dense_autoencoder(3))
    assert (shapes[0], shapes[-1]) == ((28, 28, 1), (28, 28, 1))


def test_a_model_of_an_earlier_version_loads(tmp_path, digits):
    """One whose layers leave to Keras where an image has its channels, and have Keras's own L2."""
    l2 = keras.regularizers.L2(0.1)
    encoder = keras.Sequential(
        [keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(3, kernel_regularizer=l2)]
    )
    decoder = keras.Sequential([keras.Input((3,)), layers.Dense(784), layers.Reshape((28, 28, 1))])
    model = Autoencoder(encoder, decoder)
    model.save(tmp_path / "old.keras")
    again = keras.saving.load_model(tmp_path / "old.keras")
    np.testing.assert_array_equal(again(digits.test[:3]), model(digits.test[:3]))


def test_halves_that_share_weights_are_refused_and_others_may_be_used_again():
    dense = layers.Dense(6)
    encoder = keras.Sequential([keras.Input((6,)), dense])
    for decoder in (encoder, keras.Sequential([keras.Input((6,)), dense, layers.ReLU()])):
        with pytest.raises(ValueError, match=r"decoder must have weights of its own.*kernel"):
            Autoencoder(encoder, decoder)
    first, second = dense_autoencoder(2, seed=1), dense_autoencoder(2, seed=2)
    crossed = Autoencoder(first.encoder, second.decoder)
    images = np.ones((1, 28, 28, 1), np.float32)
    np.testing.assert_array_equal(crossed.encoder(images), first.encoder(images))


def test_the_config_of_a_model_may_be_used_twice():
    config = dense_autoencoder(4).get_config()
    for _ in range(2):
        assert Autoencoder.from_config(config).encoder.output_shape == (None, 4)


OF_ANY_SHAPE = {
    "dense, colour": ((33, 47, 3), lambda shape: dense_autoencoder(4, [8], shape=shape)),
    "convolutional, colour": ((33, 47, 3), lambda shape: conv_autoencoder(4, [2, 3], shape=shape)),
    "convolutional, signal": ((140, 2), lambda shape: conv_autoencoder(4, [3, 2], shape=shape)),
    "convolutional, odd": ((27, 27, 1), lambda shape: conv_autoencoder(4, [2, 3], shape=shape)),
    "dense, table": (
        (17,),
        lambda shape: dense_autoencoder(4, [8], shape=shape, output_activation=None),
    ),
    "dense, small": ((5, 6, 2), lambda shape: dense_autoencoder(4, shape=shape)),
    "convolutional, small": ((5, 6, 2), lambda shape: conv_autoencoder(4, [3, 2], shape=shape)),
    "linear, table": ((17,), lambda shape: linear_autoencoder(4, shape=shape, weight_decay=0.1)),
    "linear, colour": ((33, 47, 3), lambda shape: linear_autoencoder(4, shape=shape)),
}


@pytest.mark.slow
def test_models_of_any_shape_train_and_give_the_same_outputs_in_a_new_process(tmp_path):
    random = np.random.default_rng(0)
    for number, (shape, build) in enumerate(OF_ANY_SHAPE.values()):
        model, inputs = build(shape), random.random((20, *shape)).astype(np.float32)
        train(model, inputs, epochs=1, batch_size=10)
        model.save(tmp_path / f"{number}.keras")
        outputs = model.predict(inputs, verbose=0)
        assert outputs.shape == inputs.shape
        np.savez(tmp_path / f"{number}.npz", inputs=inputs, outputs=outputs)
    script = (
        "import keras, numpy as np, pathlib, helpers.models\n"
        "for path in sorted(pathlib.Path().glob('*.keras')):\n"
        "    model, arrays = keras.models.load_model(path), np.load(path.with_suffix('.npz'))\n"
        "    found = model.predict(arrays['inputs'], verbose=0)\n"
        "    np.testing.assert_allclose(found, arrays['outputs'], atol=1e-6)\n"
        "    codes = model.encoder.predict(arrays['inputs'], verbose=0)\n"
        "    found = model.decoder.predict(codes, verbose=0)\n"
        "    np.testing.assert_allclose(found, arrays['outputs'], atol=1e-5)\n"
        "    print(path)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert len(done.stdout.split()) == len(OF_ANY_SHAPE)


@pytest.mark.slow
@pytest.mark.parametrize("side", range(2, 21))
def test_a_convolutional_decoder_returns_the_shape_it_was_asked_for(side):
    depth = (side - 1).bit_length()  # until the side is 1
    for shape in ((side, side + 3, 2), (side + 1, side, 1), (side, 3)):
        model = conv_autoencoder(2, [1] * depth, shape=shape)
        assert model.output_shape == (None, *shape)
        assert layer_shapes(model.decoder)[::-1][: depth + 1] == [
            (*(-(-length // 2**level) for length in shape[:-1]), channels)
            for level, channels in enumerate([shape[-1], *[1] * depth])
        ]
        with pytest.raises(ValueError, match=f"can be halved {depth} times; got {depth + 1}"):
            conv_autoencoder(2, [1] * (depth + 1), shape=shape)


def test_what_is_cropped_is_the_end():
    model = conv_autoencoder(2, [1], shape=(3, 5, 1), output_activation=None)
    *_, up, crop = model.decoder.layers
    doubled = up(np.random.default_rng(0).random((1, 2, 3, 1)).astype(np.float32))
    np.testing.assert_array_equal(crop(doubled), doubled[:, :3, :5])


@pytest.mark.parametrize("build", [dense_autoencoder, conv_autoencoder])
def test_the_function_at_the_output_is_an_argument(build):
    inputs = np.random.default_rng(0).normal(size=(50, 9, 2)).astype(np.float32)
    squashed = np.asarray(build(4, [3], shape=(9, 2), seed=0)(inputs))
    free = np.asarray(build(4, [3], shape=(9, 2), seed=0, output_activation=None)(inputs))
    assert free.min() < 0
    np.testing.assert_allclose(squashed, 1 / (1 + np.exp(-free)), atol=1e-6)
    with pytest.raises(ValueError, match="output_activation must be what Keras calls"):
        build(4, [3], shape=(9, 2), output_activation="sigmond")


def test_weight_decay_is_per_number_of_the_shape():
    model = linear_autoencoder(4, shape=(5, 6, 2), weight_decay=0.7)
    squares = sum((np.asarray(w) ** 2).sum() for w in model.get_weights() if w.ndim == 2)
    assert float(sum(model.losses)) == pytest.approx(0.7 * squares / 60, rel=1e-5)


@pytest.mark.parametrize("build", [dense_autoencoder, linear_autoencoder, conv_autoencoder])
@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((), "shape must have an axis"),
        ((0, 4), "each of shape must be a whole number of at least 1; got 0"),
        ((None, 4), "each of shape must be a whole number of at least 1; got None"),
        ((2.5, 4), "each of shape must be a whole number of at least 1; got 2.5"),
        ((True, 4), "each of shape must be a whole number of at least 1; got True"),
        (28, "shape must be the sizes of one input, such as .* got 28"),
        ("28", "shape must be the sizes of one input, such as .* got '28'"),
        ((70_000, 70_000, 3), "shape must have an axis, and at most 2147483647 numbers"),
    ],
)
def test_a_shape_that_is_none_of_an_input_is_refused(build, shape, message):
    with pytest.raises(ValueError, match=message):
        build(4, shape=shape)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((17,), r"shape must be \(height, width, channels\) or \(steps, channels\)"),
        ((4, 4, 4, 1), r"shape must be \(height, width, channels\) or \(steps, channels\)"),
        ((1, 9, 1), "shape must have sides of at least 2, to be halved; got"),
    ],
)
def test_a_shape_that_convolutions_cannot_halve_is_refused(shape, message):
    with pytest.raises(ValueError, match=message):
        conv_autoencoder(4, [2], shape=shape)


@pytest.mark.parametrize("shape", [[9, 2], np.array([9, 2]), (np.int64(9), 2)])
def test_a_shape_may_be_a_list_or_an_array(shape):
    assert dense_autoencoder(4, shape=shape).output_shape == (None, 9, 2)
    assert conv_autoencoder(4, [2], shape=shape).output_shape == (None, 9, 2)


@keras.saving.register_keras_serializable(package="tests")
class Dim(layers.Layer):
    """A layer of a reader's own, without `get_config`."""

    def __init__(self, share, **kwargs):
        super().__init__(**kwargs)
        self.share = share

    def call(self, pixels):
        return pixels * self.share


def test_keras_records_a_plain_argument_of_a_registered_layer_and_no_other(tmp_path):
    path = tmp_path / "dim.keras"
    keras.Sequential([keras.Input((2,)), Dim(0.5)]).save(path)
    assert keras.saving.load_model(path).layers[-1].share == 0.5
    with pytest.raises(NotImplementedError, match="get_config"):
        keras.Sequential([keras.Input((2,)), Dim(np.full(2, 0.5))]).save(path)
