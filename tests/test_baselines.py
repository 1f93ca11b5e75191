"""Denoisers against closed forms, and against the libraries they stand for."""

import keras
import numpy as np
import pytest
from scipy import signal
from scipy.stats import norm
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle
from sklearn.linear_model import LinearRegression

from helpers import baselines
from helpers.baselines import (
    AffineMap,
    Corrected,
    GaussianBlur,
    MedianFilter,
    NonLocalMeans,
    PCAProjection,
    PosteriorMean,
    TotalVariation,
    WienerFilter,
    best_denoiser,
    best_stretched,
)
from helpers.corruption import GaussianNoise, SaltAndPepper
from helpers.metrics import psnrs, squared_error
from tests.surroundings import generators_go_on

FILTERS = [
    MedianFilter(3),
    GaussianBlur(1.0),
    WienerFilter(5),
    TotalVariation(0.4),
    NonLocalMeans(0.4),
]


@pytest.fixture(scope="module")
def clean(digits):
    return digits.validation[:300]


@pytest.fixture(scope="module")
def noisy(clean):
    return GaussianNoise(0.5).corrupt(clean, seed=1)


def test_the_median_filter_takes_the_median_of_nine(noisy):
    found = MedianFilter(3)(noisy)
    for row, column in ((1, 1), (10, 14), (26, 5)):
        square = noisy[:, row - 1 : row + 2, column - 1 : column + 2, 0].reshape(len(noisy), 9)
        np.testing.assert_array_equal(found[:, row, column, 0], np.median(square, axis=1))


def test_a_blurred_point_is_a_bell():
    image = np.zeros((1, 28, 28, 1))
    image[0, 14, 14, 0] = 1
    along = np.exp(-np.square(np.arange(28) - 14) / (2 * 1.5**2))
    along[np.abs(np.arange(28) - 14) > 6] = 0  # the filter ends after four deviations
    expected = np.outer(along, along) / along.sum() ** 2
    np.testing.assert_allclose(GaussianBlur(1.5)(image)[0, ..., 0], expected, atol=1e-12)


@pytest.mark.parametrize(
    ("denoiser", "library"),
    [
        (WienerFilter(5), lambda image: signal.wiener(image, 5)),
        (TotalVariation(0.4), lambda image: denoise_tv_chambolle(image, 0.4)),
        (
            NonLocalMeans(0.4),
            lambda image: denoise_nl_means(image, patch_size=5, patch_distance=4, h=0.4),
        ),
    ],
    ids=["Wiener", "total variation", "non-local means"],
)
def test_each_image_gets_what_the_library_does_to_it_alone(denoiser, library, noisy):
    found = denoiser(noisy[:5])
    for image, denoised in zip(noisy[:5, ..., 0], found[..., 0], strict=True):
        np.testing.assert_allclose(denoised, library(image), rtol=1e-6)


@pytest.mark.parametrize(("grey", "edge"), [(0.0, 0), (0.25, 2)])
def test_an_image_of_one_grey_comes_out_of_the_wiener_filter_as_it_was(grey, edge):
    images = np.full((2, 28, 28, 1), grey)
    inside = np.s_[:, edge : 28 - edge, edge : 28 - edge]  # beyond the edge it is black
    np.testing.assert_array_equal(WienerFilter(3)(images)[inside], images[inside])


@pytest.mark.parametrize("denoiser", FILTERS, ids=repr)
def test_every_filter_takes_lists_and_half_precision(denoiser, noisy):
    few = noisy[:2].astype(np.float16)
    expected = denoiser(few.astype(np.float32))
    np.testing.assert_allclose(denoiser(few), expected, atol=1e-6)
    np.testing.assert_allclose(denoiser(few.tolist()), expected, atol=1e-5)


@pytest.mark.parametrize("denoiser", FILTERS, ids=repr)
def test_every_filter_lowers_the_error_of_noisy_digits(denoiser, clean, noisy):
    before = noisy.copy()
    found = denoiser(noisy)
    assert found.shape == noisy.shape
    assert squared_error(clean, found) < squared_error(clean, noisy) / 2
    np.testing.assert_array_equal(noisy, before)


