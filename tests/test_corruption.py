"""Corruptions against the laws of what they draw; arrays and batches alike; bad arguments."""

from fractions import Fraction

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from helpers.corruption import GaussianNoise, Masking, SaltAndPepper
from helpers.models import dense_autoencoder
from helpers.training import train
from tests.surroundings import KERAS_SETTINGS, generators_go_on, keras_set_to

GREY = np.full((200, 28, 28, 1), 0.5, np.float32)
COUNT = GREY.size
ALL = [GaussianNoise(0.5), GaussianNoise(0.5, clip=True), Masking(0.3), SaltAndPepper(0.3)]
NOTHING = [GaussianNoise(0), GaussianNoise(0, clip=True), Masking(0), SaltAndPepper(0)]


def test_gaussian_noise_is_normal_with_mean_0_and_the_deviation_asked_for():
    noise = GaussianNoise(0.25).corrupt(GREY, seed=1).astype(np.float64) - GREY
    assert noise.mean() == pytest.approx(0, abs=5 * 0.25 / np.sqrt(COUNT))
    assert noise.var() == pytest.approx(0.25**2, rel=5 * np.sqrt(2 / COUNT))
    assert stats.kstest(noise.ravel() / 0.25, "norm").pvalue > 1e-4


def test_gaussian_noise_is_what_keras_draws_with_the_seed_times_the_deviation():
    drawn = keras.random.normal(GREY.shape, seed=keras.random.SeedGenerator(1))
    expected = GREY + 0.25 * np.asarray(drawn)
    np.testing.assert_allclose(GaussianNoise(0.25).corrupt(GREY, seed=1), expected, atol=1e-6)


def test_clipping_leaves_the_mass_at_0_and_1_that_the_normal_law_says():
    noisy = GaussianNoise(0.5, clip=True).corrupt(GREY, seed=1)
    tail = stats.norm.cdf(-1)  # half a pixel's range away, by noise of 0.5
    allowed = 5 * np.sqrt(tail * (1 - tail) / COUNT)
    assert (noisy == 0).mean() == pytest.approx(tail, abs=allowed)
    assert (noisy == 1).mean() == pytest.approx(tail, abs=allowed)
    assert 0 <= noisy.min() < noisy.max() <= 1


def test_clipped_noise_on_black_has_the_mean_of_half_a_bell():
    noisy = GaussianNoise(0.5, clip=True).corrupt(np.zeros_like(GREY), seed=2)
    draws = np.random.default_rng(0).normal(0, 0.5, 2_000_000)
    assert noisy.mean() == pytest.approx(np.clip(draws, 0, 1).mean(), abs=0.004)


@pytest.mark.parametrize("corruption", ALL, ids=repr)
def test_the_first_images_of_two_sets_have_the_same_noise_under_one_seed(corruption):
    few = corruption.corrupt(GREY[:30], seed=3)
    np.testing.assert_array_equal(corruption.corrupt(GREY[:50], seed=3)[:30], few)


@pytest.mark.parametrize("corruption", ALL, ids=repr)
def test_many_images_are_corrupted_in_parts_each_with_draws_of_its_own(corruption):
    many = np.full((2_001, 3), 0.5, np.float32)
    found = corruption.corrupt(many, seed=3)
    drawn = keras.random.SeedGenerator(3)
    parts = [corruption(keras.ops.convert_to_tensor(many[:n]), drawn) for n in (1_000, 1_000, 1)]
    np.testing.assert_array_equal(found, np.concatenate([np.asarray(part) for part in parts]))
    assert (found[:1_000] != found[1_000:2_000]).any(axis=1).mean() > 0.5


@pytest.mark.parametrize("corruption", ALL, ids=repr)
@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_a_seed_means_the_same_for_every_dtype(corruption, dtype):
    found = corruption.corrupt(GREY.astype(dtype), seed=1)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, corruption.corrupt(GREY, seed=1), rtol=0, atol=2e-3)


