"""Penalties against closed forms in NumPy; top-k against sorting; gradients, saving, bad input."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from keras import layers
from scipy.stats import entropy

from helpers.datasets import load_photos
from helpers.metrics import active_units, dead_units, squared_error
from helpers.models import Centring, sparse_autoencoder, with_auxiliary_loss
from helpers.sparsity import AnnealK, AuxiliaryLoss, DeadUnits, KLPenalty, L1Penalty, TopK
from helpers.training import train
from tests.surroundings import KERAS_SETTINGS, generators_go_on, keras_set_to

codes = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 5), st.just(8)),
    # Few values, so that many are equal.
    elements=st.sampled_from([-1.0, 0.0, 0.25, 0.5, 2.0]),
)


def cost(layer, code):
    layer(code)
    (found,) = layer.losses
    return float(found)


def drawn(count, units=32):
    return np.random.default_rng(0).normal(size=(count, units)).astype(np.float32)


@pytest.mark.parametrize("count", [1, 32, 256])
def test_l1_is_the_closed_form_at_every_batch_size(count):
    code = drawn(count)
    expected = 0.03 * np.abs(code).sum() / count
    assert cost(L1Penalty(0.03), code) == pytest.approx(expected, rel=1e-5)


def test_l1_of_an_image_is_the_same_alone_and_in_a_batch_of_copies():
    image = drawn(1)
    alone = cost(L1Penalty(0.01), image)
    for count in (32, 256):
        together = cost(L1Penalty(0.01), np.repeat(image, count, axis=0))
        assert together == pytest.approx(alone, rel=1e-5)


@pytest.mark.slow
def test_one_step_of_training_pays_the_same_at_every_batch_size(digits):
    """What Keras makes of the penalty in `fit`, not the layer alone."""
    image = digits.train[:1]
    for count in (1, 32, 256):
        model = sparse_autoencoder(16, L1Penalty(0.1), digits.train[:100], seed=0)
        model.compile(keras.optimizers.SGD(0.0), "mse")
        images = np.repeat(image, count, axis=0)
        history = model.fit(images, images, batch_size=count, verbose=0)
        code = model.encoder.predict(image, verbose=0)
        error = np.mean((model.predict(image, verbose=0) - image) ** 2)
        expected = error + 0.1 * np.abs(code).sum()
        assert history.history["loss"][0] == pytest.approx(expected, rel=1e-4)


def test_kl_is_scipys_divergence_of_two_coins():
    code = np.random.default_rng(0).uniform(size=(50, 7)).astype(np.float32)
    rates = code.mean(axis=0)
    expected = 2 * sum(entropy([0.1, 0.9], [rate, 1 - rate]) for rate in rates)
    assert cost(KLPenalty(0.1, 2), code) == pytest.approx(expected, rel=1e-4)


def test_kl_of_units_at_the_target_is_nothing_and_of_silent_units_finite():
    assert cost(KLPenalty(0.25, 1), np.full((4, 3), 0.25, np.float32)) == pytest.approx(0, abs=1e-5)
    silent = cost(KLPenalty(0.25, 1), np.zeros((4, 3), np.float32))
    assert 0 < silent < np.inf
    assert silent == pytest.approx(3 * entropy([0.25, 0.75], [1e-6, 1 - 1e-6]), rel=1e-4)


@pytest.mark.parametrize(("rate", "sign"), [(0.0, -1), (1.0, 1)])
def test_kl_moves_silent_and_saturated_units(rate, sign):
    code = tf.fill((4, 3), rate)
    layer = KLPenalty(0.25, 1)
    with tf.GradientTape() as tape:
        tape.watch(code)
        layer(code)
        (loss,) = layer.losses
    assert (sign * np.asarray(tape.gradient(loss, code)) > 1).all()


@pytest.mark.parametrize("layer", [L1Penalty(0.1), KLPenalty(0.1, 0.1)])
def test_a_penalty_passes_the_code_on_as_it_is(layer):
    code = np.abs(drawn(3)) / 10
    np.testing.assert_array_equal(layer(code), code)


@settings(deadline=None, max_examples=30)
@given(codes, st.integers(1, 8))
def test_top_k_keeps_the_largest_and_of_equal_ones_the_first(code, k):
    kept = np.asarray(TopK(k)(code))
    expected = np.zeros_like(code)
    for row, target in zip(code, expected, strict=True):
        order = np.argsort(-row, kind="stable")[:k]
        target[order] = np.maximum(row[order], 0)
    np.testing.assert_array_equal(kept, expected)


@pytest.mark.parametrize("k", [1, 5, 32])
def test_top_k_of_positive_codes_keeps_exactly_k(k):
    equal = np.ones((4, 32), np.float32)
    for code in (np.abs(drawn(100)), equal):
        np.testing.assert_array_equal(active_units(np.asarray(TopK(k)(code))), k)


def test_ties_are_decided_the_same_way_eagerly_in_a_graph_and_again():
    code = np.ones((2, 6), np.float32)
    layer = TopK(2)
    answers = [layer(code), tf.function(layer)(code), layer(code)]
    for answer in answers:
        np.testing.assert_array_equal(answer, [[1, 1, 0, 0, 0, 0]] * 2)


def test_gradients_reach_only_what_is_kept():
    code = tf.constant([[3.0, 1.0, 2.0, -4.0], [1.0, 1.0, 1.0, 1.0]])
    layer = TopK(2)
    with tf.GradientTape() as tape:
        tape.watch(code)
        answer = tf.reduce_sum(layer(code) * [1.0, 2.0, 3.0, 4.0])
    np.testing.assert_array_equal(tape.gradient(answer, code), [[1, 0, 3, 0], [1, 2, 0, 0]])


def test_k_above_the_width_is_refused():
    with pytest.raises(ValueError, match="k must be at most the code size, 8; got 9"):
        TopK(9)(np.zeros((2, 8), np.float32))


@pytest.mark.parametrize("k", [0, -1, 2.0, True, "3"])
def test_k_that_is_no_count_is_refused(k):
    with pytest.raises(ValueError, match="k must be a whole number of at least 1"):
        TopK(k)


@pytest.mark.parametrize("strength", [-0.1, np.nan, np.inf, "1", None, True])
def test_a_strength_that_is_none_is_refused(strength):
    for make in (L1Penalty, lambda given: KLPenalty(0.1, given)):
        with pytest.raises(ValueError, match="strength must be at least 0 and finite; got"):
            make(strength)
    with pytest.raises(ValueError, match="strength must be at least 0 and finite; got"):
        AuxiliaryLoss(strength)


@pytest.mark.parametrize("rate", [0, 1, -0.1, np.nan, "0.1"])
def test_a_rate_that_is_none_is_refused(rate):
    with pytest.raises(ValueError, match="rate must be between 0 and 1; got"):
        KLPenalty(rate, 1)


@pytest.mark.parametrize(
    ("kind", "arguments"), [(L1Penalty, [0.01]), (KLPenalty, [0.05, 0.1]), (TopK, [3])]
)
def test_models_with_these_layers_are_saved_and_loaded(kind, arguments, tmp_path):
    layer = kind(*arguments)
    model = keras.Sequential([keras.Input((8,)), layers.Dense(12, "sigmoid"), layer])
    model.save(tmp_path / "sparse.keras")
    again = keras.saving.load_model(tmp_path / "sparse.keras")
    np.testing.assert_array_equal(again(drawn(5, 8)), model(drawn(5, 8)))
    assert type(again.layers[-1]) is kind
    assert again.layers[-1].get_config() == layer.get_config()
    assert again.losses == model.losses


@pytest.mark.slow
def test_a_model_with_the_auxiliary_loss_is_saved_and_loaded(digits, tmp_path):
    images = digits.train[:64]
    model = sparse_autoencoder(40, TopK(2), images)
    helped = with_auxiliary_loss(model, strength=0.3, units=7, patience=2)
    train(helped, images, epochs=3, batch_size=16)
    helped.save(tmp_path / "helped.keras")
    again = keras.saving.load_model(tmp_path / "helped.keras", compile=False)
    np.testing.assert_allclose(again(images), helped(images), atol=1e-5)
    np.testing.assert_allclose(float(again.losses[0]), float(helped.losses[0]), rtol=1e-5)
    for kind in (AuxiliaryLoss, DeadUnits):
        (before,), (after,) = (
            [layer for layer in whole.layers if isinstance(layer, kind)]
            for whole in (helped, again)
        )
        assert after.get_config() == before.get_config()
        for one, other in zip(after.get_weights(), before.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_trains(policy, digits):
    images = digits.train[:512]
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        for sparsity in (L1Penalty(1e-4), TopK(3)):
            model = sparse_autoencoder(20, sparsity, images)
            trained = with_auxiliary_loss(model) if isinstance(sparsity, TopK) else model
            history = train(trained, images, epochs=2).history["loss"]
            assert history[-1] < history[0]
        # More than a half-precision number can hold.
        many = keras.ops.full((2, 2000), 40.0, dtype=keras.config.dtype_policy().compute_dtype)
        assert cost(L1Penalty(1.0), many) == pytest.approx(80_000)
        ones = keras.ops.ones((2, 3), dtype=keras.config.dtype_policy().compute_dtype)
        assert np.isfinite(cost(KLPenalty(0.1, 1.0), ones))
    finally:
        keras.config.set_dtype_policy(before)


def test_the_start_is_transposed_and_the_mean_image(digits):
    images = digits.train[:100]
    model = sparse_autoencoder(20, TopK(20), images)
    kernel, bias = model.encoder.layers[1].get_weights()
    atoms, mean = model.decoder.layers[0].get_weights()
    np.testing.assert_array_equal(kernel, atoms.T)
    np.testing.assert_allclose(np.linalg.norm(atoms, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(mean, images.mean(axis=0).ravel(), atol=1e-6)
    centred = (images - images.mean(axis=0)).reshape(100, -1)
    expected = np.maximum(centred @ atoms.T, 0)
    np.testing.assert_allclose(model.encoder(images), expected, atol=1e-4)
    np.testing.assert_allclose(bias, -atoms @ mean, atol=1e-5)


def test_a_centred_model_starts_as_the_other_does(digits):
    images = digits.train[:100]
    plain = sparse_autoencoder(20, TopK(5), images)
    centred = sparse_autoencoder(20, TopK(5), images, centred=True)
    np.testing.assert_allclose(centred.encoder(images), plain.encoder(images), atol=1e-4)
    np.testing.assert_allclose(centred(images), plain(images), atol=1e-4)
    assert centred.count_params() == plain.count_params() + 784  # the mean, which is not trained
    assert [weights.shape for weights in centred.encoder.trainable_weights] == [(785, 20)]


def test_a_step_moves_a_centred_unit_by_the_image_less_the_mean_and_its_bias_by_more():
    rows = np.array([[0.5, 1.0], [0.0, 0.25]], np.float32)
    layer = Centring(3.0)
    layer(rows)
    layer.set_weights([np.array([0.25, 0.5])])
    np.testing.assert_allclose(layer(rows), [[0.25, 0.5, 3.0], [-0.25, -0.25, 3.0]])
    kernel = tf.Variable([[1.0], [2.0], [0.5]])
    with tf.GradientTape() as tape:
        (answer,) = tf.matmul(layer(rows[:1]), kernel)
    assert float(answer[0]) == 0.25 + 1.0 + 1.5
    np.testing.assert_allclose(tape.gradient(answer, kernel)[:, 0], [0.25, 0.5, 3.0])


@pytest.mark.parametrize("constant", [0, -1, np.inf, np.nan, None, True, "2"])
def test_a_constant_that_is_none_is_refused(constant):
    with pytest.raises(ValueError, match=r"constant must be above 0 and finite; got"):
        Centring(constant)


def test_centring_takes_rows_and_is_stored_with_its_constant():
    again = Centring.from_config(Centring(3.0).get_config())
    assert again(np.zeros((1, 2), np.float32))[0, 2] == 3
    with pytest.raises(ValueError, match=r"images must be in rows .*; got shape \(1, 2, 2\)"):
        Centring()(np.zeros((1, 2, 2), np.float32))


@pytest.mark.parametrize("centred", ["yes", None, 1, np.ones(2)])
def test_centred_is_true_or_false(centred):
    images = np.full((3, 4, 4), 0.5, np.float32)
    with pytest.raises(ValueError, match="centred must be True or False; got"):
        sparse_autoencoder(4, TopK(2), images, centred=centred)


@pytest.mark.slow
def test_centred_units_live_on_where_the_mean_image_is_large():
    photos = load_photos(10_000, 1, 2000)
    left, errors = {}, {}
    for centred in (False, True):
        model = sparse_autoencoder(400, TopK(20), photos.train, centred=centred, seed=0)
        train(with_auxiliary_loss(model), photos.train, epochs=5, learning_rate=2e-3, seed=0)
        left[centred] = dead_units(model.encoder.predict(photos.test, verbose=0)).mean()
        errors[centred] = squared_error(photos.test, model.predict(photos.test, verbose=0))
    assert left[False] > 0.5
    assert left[True] < 0.1
    assert errors[True] < errors[False]


@pytest.mark.slow
def test_a_centred_model_is_saved_and_loaded(tmp_path):
    images = load_photos(300, 1, 1).train
    model = sparse_autoencoder(30, TopK(5), images, centred=True)
    train(with_auxiliary_loss(model), images, epochs=2)
    model.save(tmp_path / "sparse.keras")
    again = keras.saving.load_model(tmp_path / "sparse.keras", compile=False)
    assert again.encoder.layers[1].constant == model.encoder.layers[1].constant
    np.testing.assert_allclose(again(images), model(images), atol=1e-6)


def test_training_keeps_atoms_at_length_one(digits):
    model = sparse_autoencoder(20, L1Penalty(1e-4), digits.train[:512])
    train(model, digits.train[:512], epochs=2)
    atoms = model.decoder.layers[0].get_weights()[0]
    np.testing.assert_allclose(np.linalg.norm(atoms, axis=1), 1, rtol=1e-3)


def test_seeds_decide_the_first_atoms(digits):
    images = digits.train[:10]
    zero, again, one = (
        sparse_autoencoder(4, TopK(2), images, seed=seed).decoder.layers[0].get_weights()[0]
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(zero, again)
    assert not np.allclose(zero, one)


def test_bad_arguments_of_the_builder_are_refused(digits):
    images = digits.train[:10]
    with pytest.raises(ValueError, match="code_size must be a whole number of at least 1; got 0"):
        sparse_autoencoder(0, TopK(1), images)
    with pytest.raises(ValueError, match="sparsity must be a Keras layer; got float"):
        sparse_autoencoder(4, 0.1, images)
    with pytest.raises(ValueError, match=r"images must hold .*; divide pixels 0–255 by 255"):
        sparse_autoencoder(4, TopK(1), np.ones((2, 3), int))
    with pytest.raises(ValueError, match="images must be finite"):
        sparse_autoencoder(4, TopK(1), np.full((2, 3), np.nan))
    with pytest.raises(ValueError, match="k must be at most the code size, 4; got 5"):
        sparse_autoencoder(4, TopK(5), images)
    with pytest.raises(ValueError, match=r"sparsity must take the codes that ReLUs return.* KLPen"):
        sparse_autoencoder(4, KLPenalty(0.1, 1), images)
    used = TopK(2)
    sparse_autoencoder(4, used, images)
    with pytest.raises(ValueError, match="sparsity must be a new layer for each model; got a TopK"):
        sparse_autoencoder(4, used, images)


def test_bad_arguments_of_the_auxiliary_loss_are_refused(digits):
    images = digits.train[:10]
    model = sparse_autoencoder(4, TopK(2), images)
    with pytest.raises(ValueError, match="units must be a whole number of at least 1; got 0"):
        with_auxiliary_loss(model, units=0)
    with pytest.raises(ValueError, match="patience must be a whole number of at least 1; got 0"):
        with_auxiliary_loss(model, patience=0)
    with pytest.raises(ValueError, match="strength must be at least 0 and finite; got -1"):
        with_auxiliary_loss(model, strength=-1)
    with pytest.raises(ValueError, match=r"autoencoder must be what sparse_autoencoder.* got int"):
        with_auxiliary_loss(5)
    assert with_auxiliary_loss(model)(images).shape == images.shape  # fewer units than 50
    with pytest.raises(ValueError, match=r"must end its encoder in a TopK layer.*got L1Penalty"):
        with_auxiliary_loss(sparse_autoencoder(4, L1Penalty(0.1), images))


def test_dead_units_are_those_silent_for_the_patience():
    layer = DeadUnits(2)
    before = np.ones((3, 4), np.float32)
    after = before * [1, 0, 1, 0]
    np.testing.assert_array_equal(layer([before, after], training=True), 0 * before)
    np.testing.assert_array_equal(layer([before, after], training=True), before * [0, 1, 0, 1])
    woken = before * [0, 1, 0, 0]
    np.testing.assert_array_equal(layer([before, woken], training=True), before * [0, 0, 0, 1])
    # Outside training nothing is counted.
    np.testing.assert_array_equal(layer([before, after]), before * [0, 0, 0, 1])


def test_the_auxiliary_loss_is_its_formula_and_moves_only_the_additions():
    images, answers, additions = (tf.constant(drawn(3)[row : row + 1]) for row in range(3))
    layer = AuxiliaryLoss(0.5)
    with tf.GradientTape() as tape:
        tape.watch([answers, additions])
        np.testing.assert_array_equal(layer([images, answers, additions]), answers)
        (loss,) = layer.losses
    expected = 0.5 * np.mean((images - answers - additions) ** 2)
    assert float(loss) == pytest.approx(expected, rel=1e-5)
    to_answers, to_additions = tape.gradient(loss, [answers, additions])
    assert to_answers is None
    np.testing.assert_allclose(to_additions, (additions - images + answers) / 32, rtol=1e-4)


def test_the_auxiliary_loss_of_a_model_is_what_the_dead_units_leave(digits):
    images = digits.train[:8]
    model = sparse_autoencoder(40, TopK(1), images)
    cured = with_auxiliary_loss(model, strength=3.0, units=2, patience=1)
    np.testing.assert_allclose(cured(images), model(images), atol=1e-5)
    assert float(cured.losses[0]) == 0  # no unit is dead yet
    cured(images, training=True)  # one batch, after which silent units are dead
    dense, top_k = model.encoder.layers[1:]
    activations = np.asarray(dense(images.reshape(8, -1)))
    dead = dead_units(np.asarray(top_k(activations)))
    assert 0 < dead.sum() < 40
    chosen = np.asarray(TopK(2)(activations * dead))
    atoms = model.decoder.layers[0].get_weights()[0]
    missing = np.reshape(images - np.asarray(model(images)), (8, -1))
    cured(images)
    expected = 3 * np.mean((missing - chosen @ atoms) ** 2)
    assert float(cured.losses[0]) == pytest.approx(expected, rel=1e-4)


@pytest.mark.slow
def test_the_auxiliary_loss_brings_dead_units_back(digits):
    images = digits.train[:5000]
    left = {}
    for cured in (False, True):
        model = sparse_autoencoder(300, TopK(5), images, seed=0)
        trained = with_auxiliary_loss(model) if cured else model
        train(trained, images, epochs=6, learning_rate=2e-3, batch_size=50, seed=0)
        left[cured] = dead_units(model.encoder.predict(images, verbose=0)).mean()
    assert left[False] > 0.3
    assert left[True] < left[False] / 2


def test_k_falls_in_equal_ratios_to_its_own():
    layer = TopK(10)
    layer.build((None, 100))
    callback = AnnealK(layer, start=40, epochs=3)
    found = []
    for epoch in range(5):
        callback.on_epoch_begin(epoch)
        found.append(int(layer.k))
    assert found == [40, 20, 10, 10, 10]
    callback.on_epoch_begin(0)
    callback.on_train_end()
    assert int(layer.k) == 10


@pytest.mark.parametrize(("epochs", "expected"), [(1, [10, 10, 10]), (2, [40, 10, 10])])
def test_k_reaches_its_own_in_the_epoch_asked_for(epochs, expected):
    layer = TopK(10)
    layer.build((None, 100))
    callback = AnnealK(layer, start=40, epochs=epochs)
    found = []
    for epoch in range(3):
        callback.on_epoch_begin(epoch)
        found.append(int(layer.k))
    assert found == expected


def test_annealing_reaches_the_graph(digits):
    images = digits.train[:512]
    model = sparse_autoencoder(50, TopK(2), images)
    graph = tf.function(model.encoder)
    graph(images)  # traced before k changes
    seen = []

    class Look(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):  # noqa: ARG002
            seen.append(int(active_units(np.asarray(graph(images))).max()))

    train(model, images, epochs=3, callbacks=[AnnealK(model.encoder.layers[-1], 8, 3), Look()])
    assert seen == [8, 4, 2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"start": 0, "epochs": 2}, "start must be a whole number of at least 1; got 0"),
        ({"start": 40, "epochs": 0}, "epochs must be a whole number of at least 1; got 0"),
        (
            {"start": 101, "epochs": 2},
            "start must be from the layer's k, 10, to the code size",
        ),
        ({"start": 9, "epochs": 2}, "start must be from the layer's k, 10, to the code size"),
    ],
)
def test_bad_annealing_is_refused(arguments, message):
    layer = TopK(10)
    layer.build((None, 100))
    with pytest.raises(ValueError, match=message):
        AnnealK(layer, **arguments)


def test_annealing_wants_a_top_k_layer_that_is_part_of_a_model():
    with pytest.raises(ValueError, match="layer must be a TopK layer of a model; got Dense"):
        AnnealK(layers.Dense(3), 5, 2)
    with pytest.raises(ValueError, match="layer must be a TopK layer of a model; got TopK"):
        AnnealK(TopK(3), 5, 2)


@pytest.mark.parametrize("patience", [0, 1.5])
def test_a_patience_that_is_no_count_is_refused(patience):
    with pytest.raises(ValueError, match="patience must be a whole number of at least 1"):
        DeadUnits(patience)


@pytest.mark.parametrize("strength", [1.0, 5.0])
def test_the_loss_is_the_plain_error_while_no_unit_is_dead(strength, digits):
    images = digits.train[:64]
    model = sparse_autoencoder(40, TopK(2), images)
    cured = with_auxiliary_loss(model, strength=strength, patience=1)
    cured.compile(loss="mse")
    plain = np.mean((np.asarray(model(images)) - images) ** 2)
    assert cured.evaluate(images, images, verbose=0) == pytest.approx(plain, rel=1e-5)


def test_the_loss_has_what_dead_units_leave_once_some_are(digits):
    images = digits.train[:32]
    model = sparse_autoencoder(40, TopK(1), images)
    cured = with_auxiliary_loss(model, strength=3.0, units=40, patience=1)
    cured.compile(loss="mse")
    cured(images, training=True)
    rebuilt = np.asarray(model(images))
    activations = np.asarray(model.encoder.layers[1](images.reshape(32, -1)))
    dead = dead_units(model.encoder.predict(images, verbose=0))
    assert dead.any()
    additions = (activations * dead) @ model.decoder.layers[0].get_weights()[0]
    left = np.mean(((images - rebuilt).reshape(32, -1) - additions) ** 2)
    expected = np.mean((images - rebuilt) ** 2) + 3 * left
    assert cured.evaluate(images, images, verbose=0) == pytest.approx(expected, rel=1e-5)


def test_dead_units_that_nothing_excites_add_nothing(digits):
    images = digits.train[:16]
    model = sparse_autoencoder(4, TopK(4), images)
    weights, bias = model.encoder.layers[1].get_weights()
    model.encoder.layers[1].set_weights([weights, bias * 0 - 1e6])
    cured = with_auxiliary_loss(model, patience=1)
    for _ in range(3):
        cured(images, training=True)
    (counter,) = [layer for layer in cured.layers if isinstance(layer, DeadUnits)]
    np.testing.assert_array_equal(counter.silent, 3)
    assert float(cured.losses[0]) == 0


@pytest.mark.parametrize("shape", [(7, 7, 8), (5, 3), (1, 1, 1)])
def test_a_code_of_more_axes_costs_what_the_same_numbers_in_a_row_cost(shape):
    code = np.random.default_rng(0).uniform(0.1, 0.9, (4, *shape)).astype(np.float32)
    flat = code.reshape(4, -1)
    for make in (lambda: L1Penalty(0.3), lambda: KLPenalty(0.2, 0.3)):
        assert cost(make(), code) == pytest.approx(cost(make(), flat), rel=1e-5)
    assert cost(L1Penalty(2.0), code) == pytest.approx(2 * flat.sum() / 4, rel=1e-5)
    size = flat.shape[1]
    for k in {1, size // 2 + 1, size}:
        found = np.asarray(TopK(k)(code - 0.5))
        assert found.shape == code.shape
        np.testing.assert_array_equal(found.reshape(4, -1), TopK(k)(flat - 0.5))
    with pytest.raises(ValueError, match=f"k must be at most the code size, {size}; got"):
        TopK(size + 1)(code)


def test_an_l1_penalty_sums_over_all_of_a_code_of_ones():
    assert cost(L1Penalty(1.0), np.ones((2, 7, 7, 8), np.float32)) == 392


def test_dead_units_of_codes_of_more_axes_are_counted_one_by_one():
    layer = DeadUnits(1)
    before = np.ones((3, 2, 2), np.float32)
    after = before * [[1, 0], [0, 1]]
    dead = layer([before, after], training=True)
    np.testing.assert_array_equal(dead, before * [[0, 1], [1, 0]])
    assert layer.silent.shape == (2, 2)


@pytest.mark.slow
def test_a_convolutional_code_may_be_sparse_and_trains(tmp_path):
    images = np.random.default_rng(0).random((16, 8, 8, 1)).astype(np.float32)
    sizes = {"padding": "same", "data_format": "channels_last"}
    for make in (lambda: L1Penalty(1e-3), lambda: KLPenalty(0.1, 1e-3), lambda: TopK(5)):
        model = keras.Sequential(
            [
                keras.Input((8, 8, 1)),
                layers.Conv2D(3, 3, 2, activation="sigmoid", **sizes),
                make(),
                layers.Conv2DTranspose(1, 3, 2, **sizes),
            ]
        )
        model.compile("adam", "mse")
        losses = [float(model.train_on_batch(images, images)) for _ in range(9)]
        assert losses[-1] < losses[0]
        model.save(tmp_path / "convolutional.keras")
        again = keras.saving.load_model(tmp_path / "convolutional.keras")
        np.testing.assert_allclose(again(images), model(images), atol=1e-6)


@pytest.mark.parametrize("shape", [(None,), (None, None), (None, 7, None, 8)])
def test_codes_without_a_known_size_are_refused(shape):
    with pytest.raises(ValueError, match=r"code must have shape \(n, …\) of known sizes; got"):
        TopK(2).build(shape)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_layers_of_several_arrays_refuse_another_number_of_them_by_name(count):
    arrays = [np.ones((2, 3), np.float32)] * count
    if count != 2:
        with pytest.raises(ValueError, match="before, after must be a list of one shape; got"):
            DeadUnits(1)(arrays)
    with pytest.raises(ValueError, match="images, reconstructions, additions must be a list"):
        AuxiliaryLoss(1.0)(arrays)


def test_arrays_that_would_be_broadcast_are_refused():
    one, other = np.ones((2, 3), np.float32), np.ones((2, 1), np.float32)
    with pytest.raises(ValueError, match=r"before, after must be .* got shapes .*\(2, 1\)"):
        DeadUnits(1)([one, other])
    with pytest.raises(ValueError, match=r"images, reconstructions, additions must be .*\(2, 1\)"):
        AuxiliaryLoss(1.0)([one, one, other])


BUILT = {
    "L1": lambda: L1Penalty(1e-3),
    "top-k": lambda: TopK(2),
    "dropout": lambda: layers.Dropout(0.2),
    "Gaussian dropout": lambda: layers.GaussianDropout(0.2),
    "identity": layers.Identity,
    "ReLU": layers.ReLU,
    "a model of them": lambda: keras.Sequential([L1Penalty(1e-3), layers.Dropout(0.2)]),
    "a built model": lambda: keras.Sequential([keras.Input((8,)), L1Penalty(1e-3)]),
}


@pytest.mark.parametrize("make", BUILT.values(), ids=BUILT)
def test_any_new_layer_keeps_a_code_sparse_and_no_used_one(make, digits):
    images = digits.train[:32]
    layer = make()
    model = sparse_autoencoder(8, layer, images)
    assert model(images).shape == images.shape
    with pytest.raises(ValueError, match="sparsity must be a new layer for each model; got a"):
        sparse_autoencoder(8, layer, images)


def test_a_layer_of_another_model_is_used_and_one_with_weights_that_was_called():
    images = np.random.default_rng(0).random((4, 5)).astype(np.float32)
    for layer in (L1Penalty(0.1), TopK(2), layers.Dropout(0.1)):
        keras.Sequential([keras.Input((9,)), layer])
        with pytest.raises(ValueError, match="sparsity must be a new layer"):
            sparse_autoencoder(8, layer, images)
    called = TopK(2)
    called(np.ones((1, 30), np.float32))
    with pytest.raises(ValueError, match="sparsity must be a new layer"):
        sparse_autoencoder(8, called, images)
    called = L1Penalty(0.1)  # has nothing that a call could leave in it
    called(np.ones((1, 30), np.float32))
    sparse_autoencoder(8, called, images)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (lambda: layers.Dense(3), r"sparsity must return codes of shape \(n, 8\).*Dense"),
        (lambda: layers.Reshape((2, 4)), r"sparsity must return codes of .*Reshape that returns"),
        (lambda: layers.Conv2D(3, 3), r"sparsity must take codes of shape \(n, 8\); "),
        (layers.Add, r"sparsity must take codes of shape \(n, 8\); "),
        (lambda: layers.LSTM(3), r"sparsity must take codes of shape \(n, 8\); "),
    ],
)
def test_a_layer_for_other_codes_is_refused_by_name(layer, message):
    images = np.ones((4, 5), np.float32)
    with pytest.raises(ValueError, match=message):
        sparse_autoencoder(8, layer(), images)


def test_building_leaves_the_generators_of_the_process_alone(digits):
    with generators_go_on():
        with_auxiliary_loss(sparse_autoencoder(8, TopK(2), digits.train[:9], seed=1))
        sparse_autoencoder(8, L1Penalty(0.1), digits.train[:9])


def a_model_with_rates():
    first, last = (keras.initializers.GlorotUniform(seed) for seed in (1, 2))
    return keras.Sequential(
        [
            keras.Input((784,)),
            layers.Dense(8, "sigmoid", kernel_initializer=first),
            KLPenalty(0.1, 0.1),
            layers.Dense(784, kernel_initializer=last),
        ]
    )


@pytest.mark.slow
@pytest.mark.parametrize("setting", KERAS_SETTINGS)
def test_sparse_models_learn_whatever_keras_is_set_to(setting, digits):
    images = digits.train[:64]
    flat = images.reshape(64, 784)
    builds = {
        "L1": (lambda: sparse_autoencoder(8, L1Penalty(0.01), images), images),
        "top-k": (lambda: sparse_autoencoder(8, TopK(2), images), images),
        "centred": (lambda: sparse_autoencoder(8, TopK(2), images, centred=True), images),
        "cured": (
            lambda: with_auxiliary_loss(sparse_autoencoder(8, TopK(1), images), patience=1),
            images,
        ),
        "KL": (a_model_with_rates, flat),
    }
    for name, (build, inputs) in builds.items():
        start = np.asarray(build()(inputs))
        with keras_set_to(setting):
            model = build()
            found = np.asarray(model(inputs)).astype(np.float64)
            model.compile(keras.optimizers.Adam(1e-3), "mse")
            losses = [float(model.train_on_batch(inputs, inputs)) for _ in range(6)]
        if name != "KL":  # whose first weights Keras draws in the precision it computes in
            tolerance = 3e-2 if "16" in setting else 1e-4
            np.testing.assert_allclose(found, start, atol=tolerance)
        if name == "cured":  # in the first batch no unit is dead
            assert np.isfinite(losses).all()
        else:
            assert losses[-1] < losses[0]


@pytest.mark.parametrize(
    ("floatx", "policy"), [("float64", "float64"), ("float64", "float32"), ("float32", "float64")]
)
def test_a_layers_own_loss_is_in_the_precision_in_which_keras_adds_up(floatx, policy):
    before = keras.config.floatx()
    keras.config.set_floatx(floatx)
    try:
        for layer in (L1Penalty(1.0, dtype=policy), KLPenalty(0.1, 1.0, dtype=policy)):
            layer(np.full((2, 3), 0.5, floatx))
            assert layer.losses[0].dtype == floatx
        layer = AuxiliaryLoss(1.0, dtype=policy)
        layer([np.full((2, 3), value, floatx) for value in (0.5, 0.25, 0.125)])
        assert layer.losses[0].dtype == floatx
    finally:
        keras.config.set_floatx(before)


@pytest.mark.parametrize("layer", [L1Penalty(0.1), KLPenalty(0.1, 0.1), TopK(2)], ids=repr)
def test_a_mask_goes_on_with_the_code(layer):
    mean = layers.GlobalAveragePooling1D()  # of the steps that no mask hides
    model = keras.Sequential([keras.Input((2, 3)), layers.Masking(), layer, mean])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        code = model(np.array([[[0, 0, 0], [0, 0.5, 0.5]]], np.float32))
    assert [str(warning.message) for warning in caught] == []
    np.testing.assert_allclose(code, [[0, 0.5, 0.5]])
