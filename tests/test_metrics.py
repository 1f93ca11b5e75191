"""Measures against closed forms, NumPy, scikit-learn, scikit-image and print."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.linalg import sqrtm
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from sklearn.decomposition import PCA
from sklearn.metrics import mean_squared_error, r2_score

from helpers.metrics import (
    active_units,
    dead_units,
    explained_variance,
    frechet_distance,
    noise_gain,
    psnrs,
    squared_error,
    squared_errors,
    ssims,
)
from tests.surroundings import KERAS_SETTINGS, generators_go_on, keras_set_to

arrays = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=4, max_side=5),
    elements=st.floats(-100, 100, width=32),
)


def test_a_white_pixel_rebuilt_as_black_counts_one():
    images = np.zeros((2, 28, 28, 1))
    images[0, 3, 4, 0] = 1
    np.testing.assert_array_equal(squared_errors(images, np.zeros_like(images)), [1, 0])
    assert squared_error(images, np.zeros_like(images)) == 0.5


@given(arrays)
def test_an_array_has_no_error_to_itself(array):
    assert squared_error(array, array) == 0


@given(arrays, st.floats(-10, 10))
def test_a_constant_shift_costs_its_square_at_each_number(array, shift):
    array = array.astype(np.float64)
    numbers = array[0].size
    assert squared_error(array, array + shift) == pytest.approx(numbers * shift**2, abs=1e-9)


@given(arrays, st.integers(0, 2**32 - 1))
def test_it_is_scikit_learns_mean_squared_error_times_the_numbers_of_an_image(array, seed):
    other = np.random.default_rng(seed).normal(size=array.shape)
    flat, other_flat = array.reshape(len(array), -1), other.reshape(len(array), -1)
    expected = mean_squared_error(flat, other_flat) * flat.shape[1]
    assert squared_error(array, other) == pytest.approx(expected)


@pytest.mark.slow
def test_pca_with_30_numbers_has_the_published_error(digits):
    """13.87 in Hinton and Salakhutdinov (2006), caption of figure 2."""
    everything = np.concatenate([digits.train, digits.validation]).reshape(60_000, 784)
    pca = PCA(30).fit(everything)
    rebuilt = pca.inverse_transform(pca.transform(digits.test.reshape(10_000, 784)))
    error = squared_error(digits.test, rebuilt.reshape(digits.test.shape))
    assert error == pytest.approx(13.87, abs=0.01)


def test_shapes_that_would_broadcast_are_refused():
    with pytest.raises(
        ValueError, match=r"images and reconstructions must have the same shape; got \(4, 3\)"
    ):
        squared_error(np.zeros((4, 3)), np.zeros((1, 3)))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((0, 3)), "must have shape"),
        (
            np.zeros((2, 3), np.uint8),
            "must hold floating-point .* got dtype uint8; divide pixels",
        ),
        (np.full((2, 3), np.nan), "must be finite; got 6 NaN"),
    ],
)
def test_bad_arrays_are_refused_by_name(array, message):
    good = np.zeros((2, 3))
    with pytest.raises(ValueError, match=f"images {message}"):
        squared_error(array, good)
    with pytest.raises(ValueError, match=f"reconstructions {message}"):
        squared_error(good, array)


def test_the_noise_gain_of_a_linear_map_is_that_of_its_singular_values():
    random = np.random.default_rng(0)
    matrix = random.standard_normal((20, 20)) / 10
    images, noise = random.standard_normal((2, 40_000, 20))
    found = noise_gain(images @ matrix, (images + noise) @ matrix, noise)
    singular_values = np.linalg.svd(matrix, compute_uv=False)
    assert found == pytest.approx(np.square(singular_values).mean(), rel=0.02)


def test_a_copy_passes_on_all_noise_and_a_constant_none():
    images, noise = np.random.default_rng(0).standard_normal((2, 5, 3))
    assert noise_gain(images, images + noise, noise) == pytest.approx(1)
    assert noise_gain(images, images, noise) == 0


def test_pca_passes_on_its_share_of_the_directions():
    random = np.random.default_rng(0)
    images, noise = random.standard_normal((2, 40_000, 12))
    pca = PCA(3).fit(images)
    outputs, noisy = (
        pca.inverse_transform(pca.transform(given)) for given in (images, images + noise)
    )
    assert noise_gain(outputs, noisy, noise) == pytest.approx(3 / 12, rel=0.02)


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((2, 3), (2, 3), (3, 3)), "noise must be that of 2 images; got 3"),
        (((2, 3), (2, 4), (2, 3)), "outputs and noisy_outputs must have the same shape"),
    ],
)
def test_noise_of_other_images_is_refused(shapes, message):
    with pytest.raises(ValueError, match=message):
        noise_gain(*map(np.ones, shapes))


def test_no_noise_has_no_gain():
    with pytest.raises(ValueError, match="noise must not be 0 everywhere"):
        noise_gain(np.ones((2, 3)), np.ones((2, 3)), np.zeros((2, 3)))
    with pytest.raises(ValueError, match="noise must be finite"):
        noise_gain(np.ones((2, 3)), np.ones((2, 3)), np.full((2, 3), np.nan))


def test_a_tenth_off_everywhere_is_20_decibels():
    images = np.full((3, 28, 28, 1), 0.5)
    np.testing.assert_allclose(psnrs(images, images + 0.1), 20)


def test_psnr_is_scikit_images(digits):
    images = digits.validation[:50]
    noisy = np.clip(images + np.random.default_rng(0).normal(0, 0.4, images.shape), 0, 1)
    expected = [
        peak_signal_noise_ratio(image, other, data_range=1)
        for image, other in zip(images, noisy.astype(np.float32), strict=True)
    ]
    np.testing.assert_allclose(psnrs(images, noisy.astype(np.float32)), expected, rtol=1e-6)


def test_an_exact_copy_has_infinite_psnr_and_ssim_1(digits):
    images = digits.validation[:3]
    np.testing.assert_array_equal(psnrs(images, images), np.inf)
    np.testing.assert_allclose(ssims(images, images), 1, atol=1e-6)


def test_ssim_is_scikit_images_with_the_published_window(digits):
    images = digits.validation[:1100]  # more than are measured at once
    noisy = np.clip(images + np.random.default_rng(0).normal(0, 0.4, images.shape), 0, 1)
    noisy = noisy.astype(np.float32)
    published = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    expected = [
        structural_similarity(image[..., 0], other[..., 0], data_range=1, **published)
        for image, other in zip(images, noisy, strict=True)
    ]
    np.testing.assert_allclose(ssims(images, noisy), expected, atol=1e-12)


@pytest.mark.parametrize("shape", [(5, 28, 28, 1), (3, 33, 47, 3), (2, 11, 12, 2)])
def test_ssim_of_images_of_any_shape_is_tensorflows(shape):
    random = np.random.default_rng(0)
    images = random.random(shape).astype(np.float32)
    noisy = np.clip(images + random.normal(0, 0.2, shape), 0, 1).astype(np.float32)
    np.testing.assert_allclose(ssims(images, noisy), tf.image.ssim(images, noisy, 1), atol=1e-5)


def test_ssim_of_two_greys_is_the_formula_for_their_means():
    dark, bright = np.full((1, 28, 28, 1), 0.2), np.full((1, 28, 28, 1), 0.6)
    expected = (2 * 0.2 * 0.6 + 1e-4) / (0.2**2 + 0.6**2 + 1e-4)
    assert ssims(dark, bright)[0] == pytest.approx(expected, rel=1e-3)


def test_ssim_refuses_what_is_no_image():
    images = np.zeros((2, 28, 28, 1))
    with pytest.raises(ValueError, match=r"reconstructions must hold pixels in \[0, 1\]"):
        ssims(images, images - 0.1)
    with pytest.raises(ValueError, match="images and reconstructions must have the same shape"):
        ssims(images, images[:1])
    with pytest.raises(ValueError, match="images and reconstructions must have the same shape"):
        psnrs(images, images[:1])
    for shape in ((2, 28, 28), (2, 10, 28, 1), (2, 28, 10, 1)):
        with pytest.raises(ValueError, match=r"at least 11 pixels a side; got shape") as raised:
            ssims(np.zeros(shape), np.zeros(shape))
        assert str(shape) in str(raised.value)


def test_explained_variance_is_scikit_learns():
    random = np.random.default_rng(0)
    images = random.normal(size=(50, 4, 3)) * random.uniform(0.1, 3, size=(4, 3))
    noisy = images + random.normal(0, 0.5, images.shape)
    expected = r2_score(
        images.reshape(50, -1), noisy.reshape(50, -1), multioutput="variance_weighted"
    )
    assert explained_variance(images, noisy) == pytest.approx(expected, abs=1e-12)


def test_copies_explain_everything_and_the_mean_image_nothing(digits):
    images = digits.validation[:200].astype(np.float64)
    mean = np.broadcast_to(images.mean(axis=0), images.shape)
    assert explained_variance(images, images) == 1
    assert explained_variance(images, mean) == pytest.approx(0, abs=1e-12)
    assert explained_variance(images, 2 * mean - images) == pytest.approx(-3)


@pytest.mark.slow
def test_pca_explains_its_share_of_the_variance(digits):
    images = digits.validation.reshape(len(digits.validation), -1).astype(np.float64)
    pca = PCA(10, svd_solver="full").fit(images)
    rebuilt = pca.inverse_transform(pca.transform(images))
    expected = pca.explained_variance_ratio_.sum()
    assert explained_variance(images, rebuilt) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("value", [0.0, 0.1, 1.0])
def test_images_without_a_difference_have_no_variance_to_explain(value):
    with pytest.raises(ValueError, match="images must not all be the same; got 3"):
        explained_variance(np.full((3, 4), value), np.zeros((3, 4)))


def test_images_and_reconstructions_of_other_shapes_are_refused():
    with pytest.raises(ValueError, match="images and reconstructions must have the same shape"):
        explained_variance(np.eye(3), np.eye(4))


def test_active_and_dead_units_by_hand():
    codes = np.array([[0.0, 2.0, 0.0, -1.0], [0.5, 1e-9, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    np.testing.assert_array_equal(active_units(codes), [2, 2, 0])
    np.testing.assert_array_equal(dead_units(codes), [False, False, True, False])


@pytest.mark.parametrize("measure", [active_units, dead_units])
@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (np.zeros(3), r"codes must have shape \(n, …\)"),
        (np.zeros((2, 3, 4)), r"codes must have shape \(n, code_size\); got shape \(2, 3, 4\)"),
        (np.zeros((2, 3), int), "codes must hold floating-point numbers"),
        (np.full((2, 3), np.nan), "codes must be finite; got 6 NaN"),
    ],
)
def test_what_is_no_code_is_refused(measure, codes, message):
    with pytest.raises(ValueError, match=message):
        measure(codes)


@pytest.mark.parametrize("measure", [active_units, dead_units])
def test_codes_of_more_axes_are_refused_with_what_to_do(measure):
    with pytest.raises(ValueError, match=r"give codes\.reshape\(len\(codes\), -1\)"):
        measure(np.ones((2, 7, 7, 8)))


def test_measures_take_bfloat16_and_longdouble():
    images, others = np.random.default_rng(0).integers(0, 8, (2, 5, 4)) / 8
    expected = squared_error(images, others), explained_variance(images, others)
    for kind in ("bfloat16", np.longdouble):
        if kind == "bfloat16":
            odd = np.asarray(keras.ops.cast(images, kind))
        else:
            odd = images.astype(kind)
        assert squared_error(odd, others) == squared_error(others, odd) == expected[0]
        assert explained_variance(odd, others) == pytest.approx(expected[1], abs=1e-12)
        np.testing.assert_allclose(psnrs(odd, others), psnrs(images, others))
        assert noise_gain(odd, others, odd) == pytest.approx(noise_gain(images, others, images))


def test_an_error_that_no_float_holds_is_refused_and_not_infinite():
    far = np.array([[1e200], [0.0]])
    for measure in (squared_error, psnrs, explained_variance):
        with pytest.raises(ValueError, match=r"images and reconstructions must lie near enough"):
            measure(far, -far)


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_noise_whose_square_no_float_holds_is_refused(scale):
    noise = np.full((2, 3), scale)
    with pytest.raises(ValueError, match=r"noise must not be 0 everywhere, nor too small or too"):
        noise_gain(np.ones((2, 3)), np.zeros((2, 3)), noise)


def test_images_whose_variance_no_float_holds_have_none():
    images = np.array([[1e-200], [2e-200]])
    with pytest.raises(ValueError, match="images must not all be the same"):
        explained_variance(images, np.zeros_like(images))


def test_ssim_of_flat_images_never_exceeds_1():
    greys = np.linspace(0, 1, 256, dtype=np.float32).reshape(-1, 1, 1, 1)
    flat = np.broadcast_to(greys, (256, 28, 28, 1))
    assert ssims(flat[:-1], flat[1:]).max() <= 1
    assert ssims(flat, flat).max() <= 1


def test_measures_do_not_depend_on_what_numpy_is_told_to_raise_nor_on_keras(digits):
    images = digits.validation[:20]
    noisy = np.clip(images + 0.1, 0, 1)
    tiny = np.full((2, 3), 1e-200)
    measures = [
        lambda: squared_errors(images, noisy),
        lambda: psnrs(images, images),
        lambda: ssims(images, noisy),
        lambda: squared_errors(tiny, -tiny),
        lambda: noise_gain(images, noisy, noisy - images),
        lambda: explained_variance(images, noisy),
    ]
    expected = [measure() for measure in measures]
    with np.errstate(all="raise"):
        for measure, value in zip(measures, expected, strict=True):
            np.testing.assert_array_equal(measure(), value)
    for name in KERAS_SETTINGS:
        with keras_set_to(name):
            for measure, value in zip(measures, expected, strict=True):
                np.testing.assert_array_equal(measure(), value)


def test_measuring_leaves_the_generators_of_the_process_alone(digits):
    with generators_go_on():
        ssims(digits.validation[:3], digits.validation[3:6])


def test_measuring_needs_no_framework():
    heavy = {"tensorflow", "keras", "sklearn", "matplotlib"}
    script = f"import sys, helpers.metrics; sys.exit(str({heavy} & set(sys.modules) or ''))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stderr.strip() == ""


@pytest.mark.parametrize("name", ["corruption", "sparsity"])
def test_what_is_written_with_keras_alone_imports_no_tensorflow_itself(name):
    module = __import__(f"helpers.{name}", fromlist=[name])
    assert not [value for value in vars(module).values() if value is tf]


def features_of(mean, covariance, count=400):
    """Numbers with exactly this mean and covariance."""
    drawn = np.random.default_rng(0).normal(size=(count, len(mean)))
    drawn -= drawn.mean(axis=0)
    white = drawn @ np.linalg.inv(np.linalg.cholesky(np.atleast_2d(np.cov(drawn, rowvar=False)))).T
    return mean + white @ np.linalg.cholesky(covariance).T


def test_the_frechet_distance_is_that_of_two_normal_distributions():
    random = np.random.default_rng(1)
    covariances = [part @ part.T + np.eye(6) for part in random.normal(size=(2, 6, 6))]
    means = random.normal(size=(2, 6))
    found = frechet_distance(*map(features_of, means, covariances))
    root = sqrtm(covariances[0] @ covariances[1])
    traces = np.trace(covariances[0] + covariances[1] - 2 * root.real)
    assert found == pytest.approx(np.square(means[0] - means[1]).sum() + traces)


def test_the_frechet_distance_of_one_feature_is_that_of_means_and_deviations():
    found = frechet_distance(features_of([2.0], np.eye(1) * 9), features_of([5.0], np.eye(1)))
    assert found == pytest.approx(3**2 + (3 - 1) ** 2)


def test_the_frechet_distance_of_a_set_to_itself_is_0_however_few_rows_it_has():
    for count in (2, 5, 300):
        features = np.random.default_rng(count).normal(size=(count, 20)).astype("float32")
        assert frechet_distance(features, features) == pytest.approx(0, abs=1e-5)
        assert frechet_distance(features, features + 1) == pytest.approx(20, rel=1e-4)
    assert frechet_distance(np.zeros((3, 4)), np.zeros((5, 4))) == 0


@pytest.mark.parametrize(
    ("features", "others", "message"),
    [
        (np.ones((1, 3)), np.ones((5, 3)), r"features must have shape \(n, k\).* \(1, 3\)"),
        (np.ones((5, 3)), np.ones((5, 3, 1)), r"others must have shape \(n, k\).* \(5, 3, 1\)"),
        (np.ones((5, 3)), np.ones((5, 4)), "equally many numbers a picture; got 3 and 4"),
        (np.full((5, 3), np.nan), np.ones((5, 3)), "features must be finite"),
        (np.ones((5, 3), int), np.ones((5, 3)), "features must hold floating-point numbers"),
    ],
)
def test_features_that_are_none_are_refused(features, others, message):
    with pytest.raises(ValueError, match=message):
        frechet_distance(features, others)