def test_a_share_may_be_any_real_number():
    half = Masking(Fraction(1, 2)).corrupt(GREY, seed=1)
    np.testing.assert_array_equal(half, Masking(0.5).corrupt(GREY, seed=1))


def test_clipped_noise_is_the_same_noise_cut_off():
    whole = GaussianNoise(0.5).corrupt(GREY, seed=3)
    np.testing.assert_array_equal(
        GaussianNoise(0.5, clip=True).corrupt(GREY, seed=3), np.clip(whole, 0, 1)
    )


@pytest.mark.parametrize("share", [0.1, 0.5, 1])
def test_masking_hides_the_share_asked_for_and_touches_nothing_else(share):
    masked = Masking(share).corrupt(GREY, seed=1)
    allowed = 5 * np.sqrt(share * (1 - share) / COUNT)
    assert (masked == 0).mean() == pytest.approx(share, abs=allowed)
    assert set(np.unique(masked)) <= {np.float32(0), np.float32(0.5)}
    expected_variance = 0.25 * share * (1 - share)  # of 0.5 times a coin
    assert masked.astype(np.float64).var() == pytest.approx(expected_variance, abs=allowed)


@pytest.mark.parametrize("share", [0.1, 0.5, 1])
def test_salt_and_pepper_come_in_equal_halves_and_touch_nothing_else(share):
    specked = SaltAndPepper(share).corrupt(GREY, seed=1)
    allowed = 5 * np.sqrt(share / 2 * (1 - share / 2) / COUNT)
    assert (specked == 0).mean() == pytest.approx(share / 2, abs=allowed)
    assert (specked == 1).mean() == pytest.approx(share / 2, abs=allowed)
    assert set(np.unique(specked)) <= {np.float32(0), np.float32(0.5), np.float32(1)}
    assert specked.astype(np.float64).mean() == pytest.approx(0.5, abs=allowed)
    assert specked.astype(np.float64).var() == pytest.approx(share / 4, abs=allowed)


@pytest.mark.parametrize("corruption", ALL, ids=repr)
def test_pixels_are_drawn_apart_from_their_neighbours_and_from_other_images(corruption):
    drawn = corruption.corrupt(GREY, seed=4)[..., 0].astype(np.float64)
    drawn -= drawn.mean()
    for other in (np.roll(drawn, 1, 0), np.roll(drawn, 1, 1), np.roll(drawn, 1, 2)):
        assert abs((drawn * other).mean() / drawn.var()) < 5 / np.sqrt(COUNT)


@pytest.mark.parametrize("corruption", ALL, ids=repr)
def test_one_seed_draws_the_same_another_seed_another(corruption):
    once = corruption.corrupt(GREY, seed=5)
    np.testing.assert_array_equal(once, corruption.corrupt(GREY, seed=5))
    assert (once != corruption.corrupt(GREY, seed=6)).mean() > 0.2


def test_without_a_seed_the_books_seed_draws(monkeypatch):
    np.testing.assert_array_equal(
        GaussianNoise(1.0).corrupt(GREY), GaussianNoise(1.0).corrupt(GREY, seed=0)
    )
    monkeypatch.setenv("BOOK_SEED", "7")
    np.testing.assert_array_equal(
        GaussianNoise(1.0).corrupt(GREY), GaussianNoise(1.0).corrupt(GREY, seed=7)
    )


@pytest.mark.parametrize("corruption", NOTHING, ids=repr)
def test_nothing_asked_for_nothing_done(corruption, digits):
    images = digits.validation[:50]
    np.testing.assert_array_equal(corruption.corrupt(images, seed=1), images)


@pytest.mark.parametrize("corruption", ALL, ids=repr)
def test_an_array_and_a_batch_in_a_graph_get_the_same(corruption):
    drawn = keras.random.SeedGenerator(8)
    in_a_graph = tf.function(lambda batch: corruption(batch, drawn), autograph=False)
    batch = in_a_graph(keras.ops.convert_to_tensor(GREY))
    np.testing.assert_array_equal(batch, corruption.corrupt(GREY, seed=8))
    again = in_a_graph(keras.ops.convert_to_tensor(GREY))
    assert (np.asarray(again) != np.asarray(batch)).mean() > 0.2


