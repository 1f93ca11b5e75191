"""Autoencoders: shapes and sizes by hand, halves alone, saved and loaded."""

import subprocess
import sys
from itertools import pairwise

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from helpers.models import Autoencoder, dense_autoencoder


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


def test_a_saved_model_gives_the_same_outputs_in_a_new_process(tmp_path, digits):
    model = dense_autoencoder(8, seed=5)
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
def test_a_code_size_that_is_no_count_is_refused(code_size):
    with pytest.raises(ValueError, match="code_size must be a whole number of at least 1"):
        dense_autoencoder(code_size)


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