def test_a_projection_keeps_the_share_of_noise_that_its_components_are_of_the_pixels(digits):
    projection = PCAProjection.fit(digits.train[:5000], components=40)
    noise = np.random.default_rng(0).normal(size=(500, 28, 28, 1))
    images = digits.validation[:500]
    left = projection(images + noise) - projection(images)
    assert np.square(left).sum() / np.square(noise).sum() == pytest.approx(40 / 784, rel=0.05)


def test_a_projection_onto_every_component_changes_nothing(noisy):
    everything = np.random.default_rng(0).normal(size=(1000, 28, 28, 1))
    np.testing.assert_allclose(
        PCAProjection.fit(everything, components=784)(noisy), noisy, atol=1e-4
    )


def test_the_components_are_the_first_by_the_error_they_leave(clean):
    flat = clean.reshape(len(clean), 784).astype(np.float64)
    left = np.linalg.svd(flat - flat.mean(axis=0), compute_uv=False)[20:]
    projection = PCAProjection.fit(clean, components=20)
    error = squared_error(clean, projection(clean))
    assert error == pytest.approx(np.square(left).sum() / len(clean), rel=1e-3)


@pytest.mark.slow
def test_the_affine_map_is_the_closed_form_of_covariances():
    random = np.random.default_rng(0)
    clean = random.normal(size=(3000, 784)) @ random.normal(size=(784, 784)) / 28 + 0.3
    noisy = clean + random.normal(size=clean.shape)
    covariance = np.cov(noisy.T, clean.T, bias=True)
    matrix = np.linalg.solve(covariance[:784, :784], covariance[:784, 784:])
    expected = clean.mean(axis=0) + (noisy - noisy.mean(axis=0)) @ matrix
    shape = (-1, 28, 28, 1)
    found = AffineMap.fit(noisy.reshape(shape), clean.reshape(shape))(noisy.reshape(shape))
    np.testing.assert_allclose(found.reshape(-1, 784), expected, atol=1e-6)


@pytest.mark.slow
def test_the_affine_map_is_that_of_scikit_learn_also_where_pixels_never_vary(clean):
    """Over more images than are summed at once, and where many maps fit equally well."""
    random = np.random.default_rng(2)
    images = np.tile(clean, (20, 1, 1, 1))  # with corners that are black throughout
    noisy = (images * random.uniform(0.5, 1, images.shape)).astype(np.float32)
    assert len(images) > baselines.IMAGES_AT_ONCE
    reference = LinearRegression().fit(
        noisy.reshape(len(noisy), -1).astype(np.float64), images.reshape(len(images), -1)
    )
    found = AffineMap.fit(noisy, images)
    np.testing.assert_allclose(found.matrix, reference.coef_.T, atol=1e-5)
    np.testing.assert_allclose(found.offset, reference.intercept_, atol=1e-5)
    assert found(noisy).dtype == np.float32


@pytest.mark.slow
@pytest.mark.parametrize("scale", [1e-30, 1e30, 1e160])
def test_the_affine_map_is_found_at_any_scale(scale, clean, noisy):
    given = noisy.astype(np.float64) * scale
    np.testing.assert_allclose(AffineMap.fit(given, clean)(given), clean, atol=1e-5)


@pytest.mark.slow
def test_the_affine_map_finds_a_map_that_is_affine():
    random = np.random.default_rng(1)
    matrix, offset = random.normal(size=(784, 784)), random.normal(size=784)
    noisy = random.normal(size=(1600, 784))
    clean = noisy @ matrix + offset
    shape = (-1, 28, 28, 1)
    found = AffineMap.fit(noisy[:1500].reshape(shape), clean[:1500].reshape(shape))
    np.testing.assert_allclose(
        found(noisy[1500:].reshape(shape)).reshape(-1, 784), clean[1500:], atol=1e-6
    )


