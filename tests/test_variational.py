"""Bounds where the likelihood is known, losses against SciPy, training, files, bad arguments."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from keras import layers
from scipy import stats
from scipy.special import expit, logsumexp
from sklearn.decomposition import PCA

from helpers import variational
from helpers.models import conv_autoencoder, dense_autoencoder
from helpers.training import train
from helpers.variational import (
    Bernoulli,
    BetaWarmUp,
    Gaussian,
    Sampling,
    VariationalAutoencoder,
    binarise,
    dense_variational_autoencoder,
    importance_bounds,
    log_weights,
)
from tests.surroundings import KERAS_SETTINGS, generators_go_on, keras_set_to

SMALL = (4, 4, 1)
NOT_FLOATS = [None, "1", True, -0.1, np.nan, np.inf]
NO_COUNTS = [0, -1, 2.0, True, "3", None]

# A linear decoder with columns at right angles, so that the numbers of a code stay independent of
# each other once the image is known.
COLUMNS = np.array([[1.0, 0.5], [-1.0, 0.5], [0.5, 1.0], [-0.5, 1.0], [0.0, -1.0]])
CENTRE = np.array([0.3, -0.2, 0.0, 1.0, 0.5])
DEVIATION = 0.7


def dense_half(kernel, bias):
    half = keras.Sequential([keras.Input((kernel.shape[0],)), layers.Dense(kernel.shape[1])])
    half.set_weights([kernel, bias])
    return half


def linear_model(columns, centre, deviation, to_mean, variances, **settings):
    """Posteriors of mean `(x - centre) to_mean` and these variances; decoded in a straight line."""
    kernel = np.hstack([to_mean, np.zeros_like(to_mean)])
    bias = np.concatenate([-centre @ to_mean, np.log(variances)])
    return VariationalAutoencoder(
        dense_half(kernel, bias),
        dense_half(columns.T, centre),
        likelihood=Gaussian(deviation),
        **settings,
    )


def exact_posterior(columns, deviation):
    """What takes an image to its code's mean, and the code's variances; M. Tipping, C. Bishop."""
    inverse = np.linalg.inv(columns.T @ columns + deviation**2 * np.eye(columns.shape[1]))
    np.testing.assert_allclose(inverse, np.diag(np.diag(inverse)), atol=1e-9)
    return columns @ inverse, deviation**2 * np.diag(inverse)


def exact_model(**settings):
    posterior = exact_posterior(COLUMNS, DEVIATION)
    return linear_model(COLUMNS, CENTRE, DEVIATION, *posterior, **settings)


def wrong_model():
    """Means that fall short, and variances that are too large or too small."""
    to_mean, variances = exact_posterior(COLUMNS, DEVIATION)
    return linear_model(COLUMNS, CENTRE, DEVIATION, 0.8 * to_mean, variances * [1.7, 0.8])


def evidence():
    covariance = COLUMNS @ COLUMNS.T + DEVIATION**2 * np.eye(len(CENTRE))
    return stats.multivariate_normal(CENTRE, covariance)


def linear_images(count):
    return evidence().rvs(count, random_state=1).reshape(count, -1).astype(np.float32)


def coins(count, shape=SMALL, seed=0):
    """Images of 0 and 1: a pattern or its negative, in which each pixel is wrong once in ten."""
    pattern = np.random.default_rng(9).random(shape) < 0.5
    random = np.random.default_rng(seed)
    negative = random.random((count, *[1] * len(shape))) < 0.5
    rates = np.where(pattern ^ negative, 0.9, 0.1)
    return (random.random(rates.shape) < rates).astype(np.float32)


def small(**settings):
    return dense_variational_autoencoder(2, [8], shape=SMALL, **({"seed": 1} | settings))


def uncertain(**settings):
    """An untrained model whose codes matter to its images."""
    model = small(**settings)
    model.decoder.set_weights([1.7 * weights for weights in model.decoder.get_weights()])
    return model


def trained(seed=0, model=None, **settings):
    model = model or small()
    grey = np.full((64, *SMALL), 0.3, np.float32)
    chosen = {"epochs": 3, "batch_size": 16, "augmentation": binarise, "loss": model.likelihood}
    train(model, grey, seed=seed, xla=False, **(chosen | settings))
    return model


@pytest.fixture(scope="module")
def unbroken():
    return trained().get_weights()


# Bounds, where the likelihood is known


def test_with_the_exact_posterior_every_log_weight_is_the_log_likelihood():
    images = linear_images(20)
    weights = log_weights(exact_model(), images, 30)
    assert weights.shape == (20, 30)
    assert weights.dtype == np.float32
    expected = np.broadcast_to(evidence().logpdf(images)[:, np.newaxis], weights.shape)
    np.testing.assert_allclose(weights, expected, atol=2e-4)


def test_with_another_posterior_the_mean_falls_short_by_its_divergence_from_the_exact_one():
    images = linear_images(30)
    model = wrong_model()
    weights = log_weights(model, images, 4000).astype(np.float64)
    means, deviations = model.encode(images)
    to_mean, variances = exact_posterior(COLUMNS, DEVIATION)
    ratios = deviations**2 / variances
    shifts = np.square(means - (images - CENTRE) @ to_mean) / variances
    short = (ratios + shifts - np.log(ratios) - 1).sum(axis=1) / 2
    likelihoods = evidence().logpdf(images)
    allowed = 5 * weights.std(axis=1) / np.sqrt(4000)
    np.testing.assert_array_less(abs(weights.mean(axis=1) - likelihoods + short), allowed)
    assert (weights.mean(axis=1) < likelihoods).all()


def test_with_more_codes_the_bound_rises_to_the_likelihood():
    images = linear_images(30)
    weights = log_weights(wrong_model(), images, 4000).astype(np.float64)
    likelihoods = evidence().logpdf(images)
    bounds = [importance_bounds(weights, codes).mean() for codes in (1, 4, 40, 4000)]
    assert bounds == sorted(bounds)
    assert bounds[-1] - bounds[0] > 0.1
    # The mean of the weights has no bias; the error of its logarithm is the relative one.
    relative = np.exp(weights - likelihoods[:, np.newaxis])
    allowed = 5 * relative.std(axis=1) / np.sqrt(4000)
    np.testing.assert_array_less(abs(importance_bounds(weights, 4000) - likelihoods), allowed)


def test_at_the_maximum_of_the_likelihood_the_bound_is_the_score_of_pca(digits):
    images = digits.train[:400, ::2, ::2].reshape(400, 196).astype(np.float64)
    pca = PCA(6, svd_solver="full").fit(images)
    columns = pca.components_.T * np.sqrt(pca.explained_variance_ - pca.noise_variance_)
    deviation = np.sqrt(pca.noise_variance_)
    posterior = exact_posterior(columns, deviation)
    model = linear_model(columns, pca.mean_, float(deviation), *posterior)
    images = digits.test[:50, ::2, ::2].reshape(50, 196)
    weights = log_weights(model, images, 5)
    expected = pca.score_samples(images.astype(np.float64))
    np.testing.assert_allclose(weights.mean(axis=1), expected, rtol=1e-5, atol=0.01)
    np.testing.assert_allclose(weights.std(axis=1), 0, atol=0.01)
    assert weights.mean() == pytest.approx(pca.score(images.astype(np.float64)), rel=1e-5)


def test_of_coins_the_log_weight_is_the_formula_at_the_codes_it_draws():
    """With a posterior far too narrow to draw anything but its mean."""
    columns = np.array([[1.0, -2.0, 0.5]]).T
    to_posterior = dense_half(np.zeros((3, 2)), np.array([0.8, np.log(1e-10)]))
    model = VariationalAutoencoder(to_posterior, dense_half(columns.T, np.zeros(3)))
    images = np.array([[1, 0, 1], [0, 0, 1]], np.float32)
    weights = log_weights(model, images, 2000).astype(np.float64)
    pixels = stats.bernoulli.logpmf(images, expit(0.8 * columns[:, 0])).sum(axis=1)
    # The mean of log q at what q draws is minus its entropy.
    ratio = stats.norm.logpdf(0.8) + stats.norm(0.8, 1e-5).entropy()
    np.testing.assert_allclose(weights.mean(axis=1), pixels + ratio, atol=5 * 0.8 / np.sqrt(2000))


@pytest.mark.parametrize("rows", [1, 7, 64])
def test_log_weights_are_the_same_however_they_are_split(rows, monkeypatch):
    images = coins(9)
    whole = log_weights(uncertain(), images, 20, seed=4)
    monkeypatch.setattr(variational, "ROWS_AT_ONCE", rows)
    np.testing.assert_allclose(log_weights(uncertain(), images, 20, seed=4), whole, atol=1e-4)


def test_more_samples_than_are_decoded_at_once():
    images = linear_images(2)
    samples = variational.ROWS_AT_ONCE + 300
    weights = log_weights(wrong_model(), images, samples).astype(np.float64)
    assert weights.shape == (2, samples)
    for row in weights:
        assert len(np.unique(row)) > 0.9 * samples
        assert stats.ks_2samp(row[:2000], row[-2000:]).pvalue > 1e-4
    likelihoods = evidence().logpdf(images)
    allowed = 5 * np.exp(weights - likelihoods[:, np.newaxis]).std(axis=1) / np.sqrt(samples)
    np.testing.assert_array_less(abs(importance_bounds(weights, samples) - likelihoods), allowed)


def test_what_an_image_gets_depends_on_what_stands_before_it_alone():
    images = coins(9)
    model = uncertain()
    whole = log_weights(model, images, 20, seed=4)
    np.testing.assert_allclose(log_weights(model, images[:4], 20, seed=4), whole[:4], atol=1e-4)
    assert not np.allclose(log_weights(model, images, 20, seed=5), whole)
    assert np.unique(whole.round(4)).size > 100


@pytest.mark.parametrize("dtype", [np.float64, np.float16])
def test_log_weights_take_images_of_any_float(dtype):
    images = coins(5)
    expected = log_weights(uncertain(), images, 3)
    np.testing.assert_array_equal(log_weights(uncertain(), images.astype(dtype), 3), expected)


def test_call_upon_call_makes_tensorflow_warn_of_nothing(caplog):
    model = small()
    for count in range(1, 7):
        log_weights(model, coins(count), 1)
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == []


@settings(deadline=None, max_examples=50)
@given(
    hnp.arrays(
        st.sampled_from([np.float32, np.float64]),
        st.tuples(st.integers(1, 4), st.integers(1, 12)),
        elements=st.floats(-3000, 3000, width=32),
    ),
    st.data(),
)
def test_bounds_are_logsumexp_of_whole_groups(weights, data):
    codes = data.draw(st.integers(1, weights.shape[1]))
    found = importance_bounds(weights, codes)
    assert found.dtype == np.float64
    for row, bound in zip(weights.astype(np.float64), found, strict=True):
        starts = range(0, len(row) - codes + 1, codes)
        groups = [logsumexp(row[start : start + codes]) - np.log(codes) for start in starts]
        assert bound == pytest.approx(np.mean(groups), rel=1e-6, abs=1e-4)


def test_bounds_of_one_code_and_of_all():
    weights = np.log([[1.0, 2.0, 3.0, 10.0]])
    np.testing.assert_allclose(importance_bounds(weights, 1), weights.mean(axis=1))
    np.testing.assert_allclose(importance_bounds(weights, 4), np.log([4.0]))
    np.testing.assert_allclose(importance_bounds(weights, 2), np.log([1.5 * 6.5]) / 2)
    np.testing.assert_allclose(importance_bounds(weights, 3), np.log([2.0]))  # the fourth is left
    np.testing.assert_allclose(importance_bounds(weights.tolist(), 4), np.log([4.0]))


# Parts of the loss


def posteriors(count=6, code_size=3):
    random = np.random.default_rng(2)
    means = 1.5 * random.standard_normal((count, code_size))
    return means, np.exp(random.uniform(-1.5, 1, (count, code_size)))


def told(means, deviations):
    return np.hstack([means, 2 * np.log(deviations)]).astype(np.float32)


def charge(layer, given):
    layer.divergence.reset_state()
    layer(given)
    (found,) = layer.losses
    return float(found)


def test_the_divergence_is_the_closed_form_and_what_samples_say():
    means, deviations = posteriors()
    closed = ((means**2 + deviations**2 - 1) / 2 - np.log(deviations)).sum(axis=1)
    layer = Sampling(seed=0)
    assert charge(layer, told(means, deviations)) == pytest.approx(closed.mean(), rel=1e-5)
    assert float(layer.divergence.result()) == pytest.approx(closed.mean(), rel=1e-5)
    noise = np.random.default_rng(0).standard_normal((40_000, *means.shape))
    codes = means + deviations * noise
    ratios = stats.norm.logpdf(codes, means, deviations) - stats.norm.logpdf(codes)
    sampled = ratios.sum(axis=2).mean(axis=1)
    allowed = 5 * ratios.sum(axis=2).mean(axis=1).std() / np.sqrt(40_000)
    assert float(layer.divergence.result()) == pytest.approx(sampled.mean(), abs=allowed)


def test_the_prior_itself_costs_nothing():
    assert charge(Sampling(), np.zeros((4, 6), np.float32)) == 0


def test_codes_are_normal_with_the_mean_and_deviation_that_the_encoder_tells():
    means, deviations = posteriors(1, 2)
    codes = np.asarray(Sampling(seed=3)(np.repeat(told(means, deviations), 20_000, axis=0)))
    assert codes.shape == (20_000, 2)
    for column, mean, deviation in zip(codes.T, means[0], deviations[0], strict=True):
        assert stats.kstest((column - mean) / deviation, "norm").pvalue > 1e-4
    assert abs(np.corrcoef(codes.T)[0, 1]) < 5 / np.sqrt(20_000)


def test_each_call_draws_anew_and_a_seed_draws_the_same_again():
    given = np.zeros((50, 4), np.float32)
    layer, again, other = Sampling(seed=5), Sampling(seed=5), Sampling(seed=6)
    first = np.asarray(layer(given))
    assert not np.isclose(layer(given), first).any()
    np.testing.assert_array_equal(again(given), first)
    assert not np.isclose(other(given), first).any()


def test_free_nats_are_taken_off_each_number_of_the_code_averaged_over_the_batch():
    # The divergences of a mean alone are half its square: 0.08 and 0.5 on average, then 4.5.
    means = np.array([[0.4, 1.0, 3.0], [0.4, 1.0, 3.0], [-0.4, 0.0, 3.0], [0.4, 2**0.5, 3.0]])
    given = told(means, np.ones_like(means))
    layer = Sampling(beta=2, free_nats=1.0)
    assert charge(layer, given) == pytest.approx(2 * (1.0 + 1.0 + 4.5), rel=1e-6)
    assert float(layer.divergence.result()) == pytest.approx(0.08 + 0.5 + 4.5, rel=1e-6)
    assert charge(Sampling(free_nats=0.25), given) == pytest.approx(0.25 + 0.5 + 4.5, rel=1e-6)
    assert charge(Sampling(), given) == pytest.approx(0.08 + 0.5 + 4.5, rel=1e-6)


def test_a_number_below_its_free_nats_feels_no_pull():
    given = tf.constant([[0.1, 3.0, 0.0, 0.0], [0.2, 3.0, 0.0, 0.0]])
    layer = Sampling(free_nats=0.5)
    with tf.GradientTape() as tape:
        tape.watch(given)
        layer(given)
        (cost,) = layer.losses
    np.testing.assert_allclose(tape.gradient(cost, given), [[0, 1.5, 0, 0], [0, 1.5, 0, 0]])


@pytest.mark.parametrize("shape", [(5,), (7, 3), (28, 28, 1)])
def test_a_bernoulli_loss_is_scipys_summed_over_pixels_and_averaged_over_images(shape):
    random = np.random.default_rng(0)
    images = (random.random((6, *shape)) < 0.3).astype(np.float32)
    logits = (4 * random.standard_normal((6, *shape))).astype(np.float32)
    expected = -stats.bernoulli.logpmf(images, expit(logits.astype(np.float64)))
    expected = expected.reshape(6, -1).sum(axis=1)
    np.testing.assert_allclose(Bernoulli().call(images, logits), expected, rtol=1e-5)
    assert float(Bernoulli()(images, logits)) == pytest.approx(expected.mean(), rel=1e-5)


def test_sure_logits_cost_what_they_are_wrong_by_and_grey_pixels_a_cross_entropy():
    images = np.array([[1.0, 0.0, 1.0]], np.float32)
    logits = np.array([[-500.0, 500.0, 500.0]], np.float32)
    assert float(Bernoulli()(images, logits)) == pytest.approx(1000)
    grey = float(Bernoulli()(np.array([[0.3]], np.float32), np.array([[0.4]], np.float32)))
    rate = expit(0.4)
    assert grey == pytest.approx(-0.3 * np.log(rate) - 0.7 * np.log(1 - rate), rel=1e-5)


@pytest.mark.parametrize("shape", [(5,), (7, 3), (28, 28, 1)])
@pytest.mark.parametrize("deviation", [0.1, 1, 2.5])
def test_a_gaussian_loss_is_scipys_summed_over_pixels_and_averaged_over_images(shape, deviation):
    random = np.random.default_rng(0)
    images, means = random.standard_normal((2, 6, *shape)).astype(np.float32)
    expected = -stats.norm.logpdf(images.astype(np.float64), means, deviation)
    expected = expected.reshape(6, -1).sum(axis=1)
    loss = Gaussian(deviation)
    np.testing.assert_allclose(loss.call(images, means), expected, rtol=1e-4)
    assert float(loss(images, means)) == pytest.approx(expected.mean(), rel=1e-4)


def test_without_a_deviation_it_is_1():
    assert Gaussian().deviation == 1
    assert VariationalAutoencoder(*halves(), likelihood="gaussian").likelihood.deviation == 1


def test_binarised_pixels_are_coins_with_the_grey_value_as_probability():
    grey = np.repeat(np.array([[0.0, 1 / 255, 0.3, 0.9, 1.0]], np.float32), 40_000, axis=0)
    drawn = np.asarray(binarise(grey, 1))
    assert set(np.unique(drawn)) == {0, 1}
    allowed = 5 * np.sqrt(grey[0] * (1 - grey[0]) / 40_000)
    assert (abs(drawn.mean(axis=0) - grey[0]) <= allowed).all()
    np.testing.assert_array_equal(binarise(grey, 1), drawn)
    assert (np.asarray(binarise(grey, 2)) != drawn).any()
    generator = keras.random.SeedGenerator(1)
    assert (np.asarray(binarise(grey, generator)) != np.asarray(binarise(grey, generator))).any()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_a_seed_binarises_every_dtype_alike(dtype):
    grey = np.full((1000, 4), 0.25, np.float32)  # the same number in each of them
    found = binarise(keras.ops.cast(grey, dtype), 3)
    assert keras.backend.standardize_dtype(found.dtype) == dtype
    np.testing.assert_array_equal(keras.ops.cast(found, "float32"), binarise(grey, 3))


# Training


def last(history):
    return {name: values[-1] for name, values in history.history.items()}


def test_the_loss_is_the_reconstruction_and_beta_times_the_divergence():
    beta = 4
    model, images = small(beta=beta), coins(70)
    model.compile("adam", jit_compile=False)
    logs = last(model.fit(images, batch_size=32, verbose=0, validation_data=(coins(50, seed=1),)))
    assert set(logs) == {
        prefix + name
        for prefix in ("", "val_")
        for name in ("loss", "reconstruction", "divergence")
    }
    for prefix in ("", "val_"):
        whole = logs[prefix + "reconstruction"] + beta * logs[prefix + "divergence"]
        assert logs[prefix + "loss"] == pytest.approx(whole, rel=1e-5)
    found = model.evaluate(images, batch_size=32, verbose=0, return_dict=True)
    whole = found["reconstruction"] + beta * found["divergence"]
    assert found["loss"] == pytest.approx(whole, rel=1e-5)
    means, deviations = (part.astype(np.float64) for part in model.encode(images))
    closed = ((means**2 + deviations**2 - 1) / 2 - np.log(deviations)).sum(axis=1)
    assert found["divergence"] == pytest.approx(closed.mean(), rel=1e-4)


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_the_loss_of_an_untrained_model_is_minus_the_mean_of_the_log_weights(likelihood):
    model, images = small(likelihood=likelihood), coins(1000)
    model.compile("adam", run_eagerly=True)
    found = model.evaluate(images, batch_size=500, verbose=0, return_dict=True)
    bound = log_weights(model, images, 20).astype(np.float64)
    allowed = 6 * bound.std(axis=1).mean() / np.sqrt(1000)
    assert allowed < 1
    assert found["loss"] == pytest.approx(-bound.mean(), abs=allowed)


def test_free_nats_are_in_the_loss_and_not_in_the_divergence_reported():
    model = exact_model(free_nats=0.0)
    charged = exact_model(free_nats=100.0)
    logs = []
    for each in (model, charged):
        each.compile("adam", run_eagerly=True)
        logs.append(each.evaluate(linear_images(64), verbose=0, return_dict=True))
    assert logs[0]["divergence"] == pytest.approx(logs[1]["divergence"])
    whole = logs[1]["reconstruction"] + 2 * 100.0  # of a code of two numbers
    assert logs[1]["loss"] == pytest.approx(whole, rel=1e-5)


def test_beta_is_a_variable_that_the_loss_follows():
    model, images = small(), coins(64)
    model.compile("adam", run_eagerly=True)
    assert not model.sampling.beta.trainable
    assert float(model.sampling.beta) == 1
    model.sampling.beta.assign(3)
    found = model.evaluate(images, verbose=0, return_dict=True)
    whole = found["reconstruction"] + 3 * found["divergence"]
    assert found["loss"] == pytest.approx(whole, rel=1e-5)


class Betas(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.seen = []

    def on_train_batch_end(self, batch, logs=None):  # noqa: ARG002
        self.seen.append(float(self.model.sampling.beta))


@pytest.mark.parametrize(
    ("warm_up", "epochs", "expected"),
    [(2, 4, [0, 2, 4, 4]), (4, 3, [0, 1, 2]), (1, 2, [0, 4])],
)
def test_beta_rises_in_equal_steps_and_stays_the_models_own(warm_up, epochs, expected):
    model, betas = small(beta=4), Betas()
    model.compile("adam", run_eagerly=True)
    history = model.fit(
        coins(32), epochs=epochs, callbacks=[BetaWarmUp(warm_up), betas], verbose=0
    ).history
    assert betas.seen == expected
    assert float(model.sampling.beta) == 4
    for epoch, beta in enumerate(expected):
        whole = history["reconstruction"][epoch] + beta * history["divergence"][epoch]
        assert history["loss"][epoch] == pytest.approx(whole, rel=1e-5)


@pytest.mark.slow
def test_beta_rises_in_train_as_well():
    model, betas = small(), Betas()
    images = coins(32)
    settings = {"loss": model.likelihood, "batch_size": 32, "callbacks": [BetaWarmUp(2), betas]}
    train(model, images, epochs=3, **settings)
    assert betas.seen == [0, 0.5, 1]


def test_images_alone_pairs_and_data_sets_train_alike():
    images = coins(64)
    sets = tf.data.Dataset.from_tensor_slices(images).batch(16)
    pairs = tf.data.Dataset.from_tensor_slices((images, images)).batch(16)
    ways = [(images,), (images, images), (sets,), (pairs,)]
    found = []
    for way in ways:
        model = small()
        model.compile("adam", run_eagerly=True)
        batches = {"batch_size": 16} if way[0] is images else {}
        model.fit(*way, shuffle=False, verbose=0, **batches)
        found.append(model.get_weights())
    for weights in found[1:]:
        for one, other in zip(weights, found[0], strict=True):
            np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_target_of_its_own_is_what_is_rebuilt():
    model, images = exact_model(), linear_images(200)
    model.compile("adam", run_eagerly=True)
    own = model.evaluate(images, images, verbose=0, return_dict=True)
    other = model.evaluate(images, images + 2, verbose=0, return_dict=True)
    assert other["divergence"] == pytest.approx(own["divergence"], rel=1e-5)
    assert other["reconstruction"] > own["reconstruction"] + 5


@pytest.mark.slow
@pytest.mark.parametrize("xla", [True, False])
def test_train_learns_what_there_is_to_learn(xla):
    images = coins(256)
    model = small()
    before = log_weights(model, images, 5).mean()
    history = train(
        model,
        images,
        validation=coins(100, seed=1),
        augmentation=binarise,
        loss=model.likelihood,
        epochs=20,
        batch_size=32,
        learning_rate=0.02,
        xla=xla,
        seed=0,
    )
    after = log_weights(model, images, 5).mean()
    assert after > before + 3
    assert last(history)["loss"] == pytest.approx(-after, abs=0.5)
    assert last(history)["val_loss"] == pytest.approx(-after, abs=1)
    whole = last(history)["reconstruction"] + last(history)["divergence"]
    assert last(history)["loss"] == pytest.approx(whole, rel=1e-5)


@pytest.mark.slow
def test_one_seed_trains_to_the_same_weights_another_to_others(unbroken):
    again, other = (trained(seed).get_weights() for seed in (0, 1))
    for one, two, three in zip(unbroken, again, other, strict=True):
        np.testing.assert_array_equal(one, two)
        assert one.ndim == 0 or not np.array_equal(one, three)  # beta alone has no axis


class Stop(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):  # noqa: ARG002
        self.model.stop_training = True


@pytest.mark.slow
def test_a_training_that_goes_on_from_a_file_ends_where_one_without_a_break_does(
    unbroken, tmp_path
):
    trained(callbacks=[Stop()]).save(tmp_path / "broken.keras")
    loaded = keras.saving.load_model(tmp_path / "broken.keras")
    trained(model=loaded, initial_epoch=1)
    for one, other in zip(loaded.get_weights(), unbroken, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_trains(policy):
    images = coins(256, (8, 8, 1))
    with keras_set_to(policy):
        model = dense_variational_autoencoder(3, [16], shape=(8, 8, 1), seed=0)
        settings = {"epochs": 3, "batch_size": 32, "validation": images[:50]}
        history = train(model, images, loss=model.likelihood, **settings).history
        assert np.isfinite(list(history.values())).all()
        assert history["loss"][-1] < history["loss"][0]
        weights = log_weights(model, images, 4)
        assert weights.mean() == pytest.approx(-history["val_loss"][-1], abs=3)
        for array in (*model.encode(images), model.predict(images, verbose=0), model.generate(2)):
            assert array.dtype == np.float32


@pytest.mark.parametrize("name", KERAS_SETTINGS)
def test_log_weights_are_right_under_other_settings_of_keras(name):
    images = linear_images(8)
    with keras_set_to(name):
        weights = log_weights(exact_model(), images, 50)
    coarse = {"mixed_float16": 0.02, "mixed_bfloat16": 0.15}.get(name, 2e-4)
    assert weights.dtype == np.float32
    np.testing.assert_allclose(weights.mean(axis=1), evidence().logpdf(images), atol=coarse)


def test_nothing_here_draws_from_a_generator_of_the_process():
    images = coins(8)
    with generators_go_on():
        model = small()
        model.compile("adam", run_eagerly=True)
        model.fit(images, verbose=0)
        model.predict(images, verbose=0)
        model.generate(3, drawn=True)
        log_weights(model, images, 2)
        binarise(images, 3)


# What the model returns


def test_posteriors_are_the_encoders_means_and_deviations():
    images = linear_images(7)
    to_mean, variances = exact_posterior(COLUMNS, DEVIATION)
    means, deviations = exact_model().encode(images)
    np.testing.assert_allclose(means, (images - CENTRE) @ to_mean, atol=1e-5)
    np.testing.assert_allclose(deviations, np.tile(np.sqrt(variances), (7, 1)), rtol=1e-5)


def test_codes_are_decoded_to_expectations():
    codes = np.random.default_rng(0).standard_normal((6, 2)).astype(np.float32)
    np.testing.assert_allclose(
        exact_model().decode(codes), codes @ COLUMNS.T + CENTRE, rtol=1e-4, atol=1e-5
    )
    model = uncertain()
    expected = expit(np.asarray(model.decoder(codes)))
    assert expected.std() > 0.1
    np.testing.assert_allclose(model.decode(codes), expected, atol=1e-6)


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_predictions_are_the_expected_images_of_the_posteriors_means(likelihood):
    model, images = uncertain(likelihood=likelihood), coins(40)
    first = model.predict(images, verbose=0)
    np.testing.assert_array_equal(model.predict(images, verbose=0), first)
    np.testing.assert_allclose(model.decode(model.encode(images)[0]), first, atol=1e-6)
    assert not np.allclose(model(images), model(images))  # called, it draws
    halves = tf.data.Dataset.from_tensor_slices(images).batch(20)
    np.testing.assert_allclose(model.predict(halves, verbose=0), first, atol=1e-6)


def test_generated_images_are_distributed_as_the_model_says():
    expected = COLUMNS @ COLUMNS.T
    images = exact_model().generate(40_000, seed=0).astype(np.float64)
    np.testing.assert_allclose(images.mean(axis=0), CENTRE, atol=0.05)
    np.testing.assert_allclose(np.cov(images.T), expected, atol=0.1)
    images = exact_model().generate(40_000, drawn=True, seed=0)
    assert images.dtype == np.float32
    np.testing.assert_allclose(np.cov(images.T), expected + DEVIATION**2 * np.eye(5), atol=0.1)


def test_generated_coins_are_0_and_1_with_their_expectations_as_probabilities():
    model = uncertain()
    means, drawn = (model.generate(4000, drawn=drawn, seed=2) for drawn in (False, True))
    assert means.shape == drawn.shape == (4000, *SMALL)
    assert set(np.unique(drawn)) == {0, 1}
    assert 0 <= means.min() < means.max() <= 1
    difference = (drawn - means).mean(axis=0)
    assert abs(difference).max() < 5 * 0.5 / np.sqrt(4000)
    middle = means[(means > 0.4) & (means < 0.6)].mean()
    assert drawn[(means > 0.4) & (means < 0.6)].mean() == pytest.approx(middle, abs=0.03)


def test_one_seed_generates_the_same_another_seed_another(monkeypatch):
    monkeypatch.delenv("BOOK_SEED", raising=False)
    model = uncertain()
    for drawn in (False, True):
        first = model.generate(5, drawn=drawn, seed=0)
        np.testing.assert_array_equal(model.generate(5, drawn=drawn, seed=0), first)
        np.testing.assert_array_equal(model.generate(5, drawn=drawn), first)
        assert (model.generate(5, drawn=drawn, seed=1) != first).any()


def test_seeds_decide_the_first_weights_and_the_draws(monkeypatch):
    monkeypatch.delenv("BOOK_SEED", raising=False)
    images = coins(5)
    zero, default, one = (small(seed=seed) for seed in (0, None, 1))
    np.testing.assert_array_equal(zero(images), default(images))
    assert not np.allclose(zero(images), one(images))
    (kernel, *_), (other, *_) = zero.encoder.get_weights(), one.encoder.get_weights()
    assert not np.allclose(kernel, other)
    monkeypatch.setenv("BOOK_SEED", "1")
    np.testing.assert_array_equal(small(seed=None)(images), small(seed=1)(images))


def test_a_dense_one_has_the_parameters_counted_by_hand():
    model = dense_variational_autoencoder(3, [10, 7], shape=(4, 5))
    down = (20 * 10 + 10) + (10 * 7 + 7) + (7 * 6 + 6)
    up = (3 * 7 + 7) + (7 * 10 + 10) + (10 * 20 + 20)
    assert model.count_params() == down + up + 1  # beta
    assert sum(np.size(weights) for weights in model.trainable_weights) == down + up
    assert model.code_size == 3
    assert model(np.zeros((2, 4, 5), np.float32)).shape == (2, 4, 5)
    digits = dense_variational_autoencoder()
    assert digits.code_size == 50
    assert digits.output_shape == (None, 28, 28, 1)


def test_a_dense_one_is_silu_layers_around_a_code_and_logits():
    model, images = small(), coins(3)
    (w1, b1, w2, b2), (w3, b3, w4, b4) = model.encoder.get_weights(), model.decoder.get_weights()

    def silu(numbers):
        return numbers * expit(numbers)

    posterior = silu(images.reshape(3, 16) @ w1 + b1) @ w2 + b2
    means, deviations = model.encode(images)
    np.testing.assert_allclose(means, posterior[:, :2], atol=1e-5)
    np.testing.assert_allclose(deviations, np.exp(posterior[:, 2:] / 2), atol=1e-5)
    logits = silu(means @ w3 + b3) @ w4 + b4
    np.testing.assert_allclose(model.decode(means).reshape(3, 16), expit(logits), atol=1e-5)


def test_the_summary_shows_the_three_parts():
    lines = []
    small().summary(print_fn=lines.append)
    for name in ("dense_variational_autoencoder", "encoder", "sampling", "decoder"):
        assert name in "\n".join(map(str, lines))


# Files


def of_each_kind():
    return {
        "coins": small(beta=2.5, free_nats=0.25, seed=7),
        "numbers": small(likelihood=Gaussian(0.3), beta=0.5),
    }


@pytest.mark.parametrize("kind", ["coins", "numbers"])
def test_a_saved_model_is_loaded_as_it_was_and_compiled(kind, tmp_path):
    model, images = of_each_kind()[kind], coins(64)
    model.compile(keras.optimizers.Adam(0.003), run_eagerly=True)
    model.fit(images, verbose=0)
    model.sampling.beta.assign(0.75)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert type(again) is VariationalAutoencoder
    for one, other in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert again.likelihood.get_config() == model.likelihood.get_config()
    assert type(again.likelihood) is type(model.likelihood)
    assert again.sampling.get_config() == model.sampling.get_config()
    assert float(again.sampling.beta) == 0.75
    assert again.name == model.name
    np.testing.assert_allclose(
        again.predict(images, verbose=0), model.predict(images, verbose=0), atol=1e-6
    )
    np.testing.assert_allclose(
        log_weights(again, images, 3), log_weights(model, images, 3), atol=1e-4
    )
    assert again.compiled
    for one, other in zip(again.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one, other)
    assert int(again.optimizer.iterations) == 2
    again.fit(images, verbose=0)
    assert int(again.optimizer.iterations) == 4


def test_a_model_is_saved_before_it_is_compiled(tmp_path):
    model = small()
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert not again.compiled
    np.testing.assert_allclose(again.generate(3), model.generate(3), atol=1e-6)


def test_weights_alone_are_saved_and_loaded(tmp_path):
    model, other = uncertain(seed=1), small(seed=2)
    model.sampling.beta.assign(0.5)
    model.save_weights(tmp_path / "model.weights.h5")
    other.load_weights(tmp_path / "model.weights.h5")
    assert float(other.sampling.beta) == 0.5
    np.testing.assert_array_equal(other.generate(3), model.generate(3))


def test_a_config_makes_the_same_model_with_weights_of_its_own():
    model = small(likelihood=Gaussian(0.3), beta=2, free_nats=0.5, seed=9)
    again = VariationalAutoencoder.from_config(model.get_config())
    assert again.get_config() == model.get_config()
    assert again.likelihood.deviation == 0.3
    assert (again.sampling.initial_beta, again.sampling.free_nats) == (2, 0.5)
    again.set_weights(model.get_weights())
    images = coins(4)
    np.testing.assert_array_equal(again.encode(images)[1], model.encode(images)[1])


@pytest.mark.slow
def test_halves_may_be_convolutions(tmp_path):
    shape, images = (8, 8, 1), coins(64, (8, 8, 1))
    to_posterior = conv_autoencoder(6, [4], shape=shape, code_activation=None, seed=1).encoder
    from_code = conv_autoencoder(3, [4], shape=shape, output_activation=None, seed=2).decoder
    model = VariationalAutoencoder(to_posterior, from_code, seed=0)
    assert model.code_size == 3
    history = train(model, images, loss=model.likelihood, epochs=5, batch_size=16).history
    assert history["loss"][-1] < history["loss"][0]
    assert model.generate(2).shape == (2, *shape)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(
        log_weights(again, images, 2), log_weights(model, images, 2), atol=1e-3
    )


# Bad arguments


def halves(code_size=2, shape=(3,)):
    down = dense_autoencoder(2 * code_size, shape=shape, code_activation=None).encoder
    return down, dense_autoencoder(code_size, shape=shape, output_activation=None).decoder


def test_a_half_that_is_no_built_model_is_refused():
    encoder, decoder = halves()
    for bad in (None, "encoder", keras.Sequential([layers.Dense(2)])):
        with pytest.raises(ValueError, match=r"encoder must be a Keras model built .*; got"):
            VariationalAutoencoder(bad, decoder)
        with pytest.raises(ValueError, match=r"decoder must be a Keras model built .*; got"):
            VariationalAutoencoder(encoder, bad)


def test_halves_that_do_not_fit_are_refused():
    encoder, decoder = halves()
    odd = dense_autoencoder(3, shape=(3,)).encoder
    with pytest.raises(ValueError, match=r"encoder must return \(n, 2 \* code size\).*\('n', 3\)"):
        VariationalAutoencoder(odd, decoder)
    wide = keras.Sequential([keras.Input((3,)), layers.Reshape((3, 1)), layers.Dense(4)])
    with pytest.raises(ValueError, match=r"encoder must return .* it returns \('n', 3, 4\)"):
        VariationalAutoencoder(wide, decoder)
    with pytest.raises(ValueError, match=r"decoder must take codes of shape \(2,\).* has \(5,\)"):
        VariationalAutoencoder(encoder, halves(5)[1])
    with pytest.raises(ValueError, match=r"decoder must return .* of shape \(3,\).* has \(4,\)"):
        VariationalAutoencoder(encoder, halves(shape=(4,))[1])


def test_halves_that_share_weights_are_refused():
    shared = layers.Dense(4)
    encoder = keras.Sequential([keras.Input((4,)), shared])
    decoder = keras.Sequential([keras.Input((2,)), layers.Dense(4), shared])
    with pytest.raises(ValueError, match=r"decoder must have weights of its own.* shares .*kernel"):
        VariationalAutoencoder(encoder, decoder)


@pytest.mark.parametrize("likelihood", ["mse", "Bernoulli", "", None, 3, Bernoulli, ["bernoulli"]])
def test_a_likelihood_that_is_none_is_refused(likelihood):
    for make in (
        small,
        lambda likelihood: VariationalAutoencoder(*halves(), likelihood=likelihood),
    ):
        with pytest.raises(ValueError, match=r"likelihood must be one of \['bernoulli', .*; got"):
            make(likelihood=likelihood)


@pytest.mark.parametrize("reduction", ["sum", None])
def test_a_likelihood_that_is_not_averaged_over_images_is_refused(reduction):
    for likelihood in (Bernoulli(reduction=reduction), Gaussian(reduction=reduction)):
        with pytest.raises(ValueError, match=f"likelihood must be averaged .*={reduction!r}"):
            VariationalAutoencoder(*halves(), likelihood=likelihood)
    VariationalAutoencoder(*halves(), likelihood=Bernoulli(reduction="mean"))


@pytest.mark.parametrize("value", NOT_FLOATS)
@pytest.mark.parametrize("name", ["beta", "free_nats"])
def test_a_price_that_is_none_is_refused(name, value):
    for make in (Sampling, small):
        with pytest.raises(ValueError, match=f"{name} must be at least 0 and finite; got"):
            make(**{name: value})


@pytest.mark.parametrize("deviation", [*NOT_FLOATS, 0])
def test_a_deviation_that_is_none_is_refused(deviation):
    with pytest.raises(ValueError, match="deviation must be positive and finite; got"):
        Gaussian(deviation)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "1", True])
def test_a_seed_that_is_none_is_refused(seed):
    model = small()
    calls = [
        lambda: Sampling(seed=seed),
        lambda: VariationalAutoencoder(*halves(), seed=seed),
        lambda: small(seed=seed),
        lambda: model.generate(1, seed=seed),
        lambda: log_weights(model, coins(1), 1, seed=seed),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=r"seed must be an integer from 0 .*; got"):
            call()


@pytest.mark.parametrize("shape", [(2, 3), (2, 4, 1), (4,)])
def test_posteriors_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"posteriors must have shape \(n, 2 \* code size\).*got"):
        Sampling()(np.zeros(shape, np.float32))


def test_another_loss_than_the_likelihood_is_refused():
    model, images = small(likelihood=Gaussian(0.5)), coins(32)
    for loss in ("mse", keras.losses.MeanSquaredError(), Bernoulli(), Gaussian(0.4), abs):
        with pytest.raises(ValueError, match=r"loss must be the model's own likelihood.*; got"):
            model.compile("adam", loss)
    with pytest.raises(ValueError, match=r"loss=vae.likelihood\); got 'mse'"):
        train(model, images, batch_size=32)
    model.compile("adam", Gaussian(0.5))
    assert model.loss is model.likelihood


def refused_images():
    return [
        (np.zeros((2, 4, 4), np.float32), r"images must have the shape .*\(n, 4, 4, 1\); got \(2,"),
        (np.zeros((0, *SMALL), np.float32), r"images must have shape \(n, …\) .* got shape \(0,"),
        (
            np.zeros((2, *SMALL), np.uint8),
            "images must hold floating-point .* got dtype uint8; div",
        ),
        (np.zeros((2, *SMALL), bool), "images must hold floating-point numbers; got dtype bool"),
        (np.full((2, *SMALL), np.nan), "images must be finite; got 32 NaN"),
        (np.full((2, *SMALL), np.inf), "images must be finite; got 0 NaN and 32 infinite"),
        (None, "images must be one array of numbers, held in memory; got None"),
    ]


@pytest.mark.parametrize(("images", "message"), refused_images())
def test_images_that_the_model_cannot_take_are_refused(images, message):
    model = small()
    for call in (model.encode, lambda images: log_weights(model, images, 1)):
        with pytest.raises(ValueError, match=message):
            call(images)


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (np.zeros((2, 3), np.float32), r"codes must have shape \(n, 2\); got \(2, 3\)"),
        (np.zeros((2, 2, 1), np.float32), r"codes must have shape \(n, 2\); got \(2, 2, 1\)"),
        (np.zeros((0, 2), np.float32), r"codes must have shape \(n, …\) .* got shape \(0, 2\)"),
        (np.zeros((2, 2), int), "codes must hold floating-point numbers; got dtype int64"),
        ([[0.0, np.nan]], "codes must be finite; got 1 NaN"),
        ([[0.0], [0.0, 1.0]], r"codes must hold arrays of one shape; got shapes \(1,\) and \(2,\)"),
        ("codes", "codes must be one array of numbers"),
    ],
)
def test_codes_that_the_decoder_cannot_take_are_refused(codes, message):
    with pytest.raises(ValueError, match=message):
        small().decode(codes)


@pytest.mark.parametrize("count", NO_COUNTS)
def test_counts_that_are_none_are_refused(count):
    model = small()
    calls = {
        "count": lambda: model.generate(count),
        "samples": lambda: log_weights(model, coins(1), count),
        "codes": lambda: importance_bounds(np.zeros((1, 2)), count),
        "epochs": lambda: BetaWarmUp(count),
        "code_size": lambda: dense_variational_autoencoder(count),
        "hidden_units": lambda: dense_variational_autoencoder(2, [count]),
    }
    for name, call in calls.items():
        with pytest.raises(ValueError, match=f"{name} must be a whole number of at least 1; got"):
            call()


def test_other_arguments_of_the_builder_are_refused():
    with pytest.raises(ValueError, match="activation must be"):
        dense_variational_autoencoder(2, [4], activation="gelui")
    with pytest.raises(ValueError, match=r"hidden_units must be a list of widths.* got 64"):
        dense_variational_autoencoder(2, 64)
    with pytest.raises(ValueError, match="shape must be"):
        dense_variational_autoencoder(2, [4], shape=28)


@pytest.mark.parametrize("drawn", ["yes", 1, None])
def test_drawn_is_true_or_false(drawn):
    with pytest.raises(ValueError, match="drawn must be True or False; got"):
        small().generate(1, drawn=drawn)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, bool])
def test_only_fractions_are_binarised(dtype):
    with pytest.raises(ValueError, match=r"batch must hold floating-point .* got dtype .*by 255"):
        binarise(np.ones((2, 3), dtype), 1)


def test_only_a_variational_autoencoder_warms_up_and_has_log_weights():
    model = dense_autoencoder(2, shape=SMALL)
    model.compile("adam", "mse")
    with pytest.raises(ValueError, match="model must be a VariationalAutoencoder; got Autoencoder"):
        model.fit(coins(4), coins(4), callbacks=[BetaWarmUp(2)], verbose=0)
    with pytest.raises(ValueError, match="vae must be a VariationalAutoencoder; got Autoencoder"):
        log_weights(model, coins(4), 2)


def test_grey_images_have_no_likelihood_under_coins_and_one_under_a_normal_distribution():
    grey = np.full((2, *SMALL), 0.25, np.float32)
    grey[0, 0] = [[0], [1], [0], [1]]
    match = r"images must hold nothing but 0 and 1.* got values from 0 to 1 .*binarise"
    with pytest.raises(ValueError, match=match):
        log_weights(small(), grey, 2)
    assert np.isfinite(log_weights(small(likelihood="gaussian"), grey, 2)).all()


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.zeros(3), r"log_weights must have shape \(n, …\) .* got shape \(3,\)"),
        (np.zeros((2, 3, 1)), r"log_weights must have shape \(n, samples\); got \(2, 3, 1\)"),
        (np.zeros((0, 3)), r"log_weights must have shape \(n, …\) .* got shape \(0, 3\)"),
        (np.zeros((2, 3), int), "log_weights must hold floating-point numbers; got dtype int64"),
        (np.array([[0, -np.inf]]), "log_weights must be finite; got 0 NaN and 1 infinite"),
        (None, "log_weights must be one array of numbers, held in memory; got None"),
    ],
)
def test_weights_of_another_kind_are_refused(weights, message):
    with pytest.raises(ValueError, match=message):
        importance_bounds(weights, 1)


def test_more_codes_than_samples_are_refused():
    with pytest.raises(ValueError, match=r"codes must be at most the samples .*, 3; got 4"):
        importance_bounds(np.zeros((2, 3)), 4)


def test_metrics_are_computed_without_a_target():
    vae = dense_variational_autoencoder(2, (4,), shape=(3,), seed=0)
    vae.compile("adam", metrics=["mse"])
    images = np.random.default_rng(0).integers(0, 2, (20, 3)).astype(np.float32)
    logs = vae.fit(images, verbose=0).history
    assert set(logs) == {"loss", "mse", "reconstruction", "divergence"}
    assert set(vae.evaluate(images, verbose=0, return_dict=True)) == set(logs)