@pytest.mark.slow
@pytest.mark.parametrize("corruption", ALL, ids=repr)
def test_train_takes_it(corruption):
    model = dense_autoencoder(4, seed=0)
    images = GREY[:64] * np.linspace(0, 1, 64, dtype=np.float32).reshape(-1, 1, 1, 1)
    history = train(model, images, corruption=corruption, epochs=2, batch_size=16, seed=0)
    assert np.isfinite(history.history["loss"]).all()


@pytest.mark.parametrize("corruption", ALL, ids=repr)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_any_floating_point_array_keeps_shape_and_precision(corruption, dtype):
    points = np.linspace(0, 1, 10, dtype=dtype).reshape(5, 2)
    before = points.copy()
    corrupted = corruption.corrupt(points, seed=1)
    assert (corrupted.shape, corrupted.dtype) == (points.shape, points.dtype)
    np.testing.assert_array_equal(points, before)


@pytest.mark.parametrize("sigma", [-0.1, np.nan, np.inf, "0.5", None, True])
def test_a_strength_that_is_none_is_refused(sigma):
    with pytest.raises(ValueError, match=f"sigma must be at least 0 and finite; got {sigma!r}"):
        GaussianNoise(sigma)


@pytest.mark.parametrize("kind", [Masking, SaltAndPepper])
@pytest.mark.parametrize("share", [-0.1, 1.1, np.nan, np.inf, "0.5", None, True])
def test_a_share_that_is_none_is_refused(kind, share):
    with pytest.raises(ValueError, match=f"share must be from 0 to 1; got {share!r}"):
        kind(share)


def test_a_clip_that_is_no_truth_value_is_refused():
    with pytest.raises(ValueError, match=r"clip must be True or False; got 0\.5"):
        GaussianNoise(0.5, clip=0.5)


@pytest.mark.parametrize("corruption", ALL, ids=repr)
def test_images_that_are_none_are_refused(corruption):
    for images, message in (
        (np.full((2, 3), np.nan), "images must be finite"),
        (
            np.zeros((2, 3), int),
            "images must hold .* got dtype int64; divide pixels 0–255",
        ),
        (np.zeros((0, 3)), "images must have shape"),
    ):
        with pytest.raises(ValueError, match=message):
            corruption.corrupt(images)
    with pytest.raises(ValueError, match="seed must be"):
        corruption.corrupt(GREY, seed=-1)


def test_settings_cannot_be_changed_afterwards():
    noise = GaussianNoise(0.5)
    with pytest.raises(AttributeError):
        noise.sigma = 1.0
    assert noise == GaussianNoise(0.5)


@pytest.mark.parametrize("corruption", ALL, ids=repr)
def test_noise_is_the_same_whatever_keras_is_set_to(corruption):
    expected = corruption.corrupt(GREY[:20], seed=1)
    for name in KERAS_SETTINGS:
        with keras_set_to(name):
            found = corruption.corrupt(GREY[:20], seed=1)
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("corruption", ALL, ids=repr)
def test_corrupting_leaves_the_generators_of_the_process_alone(corruption):
    with generators_go_on():
        corruption.corrupt(GREY[:2], seed=1)
        corruption.corrupt(GREY[:2])


def test_bfloat16_images_are_corrupted_as_float32():
    narrow = np.asarray(keras.ops.cast(GREY[:3], "bfloat16"))
    found = Masking(0.3).corrupt(narrow, seed=1)
    np.testing.assert_array_equal(found, Masking(0.3).corrupt(GREY[:3], seed=1))
    assert found.dtype == np.float32


@pytest.mark.parametrize("value", [10**400, Fraction(10**400)])
def test_a_strength_that_no_float_holds_is_refused(value):
    with pytest.raises(ValueError, match="sigma must be at least 0 and finite"):
        GaussianNoise(value)