def test_a_correction_finds_slope_and_offset(clean):
    corrected = Corrected.fit(lambda images: images, 0.2 + 0.5 * clean, clean)
    assert (corrected.slope, corrected.offset) == pytest.approx((2, -0.4), abs=1e-5)
    np.testing.assert_allclose(corrected(0.2 + 0.5 * clean), clean, atol=1e-5)


@pytest.mark.slow
def test_a_correction_through_the_cut_finds_the_numbers_that_the_cut_hides(clean):
    noisy = 0.3 + 0.5 * clean + 0.2 * np.random.default_rng(0).random(clean.shape)
    found = Corrected.fit_through_cut(lambda images: images, noisy, clean)

    def score(slope, offset):
        return psnrs(clean, np.clip(slope * noisy + offset, 0, 1)).mean()

    numbers = [
        (slope, offset) for slope in np.arange(1, 4, 0.1) for offset in np.arange(-2, 0, 0.05)
    ]
    best = max(score(*pair) for pair in numbers)
    assert score(found.slope, found.offset) > best - 0.01
    straight = Corrected.fit(lambda images: images, noisy, clean)
    assert score(found.slope, found.offset) > score(straight.slope, straight.offset) + 1


def test_what_answers_one_grey_is_corrected_to_the_mean(clean, noisy):
    corrected = Corrected.fit(np.zeros_like, noisy, clean)
    np.testing.assert_allclose(corrected(noisy), clean.mean(), rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("denoiser", FILTERS, ids=repr)
def test_a_correction_never_raises_the_error_on_its_own_pairs(denoiser, clean, noisy):
    corrected = Corrected.fit(denoiser, noisy, clean)
    assert squared_error(clean, corrected(noisy)) <= squared_error(clean, denoiser(noisy)) + 1e-6


def test_the_best_is_the_one_with_the_highest_mean_psnr(clean, noisy):
    candidates = [GaussianBlur(width) for width in (0.3, 1.0, 5.0)]
    scores = [psnrs(clean, np.clip(each(noisy), 0, 1)).mean() for each in candidates]
    assert best_denoiser(candidates, noisy, clean) == candidates[int(np.argmax(scores))]
    assert best_denoiser(candidates, noisy, clean) == GaussianBlur(1.0)


def test_the_best_has_the_highest_mean_psnr_not_the_lowest_mean_error():
    clean = np.zeros((2, 4))

    def uneven(_images):
        return np.array([[0.01] * 4, [0.3] * 4])

    def even(_images):
        return np.full((2, 4), 0.2)

    assert squared_error(clean, uneven(clean)) > squared_error(clean, even(clean))
    assert best_denoiser([even, uneven], clean, clean) is uneven


def test_a_correction_wants_answers_in_the_images_shape(clean, noisy):
    with pytest.raises(ValueError, match="the denoiser's answers and clean must have the same"):
        Corrected.fit(lambda images: images[..., 0].swapaxes(1, 2), noisy, clean)
    with pytest.raises(ValueError, match="the denoiser's answers must be finite"):
        Corrected.fit(lambda images: images * np.nan, noisy, clean)


def test_what_answers_one_grey_but_for_rounding_is_corrected_to_the_mean(clean, noisy):
    corrected = Corrected.fit(lambda images: 0.3 + 1e-13 * images, noisy, clean)
    np.testing.assert_allclose(corrected(noisy), clean.mean(), rtol=1e-5)


def test_the_best_is_judged_after_cutting_off(clean):
    far_out = [lambda images: images * 100 - 50, lambda images: images * 0 + 0.2]
    sharp = (clean > 0.5).astype(np.float32)
    assert best_denoiser(far_out, sharp, sharp) is far_out[0]


def test_what_the_cut_takes_off_is_no_error():
    white = np.ones((2, 4))
    beyond, below = (lambda images: images * 1.5), (lambda images: images * 0.9)
    assert best_denoiser([below, beyond], white, white) is beyond
    black, lower, higher = 0 * white, (lambda images: images - 0.5), (lambda images: images + 0.1)
    assert best_denoiser([higher, lower], black, black) is lower


@pytest.mark.parametrize("denoiser", FILTERS, ids=repr)
def test_an_image_is_denoised_without_a_look_at_the_others(denoiser, noisy):
    together = denoiser(noisy[:3])
    for image, found in zip(noisy[:3], together, strict=True):
        np.testing.assert_array_equal(denoiser(image[np.newaxis])[0], found)


@pytest.mark.parametrize("kind", [MedianFilter, WienerFilter])
@pytest.mark.parametrize("size", [0, -3, 2.0, "3", True])
def test_a_size_that_is_none_is_refused(kind, size):
    with pytest.raises(ValueError, match="size must be a whole number of at least 1; got"):
        kind(size)


@pytest.mark.parametrize("kind", [MedianFilter, WienerFilter])
def test_a_square_without_a_middle_is_refused(kind):
    with pytest.raises(ValueError, match=r"size must be odd, .* got 4"):
        kind(4)


@pytest.mark.parametrize(
    ("kind", "name"),
    [(GaussianBlur, "width"), (TotalVariation, "weight"), (NonLocalMeans, "strength")],
)
@pytest.mark.parametrize("value", [0, -1.0, np.nan, np.inf, "1", None, True])
def test_a_strength_that_is_none_is_refused(kind, name, value):
    with pytest.raises(ValueError, match=f"{name} must be positive and finite; got {value!r}"):
        kind(value)


@pytest.mark.parametrize("denoiser", FILTERS, ids=repr)
def test_images_of_another_shape_are_refused(denoiser):
    with pytest.raises(ValueError, match=r"images must have shape \(n, 28, 28, 1\); got"):
        denoiser(np.zeros((2, 27, 28, 1)))
    with pytest.raises(ValueError, match="images must be finite"):
        denoiser(np.full((2, 28, 28, 1), np.nan))


def test_fitting_refuses_what_it_cannot_fit(clean, noisy):
    with pytest.raises(ValueError, match=r"components must be at most .*, 300; got 301"):
        PCAProjection.fit(clean, 301)
    with pytest.raises(ValueError, match="components must be a whole number"):
        PCAProjection.fit(clean, 0)
    with pytest.raises(ValueError, match="noisy and clean must have the same shape"):
        AffineMap.fit(noisy[:5], clean)
    with pytest.raises(ValueError, match="noisy and clean must have the same shape"):
        Corrected.fit(MedianFilter(3), noisy[:5], clean)
    with pytest.raises(ValueError, match="candidates must hold at least one denoiser; got none"):
        best_denoiser([], noisy, clean)


FITS = {
    "PCA": lambda _noisy, clean: PCAProjection.fit(clean, 2),
    "affine map": AffineMap.fit,
    "correction": lambda noisy, clean: Corrected.fit(MedianFilter(3), noisy, clean),
    "correction through the cut": lambda noisy, clean: Corrected.fit_through_cut(
        MedianFilter(3), noisy, clean
    ),
    "best": lambda noisy, clean: best_denoiser([MedianFilter(3)], noisy, clean),
}


@pytest.mark.parametrize("fit", FITS.values(), ids=FITS)
def test_fitting_refuses_bad_images_by_name(fit, clean, noisy):
    with pytest.raises(ValueError, match="clean must be finite"):
        fit(noisy, clean * np.nan)
    with pytest.raises(ValueError, match=r"clean must hold floating-point .*; divide pixels"):
        fit(noisy, clean.astype(int))
    if fit is not FITS["PCA"]:
        with pytest.raises(ValueError, match="noisy must be finite"):
            fit(noisy * np.nan, clean)
        with pytest.raises(ValueError, match=r"noisy must hold .*; divide pixels 0–255 by"):
            fit(noisy.astype(int), clean)


@pytest.mark.parametrize("kind", [PCAProjection, AffineMap])
def test_a_fitted_denoiser_refuses_what_it_cannot_denoise(kind, clean, noisy):
    fitted = FITS["PCA" if kind is PCAProjection else "affine map"](noisy, clean)
    with pytest.raises(ValueError, match="images must be finite"):
        fitted(noisy * np.nan)
    with pytest.raises(ValueError, match=r"images must have shape \(n, 28, 28, 1\)"):
        fitted(noisy[..., 0])


@pytest.fixture
def with_a_perfect_image(digits):
    """Noisy and clean images: black with specks first, then digits with noise."""
    clean = digits.train[:60].copy()
    clean[0] = 0
    noisy = GaussianNoise(0.3, clip=True).corrupt(clean, seed=2)
    noisy[0] = SaltAndPepper(0.05).corrupt(clean[:1], seed=3)[0]
    return noisy, clean


def test_one_perfect_image_does_not_hide_the_others(with_a_perfect_image):
    noisy, clean = with_a_perfect_image
    strong, weak = MedianFilter(9), MedianFilter(3)
    assert psnrs(clean, strong(noisy))[0] == np.inf
    assert psnrs(clean, strong(noisy))[1:].mean() < psnrs(clean, weak(noisy))[1:].mean() - 3
    for count in (2, 60):
        for candidates in ([strong, weak], [weak, strong]):
            assert best_denoiser(candidates, noisy[:count], clean[:count]) is weak


def answering(*errors):
    """A denoiser of black images that leaves each of them grey, by its error."""
    greys = np.sqrt(np.array(errors))[:, np.newaxis]
    return lambda images: np.broadcast_to(greys, images.shape)


def test_candidates_with_perfect_images_are_ranked_by_the_others_and_by_how_many():
    def best(*candidates):
        black = np.zeros((len(candidates[0]), 5))
        denoisers = [answering(*errors) for errors in candidates]
        return candidates[denoisers.index(best_denoiser(denoisers, black, black))]

    perfect, good, poor = (0, 0, 0), (0.01, 0.01, 0.01), (0.1, 0.1, 0.1)
    for order in ((perfect, good, poor), (poor, good, perfect), (good, perfect, poor)):
        assert best(*order) == perfect
    assert best((0, 0.1, 0.1), good) == good
    assert best(good, (0.1, 0, 0.1)) == good
    assert best((0, 0.01, 0.01), good) == (0, 0.01, 0.01)
    assert best(good, (0, 0, 0.03)) == (0, 0, 0.03)
    assert best((0, 0.02, 0.02), (0.02, 0, 0.01)) == (0.02, 0, 0.01)
    # What a file of 256 grey levels would not show counts as perfect, unless all are.
    assert best((1e-30, 0.1, 0.1), good) == good
    assert best((1.2e-6, 0.1, 0.1), good) == good
    assert best(good, (1.4e-6, 0.1, 0.1)) == (1.4e-6, 0.1, 0.1)
    assert best((1e-8,) * 3, (1e-9,) * 3) == (1e-9,) * 3
    assert best((1e-9,) * 3, perfect) == perfect


def test_of_candidates_that_are_all_perfect_the_first_is_best():
    black = np.zeros((2, 5))
    candidates = [answering(0, 0), answering(0, 0)]
    assert best_denoiser(candidates, black, black) is candidates[0]


def test_a_perfect_image_does_not_decide_a_correction_through_the_cut(with_a_perfect_image):
    noisy, clean = with_a_perfect_image
    found = Corrected.fit_through_cut(GaussianBlur(1.0), noisy, clean)
    alone = Corrected.fit_through_cut(GaussianBlur(1.0), noisy[1:], clean[1:])

    def score(correction):
        return psnrs(clean[1:], np.clip(correction(noisy[1:]), 0, 1)).mean()

    assert score(found) > score(alone) - 0.1


def test_a_correction_of_perfect_images_alone_is_found_without_a_warning(clean):
    for images in (clean, np.zeros_like(clean)):
        found = Corrected.fit_through_cut(lambda given: given, images, images)
        assert np.isfinite([found.slope, found.offset]).all()
        assert squared_error(images, np.clip(found(images), 0, 1)) < 0.01


def test_candidates_may_come_one_by_one(clean, noisy):
    found = best_denoiser((GaussianBlur(width) for width in (5.0, 1.0)), noisy, clean)
    assert found == GaussianBlur(1.0)


@pytest.mark.parametrize(
    "candidates", [MedianFilter(3), None, 3, np.array(0.5), keras.Input((28, 28, 1)), np.mean]
)
def test_what_is_no_list_of_candidates_is_refused_by_name(candidates, clean, noisy):
    with pytest.raises(ValueError, match=r"^candidates must be a list of denoisers; got"):
        best_denoiser(candidates, noisy, clean)


@pytest.mark.parametrize("candidates", [[], (), {}, iter([]), np.ones((0, 3))])
def test_no_candidates_are_refused(candidates, clean, noisy):
    with pytest.raises(ValueError, match=r"^candidates must hold at least one denoiser; got none"):
        best_denoiser(candidates, noisy, clean)


@pytest.mark.parametrize("odd", [None, 3, "median", [MedianFilter(3)], {}])
def test_what_is_no_denoiser_is_refused_by_name(odd, clean, noisy):
    with pytest.raises(ValueError, match=r"^candidates\[1\] must be a denoiser, called with"):
        best_denoiser([MedianFilter(3), odd], noisy, clean)
    for fit in (Corrected.fit, Corrected.fit_through_cut):
        with pytest.raises(ValueError, match=r"^denoiser must be a denoiser, called with noisy"):
            fit(odd, noisy, clean)
    with pytest.raises(ValueError, match=r"^denoiser must be a denoiser, called with noisy"):
        Corrected(odd, 1, 0)


@pytest.mark.parametrize("value", [None, "1", np.nan, np.inf, True, 1j])
def test_a_slope_or_an_offset_that_is_none_is_refused(value):
    with pytest.raises(ValueError, match=r"^slope must be a finite number; got"):
        Corrected(MedianFilter(3), value, 0)
    with pytest.raises(ValueError, match=r"^offset must be a finite number; got"):
        Corrected(MedianFilter(3), 1, value)


@pytest.mark.parametrize(
    ("denoise", "message"),
    [
        (lambda images: images[..., 0], "and clean must have the same shape; got"),
        (lambda images: images[:1], "and clean must have the same shape; got"),
        (lambda images: images * np.nan, "must be finite"),
        (lambda _images: None, "must be one array of numbers"),
        (lambda images: images > 0.5, "must hold floating-point numbers; got dtype bool"),
    ],
)
def test_answers_that_are_no_images_are_refused_with_whose_they_are(denoise, message, clean, noisy):
    with pytest.raises(ValueError, match=rf"^candidates\[1\]'s answers {message}"):
        best_denoiser([MedianFilter(3), denoise], noisy, clean)
    with pytest.raises(ValueError, match=f"^the denoiser's answers {message}"):
        Corrected.fit_through_cut(denoise, noisy, clean)


def test_a_projection_wants_images_that_may_differ(clean):
    with pytest.raises(ValueError, match=r"^clean must hold at least 2 images, .* got 1$"):
        PCAProjection.fit(clean[:1], 1)
    same = np.full((5, 28, 28, 1), 0.25)
    np.testing.assert_allclose(PCAProjection.fit(same, 1)(same), same)


def test_the_affine_map_of_one_pair_is_its_clean_image(clean, noisy):
    np.testing.assert_allclose(AffineMap.fit(noisy[:1], clean[:1])(noisy[:1]), clean[:1], atol=1e-6)


@pytest.mark.parametrize("kind", [MedianFilter, WienerFilter])
def test_a_square_beyond_the_image_is_refused(kind, noisy):
    assert kind(55)(noisy[:1]).shape == (1, 28, 28, 1)
    with pytest.raises(ValueError, match=r"^size must be at most 55 pixels; got 57"):
        kind(57)


def test_a_blur_to_one_grey_is_the_widest(noisy):
    assert np.ptp(GaussianBlur(2800)(noisy[:1])) < 0.01
    with pytest.raises(ValueError, match=r"^width must be at most 2800 pixels; got 1e.300"):
        GaussianBlur(1e300)


@pytest.mark.parametrize("denoiser", [*FILTERS, TotalVariation(1e-300), WienerFilter(3)], ids=repr)
def test_filters_answer_finite_images_whatever_numpy_is_told_to_raise(denoiser, noisy):
    for images in (noisy[:3], noisy[:3] * 0, noisy[:3].astype(float) * 1e-200, noisy[:3] * 0 + 1):
        expected = denoiser(images)
        assert np.isfinite(expected).all()
        with np.errstate(all="raise"):
            np.testing.assert_array_equal(denoiser(images), expected)


@pytest.mark.slow
def test_fits_do_not_depend_on_what_numpy_is_told_to_raise(clean, noisy):
    few = noisy[:40], clean[:40]
    for fit in FITS.values():
        with np.errstate(all="raise"):
            fitted = fit(*few)(noisy)
        np.testing.assert_array_equal(fitted, fit(*few)(noisy))


def test_denoising_leaves_the_generators_of_the_process_alone(clean, noisy):
    with generators_go_on():
        for fit in FITS.values():
            fit(noisy[:20], clean[:20])(noisy[:3])
        for denoiser in FILTERS:
            denoiser(noisy[:3])


def test_a_denoiser_that_works_in_place_leaves_the_images_it_is_given(clean, noisy):
    def in_place(images):
        return np.clip(images, 0.4, 0.6, out=images)

    before, few = noisy[:20].copy(), clean[:20]
    both = [in_place, lambda images: images]
    assert best_denoiser(both, noisy[:20], few) is best_denoiser(both[::-1], noisy[:20], few)
    Corrected.fit(in_place, noisy[:20], few)
    np.testing.assert_array_equal(noisy[:20], before)


def test_wieners_filter_that_is_told_the_noise_is_scipys(noisy):
    found = WienerFilter(5, 0.25)(noisy[:20])
    expected = [signal.wiener(image, 5, 0.25) for image in noisy[:20, ..., 0].astype("float64")]
    np.testing.assert_allclose(found[..., 0], expected, atol=1e-5)
    assert np.abs(found - WienerFilter(5)(noisy[:20])).max() > 0.1


def test_non_local_means_that_is_told_the_noise_is_scikit_images(noisy):
    found = NonLocalMeans(0.2, 0.3)(noisy[:5])
    expected = [
        denoise_nl_means(image, patch_size=5, patch_distance=4, h=0.2, sigma=0.3)
        for image in noisy[:5, ..., 0]
    ]
    np.testing.assert_allclose(found[..., 0], expected, atol=1e-5)
    assert np.abs(found - NonLocalMeans(0.2)(noisy[:5])).max() > 0.01
    with pytest.raises(ValueError, match="sigma must be positive and finite; got -1"):
        NonLocalMeans(0.2, -1)


@pytest.mark.parametrize("variance", [0, -1, np.nan, np.inf, "0.25", True, [0.25]])
def test_a_variance_of_the_noise_that_is_none_is_refused(variance):
    with pytest.raises(ValueError, match="noise_variance must be positive and finite; got"):
        WienerFilter(3, variance)


def by_bayes(noisy, clean, sigma, clip, temperature):
    """The posterior mean written out, image by image and pixel by pixel, in double precision."""
    noisy, clean = noisy[:, np.newaxis].astype("float64"), clean.astype("float64")
    logs = norm.logpdf(noisy, clean, sigma)
    if clip:
        logs = np.where(noisy <= 0, norm.logcdf(0, clean, sigma), logs)
        logs = np.where(noisy >= 1, norm.logsf(1, clean, sigma), logs)
    logs = logs.sum(axis=(2, 3, 4)) / temperature
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return np.einsum("mn,nhwc->mhwc", weights, clean), 1 / np.square(weights).sum(axis=1)


@pytest.mark.parametrize("clip", [False, True])
@pytest.mark.parametrize("temperature", [1.0, 6.0])
def test_the_posterior_mean_is_that_of_bayes(digits, clean, clip, temperature):
    # More clean images than are taken at once.
    known = digits.train[: baselines.IMAGES_AT_ONCE + 200]
    noisy = GaussianNoise(0.5, clip=clip).corrupt(clean[:15], seed=2)
    denoiser = PosteriorMean(known, 0.5, clip, temperature)
    expected, counted = by_bayes(noisy, known, 0.5, clip, temperature)
    np.testing.assert_allclose(denoiser(noisy), expected, atol=1e-3)
    np.testing.assert_allclose(denoiser.images_that_count(noisy), counted, rtol=1e-2)


def test_the_posterior_mean_finds_an_image_that_it_knows(clean):
    noisy = GaussianNoise(0.3).corrupt(clean[:20], seed=3)
    denoiser = PosteriorMean(clean, 0.3)
    np.testing.assert_allclose(denoiser(noisy), clean[:20], atol=1e-3)
    np.testing.assert_allclose(denoiser.images_that_count(noisy), 1, atol=1e-3)


def test_a_hot_posterior_mean_is_the_mean_of_all(clean, noisy):
    denoiser = PosteriorMean(clean, 0.5, temperature=1e9)
    mean = np.broadcast_to(clean.mean(axis=0), clean[:3].shape)
    np.testing.assert_allclose(denoiser(noisy[:3]), mean, atol=1e-4)
    np.testing.assert_allclose(denoiser.images_that_count(noisy[:3]), len(clean), rtol=1e-3)


def test_no_answer_has_less_squared_error_than_the_posterior_mean_of_a_known_world(clean):
    # Every image as likely as every other: 40 images, each with noise of its own 25 times.
    world = np.tile(clean[:40], (25, 1, 1, 1))
    for clip in (False, True):
        noisy = GaussianNoise(2.0, clip=clip).corrupt(world, seed=4)
        best = squared_error(world, PosteriorMean(clean[:40], 2.0, clip)(noisy))
        others = [PosteriorMean(clean[:40], 2.0, clip, temperature) for temperature in (0.3, 3)]
        others.append(PosteriorMean(clean[:40], 2.0, not clip))
        assert best < min(squared_error(world, other(noisy)) for other in others)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sigma": 0}, "sigma must be positive and finite; got 0"),
        ({"sigma": np.nan}, "sigma must be positive and finite; got nan"),
        ({"temperature": -1}, "temperature must be positive and finite; got -1"),
        ({"clip": 1}, "clip must be True or False; got 1"),
        ({"clean": np.ones((3, 28, 28))}, r"clean must have shape \(n, 28, 28, 1\); got shape"),
        ({"clean": np.full((3, 28, 28, 1), np.inf)}, "clean must be finite"),
    ],
)
def test_a_posterior_mean_of_what_is_none_is_refused(clean, arguments, message):
    with pytest.raises(ValueError, match=message):
        PosteriorMean(**({"clean": clean[:5], "sigma": 0.5} | arguments))


def test_the_best_stretched_has_the_highest_psnr_of_all_once_each_has_its_two_numbers(clean, noisy):
    candidates = [GaussianBlur(width) for width in (0.5, 1.0, 3.0)]
    stretched = [Corrected.fit_through_cut(each, noisy, clean) for each in candidates]
    scores = [psnrs(clean, np.clip(each(noisy), 0, 1)).mean() for each in stretched]
    assert best_stretched(iter(candidates), noisy, clean) == stretched[int(np.argmax(scores))]


def test_the_best_stretched_of_none_is_refused(clean, noisy):
    with pytest.raises(ValueError, match="candidates must hold at least one denoiser; got none"):
        best_stretched([], noisy, clean)
    with pytest.raises(ValueError, match=r"candidates\[1\] must be a denoiser"):
        best_stretched([MedianFilter(3), 3], noisy, clean)
